"""Exports that are recorded in the history before the first row is sent (rule 20)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import CalendarEntry, Delegate, HistoryEvent, HistoryKind, User
from registrations.queries import QuotaBoard
from registrations.queries.lists import prefetch_held_entries
from registrations.queries.room_lists import ROOM_EXPORT, RoomList, entries_for_room
from registrations.services.exports.board import board_table
from registrations.services.exports.columns import COLUMNS
from registrations.services.exports.files import FileFormat, Row, Table
from sessions_app.models import Session

CHUNK = 500
# Zoom's own words, in its order: https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0060782
ROOM_HEADINGS = ("Email", "First Name", "Last Name")


def export_delegates(
    delegates: "QuerySet[Delegate]",
    *,
    columns: Sequence[str],
    file_format: FileFormat,
    by: User,
    now: datetime,
    filters: str = "",
) -> Table:
    """Return the table of `delegates` with `columns` of COLUMNS, in the current language and time zone.

    Each webinar's history records the number of people, the columns and `filters`, which contain no names and
    addresses. Rows are read while the table is written, which must happen in the same language and time zone. Raises
    NotPossibleNow if there are no delegates.
    """
    chosen = Delegate.objects.filter(pk__in=delegates.order_by().values("pk"))
    counts = list(chosen.order_by("webinar").values_list("webinar").annotate(people=Count("pk")))
    if not counts:
        raise NotPossibleNow(_("Nobody is on this list, so there is nothing to export. Change the list first."))
    HistoryEvent.objects.bulk_create(
        _event(
            webinar_id, by=by, now=now, rows=people, what="delegates", file_format=file_format,
            columns=", ".join(columns), filters=filters,
        )
        for webinar_id, people in counts
    )  # fmt: skip
    zone = timezone.get_current_timezone_name()
    return Table(
        name=f"delegates-{now:%Y-%m-%d}",
        headings=tuple(COLUMNS[code].heading(zone) for code in columns),
        chunks=_chunks(delegates, columns),
    )


def export_board(board: QuotaBoard, *, file_format: FileFormat, by: User, now: datetime) -> Table:
    """Return the table of `board` and record the export in the history of its webinar."""
    rows = len(board.rows) + len(board.organisations)
    _event(board.webinar.pk, by=by, now=now, rows=rows, what="board", file_format=file_format).save()
    return board_table(board)


@transaction.atomic
def export_room_list(session: Session, part: RoomList, *, by: User, now: datetime) -> Table:
    """Return the people in the list `part` for the room of `session`, and record the export.

    The columns are those of Zoom's import of registrants. The whole name stands as first name, so that no name is cut
    in two, and the country as last name. A second export of the changes has only what changed since. Raises
    NotPossibleNow if nobody is in the list. Locks the calendar entries by id, as the planner does.
    """
    entries = entries_for_room(session, part).select_related("delegate__delegation__body")
    found = list(entries.select_for_update(of=("self",)).order_by("pk"))
    if not found:
        raise NotPossibleNow(_("Nobody is in this list, so nothing was exported."))
    exported = None if part == RoomList.REMOVED else F("delegate")
    CalendarEntry.objects.filter(pk__in=[entry.pk for entry in found]).update(exported_for_room=exported)
    _event(
        session.webinar_id, by=by, now=now, rows=len(found), what=ROOM_EXPORT, session=session.number, list=part.value,
        file_format=FileFormat.CSV,
    ).save()  # fmt: skip
    return Table(
        name=f"room-{session.webinar.slug}-{session.number}-{part}-{now:%Y-%m-%d}",
        headings=ROOM_HEADINGS,
        chunks=[sorted(map(_room_row, found), key=itemgetter(2, 1))],
    )


def _room_row(entry: CalendarEntry) -> list[str]:
    person = entry.delegate
    # The entry of an earlier address has it in lower case only.
    email = person.email if person.address == entry.address else entry.address
    return [email, person.name, str(person.delegation.body)]


def read_delegates(keys: Sequence[int]) -> dict[int, Delegate]:
    """Return delegates by key with everything that columns read, including `held_entries`."""
    delegates = Delegate.objects.select_related("webinar", "delegation__body", "profile")
    return delegates.prefetch_related(prefetch_held_entries()).in_bulk(keys)


def _chunks(delegates: "QuerySet[Delegate]", columns: Sequence[str]) -> Iterator[Sequence[Row]]:
    """Yield the rows in chunks, after reading all keys: a single query would be whole in memory."""
    keys = list(delegates.prefetch_related(None).values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        people = read_delegates(chunk)
        yield [[COLUMNS[code].value(people[key]) for code in columns] for key in chunk if key in people]


def _event(webinar_id: int, *, by: User, now: datetime, **facts: object) -> HistoryEvent:
    return HistoryEvent(
        webinar_id=webinar_id,
        kind=HistoryKind.EXPORTED,
        actor=by,
        at=now,
        changes={name: [None, str(fact)] for name, fact in facts.items() if fact not in ("", None)},
    )
