"""What should be sent is computed from the database, never remembered by a queue (rule 14)."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.core.cache import caches
from django.db import connection, transaction

from registrations.services.planning.calendars import plan_calendars
from registrations.services.planning.gap_notices import plan_gap_notices
from registrations.services.planning.links import plan_links
from registrations.services.planning.notices import plan_notices
from registrations.services.planning.registration import plan_registration
from registrations.services.planning.reminders import plan_reminders

log = structlog.get_logger(__name__)

# Any number, the same in every process: one planner at a time.
PLANNER_LOCK = 7_261_946
# In the database's cache table, so that readiness does not depend on Redis.
PLANNED_AT_KEY = "registrations:planned-at"


@dataclass(frozen=True)
class PlanReport:
    """How many messages of each sort became owed; `is_skipped` where another planner was at work."""

    calendars: int = 0
    reminders: int = 0
    notices: int = 0
    is_skipped: bool = False


def plan(*, now: datetime) -> PlanReport:
    """Insert every message that is owed and not yet a row; running it twice inserts nothing twice.

    One transaction under an advisory lock; a planner that finds another at work leaves the work to it.
    """
    with transaction.atomic():
        if not _is_alone():
            return PlanReport(is_skipped=True)
        report = PlanReport(
            calendars=plan_calendars(now=now),
            notices=plan_notices(now=now)
            + plan_gap_notices(now=now)
            + plan_registration(now=now)
            + plan_links(now=now),
            reminders=plan_reminders(now=now),
        )
    caches["database"].set(PLANNED_AT_KEY, now.isoformat(), timeout=None)
    if report.calendars or report.reminders or report.notices:
        log.info("planned", calendars=report.calendars, reminders=report.reminders, notices=report.notices)
    return report


def _is_alone() -> bool:
    """Whether this transaction holds the planner's lock. SQLite's transactions are alone by themselves."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [PLANNER_LOCK])
        return bool(cursor.fetchone()[0])


def last_planned_at() -> datetime | None:
    """When a planner last finished; None where none ever did."""
    value = caches["database"].get(PLANNED_AT_KEY)
    return datetime.fromisoformat(value) if value else None
