"""The quota board: who is short of what, each figure a link to the people behind it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.models import DelegationStatus
from registrations.queries import BoardRow, ProfileTotal, QuotaBoard, SeatCount, quota_board
from sessions_app.admin.base import change_url
from sessions_app.models import Webinar


@dataclass(frozen=True)
class Cell:
    """The seats of one profile of one delegation, and where its people are listed."""

    seat: SeatCount
    people_url: str


@dataclass(frozen=True)
class Line:
    row: BoardRow
    cells: tuple[Cell, ...]
    people_url: str
    working_group_url: str
    page_url: str
    verb: str


def people_url(webinar: Webinar, **filters: str) -> str:
    """The list of the active people of `webinar`, filtered."""
    query = urlencode({"webinar": webinar.slug, "status__exact": "active", **filters})
    return f"{reverse('admin:registrations_delegate_changelist')}?{query}"


def lines_of(board: QuotaBoard, rows: tuple[BoardRow, ...]) -> list[Line]:
    webinar = board.webinar
    lines = []
    for row in rows:
        body = row.delegation.body.slug
        awaits = row.delegation.status == DelegationStatus.SUBMITTED
        lines.append(
            Line(
                row=row,
                cells=tuple(
                    Cell(seat, people_url(webinar, body=body, profile=seat.profile.code)) for seat in row.seats
                ),
                people_url=people_url(webinar, body=body),
                working_group_url=people_url(webinar, body=body, is_working_group_member__exact="1"),
                page_url=change_url(row.delegation),
                # The next thing to do.
                verb=_("Decide") if awaits else _("Open"),
            )
        )
    return lines


def totals_of(board: QuotaBoard) -> list[tuple[ProfileTotal, str, str]]:
    """By profile: the figures, the list of its people, the list of the countries that lack somebody."""
    delegations = reverse("admin:registrations_delegation_changelist")
    return [
        (
            total,
            people_url(board.webinar, profile=total.profile.code, kind="country", attending="yes"),
            f"{delegations}?{urlencode({'webinar': board.webinar.slug, 'lacks': total.profile.code})}",
        )
        for total in board.profile_totals
    ]


def board_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """`/admin/quota-board/<slug>/`: one table a person can read, follow and print."""
    webinar = get_object_or_404(Webinar, slug=slug)
    board = quota_board(webinar)
    of_countries = {"kind": "country", "attending": "yes"}
    context = site.each_context(request) | {
        "title": _("Quota board"),
        "subtitle": str(webinar),
        "board": board,
        "lines": lines_of(board, board.rows),
        "organisations": lines_of(board, board.organisations),
        "totals": totals_of(board),
        "named_url": people_url(webinar, **of_countries),
        "working_group_url": people_url(webinar, **of_countries, is_working_group_member__exact="1"),
        "export_url": f"{reverse('admin:export-delegates')}?{urlencode({'webinar': slug, 'status__exact': 'active'})}",
        "gaps_url": f"{reverse('admin:registrations_delegation_changelist')}?"
        f"{urlencode({'webinar': slug, 'complete': 'no'})}",
    }
    return TemplateResponse(request, "admin/quota_board/board.html", context)


def board_list_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """`/admin/quota-board/`: the webinars that have a board."""
    awaiting = Count("delegations", filter=Q(delegations__status=DelegationStatus.SUBMITTED))
    context = site.each_context(request) | {
        "title": _("Quota boards"),
        "webinars": Webinar.objects.annotate(delegation_count=Count("delegations"), awaiting=awaiting),
    }
    return TemplateResponse(request, "admin/quota_board/list.html", context)
