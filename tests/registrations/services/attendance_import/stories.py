"""A session with delegates, and attendees of its report."""

from datetime import UTC, datetime, timedelta

from registrations.models import Delegate
from registrations.services.attendance_import.people import Attendee
from registrations.services.attendance_import.saving import ImportResult, import_attendance
from sessions_app.models import Session
from tests.factories import FIRST_START, NOW, make_country, make_delegate, make_delegation, make_staff

ZONE = "America/Costa_Rica"
AFTER = FIRST_START + timedelta(hours=3)


def make_session_of(*names: str) -> tuple[Session, list[Delegate]]:
    """The first session of a webinar; its people have the addresses <name>@example.org."""
    delegation = make_delegation(body=make_country())
    people = [make_delegate(delegation, name=name, email=f"{name}@example.org", admitted_at=NOW) for name in names]
    return Session.objects.select_related("webinar").get(webinar=delegation.webinar, number=1), people


def attendee(
    name: str, address: str = "", *, minutes: int = 60, start: int = 0, at: datetime | None = None
) -> Attendee:
    """Someone who joined `start` minutes after the session began, and stayed."""
    joined = (at or FIRST_START) + timedelta(minutes=start)
    return Attendee(name, address, minutes, joined.astimezone(UTC), joined + timedelta(minutes=minutes))


def imported(session: Session, *people: Attendee, is_confirmed: bool = False, **fields: object) -> ImportResult:
    return import_attendance(
        session, people=people, zone=ZONE, is_confirmed=is_confirmed, by=fields.get("by") or make_staff(), now=AFTER
    )
