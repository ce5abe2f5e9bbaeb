"""Mail that came in and waits for the secretariat: answers to confirm, and mail that only a person can deal with."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from registrations.models import AnswerState, AttentionReason, CalendarAnswer, Delegation, FocalPoint, MailForAPerson
from sessions_app.webinar_names import webinars_ahead


def answers_to_confirm(*, now: datetime) -> "QuerySet[CalendarAnswer]":
    """Return the answers from calendars to sessions ahead that nobody has confirmed, the oldest first."""
    waiting = CalendarAnswer.objects.filter(state=AnswerState.TO_CONFIRM, entry__ends_at__gt=now)
    related = ("delegate__delegation__body", "delegate__webinar", "entry__session")
    return waiting.select_related(*related).order_by("received_at", "pk")


def mail_for_a_person() -> "QuerySet[MailForAPerson]":
    """Return the mail that nobody has dealt with, with who may have written it, the oldest first."""
    waiting = MailForAPerson.objects.open().select_related("delegate__delegation__body", "user")
    return waiting.prefetch_related("user__focal_points__body").order_by("received_at", "pk")


def bodies_of(mail: MailForAPerson) -> list[int]:
    """Return the ids of the bodies that the writer of `mail` belongs to or registers for; none for a guess or nobody.

    One query for an account.
    """
    if mail.reason == AttentionReason.UNKNOWN_BOUNCE:
        return []
    if mail.delegate is not None:
        return [mail.delegate.delegation.body_id]
    if mail.user is not None:
        return list(FocalPoint.objects.with_access().filter(user=mail.user).values_list("body", flat=True))
    return []


def delegations_to_note_on(bodies: Collection[int], *, now: datetime) -> list[Delegation]:
    """Return the delegations at webinars ahead, of `bodies` or of all if these have none, by country. One query."""
    ahead = Delegation.objects.filter(webinar__in=webinars_ahead(now=now).order_by().values("pk"))
    rows = list(ahead.select_related("body", "webinar").order_by("pk"))
    theirs = [row for row in rows if row.body_id in bodies]
    return sorted(theirs or rows, key=lambda row: str(row.body))
