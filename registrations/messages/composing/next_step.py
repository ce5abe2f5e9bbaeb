"""What happens next with a delegation that was submitted, and by when."""

from collections.abc import Sequence
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation

from registrations.models import Delegation, User
from registrations.queries import policy_of, zone_for_focal_point
from sessions_app.hours import Hours, hours_for
from sessions_app.models import ReleasedSession


def next_step(
    delegation: Delegation, user: User, *, sessions: Sequence[ReleasedSession], language: str, now: datetime
) -> list[str]:
    """Return one sentence or more in `language`, with hours in the zone of `user`, a focal point of `delegation`.

    `sessions` are those of the webinar in the order of time. Costs no query if the policy was loaded with the webinar.
    """

    def hours(starts_at: datetime, ends_at: datetime | None = None) -> Hours:
        reader_zone, webinar_zone = zone_for_focal_point(user, delegation), delegation.webinar.timezone
        return hours_for(starts_at, ends_at, reader_zone=reader_zone, webinar_zone=webinar_zone, language=language)

    policy = policy_of(delegation.webinar)
    first = next((one for one in sessions if not one.is_cancelled and one.ends_at > now), None)
    context = {
        "status": delegation.status,
        "closes": hours(policy.closes_at) if policy is not None and policy.is_open_at(now) else None,
        "session": hours(first.starts_at, first.ends_at) if first is not None else None,
    }
    with translation.override(language):
        return render_to_string("parts/next_step.txt", context).strip().splitlines()
