"""The queue: what waits for a decision, with what the decision needs beside it."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.bulk_actions import MOST, QUEUE, chosen_from
from registrations.models import Delegation
from registrations.queries.review_queue import delegations_awaiting_decision


def waiting_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Those that are complete first, then the longest waiting, at most `MOST`. Seven queries, however many."""
    waiting = sorted(
        chosen_from(delegations_awaiting_decision(now=timezone.now())), key=lambda one: not one.is_complete
    )
    shown = waiting[:MOST]
    context = site.each_context(request) | {
        "opts": Delegation._meta,
        "title": _("Awaiting a decision"),
        "chosen": shown,
        "more": len(waiting) - len(shown),
        "queue": QUEUE,
    }
    return TemplateResponse(request, "admin/registrations/delegation/waiting.html", context)
