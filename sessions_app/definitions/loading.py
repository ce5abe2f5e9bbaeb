"""Writes an agenda definition into the database and reports what changed, within the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from sessions_app.bilingual import Bilingual
from sessions_app.definitions.agenda import AgendaDefinition, ItemDefinition, SessionDefinition, refuse_skipped_hours
from sessions_app.definitions.source import Source
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar
from sessions_app.organisers import write_organisers


@dataclass(frozen=True)
class LoadedAgenda:
    """The webinar as it is stored now, with one line of text for each change."""

    webinar: Webinar
    is_new: bool
    shift: timedelta
    changes: tuple[str, ...]


def load_agenda(
    source: Source, definition: AgendaDefinition, *, first_start: datetime | None, now: datetime
) -> LoadedAgenda:
    """Store `definition`; `first_start`, a local time in the webinar's zone, moves all its dates.

    Locks the webinar's row. Raises DefinitionRefused for `first_start` with a webinar that is loaded already, for a
    session that is missing from the file now, and for a local time that does not exist; the caller then rolls back.
    Loading the same definition again changes nothing.
    """
    webinar = Webinar.objects.select_for_update().filter(slug=definition.slug).first()
    is_new = webinar is None
    if webinar is None:
        webinar = Webinar(slug=definition.slug)
        if first_start is not None:
            shift = first_start - definition.first_start
            webinar.definition_shift_minutes = int(shift.total_seconds() // 60)
    elif first_start is not None:
        _report_first_start_of_loaded_webinar(source, webinar)
    shift = timedelta(minutes=webinar.definition_shift_minutes)
    refuse_skipped_hours(source, definition, shift)
    source.raise_if_problems()
    changes = [_("The webinar is new.")] if is_new else []
    if save_if_changed(webinar, _webinar_values(definition)) and not is_new:
        changes.append(_("The webinar's own texts or settings."))
    if definition.organisers is not None and write_organisers(webinar, definition.organisers):
        changes.append(_("The organisers."))
    changes += _load_speakers(webinar, definition)
    changes += _load_sessions(source, webinar, definition, shift=shift, now=now)
    _delete_unused_speakers(webinar, definition)
    return LoadedAgenda(webinar=webinar, is_new=is_new, shift=shift, changes=tuple(changes))


def save_if_changed(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Set `values` on `row` and save it if it is new or differs; return whether it was saved."""
    differs = row.pk is None or any(getattr(row, name) != value for name, value in values.items())
    if differs:
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
    return differs


def bilingual_columns(**texts: Bilingual) -> dict[str, str]:
    """Return the values of bilingual texts by column: {"title_en": …, "title_es": …}."""
    return {f"{name}_{code}": text for name, value in texts.items() for code, text in value.to_json().items()}


def _report_first_start_of_loaded_webinar(source: Source, webinar: Webinar) -> None:
    source.report(
        ("webinar", "slug"),
        _(
            "The webinar “%(slug)s” is loaded already, so --starts-on is refused: its sessions have dates that people "
            "may hold in their calendars. Change the dates in the file, or the sessions in the admin."
        )
        % {"slug": webinar.slug},
    )


def _webinar_values(definition: AgendaDefinition) -> dict[str, Any]:
    names = {each.name for each in fields(definition)} - {"slug", "organisers", "speakers", "sessions"}
    values = {name: value for name in names if (value := getattr(definition, name)) is not None}
    texts = {name: value for name, value in values.items() if isinstance(value, Bilingual)}
    return {name: value for name, value in values.items() if name not in texts} | bilingual_columns(**texts)


def _load_speakers(webinar: Webinar, definition: AgendaDefinition) -> list[str]:
    known = {row.code: row for row in webinar.speakers.all()}
    changes = []
    for each in definition.speakers:
        row = known.get(each.code) or Speaker(webinar=webinar, code=each.code)
        texts = {"name": each.name, "position": each.position, "institution": each.institution}
        if each.about is not None:
            texts["about"] = each.about
        values = bilingual_columns(**texts) | {"kind": each.kind}
        if save_if_changed(row, values):
            changes.append(_("Speaker %(name)s.") % {"name": each.name})
    return changes


