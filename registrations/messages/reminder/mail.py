"""How a reminder is written. It has no calendar part, so that no calendar program takes it for an update."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from registrations.messages.composing import compose
from registrations.messages.composing.sessions import session_context
from registrations.models import Delegate, Delivery, ReminderRecipients, ReminderRule, ReminderUnit, User
from registrations.queries import zone_for_focal_point
from registrations.queries.reminders import answers_of_delegations
from registrations.queries.rooms import room_opens_at
from sessions_app.hours import hours_for
from sessions_app.models import ReleasedSession

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the reminder of one session for a delegate or a focal point, with the time that is left at the sending."""
    rule, session = delivery.rule, delivery.session
    if rule is None or session is None:
        raise ValueError("A reminder needs its rule and session.")
    if delivery.delegate is not None:
        return _build_for_delegate(delivery, delivery.delegate, rule, session.released)
    if delivery.user is not None:
        return _build_for_focal_point(delivery, delivery.user, rule, session.released)
    raise ValueError("A reminder needs its recipient.")


def _build_for_delegate(
    delivery: Delivery, delegate: Delegate, rule: ReminderRule, released: ReleasedSession
) -> EmailMultiAlternatives:
    template = "after_session" if rule.is_after else "reminder"
    context = session_context(released, delegate) | _time_before(delivery, rule, released, delegate.timezone)
    context["is_room_open"] = room_opens_at(released.session) <= (delivery.attempted_at or delivery.created_at)
    context["asks_for_answer"] = rule.recipients == ReminderRecipients.UNANSWERED
    return compose(
        delivery,
        template,
        context,
        name=delegate.name,
        language=delegate.language,
        contact_email=released.session.webinar.contact_email,
    )


def _build_for_focal_point(
    delivery: Delivery, user: User, rule: ReminderRule, released: ReleasedSession
) -> EmailMultiAlternatives:
    """Build the mail with the answers of the recipient's delegations; it has no name and no join link."""
    answers = answers_of_delegations(user, released)
    webinar = released.session.webinar
    zone = zone_for_focal_point(user, answers[0].delegation) if answers else webinar.timezone
    with translation.override(user.language):
        links = [f"{settings.BASE_URL}{each.delegation.get_absolute_url()}" for each in answers]
    context: dict[str, object] = {
        "hours": hours_for(
            released.starts_at,
            released.ends_at,
            reader_zone=zone,
            webinar_zone=released.timezone,
            language=user.language,
        ),
        "session_title": released.title.render(user.language).text,
        "webinar_title": webinar.title.render(user.language).text,
        "is_after": rule.is_after,
        "delegations": [
            {"name": each.delegation.body.name.render(user.language).text, "answers": each, "link": link}
            for each, link in zip(answers, links, strict=True)
        ],
    }
    context |= _time_before(delivery, rule, released, zone)
    return compose(
        delivery,
        "focal_point_reminder",
        context,
        name=user.name,
        language=user.language,
        contact_email=webinar.contact_email,
    )


def _time_before(delivery: Delivery, rule: ReminderRule, released: ReleasedSession, zone: str) -> dict[str, object]:
    """Return in how many days, hours or minutes the session begins, for a recipient in `zone`; the other two are 0.

    The unit is that of the rule, or the next smaller one if less than one such unit is left.
    """
    now = delivery.attempted_at or delivery.created_at
    days = (_local_date(released.starts_at, zone) - _local_date(now, zone)).days
    hours, minutes = (round((released.starts_at - now) / unit) for unit in (HOUR, MINUTE))
    has_days = rule.unit == ReminderUnit.DAYS and days > 0
    has_hours = not has_days and rule.unit != ReminderUnit.MINUTES and hours > 0
    return {
        "days_before": days if has_days else 0,
        "hours_before": hours if has_hours else 0,
        "minutes_before": 0 if has_days or has_hours else max(1, minutes),
    }


def _local_date(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()
