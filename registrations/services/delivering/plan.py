"""Inserts the messages that are owed: they are computed from the database, never remembered by a queue (rule 14)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.core.cache import caches
from django.db import connection, transaction

from registrations.messages import MODULES, module_name
from registrations.services.bounces import retry_full_mailboxes
from registrations.services.delivering.claim import release_held

log = structlog.get_logger(__name__)

# Any number, the same in every process: one planner at a time.
PLANNER_LOCK = 7_261_946
# In the database's cache table, so that readiness does not depend on Redis.
PLANNED_AT_KEY = "registrations:planned-at"


@dataclass(frozen=True)
class PlanReport:
    """How many messages of each kind became owed; `is_skipped` if another planner was at work.

    `counts` has the kinds by the names of their modules, as in `registrations.messages`, without those that owe none.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    is_skipped: bool = False

    def count(self, *names: str) -> int:
        """Return how many messages of the kinds `names` became owed, or of all kinds if no name is given."""
        return sum(count for name, count in self.counts.items() if not names or name in names)


def plan(*, now: datetime) -> PlanReport:
    """Insert every message that is owed and not stored; a second call inserts nothing.

    Also makes due again what came back from a full mailbox, and what is held for an address that is right by now. One
    transaction under an advisory lock. If another planner holds the lock, this call leaves the work to it.
    """
    with transaction.atomic():
        if not _is_only_planner():
            return PlanReport(is_skipped=True)
        retry_full_mailboxes(now=now)
        release_held(now=now)
        owed = {module_name(module): module.owed(now=now) for module in MODULES}
    caches["database"].set(PLANNED_AT_KEY, now.isoformat(), timeout=None)
    report = PlanReport({name: count for name, count in owed.items() if count})
    if report.counts:
        log.info("planned", **report.counts)
    return report


def _is_only_planner() -> bool:
    """Return whether this transaction holds the planner's lock. SQLite has one writing transaction at a time."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [PLANNER_LOCK])
        return bool(cursor.fetchone()[0])


def last_planned_at() -> datetime | None:
    """Return when a planner last finished, or None if none ever did."""
    value = caches["database"].get(PLANNED_AT_KEY)
    return datetime.fromisoformat(value) if value else None
