"""Until when a delegation is registered, as its focal point reads it."""

from datetime import datetime

from registrations.models import Delegation, User
from registrations.queries import zone_for_focal_point
from sessions_app.hours import Hours, hours_for


def hours_of(starts_at: datetime, ends_at: datetime | None, user: User, delegation: Delegation) -> Hours:
    """From when until when, in the hours of a focal point of `delegation`."""
    return hours_for(
        starts_at,
        ends_at,
        reader_zone=zone_for_focal_point(user, delegation),
        webinar_zone=delegation.webinar.timezone,
        language=user.language,
    )


def time_left(delegation: Delegation, user: User, now: datetime) -> dict[str, object]:
    """`closes` in the reader's hours; `days_left` as the delegation's page counts them, of what `is_open`."""
    policy = delegation.webinar.policy
    return {
        "closes": hours_of(policy.closes_at, None, user, delegation),
        "is_open": policy.is_open_at(now),
        "days_left": policy.days_left_at(now),
    }
