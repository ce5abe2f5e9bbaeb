"""Reads the rows of a table as agenda items, with what is wrong beside each row. Nothing is stored."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.services.agenda_table.times import parse_times
from registrations.services.imports.normalising import normalised
from registrations.services.imports.people import formula_message
from registrations.services.imports.tables import Table
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaItem, AgendaItemKind, Session, Speaker, SpeakerRole

MAX_ITEMS = 100
MAX_SPEAKERS = 30
MINUTES_OF_A_DAY = 24 * 60
# The order of the columns without headings. "minutes" is only found by its heading: otherwise one column has both.
USUAL_COLUMNS = ("hour_or_minutes", "title_es", "title_en", "speakers")
HEADINGS: Mapping[str, str] = {
    "hour": "hora horas horario inicio hour hours start begins",
    "hour_or_minutes": "time horaominutos hourorminutes",
    "minutes": "minutos minutes min duracion duration tiempo",
    "title_es": (
        "titulo tituloes tituloenespanol tituloespanol titlees titlespanish titleinspanish espanol spanish es "
        "tema temas actividad punto"
    ),
    "title_en": (
        "title titleen titleinenglish titleenglish tituloen tituloeningles tituloingles ingles english en "
        "topic topics activity item"
    ),
    "speakers": (
        "ponente ponentes orador oradores oradoras panelista panelistas participantes expositor expositores "
        "responsable responsables moderador speaker speakers panelist panelists"
    ),
}
FIELD_OF_HEADING = {word: name for name, words in HEADINGS.items() for word in words.split()}
ROWS_WITH_HEADINGS = 10
BRACKETS = str.maketrans("()[]", "    ")

# Words of a title by which its kind is recognised, in both languages; the first that is found decides.
KINDS = (
    (AgendaItemKind.BREAK, r"break|receso|pausa|descanso|caf[eé]|almuerzo|lunch"),
    (AgendaItemKind.QUESTIONS, r"pregunta|question|q\s?&\s?a"),
    (AgendaItemKind.OPENING, r"apertura|bienvenida|inaugura|palabras|opening|welcome"),
    (AgendaItemKind.DIALOGUE, r"di[aá]logo|dialogue|debate|discusi[oó]n|discussion"),
    (AgendaItemKind.PANEL, r"panel|mesa redonda|round ?table"),
    (AgendaItemKind.INTRODUCTION, r"introducc|introduct|introducing|presentaci[oó]n de"),
)
ROLE_WORDS = {
    SpeakerRole.MODERATOR: "moderador moderadora moderadores modera moderacion moderator moderators",
    SpeakerRole.PANELIST: "panelista panelistas panelist panelists",
    SpeakerRole.PRESENTER: (
        "ponente ponentes presenta expositor expositora expositores presenter presenters speaker speakers"
    ),
}
ROLES = {word: role for role, words in ROLE_WORDS.items() for word in words.split()}
SPEAKER = re.compile(r"(?:(?P<role>[^:()]{1,40}):)?(?P<name>[^()]*)(?:\((?P<institution>[^()]*)\))?\.?\s*")


@dataclass(frozen=True)
class TableSpeaker:
    """A speaker as a cell names them: "Moderadora: Ana Ejemplo (OIM)"."""

    role: str
    name: str
    institution: str


@dataclass(frozen=True)
class TableItem:
    """An item as the table would make it. `row` counts from 1; an item with `errors` cannot be stored.

    `begins` is the minute of the day at which the table says that it begins, if it says so, and `starts_at` when it
    would begin by the minutes of the items before it; `warning` says where they differ.
    """

    row: int
    hour: str
    title: Bilingual
    kind: str
    speakers: tuple[TableSpeaker, ...] = ()
    begins: int | None = None
    minutes: int | None = None
    starts_at: datetime | None = None
    errors: tuple[str, ...] = ()
    warning: str = ""

    @property
    def kind_label(self) -> str:
        return str(AgendaItemKind(self.kind).label)

    @property
    def speaker_labels(self) -> list[str]:
        return [
            f"{SpeakerRole(each.role).label}: {each.name}" + (f" ({each.institution})" if each.institution else "")
            for each in self.speakers
        ]


@dataclass(frozen=True)
class AgendaTable:
    """The items of a table; `minutes_left` of the session after them, negative if they are too long.

    `problem` says why there are no items.
    """

    items: tuple[TableItem, ...]
    minutes_left: int
    problem: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether every row can be stored."""
        return not self.problem and not any(item.errors for item in self.items)


