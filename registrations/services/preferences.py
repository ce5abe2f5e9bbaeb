"""The language and time zone that participants choose on their own page."""

from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.models import Delegate, HistoryKind
from registrations.queries import last_session_end
from registrations.services.delegate_details import apply_details, details_of
from registrations.services.history import record
from registrations.services.quota_locks import lock_delegation
from registrations.services.transactions import atomic_with_retry

PREFERENCE_FIELDS = ("language", "timezone")


@atomic_with_retry
def choose_language_and_zone(delegate: Delegate, *, language: str, timezone: str, now: datetime) -> bool:
    """Set the language and time zone of `delegate`; return whether they changed.

    Later mails, pages and the calendar feed use them; no calendar update is mailed. Locks the delegation, so that a
    form that a focal point opened before gets an EditConflict. Raises InvalidInput for unknown values, and
    NotPossibleNow for a person who left or after the last session.
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
