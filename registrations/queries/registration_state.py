"""Whether registration of a webinar is open or has closed, as a part of the webinar's state."""

from datetime import datetime

from django.db.models import Case, Value, When

from sessions_app.webinar_names import WebinarState


def registration_state(now: datetime) -> Case:
    """Return an expression for a query of webinars: the state that registration gives them, or ""."""
    return Case(
        When(policy__opens_at__lte=now, policy__closes_at__gt=now, then=Value(str(WebinarState.REGISTRATION_OPEN))),
        When(policy__opens_at__lte=now, policy__closes_at__lte=now, then=Value(str(WebinarState.REGISTRATION_CLOSED))),
        default=Value(""),
    )
