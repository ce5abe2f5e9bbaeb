"""What the page of a new webinar shows at first: what is usual, or what an earlier webinar had."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from registrations.forms.new_webinar.rows import SESSION_ROWS
from registrations.models import BodyKind, ParticipantProfile, ParticipatingBody, QuotaLimits, RegistrationPolicy
from registrations.models.quota import USUAL_MINIMUM_STAY
from registrations.services.usual_rules import USUAL_MINIMUM, USUAL_PROFILES
from sessions_app.models import Webinar


def quota_initial(profile: ParticipantProfile, limits: Mapping[int, QuotaLimits] | None) -> dict[str, Any]:
    """Return the row of `profile`: as `limits` of an earlier webinar say, or asked for with the usual minimum."""
    if limits is None:
        return {"profile": profile, "is_asked": profile.code in USUAL_PROFILES, "minimum": USUAL_MINIMUM}
    asked = limits.get(profile.pk)
    return {
        "profile": profile,
        "is_asked": asked is not None,
        "minimum": asked.minimum if asked else USUAL_MINIMUM,
        "maximum": asked.maximum if asked else None,
    }


def session_initial(earlier: Webinar | None) -> list[dict[str, Any]]:
    """Return the rows of the sessions of `earlier` that took place, without their days, and empty ones below them."""
    sessions = earlier.sessions.filter(cancelled_at=None).order_by("starts_at") if earlier is not None else []
    rows: list[dict[str, Any]] = [
        {
            "source": session,
            "begins": timezone.localtime(session.starts_at).time(),
            "minutes": session.duration_minutes,
            "title_es": session.title_es,
            "title_en": session.title_en,
        }
        for session in sessions
    ][:SESSION_ROWS]
    return rows + [{} for _row in range(SESSION_ROWS - len(rows))]


def webinar_initial(earlier: Webinar | None) -> dict[str, Any]:
    """Return the values of `WebinarForm`; days are left for the secretariat to choose."""
    if earlier is None:
        countries = ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY)
        return {
            "timezone": timezone.get_current_timezone_name(),
            "bodies": list(countries),
            "minimum_stay_minutes": USUAL_MINIMUM_STAY,
            "wants_reminders": True,
            "wants_gap_notices": True,
        }
    policy = RegistrationPolicy.objects.filter(webinar=earlier).first()
    copied = ("title_es", "title_en", "lead_es", "lead_en", "timezone", "contact_email")
    return {name: getattr(earlier, name) for name in copied} | {
        "minimum_stay_minutes": policy.minimum_stay_minutes if policy is not None else USUAL_MINIMUM_STAY,
        "bodies": list(ParticipatingBody.objects.filter(delegations__webinar=earlier, kind=BodyKind.COUNTRY)),
        "requires_letter": policy is not None and policy.requires_letter,
        "waits_for_decision": policy is not None and not policy.accepts_complete_at_once,
    }