def _delete_unused_speakers(webinar: Webinar, definition: AgendaDefinition) -> None:
    """Delete the speakers who are missing from the file and have no agenda item."""
    codes = [each.code for each in definition.speakers]
    webinar.speakers.exclude(code__in=codes).filter(item_speakers=None).delete()


def _load_sessions(
    source: Source, webinar: Webinar, definition: AgendaDefinition, *, shift: timedelta, now: datetime
) -> list[str]:
    known = {row.number: row for row in webinar.sessions.all()}
    speakers = {row.code: row for row in webinar.speakers.all()}
    for number in known.keys() - {each.number for each in definition.sessions}:
        source.report(
            ("session",),
            _(
                "Session %(number)s is loaded but missing here. Numbers are never given up: keep the session, and "
                "write cancelled = true to cancel it."
            )
            % {"number": number},
        )
    source.raise_if_problems()
    changes = []
    for each in definition.sessions:
        row = known.get(each.number) or Session(webinar=webinar, number=each.number)
        is_changed = save_if_changed(row, _session_values(each, row, definition.to_utc(each.starts + shift), now))
        if _load_items(row, each, speakers) or is_changed:
            changes.append(_("Session %(number)s: %(title)s.") % {"number": each.number, "title": each.title})
    return changes


def _session_values(definition: SessionDefinition, row: Session, starts_at: datetime, now: datetime) -> dict[str, Any]:
    """Return the session's values from the file; a room, languages and a cancellation stay as stored if left out."""
    values: dict[str, Any] = {
        "starts_at": starts_at,
        "duration_minutes": definition.minutes,
        **bilingual_columns(title=definition.title),
    }
    if definition.room_url:
        values["room_url"] = definition.room_url
    if definition.floor_languages is not None:
        values["floor_languages"] = list(definition.floor_languages)
    if definition.interpretation_languages is not None:
        values["interpretation_languages"] = list(definition.interpretation_languages)
    if definition.is_cancelled is not None:
        values["cancelled_at"] = (row.cancelled_at or now) if definition.is_cancelled else None
    return values


def _load_items(row: Session, session: SessionDefinition, speakers: Mapping[str, Speaker]) -> bool:
    """Replace the items of the session if they differ; return whether they were replaced."""
    stored = row.items.order_by("position").prefetch_related("item_speakers__speaker")
    if [_stored_item(item) for item in stored] == [_item_values(item) for item in session.items]:
        return False
    row.items.all().delete()
    for position, each in enumerate(session.items, start=1):
        values = _item_values(each)
        parts = values.pop("speakers")
        item = AgendaItem.objects.create(session=row, position=position, **values)
        AgendaItemSpeaker.objects.bulk_create(
            AgendaItemSpeaker(item=item, speaker=speakers[code], role=role, position=place)
            for place, (code, role) in enumerate(parts, start=1)
        )
    return True


def _item_values(item: ItemDefinition) -> dict[str, Any]:
    return {
        "minutes": item.minutes,
        "kind": item.kind,
        **bilingual_columns(title=item.title),
        "points_en": "\n".join(point.en for point in item.points),
        "points_es": "\n".join(point.es for point in item.points),
        "speakers": item.speakers,
    }


def _stored_item(item: AgendaItem) -> dict[str, Any]:
    parts = sorted(item.item_speakers.all(), key=lambda part: part.position)
    names = ("minutes", "kind", "title_en", "title_es", "points_en", "points_es")
    values: dict[str, Any] = {name: getattr(item, name) for name in names}
    return values | {"speakers": tuple((part.speaker.code, part.role) for part in parts)}
