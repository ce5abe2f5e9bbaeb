"""The receipt of a submission: its part of the delegation's page, and the PDF."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from registrations.messages.composing.next_step import next_step
from registrations.models import (
    Delegate,
    Delegation,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    User,
    VerificationCode,
)
from registrations.queries import released_sessions_and_end
from registrations.queries.receipts import Receipt, receipt_from, receipt_of
from registrations.services.receipt_pdf import receipt_pdf
from registrations.views.focal_point.access import delegation_required, signed_in_user
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class Submission:
    """The last submission of a delegation. `receipt` is None for one from before codes were issued.

    `next_step` says in sentences what happens next, and by when.
    """

    event: HistoryEvent
    receipt: Receipt | None
    next_step: Sequence[str]


def last_submission(
    delegation: Delegation,
    events: Iterable[HistoryEvent],
    *,
    profiles: Iterable[ParticipantProfile],
    delegates: Iterable[Delegate],
    sessions: Sequence[ReleasedSession],
    by: User,
    now: datetime,
) -> Submission | None:
    """Return the last submission among `events`, which are in the order of time, the latest first. No query."""
    event = next((event for event in events if event.kind == HistoryKind.SUBMITTED), None)
    if event is None:
        return None
    code = getattr(event, "verification_code", None)
    return Submission(
        event=event,
        receipt=receipt_from(code, profiles=profiles, delegates=delegates) if code is not None else None,
        next_step=next_step(
            delegation, by, sessions=sessions, language=get_language() or settings.LANGUAGE_CODE, now=now
        ),
    )


@require_safe
@delegation_required
def download_receipt(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Return the receipt of the submission with the id `pk` as a PDF; 404 once its details have ended."""
    codes = VerificationCode.objects.select_related("event__actor").exclude(facts={})
    code = get_object_or_404(codes, event__delegation=delegation, event=pk)
    sessions, _ends_at = released_sessions_and_end(delegation.webinar)
    content = receipt_pdf(
        receipt_of(code),
        delegation,
        signed_in_user(request),
        sessions=sessions,
        language=get_language() or settings.LANGUAGE_CODE,
        now=timezone.now(),
    )
    response = HttpResponse(content, content_type="application/pdf")
    name = f"receipt-{delegation.slug}.pdf"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response
