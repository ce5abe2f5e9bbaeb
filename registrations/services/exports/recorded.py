"""Exports as they are asked for: who took what and how many is kept before the first row leaves (rule 20)."""

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
    """The table of `delegates` with the `columns` of COLUMNS, in the language and the zone of the moment.

    Each webinar's history keeps its part of it: how many people, which columns and `filters`, which hold no name and
    no address. The rows are read when the table is written, which has to happen in the same language and zone. Raises
    NotPossibleNow where nobody is on the list.
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
    """The table of `board`; the history of its webinar keeps who took it."""
    rows = len(board.rows) + len(board.organisations)
    _event(board.webinar.pk, by=by, now=now, rows=rows, what="board", file_format=file_format).save()
    return board_table(board)


def read_delegates(keys: Sequence[int]) -> dict[int, Delegate]:
    """By key, with all that a column asks: the calendar entries that they hold as `held_entries`."""
    delegates = Delegate.objects.select_related("webinar", "delegation__body", "profile")
    return delegates.prefetch_related(prefetch_held_entries()).in_bulk(keys)


def _chunks(delegates: "QuerySet[Delegate]", columns: Sequence[str]) -> Iterator[Sequence[Row]]:
    """Keys first, then the rows in parts: without a server-side cursor one query's answer is whole in memory."""
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
