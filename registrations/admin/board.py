"""The quota board: who is short of what, each figure a link to the people behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.registration_chart import plot_of
from registrations.forms.board import ANYTHING, BY_NAME, BoardForm
from registrations.models import DelegationStatus
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
from sessions_app.models import Webinar

NOTHING = DelegationChanges()


@dataclass(frozen=True)
class Cell:
    """The seats of one profile of one delegation, where its people are listed, and where an exception is told."""

    seat: SeatCount
    people_url: str
    exception_url: str


@dataclass(frozen=True)
class Line:
    """`changes` are the words for what happened since yesterday."""

    row: BoardRow
    cells: tuple[Cell, ...]
    changes: tuple[str, ...]
    people_url: str
    working_group_url: str
    page_url: str
    verb: str


def people_url(webinar: Webinar, **filters: str) -> str:
    """The list of the active people of `webinar`, filtered."""
    query = urlencode({"webinar": webinar.slug, "status__exact": "active", **filters})
    return f"{reverse('admin:registrations_delegate_changelist')}?{query}"


def lines_of(board: QuotaBoard, rows: Iterable[BoardRow], movements: RecentChanges, *, profile: str = "") -> list[Line]:
    """With the cell of one `profile` (its code) or of all."""
    webinar = board.webinar
    lines = []
    for row in rows:
        body = row.delegation.body.slug
        page_url = change_url(row.delegation)
        awaits = row.delegation.status == DelegationStatus.SUBMITTED
        lines.append(
            Line(
                row=row,
                cells=tuple(
                    Cell(seat, people_url(webinar, body=body, profile=seat.profile.code), f"{page_url}#exceptions")
                    for seat in row.seats
                    if profile in ("", seat.profile.code)
                ),
                changes=words_for(movements.changes.get(row.delegation.pk, NOTHING)),
                people_url=people_url(webinar, body=body),
                working_group_url=people_url(webinar, body=body, is_working_group_member__exact="1"),
                page_url=page_url,
                # The next thing to do.
                verb=_("Decide") if awaits else _("Open"),
            )
        )
    return lines


def words_for(changes: DelegationChanges) -> tuple[str, ...]:
    counted = [
        _("+%(came)s named") % {"came": changes.added} if changes.added else "",
        _("−%(left)s left") % {"left": changes.removed} if changes.removed else "",
    ]
    return tuple(word for word in (*counted, *(str(step.label) for step in changes.other_kinds)) if word)


def rows_wanted(rows: Sequence[BoardRow], wanted: dict[str, str]) -> list[BoardRow]:
    """Those of `rows` that the form asks for, in its order; by gap, a chosen profile's gap goes first."""
    state, lacks, profile = wanted.get("state", ""), wanted.get("lacks", ""), wanted.get("profile", "")
    kept = [
        row
        for row in rows
        if state in ("", row.delegation.status)
        and (not lacks or _missing(row, lacks) or (lacks == ANYTHING and row.lacks_letter))
    ]
    if wanted.get("sort") == BY_NAME:
        return sorted(kept, key=lambda row: str(row.delegation.body))
    return sorted(kept, key=lambda row: -_missing(row, profile)) if profile else kept


def _missing(row: BoardRow, profile: str) -> int:
    """Of one profile, or of any."""
    if profile in ("", ANYTHING) or not row.is_attending:
        return row.missing
    return sum(seat.missing for seat in row.seats if seat.profile.code == profile)


def totals_of(board: QuotaBoard, *, profile: str = "") -> list[tuple[ProfileTotal, str, str]]:
    """By profile: the figures, the list of its people, the list of the countries that lack somebody."""
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
    """`/admin/quota-board/<slug>/`: one table a person can read, follow and print."""
    webinar = get_object_or_404(Webinar, slug=slug)
    now = timezone.now()
    board = quota_board(webinar)
    movements = recent_changes_of(webinar, now=now)
    form = BoardForm(request.GET, profiles=[total.profile for total in board.profile_totals])
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = rows_wanted(board.rows, wanted)
    profile = wanted.get("profile", "")
    of_countries = {"kind": "country", "attending": "yes"}
    context = site.each_context(request) | {
        "title": _("Quota board"),
        "subtitle": str(webinar),
        "now": now,
        "board": board,
        "form": form,
        "is_filtered": any(value for name, value in wanted.items() if name != "sort"),
        "lines": lines_of(board, rows, movements, profile=profile),
        "organisations": lines_of(board, board.organisations, movements),
        "unregistered": list(unlinked_speakers(webinar.pk)) if board.organisations else [],
        "totals": totals_of(board, profile=profile),
        "plot": plot_of(movements.daily_totals, asked=board.effective_minimum_total, today=timezone.localdate(now)),
        "named_url": people_url(webinar, **of_countries),
        "working_group_url": people_url(webinar, **of_countries, is_working_group_member__exact="1"),
        "export_url": f"{reverse('admin:export-delegates')}?{urlencode({'webinar': slug, 'status__exact': 'active'})}",
        "gaps_url": f"{reverse('admin:registrations_delegation_changelist')}?"
        f"{urlencode({'webinar': slug, 'complete': 'no'})}",
    }
    return TemplateResponse(request, "admin/quota_board/board.html", context)


def board_list_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """`/admin/quota-board/`: the webinars that have a board."""
    awaiting = Count(
        "delegations", filter=Q(delegations__in=delegations_awaiting_decision(now=timezone.now()).order_by())
    )
    context = site.each_context(request) | {
        "title": _("Quota boards"),
        "webinars": Webinar.objects.annotate(delegation_count=Count("delegations"), awaiting=awaiting),
    }
    return TemplateResponse(request, "admin/quota_board/list.html", context)
