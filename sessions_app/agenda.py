"""The agenda as an immutable value, read from the rows or from a release; pages, calendars and mails render it.

The hour of an item follows from the start of its session and the minutes of the items before it (rule 10).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from sessions_app.bilingual import Bilingual
from sessions_app.models import (
    AgendaItem,
    AgendaItemSpeaker,
    Release,
    Session,
    Speaker,
    SpeakerKind,
    SpeakerRole,
    Webinar,
)
from sessions_app.organisers import AgendaOrganiser, AgendaPresidency, organisers_of, presidency_at


@dataclass(frozen=True)
class AgendaSpeaker:
    """A person or institution with their role in one agenda item."""

    kind: str
    role: str
    name: Bilingual
    position: Bilingual
    institution: Bilingual
    about: Bilingual

    @property
    def role_label(self) -> str:
        return str(SpeakerRole(self.role).label)

    def to_json(self) -> dict[str, Any]:
        """Return the speaker as a release stores it."""
        return {
            "kind": self.kind,
            "role": self.role,
            "name": self.name.to_json(),
            "position": self.position.to_json(),
            "institution": self.institution.to_json(),
            **_present(about=self.about.to_json() if self.about else None),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "AgendaSpeaker":
        """Return the speaker that a release stores."""
        return cls(
            kind=value["kind"],
            role=value["role"],
            name=Bilingual.from_json(value["name"]),
            position=Bilingual.from_json(value["position"]),
            institution=Bilingual.from_json(value["institution"]),
            about=Bilingual.from_json(value.get("about", {})),
        )


@dataclass(frozen=True)
class AgendaEntry:
    """An agenda item with its start and end in UTC."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    title: Bilingual
    points: tuple[Bilingual, ...] = ()
    speakers: tuple[AgendaSpeaker, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the item as a release stores it."""
        return {
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "kind": self.kind,
            "title": self.title.to_json(),
            "points": [point.to_json() for point in self.points],
            "speakers": [speaker.to_json() for speaker in self.speakers],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "AgendaEntry":
        """Return the item that a release stores."""
        return cls(
            starts_at=datetime.fromisoformat(value["starts_at"]),
            ends_at=datetime.fromisoformat(value["ends_at"]),
            kind=value["kind"],
            title=Bilingual.from_json(value["title"]),
            points=tuple(Bilingual.from_json(point) for point in value["points"]),
            speakers=tuple(AgendaSpeaker.from_json(speaker) for speaker in value["speakers"]),
        )


@dataclass(frozen=True)
class AgendaSession:
    """A session with its agenda items; `starts_at` and `ends_at` are UTC, languages are values of `SpokenLanguage`."""

    number: int
    title: Bilingual
    starts_at: datetime
    ends_at: datetime
    ical_uid: UUID
    public_ical_uid: UUID
    is_cancelled: bool = False
    entries: tuple[AgendaEntry, ...] = ()
    floor_languages: tuple[str, ...] = ()
    interpretation_languages: tuple[str, ...] = ()

    @property
    def minutes_left(self) -> int:
        """The minutes that no item fills; negative where the items last longer than the session."""
        last = self.entries[-1].ends_at if self.entries else self.starts_at
        return int((self.ends_at - last).total_seconds() // 60)

    def to_json(self) -> dict[str, Any]:
        """Return the session as a release stores it."""
        return {
            "number": self.number,
            "title": self.title.to_json(),
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "ical_uid": str(self.ical_uid),
            "public_ical_uid": str(self.public_ical_uid),
            "is_cancelled": self.is_cancelled,
            "entries": [entry.to_json() for entry in self.entries],
            **_present(
                floor_languages=list(self.floor_languages),
                interpretation_languages=list(self.interpretation_languages),
            ),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "AgendaSession":
        """Return the session that a release stores."""
        return cls(
            number=value["number"],
            title=Bilingual.from_json(value["title"]),
            starts_at=datetime.fromisoformat(value["starts_at"]),
            ends_at=datetime.fromisoformat(value["ends_at"]),
            ical_uid=UUID(value["ical_uid"]),
            public_ical_uid=UUID(value["public_ical_uid"]),
            is_cancelled=value["is_cancelled"],
            entries=tuple(AgendaEntry.from_json(entry) for entry in value["entries"]),
            floor_languages=tuple(value.get("floor_languages", ())),
            interpretation_languages=tuple(value.get("interpretation_languages", ())),
        )


@dataclass(frozen=True)
class Agenda:
    """The agenda of one webinar; `release_number` and `released_at` are None for a draft."""

    slug: str
    title: Bilingual
    timezone: str
    contact_email: str
    is_cancelled: bool
    sessions: tuple[AgendaSession, ...]
    organisers: tuple[AgendaOrganiser, ...] = ()
    presidency: AgendaPresidency | None = None
    release_number: int | None = None
    released_at: datetime | None = None

    @property
    def takes_place(self) -> tuple[AgendaSession, ...]:
        """The sessions that are not cancelled."""
        return tuple(each for each in self.sessions if not each.is_cancelled)

    @property
    def untranslated_count(self) -> int:
        """How many lack a language: the title, those of sessions that take place, and their items with all points."""
        texts = [[self.title], *([each.title] for each in self.takes_place)]
        texts += [[entry.title, *entry.points] for each in self.takes_place for entry in each.entries]
        return sum(any(not (text.en and text.es) for text in item) for item in texts)

    def get_session(self, number: int) -> AgendaSession | None:
        """Return the session with this number, or None."""
        return next((each for each in self.sessions if each.number == number), None)

    def without_person_names(self) -> "Agenda":
        """Return the same agenda without the persons who speak; institutions stay."""
        return replace(
            self,
            sessions=tuple(
                replace(
                    each,
                    entries=tuple(
                        replace(entry, speakers=tuple(_only_institutions(entry.speakers))) for entry in each.entries
                    ),
                )
                for each in self.sessions
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the snapshot that a release stores; `agenda_from_release` reads it back."""
        return {
            "slug": self.slug,
            "title": self.title.to_json(),
            "timezone": self.timezone,
            "contact_email": self.contact_email,
            "is_cancelled": self.is_cancelled,
            "sessions": [each.to_json() for each in self.sessions],
            **_present(
                organisers=[each.to_json() for each in self.organisers],
                presidency=self.presidency.to_json() if self.presidency else None,
            ),
        }


def _present(**values: Any) -> dict[str, Any]:
    """Return the values that are not empty.

    Releases before 1.0 have none of these keys: the digest of an agenda that uses none of them stays the same.
    """
    return {name: value for name, value in values.items() if value}


def _only_institutions(speakers: Iterable[AgendaSpeaker]) -> Iterable[AgendaSpeaker]:
    return (speaker for speaker in speakers if speaker.kind == SpeakerKind.INSTITUTION)


def latest_release(webinar: Webinar) -> Release | None:
    """Return the latest release of `webinar`, or None before the first. One query."""
    return webinar.releases.order_by("-number").first()


def agenda_from_release(release: Release) -> Agenda:
    """Return the agenda as it was released. No query."""
    value: Mapping[str, Any] = release.agenda
    return Agenda(
        slug=value["slug"],
        title=Bilingual.from_json(value["title"]),
        timezone=value["timezone"],
        contact_email=value["contact_email"],
        is_cancelled=value["is_cancelled"],
        sessions=tuple(AgendaSession.from_json(each) for each in value["sessions"]),
        organisers=tuple(AgendaOrganiser.from_json(each) for each in value.get("organisers", ())),
        presidency=AgendaPresidency.from_json(value["presidency"]) if "presidency" in value else None,
        release_number=release.number,
        released_at=release.released_at,
    )


def agenda_from_rows(webinar: Webinar) -> Agenda:
    """Return the draft: the agenda as it is stored now. Five queries, however long it is."""
    item_speakers = AgendaItemSpeaker.objects.select_related("speaker").order_by("position", "pk")
    items = AgendaItem.objects.order_by("position").prefetch_related(Prefetch("item_speakers", item_speakers))
    sessions = webinar.sessions.order_by("number").prefetch_related(Prefetch("items", items))
    return Agenda(
        slug=webinar.slug,
        title=webinar.title,
        timezone=webinar.timezone,
        contact_email=webinar.contact_email,
        is_cancelled=webinar.cancelled_at is not None,
        sessions=tuple(_session_from_row(each, webinar) for each in sessions),
        organisers=organisers_of(webinar),
        presidency=presidency_at([each.starts_at for each in sessions], webinar.timezone),
    )


def _session_from_row(row: Session, webinar: Webinar) -> AgendaSession:
    entries = []
    starts_at = row.starts_at
    for item in row.items.all():
        ends_at = starts_at + timedelta(minutes=item.minutes)
        entries.append(_entry_from_row(item, starts_at, ends_at))
        starts_at = ends_at
    return AgendaSession(
        number=row.number,
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ical_uid=row.ical_uid,
        public_ical_uid=row.public_ical_uid,
        # Cancelling the webinar cancels every session (rule 12).
        is_cancelled=row.cancelled_at is not None or webinar.cancelled_at is not None,
        entries=tuple(entries),
        floor_languages=tuple(row.floor_languages),
        interpretation_languages=tuple(row.interpretation_languages),
    )


def _entry_from_row(item: AgendaItem, starts_at: datetime, ends_at: datetime) -> AgendaEntry:
    return AgendaEntry(
        starts_at=starts_at,
        ends_at=ends_at,
        kind=item.kind,
        title=item.title,
        points=tuple(_pair_lines(item.points_en, item.points_es)),
        speakers=tuple(_speaker_from_row(each.speaker, each.role) for each in item.item_speakers.all()),
    )


def _speaker_from_row(speaker: Speaker, role: str) -> AgendaSpeaker:
    return AgendaSpeaker(
        kind=speaker.kind,
        role=role,
        name=speaker.name,
        position=Bilingual.from_columns(speaker, "position"),
        institution=Bilingual.from_columns(speaker, "institution"),
        about=speaker.about,
    )


def _pair_lines(english_text: str, spanish_text: str) -> Iterator[Bilingual]:
    """Pair the lines of both texts, one point per line.

    If both have the same number of lines, a blank line is a point without a translation; otherwise blank lines are
    ignored.
    """
    english, spanish = english_text.splitlines(), spanish_text.splitlines()
    if english_text.count("\n") != spanish_text.count("\n"):
        english, spanish = _without_blank_lines(english), _without_blank_lines(spanish)
    pairs = zip_longest(english, spanish, fillvalue="")
    return (point for en, es in pairs if (point := Bilingual(en.strip(), es.strip())))


def _without_blank_lines(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip()]
