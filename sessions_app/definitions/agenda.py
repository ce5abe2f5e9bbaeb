"""Reads the webinar, speakers, sessions and items of a definition file into values."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from sessions_app.bilingual import Bilingual
from sessions_app.definitions.source import Source
from sessions_app.definitions.table import MAX_TEXT_LENGTH, TomlTable
from sessions_app.models import AgendaItemKind, AgendaVisibility, SpeakerKind, SpeakerRole, SpokenLanguage
from sessions_app.models.session import LONGEST_SESSION_MINUTES
from sessions_app.models.speaker import LONGEST_ABOUT
from sessions_app.organisers import AgendaOrganiser

SHORTEST_SESSION_MINUTES = 5


@dataclass(frozen=True)
class SpeakerDefinition:
    """A speaker; items refer to them by `code`. `about` is None where the file does not say."""

    code: str
    kind: str
    name: Bilingual
    position: Bilingual
    institution: Bilingual
    about: Bilingual | None


@dataclass(frozen=True)
class ItemDefinition:
    """An agenda item; `speakers` holds pairs (code, role) in the order of the file."""

    minutes: int
    kind: str
    title: Bilingual
    points: tuple[Bilingual, ...]
    speakers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SessionDefinition:
    """A session; `starts` is a local time in the webinar's zone.

    `is_cancelled` and the languages are None where the file does not say.
    """

    number: int
    title: Bilingual
    starts: datetime
    minutes: int
    room_url: str
    floor_languages: tuple[str, ...] | None
    interpretation_languages: tuple[str, ...] | None
    is_cancelled: bool | None
    items: tuple[ItemDefinition, ...]
    line: int


@dataclass(frozen=True)
class AgendaDefinition:
    """The agenda that the file describes; `sessions` are sorted by their start.

    `short_title`, `lead` and `organisers` are None where the file does not say.
    """

    slug: str
    title: Bilingual
    short_title: Bilingual | None
    lead: Bilingual | None
    timezone: str
    contact_email: str
    agenda_visibility: str
    objective: Bilingual
    methodology: Bilingual
    audience: Bilingual
    background: Bilingual
    organisers: tuple[AgendaOrganiser, ...] | None
    speakers: tuple[SpeakerDefinition, ...]
    sessions: tuple[SessionDefinition, ...]

    @property
    def first_start(self) -> datetime:
        """The start of the first session, as local time in the webinar's zone."""
        return self.sessions[0].starts

    def to_utc(self, wall_clock: datetime) -> datetime:
        """Return the UTC instant of the local time `wall_clock` in the webinar's zone."""
        return wall_clock.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)

    def local_time_exists(self, wall_clock: datetime) -> bool:
        """Whether the local time `wall_clock` exists: it does not in the hour that is skipped for summer time."""
        return self.to_utc(wall_clock).astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None) == wall_clock


def parse_agenda(top: TomlTable) -> AgendaDefinition:
    """Read the blocks `webinar`, `organiser`, `speaker` and `session`; problems are collected in the table's source.

    The value is complete only if `source.raise_if_problems()` raises nothing afterwards.
    """
    speakers = _parse_speakers(top)
    sessions = _parse_sessions(top, {speaker.code for speaker in speakers})
    webinar = top.read_table("webinar", required=True)
    definition = AgendaDefinition(
        slug=webinar.read_slug("slug"),
        title=webinar.read_bilingual("title", required=True, longest=200),
        short_title=webinar.read_bilingual("short_title", longest=40) if webinar.has("short_title") else None,
        lead=webinar.read_bilingual("lead", longest=250) if webinar.has("lead") else None,
        timezone=webinar.read_zone("timezone"),
        contact_email=webinar.read_email("contact_email"),
        agenda_visibility=webinar.read_choice("agenda", AgendaVisibility.values, default=AgendaVisibility.FULL),
        objective=webinar.read_bilingual("objective", longest=MAX_TEXT_LENGTH),
        methodology=webinar.read_bilingual("methodology", longest=MAX_TEXT_LENGTH),
        audience=webinar.read_bilingual("audience", longest=MAX_TEXT_LENGTH),
        background=webinar.read_bilingual("background", longest=MAX_TEXT_LENGTH),
        organisers=_parse_organisers(top) if top.has("organiser") else None,
        speakers=speakers,
        sessions=tuple(sorted(sessions, key=lambda each: each.starts)),
    )
    webinar.finish()
    return definition


def refuse_skipped_hours(source: Source, definition: AgendaDefinition, shift: timedelta) -> None:
    """Report each session that, moved by `shift`, would begin at a local time that does not exist."""
    for session in definition.sessions:
        starts = session.starts + shift
        if not definition.local_time_exists(starts):
            source.report_at(
                session.line,
                _("Session %(number)s would begin at %(hour)s, which clocks in %(zone)s leave out that day.")
                % {"number": session.number, "hour": f"{starts:%Y-%m-%d %H:%M}", "zone": definition.timezone},
            )


