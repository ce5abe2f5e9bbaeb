"""The review queue: the delegations that wait for a decision."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.bulk_actions import FROM_REVIEW_QUEUE, MAX_DELEGATIONS, load_selected
from registrations.models import Delegation
from registrations.queries.review_queue import delegations_awaiting_decision


def review_queue_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List at most `MAX_DELEGATIONS` submitted delegations: complete ones first, then the longest waiting.

    Nine queries, however many there are.
    """
    waiting = sorted(
        load_selected(delegations_awaiting_decision(now=timezone.now())), key=lambda selected: not selected.is_complete
    )
    shown = waiting[:MAX_DELEGATIONS]
    context = site.each_context(request) | {
        "opts": Delegation._meta,
        "title": _("Awaiting a decision"),
        "selected": shown,
        "more_count": len(waiting) - len(shown),
        "from_review_queue": FROM_REVIEW_QUEUE,
    }
    return TemplateResponse(request, "admin/registrations/delegation/review_queue.html", context)
