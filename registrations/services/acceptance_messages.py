"""What is said of acceptances by the rules (rule 4): on a page before it is sent, and afterwards."""

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
    """That one more person completes `delegation`, or that it is complete, and is then accepted; empty where more is
    missing or it waits.

    `newcomers` is 0 where somebody who is named already takes the seat. No query unless it is submitted.
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
    """That the delegation of `delegate`, which is complete and stays so, is accepted; empty where something is missing
    or it waits. No query unless it is submitted."""
    accepted = acceptances_with_seats(delegate.delegation, seats, lacks_letter=lacks_letter)
    # Somebody who is not invited yet takes the seat: of somebody who is not either, or of somebody who is.
    return message_before_accepting(accepted, newcomers=0 if delegate.admitted_at is None else 1)


def message_before_restoring(
    delegate: Delegate, seats: Sequence[SeatCount], *, lacks_letter: bool, now: datetime
) -> str:
    """As `message_before_registering`; whoever took the seat of `delegate` leaves it, and is invited no more."""
    is_invited_already = delegate.is_mail_delayed_at(now) and delegate.admitted_at is not None
    newcomers = 0 if is_invited_already else 1
    successor = delegate.replaced_by
    if successor is None or not successor.is_active:
        return message_before_registering(delegate.delegation, seats, lacks_letter=lacks_letter, newcomers=newcomers)
    if successor.admitted_at is None:
        newcomers -= 1
    # No gap is filled: one person takes the seat of the other.
    accepted = acceptances_with_seats(delegate.delegation, seats, lacks_letter=lacks_letter)
    return message_before_accepting(accepted, newcomers=newcomers)


def message_before_accepting(accepted: Acceptances, *, newcomers: int = 0) -> str:
    """That a step completes the delegation, which `accepted` holds, and accepts it; empty where it holds none."""
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
    """That a step which may fill every gap of `delegation` may accept it; empty where the letter stays missing or the
    webinar makes it wait. No query unless it is submitted."""
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
    """What was accepted by a step, in a sentence; empty where nothing was."""
    if not accepted.delegations:
        return ""
    text = ngettext(
        "Now complete and accepted: %(bodies)s; %(count)s person is invited.",
        "Now complete and accepted: %(bodies)s; %(count)s people are invited.",
        accepted.people,
    )
    return text % {"bodies": ", ".join(str(one.body) for one in accepted.delegations), "count": accepted.people}


def message_if_accepted(delegation: Delegation) -> str:
    """That a step accepted `delegation`, which is as it was before; empty otherwise. One query where it was submitted,
    or stood submitted before it did not attend."""
    if DelegationStatus.SUBMITTED not in (delegation.status, delegation.status_before):
        return ""
    if not Delegation.objects.filter(pk=delegation.pk, status=DelegationStatus.ACCEPTED).exists():
        return ""
    return _("The delegation is complete now, and accepted.")
