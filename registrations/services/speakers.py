"""Linking a delegate to their entry as a speaker on the agenda."""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import EditConflict, InvalidInput, NotPossibleNow
from registrations.models import Delegate, HistoryKind, User
from registrations.services.delegate_changes import mark_changed
from registrations.services.history import record
from registrations.services.quota_locks import lock_delegation
from registrations.services.registration_window import check_time
from registrations.services.transactions import atomic_with_retry
from sessions_app.models import Speaker, SpeakerKind


@atomic_with_retry
def link_speaker(delegate: Delegate, *, speaker: Speaker | None, version: int, by: User, now: datetime) -> Delegate:
    """Link `delegate` to `speaker`, or remove the link with None. The same value again changes nothing.

    Raises InvalidInput unless `speaker` is a person on the agenda of the same webinar, NotPossibleNow if the delegate
    has left, EditConflict if they changed since `version`, and what `check_time` raises. Locks the delegation.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    current = locked.reload(delegate)
    if not current.is_active:
        raise NotPossibleNow(_("%(name)s takes no part any more.") % {"name": current.name})
    if speaker is not None and (speaker.webinar_id, speaker.kind) != (current.webinar_id, SpeakerKind.PERSON):
        raise InvalidInput({"speaker": [_("Please choose a person on the agenda of this webinar.")]})
    before = current.speaker
    if before == speaker:
        return current
    if current.version != version:
        raise EditConflict.of_person(current)
    current.speaker = speaker
    mark_changed(current, by=by, now=now)
    current.save()
    changes = {"speaker": [before.name_en if before else "", speaker.name_en if speaker else ""]}
    record(HistoryKind.EDITED, delegation=locked.delegation, delegate=current, by=by, now=now, changes=changes)
    return current
