"""Exports that are recorded in the history before the first row is sent (rule 20)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, HistoryEvent, HistoryKind, User
from registrations.queries import QuotaBoard
from registrations.queries.lists import prefetch_held_entries
from registrations.services.exports.board import board_table
from registrations.services.exports.columns import COLUMNS
from registrations.services.exports.files import FileFormat, Row, Table

CHUNK = 500


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
