"""The quota board: for each delegation the seats of each profile, linked to the list of its people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.links import people_url
from registrations.admin.registration_chart import build_chart
from registrations.admin.webinar_head import webinar_of_page
from registrations.forms.board import ANYTHING, BY_NAME, BoardForm
from registrations.models import Delegation, DelegationStatus
from registrations.queries import (
    BoardRow,
    DelegationChanges,
    ProfileTotal,
    QuotaBoard,
    RecentChanges,
    SeatCount,
    quota_board,
    recent_changes_of,
)
from registrations.queries.review_queue import delegations_awaiting_decision
from registrations.queries.speakers import unlinked_speakers
from sessions_app.admin.base import change_url
from sessions_app.admin.webinar_tables import Cell, Cells, Columns, webinar_tables
from sessions_app.models import Webinar
from sessions_app.webinar_names import name_of

NO_CHANGES = DelegationChanges()


@dataclass(frozen=True)
class ProfileCell:
    """The seats of one profile of one delegation, with the addresses of its people and of its exceptions."""

    seat: SeatCount
    people_url: str
    exception_url: str


@dataclass(frozen=True)
class BoardTableRow:
    """One delegation on the board; `changes` are labels of what happened since yesterday."""

    row: BoardRow
    cells: tuple[ProfileCell, ...]
    changes: tuple[str, ...]
    people_url: str
    working_group_url: str
    returned_url: str
    page_url: str
    action_label: str


def table_rows(
    board: QuotaBoard, rows: Iterable[BoardRow], recent_changes: RecentChanges, *, profile: str = ""
) -> list[BoardTableRow]:
    """Return the table rows of `rows`, with the cells of all profiles or of the one with the code `profile`."""
    webinar = board.webinar
    table = []
    for row in rows:
        body = row.delegation.body.slug
        page_url = change_url(row.delegation)
        awaits_decision = row.delegation.status == DelegationStatus.SUBMITTED
        table.append(
            BoardTableRow(
                row=row,
                cells=tuple(
                    ProfileCell(
                        seat, people_url(webinar, body=body, profile=seat.profile.code), f"{page_url}#exceptions"
                    )
                    for seat in row.seats
                    if profile in ("", seat.profile.code)
                ),
                changes=change_labels(recent_changes.changes.get(row.delegation.pk, NO_CHANGES)),
                people_url=people_url(webinar, body=body),
                working_group_url=people_url(webinar, body=body, is_working_group_member__exact="1"),
                returned_url=people_url(webinar, body=body, mail="returned"),
                page_url=page_url,
                action_label=_("Decide") if awaits_decision else _("Open"),
            )
        )
    return table


def change_labels(changes: DelegationChanges) -> tuple[str, ...]:
    """Return labels such as "+2 named" or "accepted" for what changed in a delegation."""
    counts = [
        _("+%(came)s named") % {"came": changes.added} if changes.added else "",
        _("−%(left)s left") % {"left": changes.removed} if changes.removed else "",
    ]
    return tuple(label for label in (*counts, *(str(step.label) for step in changes.other_kinds)) if label)


def filter_and_sort_rows(rows: Sequence[BoardRow], filters: dict[str, str]) -> list[BoardRow]:
    """Return the rows that match `filters` (the cleaned data of BoardForm), in the order that it asks for.

    Ordered by gap, a chosen profile's gap counts alone.
    """
    state, lacks, profile = filters.get("state", ""), filters.get("lacks", ""), filters.get("profile", "")
    matching = [
        row
        for row in rows
        if state in ("", row.delegation.status)
        and (not lacks or _missing_count(row, lacks) or (lacks == ANYTHING and row.lacks_letter))
    ]
    if filters.get("sort") == BY_NAME:
        return sorted(matching, key=lambda row: str(row.delegation.body))
    return sorted(matching, key=lambda row: -_missing_count(row, profile)) if profile else matching


def _missing_count(row: BoardRow, profile: str) -> int:
    """Return how many people `row` lacks of the profile with that code, or of all profiles."""
    if profile in ("", ANYTHING) or not row.is_attending:
        return row.missing
    return sum(seat.missing for seat in row.seats if seat.profile.code == profile)


def profile_total_links(board: QuotaBoard, *, profile: str = "") -> list[tuple[ProfileTotal, str, str]]:
    """Return, by profile: its total, the address of its people, the address of the delegations that lack some."""
    delegations = reverse("admin:registrations_delegation_changelist")
    return [
        (
            total,
            people_url(board.webinar, profile=total.profile.code, kind="country", attending="yes"),
            f"{delegations}?{urlencode({'webinar': board.webinar.slug, 'lacks': total.profile.code})}",
        )
        for total in board.profile_totals
        if profile in ("", total.profile.code)
    ]


def board_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show the quota board of one webinar, filtered and ordered by the query string."""
    now = timezone.now()
    webinar = webinar_of_page(request)
    board = quota_board(webinar)
    recent_changes = recent_changes_of(webinar, now=now)
    form = BoardForm(request.GET, profiles=[total.profile for total in board.profile_totals])
    filters = form.cleaned_data if form.is_valid() else {}
    rows = filter_and_sort_rows(board.rows, filters)
    profile = filters.get("profile", "")
    attending_countries = {"kind": "country", "attending": "yes"}
    context = site.each_context(request) | {
        "title": _("Quota board"),
        "subtitle": str(name_of(webinar)),
        "now": now,
        "board": board,
        "form": form,
        "is_filtered": any(value for name, value in filters.items() if name != "sort"),
        "rows": table_rows(board, rows, recent_changes, profile=profile),
        "organisations": table_rows(board, board.organisations, recent_changes),
        "unregistered": list(unlinked_speakers(webinar.pk)) if board.organisations else [],
        "totals": profile_total_links(board, profile=profile),
        "chart": build_chart(
            recent_changes.daily_totals, asked=board.effective_minimum_total, today=timezone.localdate(now)
        ),
        "named_url": people_url(webinar, **attending_countries),
        "working_group_url": people_url(webinar, **attending_countries, is_working_group_member__exact="1"),
        "export_url": f"{reverse('admin:export-delegates')}?{urlencode({'webinar': slug, 'status__exact': 'active'})}",
        "gaps_url": f"{reverse('admin:registrations_delegation_changelist')}?"
        f"{urlencode({'webinar': slug, 'complete': 'no'})}",
    }
    return TemplateResponse(request, "admin/quota_board/board.html", context)


def board_list_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List the webinars, each with its number of delegations and of those that wait for a decision."""
    now = timezone.now()

    def cells(webinars: Sequence[Webinar]) -> Cells:
        waiting = Q(pk__in=delegations_awaiting_decision(now=now).order_by().values("pk"))
        counted = Delegation.objects.filter(webinar__in=webinars).order_by().values("webinar")
        counts = {
            row["webinar"]: (Cell(row["all"]), Cell(row["waiting"]))
            for row in counted.annotate(all=Count("pk"), waiting=Count("pk", filter=waiting))
        }
        return {webinar.pk: counts.get(webinar.pk, (Cell(0), Cell(0))) for webinar in webinars}

    context = site.each_context(request) | {
        "title": _("Quota boards"),
        "tables": webinar_tables(
            request,
            url_of=lambda webinar: reverse("admin:quota-board", args=[webinar.slug]),
            ahead=Columns((_("Delegations"), _("Awaiting a decision")), cells),
            now=now,
        ),
    }
    return TemplateResponse(request, "admin/webinars/tables.html", context)