def _parse_organisers(top: TomlTable) -> tuple[AgendaOrganiser, ...]:
    organisers: dict[str, AgendaOrganiser] = {}
    for table in top.read_tables("organiser"):
        organiser = AgendaOrganiser(
            name=_parse_name(table), acronym=table.read_bilingual("acronym", longest=20), url=table.read_url("url")
        )
        table.finish()
        if organiser.name.en in organisers:
            text = _("The organiser “%(name)s” stands in the file twice.")
            table.report("name", text % {"name": organiser.name})
        organisers[organiser.name.en] = organiser
    return tuple(organisers.values())


def _parse_speakers(top: TomlTable) -> tuple[SpeakerDefinition, ...]:
    speakers: dict[str, SpeakerDefinition] = {}
    for table in top.read_tables("speaker"):
        speaker = SpeakerDefinition(
            code=table.read_slug("code"),
            kind=table.read_choice("kind", SpeakerKind.values, default=SpeakerKind.PERSON),
            name=_parse_name(table),
            position=table.read_bilingual("position", longest=200),
            institution=table.read_bilingual("institution", longest=200),
            about=table.read_bilingual("about", longest=LONGEST_ABOUT) if table.has("about") else None,
        )
        table.finish()
        if speaker.code in speakers:
            table.report("code", _("The speaker “%(code)s” stands in the file twice.") % {"code": speaker.code})
        speakers[speaker.code] = speaker
    return tuple(speakers.values())


def _parse_name(table: TomlTable) -> Bilingual:
    """Read a name: plain text, or a table with a translation."""
    if table.is_text("name"):
        return Bilingual(en=table.read_text("name", required=True))
    return table.read_bilingual("name", required=True, longest=200)


def _parse_sessions(top: TomlTable, speakers: set[str]) -> list[SessionDefinition]:
    sessions: dict[int, SessionDefinition] = {}
    for table in top.read_tables("session"):
        session = _parse_session(table, speakers)
        if session.number in sessions:
            table.report("number", _("The number %(number)s is given twice.") % {"number": session.number})
        sessions[session.number] = session
    if not sessions:
        top.report("session", _("The file names no session. At least one [[session]] is needed."))
    return list(sessions.values())


def _parse_session(table: TomlTable, speakers: set[str]) -> SessionDefinition:
    day, clock = table.read_date("day"), table.read_time("start")
    session = SessionDefinition(
        number=table.read_number("number", lowest=1, highest=999),
        title=table.read_bilingual("title", required=True),
        # A missing day or hour was reported above; the value is never used.
        starts=datetime.combine(day or date.max, clock or time()),
        minutes=table.read_number("minutes", lowest=SHORTEST_SESSION_MINUTES, highest=LONGEST_SESSION_MINUTES),
        room_url=table.read_url("room_url"),
        floor_languages=table.read_choices("floor_languages", SpokenLanguage.values),
        interpretation_languages=table.read_choices("interpretation_languages", SpokenLanguage.values),
        is_cancelled=table.read_bool("cancelled"),
        items=tuple(_parse_item(item, speakers) for item in table.read_tables("item")),
        line=table.line,
    )
    table.finish()
    total = sum(item.minutes for item in session.items)
    if total > session.minutes:
        table.report(
            "minutes",
            _("The items of session %(number)s last %(total)s minutes. Allowed: the session's %(minutes)s at most.")
            % {"number": session.number, "total": total, "minutes": session.minutes},
        )
    return session


def _parse_item(table: TomlTable, speakers: set[str]) -> ItemDefinition:
    item = ItemDefinition(
        minutes=table.read_number("minutes", lowest=1, highest=LONGEST_SESSION_MINUTES),
        kind=table.read_choice("kind", AgendaItemKind.values),
        title=table.read_bilingual("title", required=True),
        points=tuple(point.read_as_bilingual(required=True, longest=500) for point in table.read_tables("points")),
        speakers=tuple(_parse_speaker_role(part, speakers) for part in table.read_tables("speakers")),
    )
    table.finish()
    if len(set(item.speakers)) < len(item.speakers):
        table.report("speakers", _("A speaker stands in one item twice with the same role."))
    if any("\n" in text for point in item.points for text in (point.en, point.es)):
        table.report("points", _("A point is one line."))
    return item


def _parse_speaker_role(table: TomlTable, speakers: set[str]) -> tuple[str, str]:
    code, role = table.read_slug("code"), table.read_choice("role", SpeakerRole.values)
    table.finish()
    if code and code not in speakers:
        table.report(
            "code",
            _("The speaker “%(code)s” is not known. Allowed: %(allowed)s.")
            % {"code": code, "allowed": ", ".join(sorted(speakers)) or _("none; add a [[speaker]]")},
        )
    return code, role
