"""Flash messages about what a delegation still lacks after people were named or have left."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import Delegation, DelegationStatus
from registrations.queries import gaps_in, lacks_letter, released_sessions, seats_of
from registrations.services.missing_message import message_of_missing


def named_count_message(count: int) -> str:
    """Return “2 people are named.”"""
    return ngettext("%(count)s person is named.", "%(count)s people are named.", count) % {"count": count}


def missing_message(delegation: Delegation) -> str:
    """Return, with a leading blank, what `delegation` lacks now or that it is complete.

    `delegation` must be as it was read before the action.
    """
    outcome = completion_message(delegation)
    return f" {outcome}" if outcome else message_of_missing(seats_of(delegation), lacks_letter=lacks_letter(delegation))


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
