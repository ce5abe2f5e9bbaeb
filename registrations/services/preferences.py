"""How a participant wants to be written to: they choose for themselves, on their page."""

from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.models import Delegate, HistoryKind
from registrations.queries import last_session_end
from registrations.services.delegate_details import apply_details, details_of
from registrations.services.history import record
from registrations.services.quota_locks import atomic_with_retry, lock_delegation

PREFERENCE_FIELDS = ("language", "timezone")


@atomic_with_retry
def choose_language_and_zone(delegate: Delegate, *, language: str, timezone: str, now: datetime) -> bool:
    """Write to `delegate` in `language` and with the hours of `timezone` from now on; whether that is new.

    Mails, pages and the calendar feed follow; what a calendar holds stays, and no update is mailed. Under the lock of
    the delegation, as whoever else edits the person: their form is stale then. Raises InvalidInput, and NotPossibleNow
    for someone who left or after the last session.
    """
    end = last_session_end(delegate.webinar)
    if end is not None and now >= end:
        raise NotPossibleNow(_("The webinar is over; nothing can be changed any more."))
    locked = lock_delegation(delegate.delegation)
    current = locked.reload(delegate)
    if not current.is_active:
        raise NotPossibleNow(_("You do not take part in this webinar any more."))
    changes = apply_details(current, replace(details_of(current), language=language, timezone=timezone))
    if not changes:
        return False
    try:
        current.clean_fields(
            exclude=[field.name for field in Delegate._meta.fields if field.name not in PREFERENCE_FIELDS]
        )
    except ValidationError as error:
        raise InvalidInput(error.message_dict) from error
    current.version += 1
    current.save(update_fields=[*PREFERENCE_FIELDS, "version"])
    record(HistoryKind.OWN_CHOICE, delegation=locked.delegation, delegate=current, by=None, now=now, changes=changes)
    return True
