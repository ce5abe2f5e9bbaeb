"""Writes, tests, sends and deletes announcements."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, NotPossibleNow, RecipientCountChanged, RuleBroken
from registrations.messages.composing.markdown import problems_in
from registrations.models import (
    Announcement,
    AnnouncementRecipients,
    Delivery,
    DeliveryKind,
    HistoryEvent,
    HistoryKind,
    Partstat,
    User,
)
from registrations.queries.audiences import Audience, Recipient, recipient_from, recipients_of
from registrations.services.nudge import nudge_planner
from registrations.services.registration_window import UNUSABLE_CHARACTERS, check_not_purged
from registrations.services.test_sends import LANGUAGES, owe_test_sends
from sessions_app.models import Release, Webinar

BATCH = 500


@dataclass(frozen=True)
class AnnouncementDetails:
    """What staff type into the form; one language may be missing while it is a draft."""

    audience: Audience
    subject_en: str = ""
    subject_es: str = ""
    text_en: str = ""
    text_es: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the values of the announcement's columns."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"audience": self.audience.to_json()}


@transaction.atomic
def write_announcement(webinar: Webinar, details: AnnouncementDetails, *, by: User, now: datetime) -> Announcement:
    """Save a draft.

    Raises InvalidInput for text that no mail may carry, and NotPossibleNow once the personal data of the webinar were
    purged.
    """
    check_not_purged(webinar, now=now)
    announcement = Announcement(webinar=webinar, author=by, created_at=now, **details.columns())
    _check_fields(announcement, details)
    announcement.save(force_insert=True)
    return announcement


@transaction.atomic
def edit_announcement(
    announcement: Announcement, details: AnnouncementDetails, *, version: int, by: User, now: datetime
) -> Announcement:
    """Change a draft that still has `version`.

    Raises NotPossibleNow if it was confirmed or deleted, RuleBroken if somebody else has changed it meanwhile, and what
    `write_announcement` raises. Locks the announcement.
    """
    stored = _lock_draft(announcement, version=version)
    check_not_purged(stored.webinar, now=now)
    for name, value in details.columns().items():
        setattr(stored, name, value)
    _check_fields(stored, details)
    stored.version += 1
    stored.save()
    return stored


@transaction.atomic
def send_announcement(announcement: Announcement, *, version: int, count: int, by: User, now: datetime) -> Announcement:
    """Confirm the draft and owe it to each of its recipients.

    The deliveries are inserted in this transaction, so that there are `count`, the number that `by` confirmed; a person
    who joins later gets none. Raises NotPossibleNow if the webinar is not released, its personal data were purged, a
    language is missing, nobody is selected, or the draft was sent already or deleted; RecipientCountChanged if the
    number of recipients differs by now; RuleBroken if the draft has another version. Locks the announcement, so that
    two clicks send it once.
    """
    stored = _lock_draft(announcement, version=version)
    check_not_purged(stored.webinar, now=now)
    if not Release.objects.filter(webinar=stored.webinar_id).exists():
        raise NotPossibleNow(_("Nobody is written to before the agenda is released. Release it first."))
    if stored.missing_fields:
        raise NotPossibleNow(_("Subject and text are needed in both languages: everybody reads it in their own."))
    recipients = [recipient_from(row) for row in recipients_of(stored.webinar, Audience.from_json(stored.audience))]
    if not recipients:
        raise NotPossibleNow(_("Nobody is among the readers that were chosen. Choose others."))
    if len(recipients) != count:
        raise RecipientCountChanged
    stored.confirmed_at, stored.confirmed_by, stored.confirmed_count = now, by, count
    stored.save(update_fields=["confirmed_at", "confirmed_by", "confirmed_count"])
    Delivery.objects.bulk_create((_new_delivery(stored, recipient, now) for recipient in recipients), batch_size=BATCH)
    HistoryEvent.objects.create(
        webinar=stored.webinar,
        kind=HistoryKind.ANNOUNCED,
        actor=by,
        at=now,
        reason=str(stored),
        changes={"recipients": [None, count]},
    )
    nudge_planner()
    return stored


@transaction.atomic
def send_test_of_announcement(announcement: Announcement, *, by: User, now: datetime) -> int:
    """Owe `by` a test send of the announcement in each language that it has; return how many.

    Raises NotPossibleNow if somebody has deleted it meanwhile. Locks the announcement, so that nobody deletes it before
    the deliveries are inserted.
    """
    stored = _lock_announcement(announcement)
    written = [
        language
        for language in LANGUAGES
        if getattr(stored, f"subject_{language}") and getattr(stored, f"text_{language}")
    ]
    return owe_test_sends(
        written, of=f"announcement:{stored.pk}", webinar=stored.webinar, by=by, now=now, announcement=stored
    )


@transaction.atomic
def delete_draft(announcement: Announcement, *, version: int, by: User, now: datetime) -> None:
    """Delete a draft that still has `version`, with its test sends; the history keeps its subject.

    Raises NotPossibleNow if it was confirmed or deleted, and RuleBroken if somebody else has changed it meanwhile.
    Locks the announcement, so that it is either sent or deleted.
    """
    stored = _lock_draft(announcement, version=version, is_key_locked=True)
    subject = str(stored)
    # A draft has only test sends to staff.
    stored.deliveries.all().delete()
    stored.delete()
    HistoryEvent.objects.create(
        webinar=stored.webinar, kind=HistoryKind.ANNOUNCEMENT_DELETED, actor=by, at=now, reason=subject
    )


def _lock_draft(announcement: Announcement, *, version: int, is_key_locked: bool = False) -> Announcement:
    """Lock a draft of `version`; raises NotPossibleNow or RuleBroken if there is none."""
    stored = _lock_announcement(announcement, is_key_locked=is_key_locked)
    if not stored.is_draft:
        raise NotPossibleNow(_("This announcement has been sent already. Write another one instead."))
    if stored.version != version:
        raise RuleBroken(
            _("Someone else has changed this meanwhile. Please look at it as it is now, and send the form again.")
        )
    return stored


def _lock_announcement(announcement: Announcement, *, is_key_locked: bool = False) -> Announcement:
    """Lock the announcement; with `is_key_locked` no row that refers to it can be inserted meanwhile."""
    rows = Announcement.objects.select_related("webinar__policy")
    stored = rows.select_for_update(of=("self",), no_key=not is_key_locked).filter(pk=announcement.pk).first()
    if stored is None:
        raise NotPossibleNow(_("This draft has been deleted. Write another one instead."))
    return stored


def _check_fields(announcement: Announcement, details: AnnouncementDetails) -> None:
    """Raise InvalidInput if a field cannot be saved."""
    found: dict[str, list[str]] = {}
    if not (details.subject_en.strip() or details.subject_es.strip()):
        found["subject_en"] = [_("Please give it a subject.")]
    for name in ("text_en", "text_es"):
        text = getattr(details, name)
        problems = problems_in(text)
        if UNUSABLE_CHARACTERS.search(text):
            problems.append(_("This contains characters that cannot be seen. Please type it again."))
        if problems:
            found[name] = problems
    found |= _audience_errors(details.audience)
    try:
        announcement.clean_fields(exclude=["audience", "confirmed_by"])
    except ValidationError as error:
        found = {**error.message_dict, **found}
    if found:
        raise InvalidInput(found)


def _audience_errors(audience: Audience) -> Mapping[str, list[str]]:
    """Return the errors by form field."""
    if audience.readers not in AnnouncementRecipients.values:
        return {"readers": [_("Please choose who gets it.")]}
    if audience.session is not None and not audience.answer:
        return {"answer": [_("Please choose the answer to the session too.")]}
    if audience.answer and audience.session is None:
        return {"session": [_("Please choose the session that they answered to.")]}
    if audience.answer and audience.answer not in Partstat.values:
        return {"answer": [_("Please choose an answer.")]}
    return {}


def _new_delivery(announcement: Announcement, recipient: Recipient, now: datetime) -> Delivery:
    return Delivery(
        key=f"announcement:{announcement.pk}:{recipient.email.lower()}",
        kind=DeliveryKind.ANNOUNCEMENT,
        webinar_id=announcement.webinar_id,
        email=recipient.email,
        language=recipient.language,
        delegate_id=recipient.delegate_id,
        user_id=recipient.user_id,
        announcement=announcement,
        created_at=now,
        due_at=now,
    )
