"""Flash messages about what a delegation still lacks after people were named or have left."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import Delegation, DelegationStatus
from registrations.queries import SeatCount, gaps_in, lacks_letter, released_sessions, seats_of


def named_count_message(count: int) -> str:
    """Return “2 people are named.”"""
    return ngettext("%(count)s person is named.", "%(count)s people are named.", count) % {"count": count}


def missing_message(delegation: Delegation) -> str:
    """Return, with a leading blank, what `delegation` lacks now or that it is complete.

    `delegation` must be as it was read before the action.
    """
    outcome = completion_message(delegation)
    return (
        f" {outcome}"
        if outcome
        else missing_message_for_seats(seats_of(delegation), lacks_letter=lacks_letter(delegation))
    )


def completion_message(delegation: Delegation) -> str:
    """Return whether a submitted delegation, now complete, is accepted or waits for the secretariat.

    The text is empty if the delegation was not submitted before the action, or still lacks something. `delegation` must
    be as it was read before the action.
    """
    if DelegationStatus.SUBMITTED not in (delegation.status, delegation.status_before):
        return ""
    current = Delegation.objects.select_related("webinar__policy", "body").get(pk=delegation.pk)
    if gaps_in(seats_of(current)) or lacks_letter(current):
        return ""
    if current.status == DelegationStatus.SUBMITTED:
        return _("The delegation is complete now. The secretariat decides and writes to you.")
    return accepted_message(current) if current.status == DelegationStatus.ACCEPTED else ""


def accepted_message(delegation: Delegation) -> str:
    """Return that the delegation is accepted, and when its delegates are invited."""
    if not released_sessions(delegation.webinar).exists():
        return _("The delegation is complete and accepted. Its delegates are invited once the agenda is released.")
    return _("The delegation is complete and accepted. Its delegates receive their invitations now.")


def missing_message_for_seats(seats: Sequence[SeatCount], *, lacks_letter: bool) -> str:
    """Return, with a leading blank, “Still missing: Prosecutors (1 of 2).” or that every quota is met.

    The text is empty for an organisation, which has no seats.
    """
    if not seats:
        return ""
    missing = [
        _("%(profile)s (%(named)s of %(floor)s)")
        % {"profile": gap.profile.name, "named": gap.named, "floor": gap.effective_minimum}
        for gap in gaps_in(seats)
    ]
    if lacks_letter:
        missing.append(_("the nomination letter"))
    if not missing:
        return " " + _("Every quota is met.")
    return " " + _("Still missing: %(gaps)s.") % {"gaps": ", ".join(missing)}
