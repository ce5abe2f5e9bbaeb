"""Hours and deadlines as the focal point of a delegation reads them."""

from datetime import datetime

from registrations.models import Delegation, User
from registrations.queries import zone_for_focal_point
from sessions_app.hours import Hours, hours_for


def hours_for_focal_point(starts_at: datetime, ends_at: datetime | None, user: User, delegation: Delegation) -> Hours:
    """Return the span in the time zone of `user`, a focal point of `delegation`, beside that of the webinar."""
    return hours_for(
        starts_at,
        ends_at,
        reader_zone=zone_for_focal_point(user, delegation),
        webinar_zone=delegation.webinar.timezone,
        language=user.language,
    )


def time_left(delegation: Delegation, user: User, now: datetime) -> dict[str, object]:
    """Return for a template when registration closes, whether it is open, and the days that are left."""
    policy = delegation.webinar.policy
    return {
        "closes": hours_for_focal_point(policy.closes_at, None, user, delegation),
        "is_open": policy.is_open_at(now),
        "days_left": policy.days_left_at(now),
    }
