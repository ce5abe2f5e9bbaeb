"""What is said after people are named or have left."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import Delegation, DelegationStatus
from registrations.queries import SeatCount, gaps_in, lacks_letter, released_sessions, seats_of


def how_many_are_named(count: int) -> str:
    return ngettext("%(count)s person is named.", "%(count)s people are named.", count) % {"count": count}


def still_missing(delegation: Delegation) -> str:
    """What is said after a step of `delegation`, which is as it was read before it: what is missing now, or what became
    of it where nothing is."""
    outcome = completion_message(delegation)
    return f" {outcome}" if outcome else missing_in_words(seats_of(delegation), lacks_letter=lacks_letter(delegation))


def completion_message(delegation: Delegation) -> str:
    """That `delegation`, which was submitted before a step, is complete now: accepted, or waiting for the secretariat.

    Empty where it was not submitted, or something is missing.
    """
    if DelegationStatus.SUBMITTED not in (delegation.status, delegation.status_before):
        return ""
    now = Delegation.objects.select_related("webinar__policy", "body").get(pk=delegation.pk)
    if gaps_in(seats_of(now)) or lacks_letter(now):
        return ""
    if now.status == DelegationStatus.SUBMITTED:
        return _("The delegation is complete now. The secretariat decides and writes to you.")
    return complete_and_accepted(now) if now.status == DelegationStatus.ACCEPTED else ""


def complete_and_accepted(delegation: Delegation) -> str:
    if not released_sessions(delegation.webinar).exists():
        return _("The delegation is complete and accepted. Its delegates are invited once the agenda is released.")
    return _("The delegation is complete and accepted. Its delegates receive their invitations now.")


def missing_in_words(seats: Sequence[SeatCount], *, lacks_letter: bool) -> str:
    """ " Still missing: Prosecutors (1 of 2)." or that everything is met; empty for an organisation."""
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