def read_agenda_table(
    table: Table, session: Session, *, starts_at: datetime, last_minutes: int | None = None
) -> AgendaTable:
    """Return the items that `table` would add to `session` from `starts_at` on. Nothing is written.

    The last row lasts `last_minutes`, or until the session ends. Hours are those of the active time zone.
    """
    items = list(_items_of(table))
    if problem := _problem_of(items):
        return AgendaTable((), 0, problem)
    checked = [_check_texts(item, session) for item in items]
    following: list[TableItem | None] = [*checked[1:], None]
    ends = _minute_of_day(session.ends_at)
    timed = [_with_minutes(*pair, ends, last_minutes) for pair in zip(checked, following, strict=True)]
    running = list(_with_running_clock(timed, starts_at))
    used = timedelta(minutes=sum(item.minutes or 0 for item in running))
    left = int((session.ends_at - starts_at - used).total_seconds() // 60)
    return AgendaTable(tuple(running), left)


def _problem_of(items: Sequence[TableItem]) -> str:
    if not items:
        return _("There is no row with a title.")
    if len(items) > MAX_ITEMS:
        return _("These are more than %(most)s items. Is it the table of one session?") % {"most": MAX_ITEMS}
    return ""


def _items_of(table: Table) -> Iterator[TableItem]:
    for number, texts in _rows_of(table):
        hour = texts["hour"] or texts["hour_or_minutes"]
        begins, minutes, errors = parse_times(hour, texts["minutes"], is_hour_column=bool(texts["hour"]))
        title = Bilingual(en=texts["title_en"], es=texts["title_es"])
        kind = kind_of(f"{title.es} {title.en}")
        yield TableItem(
            row=number,
            hour=f"{hour} {texts['minutes']}".strip(),
            title=title,
            kind=kind,
            speakers=_speakers_in(texts["speakers"], kind),
            begins=begins,
            minutes=minutes,
            errors=(*errors, *filter(None, (formula_message(text) for text in texts.values()))),
        )


def _rows_of(table: Table) -> list[tuple[int, dict[str, str]]]:
    """Return (row, texts by field) of each row of items that is not blank.

    A row that holds speakers alone is joined to the row above, as in a table with one speaker on each line.
    """
    columns, first = _columns_of(table)
    rows: list[tuple[int, dict[str, str]]] = []
    for number, cells in enumerate(table.rows[first:], start=first + 1):
        texts = dict.fromkeys(HEADINGS, "")
        for name, cell in zip(columns, cells, strict=False):
            if name:
                texts[name] = " ".join((cell.strip().replace("\n", ";") if name == "speakers" else cell).split())
        filled = [name for name, text in texts.items() if text]
        if rows and filled == ["speakers"]:
            rows[-1][1]["speakers"] += f";{texts['speakers']}"
        elif filled:
            rows.append((number, texts))
    return rows


def _columns_of(table: Table) -> tuple[Sequence[str], int]:
    """Return the field of each column and the index of the first row of items; headings may follow title rows."""
    for index, cells in enumerate(table.rows[:ROWS_WITH_HEADINGS]):
        found = [_field_of_heading(cell) for cell in cells]
        if sum(map(bool, found)) >= 2:
            return [name if name not in found[:place] else "" for place, name in enumerate(found)], index + 1
    return USUAL_COLUMNS, 0


def _field_of_heading(cell: str) -> str:
    """Return the field of "Título (inglés)", and of "Hora (Costa Rica)" by what is outside the brackets."""
    whole = normalised(cell.translate(BRACKETS))
    return FIELD_OF_HEADING.get(whole) or FIELD_OF_HEADING.get(normalised(cell), "")


def kind_of(title: str) -> str:
    """Return the kind that the words of `title` suggest; a presentation without any."""
    return next((kind for kind, words in KINDS if re.search(words, title, re.I)), AgendaItemKind.PRESENTATION)


def _speakers_in(cell: str, kind: str) -> tuple[TableSpeaker, ...]:
    """Return the speakers of a cell, separated by semicolons; a role in the plural holds for those behind it too."""
    usual: str = SpeakerRole.PANELIST if kind == AgendaItemKind.PANEL else SpeakerRole.PRESENTER
    following, speakers = usual, []
    for text in filter(None, (part.strip() for part in cell.split(";", 2 * MAX_SPEAKERS))):
        found = SPEAKER.fullmatch(text)
        word = normalised(found["role"] or "") if found is not None else ""
        if found is None or (found["role"] and word not in ROLES):
            speakers.append(TableSpeaker(following, text, ""))
            continue
        if word:
            following = ROLES[word] if word.endswith("s") else usual
        role = ROLES.get(word, following)
        speakers.append(TableSpeaker(role, found["name"].strip(" ,"), (found["institution"] or "").strip()))
    return tuple(each for each in dict.fromkeys(speakers) if each.name)


def _check_texts(item: TableItem, session: Session) -> TableItem:
    """Add what the models say against the texts of the row."""
    errors = list(item.errors)
    if not item.title:
        errors.append(_("The row has no title."))
    if len(item.speakers) > MAX_SPEAKERS:
        errors.append(_("These are more than %(most)s speakers.") % {"most": MAX_SPEAKERS})
    rows = [unsaved_item(item, session), *(unsaved_speaker(each, session) for each in item.speakers[:MAX_SPEAKERS])]
    excluded = {"session", "webinar", "position", "minutes", "code", *([] if item.title.en else ["title_en"])}
    for row in rows:
        try:
            row.clean_fields(exclude=excluded)
        except ValidationError as error:
            errors += error.messages
    return replace(item, errors=tuple(dict.fromkeys(errors)))


def _with_minutes(item: TableItem, following: TableItem | None, ends: int, last_minutes: int | None) -> TableItem:
    """Find the minutes of an item that has only an hour; `ends` is the minute of the day at which the session ends."""
    minutes = item.minutes
    if minutes is None and following is None and last_minutes:
        minutes = last_minutes
    elif minutes is None and item.begins is not None:
        until = ends if following is None else following.begins
        minutes = None if until is None else (until - item.begins) % MINUTES_OF_A_DAY
    if item.errors or (minutes is not None and 1 <= minutes <= MINUTES_OF_A_DAY / 2):
        return replace(item, minutes=minutes)
    if item.begins is None:
        message = _("Give an hour, such as 09:00, or minutes, such as 20.")
    elif minutes is None:
        message = _("Give its minutes, or the hour of the next row.")
    else:
        message = _("The next row, or the end of the session, is not after this hour.")
    return replace(item, minutes=None, errors=(*item.errors, message))


def _with_running_clock(items: Sequence[TableItem], starts_at: datetime) -> Iterator[TableItem]:
    """Yield the items with the hours that follow from their minutes, and a warning where those of the table differ."""
    shift = 0
    for item in items:
        before, warning = shift, ""
        if item.begins is not None:
            shift = item.begins - _minute_of_day(starts_at)
        if shift not in (0, before):
            hour = f"{timezone.localtime(starts_at):%H:%M}"
            warning = _("By the minutes before it, it begins at %(hour)s.") % {"hour": hour}
        yield replace(item, starts_at=starts_at, warning=warning)
        starts_at += timedelta(minutes=item.minutes or 0)


def _minute_of_day(instant: datetime) -> int:
    local = timezone.localtime(instant)
    return local.hour * 60 + local.minute


def unsaved_item(item: TableItem, session: Session) -> AgendaItem:
    return AgendaItem(
        session=session, minutes=item.minutes or 0, kind=item.kind, title_en=item.title.en, title_es=item.title.es
    )


def unsaved_speaker(speaker: TableSpeaker, session: Session) -> Speaker:
    return Speaker(webinar=session.webinar, name_en=speaker.name, institution_en=speaker.institution)
