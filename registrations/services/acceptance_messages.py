"""Messages about automatic acceptances (rule 4), shown before an action is confirmed and after it."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import Delegate, Delegation, DelegationStatus
from registrations.queries import SeatCount, gaps_in
from registrations.queries.acceptance import Acceptances, acceptances_with_seats


def message_before_registering(
    delegation: Delegation, seats: Sequence[SeatCount], *, lacks_letter: bool, newcomers: int = 1
) -> str:
    """Return a warning if registering one more person completes `delegation` and so accepts it, else the empty string.

    `newcomers` is 0 if a person who is counted already takes the seat. Costs no query unless the delegation is
    submitted.
    """
    gaps = gaps_in(seats)
    if sum(gap.missing for gap in gaps) > 1:
        return ""
    accepted = acceptances_with_seats(delegation, (), lacks_letter=lacks_letter)
    if not gaps or not accepted.delegations:
        return message_before_accepting(accepted, newcomers=newcomers)
    people = accepted.people + newcomers
    text = ngettext(
        "With one more person of “%(profile)s” this delegation is complete: it is then accepted at once, and "
        "%(count)s person is invited.",
        "With one more person of “%(profile)s” this delegation is complete: it is then accepted at once, and "
        "%(count)s people are invited.",
        people,
    )
    return text % {"profile": gaps[0].profile, "count": people}


def message_before_replacing(delegate: Delegate, seats: Sequence[SeatCount], *, lacks_letter: bool) -> str:
    """Return a warning if replacing `delegate` accepts the delegation, which is complete already; else empty.

    Costs no query unless the delegation is submitted.
    """
    accepted = acceptances_with_seats(delegate.delegation, seats, lacks_letter=lacks_letter)
    # The new person is not invited yet. They add one to the count only if the person whom they replace is.
    return message_before_accepting(accepted, newcomers=0 if delegate.admitted_at is None else 1)


def message_before_restoring(
    delegate: Delegate, seats: Sequence[SeatCount], *, lacks_letter: bool, now: datetime
) -> str:
    """Return a warning if restoring `delegate` accepts the delegation, else the empty string.

    Restoring a replaced delegate withdraws the successor, who is then not invited any more.
    """
    is_invited_already = delegate.is_mail_delayed_at(now) and delegate.admitted_at is not None
    newcomers = 0 if is_invited_already else 1
    successor = delegate.replaced_by
    if successor is None or not successor.is_active:
        return message_before_registering(delegate.delegation, seats, lacks_letter=lacks_letter, newcomers=newcomers)
    if successor.admitted_at is None:
        newcomers -= 1
    # The seat is taken by one person instead of another, so no gap is filled.
    accepted = acceptances_with_seats(delegate.delegation, seats, lacks_letter=lacks_letter)
    return message_before_accepting(accepted, newcomers=newcomers)


def message_before_accepting(accepted: Acceptances, *, newcomers: int = 0) -> str:
    """Return a warning that an action completes the delegation in `accepted`; empty if it accepts nothing."""
    if not accepted.delegations:
        return ""
    people = accepted.people + newcomers
    text = ngettext(
        "The delegation is then complete: it is accepted at once, and %(count)s person is invited.",
        "The delegation is then complete: it is accepted at once, and %(count)s people are invited.",
        people,
    )
    return text % {"count": people}


def message_before_completing(delegation: Delegation, *, lacks_letter: bool) -> str:
    """Return a warning if an action that may fill every gap of `delegation` may accept it, else the empty string.

    Costs no query unless the delegation is submitted.
    """
    accepted = acceptances_with_seats(delegation, (), lacks_letter=lacks_letter)
    if not accepted.delegations:
        return ""
    text = ngettext(
        "If nothing is missing afterwards, the delegation is accepted at once, and %(count)s person named so far is "
        "invited.",
        "If nothing is missing afterwards, the delegation is accepted at once, and %(count)s people named so far are "
        "invited.",
        accepted.people,
    )
    return text % {"count": accepted.people}


def message_after_accepting(accepted: Acceptances) -> str:
    """Return a sentence with the delegations in `accepted` and the number of people invited; empty without any."""
    if not accepted.delegations:
        return ""
    text = ngettext(
        "Now complete and accepted: %(bodies)s; %(count)s person is invited.",
        "Now complete and accepted: %(bodies)s; %(count)s people are invited.",
        accepted.people,
    )
    return text % {
        "bodies": ", ".join(str(delegation.body) for delegation in accepted.delegations),
        "count": accepted.people,
    }


def message_if_accepted(delegation: Delegation) -> str:
    """Return a sentence if `delegation`, as loaded before an action, was accepted by it, else the empty string.

    Costs one query if the delegation was submitted, or was submitted before it was marked as not attending.
    """
    if DelegationStatus.SUBMITTED not in (delegation.status, delegation.status_before):
        return ""
    if not Delegation.objects.filter(pk=delegation.pk, status=DelegationStatus.ACCEPTED).exists():
        return ""
    return _("The delegation is complete now, and accepted.")
