"""Puts the agenda of an earlier release back into the draft; releases themselves never change."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy

from sessions_app.agenda import (
    Agenda,
    AgendaEntry,
    AgendaSession,
    AgendaSpeaker,
    agenda_from_release,
    latest_release,
)
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Release, Session, Speaker, SpeakerKind, Webinar
from sessions_app.organisers import presidency_at, write_organisers
from sessions_app.releases import AgendaChanges, ReleaseRefused, changes_between, draft_of


@dataclass(frozen=True)
class Restoration:
    """The effect of restoring a release: the new draft, and how it differs from the public agenda."""

    agenda: Agenda
    to_public: AgendaChanges
    # Whether the draft has changes that were never released; restoring overwrites them.
    is_draft_lost: bool
    # The fingerprint of the draft that is overwritten.
    fingerprint: str


def preview_restoration(release: Release) -> Restoration:
    """Return the agenda that `restore_release` would copy into the draft, without saving it. Costs eight queries."""
    draft = draft_of(release.webinar)
    agenda = _agenda_to_restore(release, draft.agenda)
    in_force = latest_release(release.webinar)
    return Restoration(
        agenda=agenda,
        to_public=changes_between(agenda_from_release(in_force) if in_force else None, agenda),
        is_draft_lost=bool(draft.changes),
        fingerprint=draft.fingerprint,
    )


@transaction.atomic
def restore_release(release: Release, *, now: datetime, shown_fingerprint: str = "") -> None:
    """Put the agenda of `release` back into the draft; the next release makes it public.

    Sessions keep their numbers, rooms and calendar UIDs. A session that was added after `release` is cancelled, since
    it cannot be deleted. Locks the webinar's row. `shown_fingerprint` is the fingerprint of the draft that the user
    saw. Raises ReleaseRefused, without any change, if the draft already equals the release or is not the one that was
    seen.
    """
    webinar = Webinar.objects.select_for_update().get(pk=release.webinar_id)
    draft = draft_of(webinar)
    if shown_fingerprint and shown_fingerprint != draft.fingerprint:
        raise ReleaseRefused(
            gettext_lazy("Someone has changed the agenda since you opened this page. Please look again.")
        )
    wanted = _agenda_to_restore(release, draft.agenda)
    if not changes_between(draft.agenda, wanted):
        raise ReleaseRefused(gettext_lazy("The agenda is as it was in this release already."))
    _write_details(webinar, wanted, now=now)
    speakers = _SpeakerRows(webinar, wanted)
    rows = {row.number: row for row in webinar.sessions.all()}
    known = {each["number"] for each in release.agenda["sessions"]}
    for each in wanted.sessions:
        row = rows[each.number]
        # In the snapshot of a cancelled webinar every session is cancelled, so it does not say which were before.
        if not wanted.is_cancelled:
            row.cancelled_at = (row.cancelled_at or now) if each.is_cancelled else None
        if each.number in known:
            _write_session(row, each)
            _write_items(row, each.entries, speakers)
        row.save()


def _agenda_to_restore(release: Release, draft: Agenda) -> Agenda:
    """Return the agenda of `release` as a draft, plus the sessions that were added later, cancelled."""
    agenda = agenda_from_release(release)
    later = [replace(each, is_cancelled=True) for each in draft.sessions if agenda.get_session(each.number) is None]
    sessions = tuple(sorted([*agenda.sessions, *later], key=lambda each: each.number))
    return replace(
        agenda,
        slug=draft.slug,
        sessions=sessions,
        # The presidency belongs to the conference: it is not restored.
        presidency=presidency_at([each.starts_at for each in sessions], agenda.timezone),
        release_number=None,
        released_at=None,
    )


def _write_details(webinar: Webinar, agenda: Agenda, *, now: datetime) -> None:
    webinar.title_en, webinar.title_es = agenda.title.en, agenda.title.es
    webinar.timezone, webinar.contact_email = agenda.timezone, agenda.contact_email
    webinar.cancelled_at = (webinar.cancelled_at or now) if agenda.is_cancelled else None
    webinar.save()
    write_organisers(webinar, agenda.organisers)


def _write_session(row: Session, session: AgendaSession) -> None:
    row.title_en, row.title_es = session.title.en, session.title.es
    row.starts_at = session.starts_at
    row.duration_minutes = int((session.ends_at - session.starts_at).total_seconds() // 60)
    row.floor_languages = list(session.floor_languages)
    row.interpretation_languages = list(session.interpretation_languages)


def _write_items(session: Session, entries: Iterable[AgendaEntry], speakers: "_SpeakerRows") -> None:
    """Write `entries` over the existing items in order; delete surplus items, and append missing ones."""
    rows = list(session.items.order_by("position"))
    last = rows[-1].position if rows else 0
    entries = list(entries)
    for row in rows[len(entries) :]:
        row.delete()
    for number, entry in enumerate(entries):
        row = rows[number] if number < len(rows) else AgendaItem(session=session, position=last + 1 + number)
        row.kind = entry.kind
        row.minutes = int((entry.ends_at - entry.starts_at).total_seconds() // 60)
        row.title_en, row.title_es = entry.title.en, entry.title.es
        row.points_en = "\n".join(point.en for point in entry.points)
        row.points_es = "\n".join(point.es for point in entry.points)
        row.save()
        _write_speakers(row, entry.speakers, speakers)


def _write_speakers(item: AgendaItem, wanted: Iterable[AgendaSpeaker], speakers: "_SpeakerRows") -> None:
    parts = list(dict.fromkeys((speakers.row_of(each).pk, each.role) for each in wanted))
    present = item.item_speakers.order_by("position", "pk").values_list("speaker", "role")
    if list(present) == parts:
        return
    item.item_speakers.all().delete()
    AgendaItemSpeaker.objects.bulk_create(
        AgendaItemSpeaker(item=item, speaker_id=speaker, role=role, position=position)
        for position, (speaker, role) in enumerate(parts, start=1)
    )


class _SpeakerRows:
    """Finds the row of each speaker of an agenda, or creates it.

    A row with the same name and texts is used unchanged; else one with the same name is updated.
    """

    def __init__(self, webinar: Webinar, agenda: Agenda) -> None:
        self._webinar = webinar
        self._codes = set(webinar.speakers.values_list("code", flat=True))
        wanted = dict.fromkeys(
            self._without_role(each)
            for session in agenda.sessions
            for entry in session.entries
            for each in entry.speakers
        )
        rows = list(webinar.speakers.order_by("pk"))
        self._rows: dict[AgendaSpeaker, Speaker] = {}
        for matches in (self._is_same, self._has_same_name):
            for speaker in [speaker for speaker in wanted if speaker not in self._rows]:
                row = next((row for row in rows if matches(row, speaker)), None)
                if row is not None:
                    rows.remove(row)
                    self._rows[speaker] = row
        for speaker in wanted:
            self._rows[speaker] = self._save_speaker(self._rows.get(speaker), speaker)

    def row_of(self, speaker: AgendaSpeaker) -> Speaker:
        """Return the row of the speaker, whatever their role."""
        return self._rows[self._without_role(speaker)]

    @staticmethod
    def _without_role(speaker: AgendaSpeaker) -> AgendaSpeaker:
        """Return the speaker without their role, which differs from item to item."""
        return replace(speaker, role="")

    @staticmethod
    def _has_same_name(row: Speaker, speaker: AgendaSpeaker) -> bool:
        return (row.kind, row.name) == (speaker.kind, speaker.name)

    def _is_same(self, row: Speaker, speaker: AgendaSpeaker) -> bool:
        texts = Bilingual.from_columns(row, "position"), Bilingual.from_columns(row, "institution"), row.about
        return self._has_same_name(row, speaker) and texts == (speaker.position, speaker.institution, speaker.about)

    def _save_speaker(self, row: Speaker | None, speaker: AgendaSpeaker) -> Speaker:
        if row is None:
            row = Speaker(webinar=self._webinar, code=self._free_code(speaker.name.en), kind=speaker.kind)
            is_named_once = speaker.kind == SpeakerKind.PERSON and speaker.name.en == speaker.name.es
            row.name_en, row.name_es = speaker.name.en, "" if is_named_once else speaker.name.es
        row.position_en, row.position_es = speaker.position.en, speaker.position.es
        row.institution_en, row.institution_es = speaker.institution.en, speaker.institution.es
        row.about_en, row.about_es = speaker.about.en, speaker.about.es
        row.save()
        return row

    def _free_code(self, name: str) -> str:
        base = slugify(name)[:50] or "speaker"
        code, number = base, 1
        while code in self._codes:
            number += 1
            code = f"{base}-{number}"
        self._codes.add(code)
        return code
