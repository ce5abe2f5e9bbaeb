"""Tables of webinars for choosers and lists: what is ahead first, what is past in pages, both searched by words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

from sessions_app.models import Webinar
from sessions_app.webinar_names import WebinarName, name_of, webinars_ahead, webinars_past, with_words

AHEAD_PER_PAGE = 15
PAST_PER_PAGE = 10
# A longer search is cut.
LONGEST_SEARCH = 100


class Cell(NamedTuple):
    """One cell after those of the name: a text or number, perhaps with a link, a second line and an alarm colour."""

    text: object
    url: str = ""
    second: str = ""
    is_lacking: bool = False


# The columns of one table after those of the name: their headings, and the cells of each webinar by its id.
Cells = Mapping[int, Sequence[Cell]]


@dataclass(frozen=True)
class Columns:
    """The headings after those of the name, and the function that reads the cells of a page's webinars."""

    headings: Sequence[str]
    cells: Callable[[Sequence[Webinar]], Cells]


@dataclass(frozen=True)
class WebinarRow:
    """One webinar: its name, the page that it leads to, and the further cells with their headings."""

    name: WebinarName
    url: str
    cells: Sequence[Cell]
    headings: Sequence[str]

    @property
    def labelled(self) -> list[tuple[str, Cell]]:
        """The cells with their headings, which a narrow page shows beside each."""
        return list(zip(self.headings, self.cells, strict=True))


@dataclass(frozen=True)
class WebinarTable:
    """One page of webinars. `previous_url` and `next_url` are empty where there is no such page."""

    headings: Sequence[str]
    rows: Sequence[WebinarRow]
    page: "Page[Webinar]"
    previous_url: str
    next_url: str

    @property
    def count(self) -> int:
        return self.page.paginator.count


@dataclass(frozen=True)
class WebinarTables:
    """The webinars ahead, and the past ones; the latter are unfolded if somebody searches or turns their pages."""

    ahead: WebinarTable
    past: WebinarTable
    words: str
    is_past_open: bool


def webinar_tables(
    request: HttpRequest,
    *,
    url_of: Callable[[Webinar], str],
    ahead: Columns,
    past: Columns | None = None,
    now: datetime,
) -> WebinarTables:
    """Return the tables that `?q=`, `?page=` and `?past=` ask for; nonsense in them shows the nearest page.

    Four queries, and those of the columns, however many webinars there are.
    """
    words = request.GET.get("q", "").replace("\x00", "")[:LONGEST_SEARCH].strip()

    def table(webinars: "QuerySet[Webinar]", columns: Columns, parameter: str, size: int) -> WebinarTable:
        page = Paginator(with_words(webinars, words), size).get_page(request.GET.get(parameter))
        rows = list(page.object_list)
        cells = columns.cells(rows) if rows else {}

        def page_url(number: int) -> str:
            query = {"q": words} if words else {}
            return f"?{urlencode(query | {parameter: str(number)})}"

        return WebinarTable(
            headings=columns.headings,
            rows=[WebinarRow(name_of(row), url_of(row), cells[row.pk], columns.headings) for row in rows],
            page=page,
            previous_url=page_url(page.number - 1) if page.has_previous() else "",
            next_url=page_url(page.number + 1) if page.has_next() else "",
        )

    return WebinarTables(
        ahead=table(webinars_ahead(now=now), ahead, "page", AHEAD_PER_PAGE),
        past=table(webinars_past(now=now), past or ahead, "past", PAST_PER_PAGE),
        words=words,
        is_past_open=bool(words) or "past" in request.GET,
    )


def no_columns() -> Columns:
    """Return the columns of a table that shows the names alone."""
    return Columns((), lambda webinars: {webinar.pk: () for webinar in webinars})


def count_column(heading: str, count: Callable[[Sequence[int]], Mapping[int, Any]]) -> Columns:
    """Return one column of numbers; `count` returns them by the ids of webinars, without those that have none."""

    def cells(webinars: Sequence[Webinar]) -> Cells:
        numbers = count([webinar.pk for webinar in webinars])
        return {webinar.pk: (Cell(numbers.get(webinar.pk, 0)),) for webinar in webinars}

    return Columns((heading,), cells)
