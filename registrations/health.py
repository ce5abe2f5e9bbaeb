"""What /readyz tells about the work in the background (see `READINESS_CHECKS` in the settings)."""

from datetime import datetime, timedelta

from registrations.services import planning

# Beat plans every 30 s; a long plan or a restart may miss two of them.
PLANNED_WITHIN = timedelta(seconds=120)
SENT_WITHIN = timedelta(minutes=10)


def beat(now: datetime) -> dict[str, object]:
    """Degraded where nothing was planned of late: beat or every worker is away."""
    last = planning.last_planned_at()
    if last is None:
        return {"status": "degraded", "last_planned_seconds_ago": None}
    ago = now - last
    return {
        "status": "ok" if ago <= PLANNED_WITHIN else "degraded",
        "last_planned_seconds_ago": round(ago.total_seconds()),
    }


def deliveries(now: datetime) -> dict[str, object]:
    """Degraded where a message should have been sent a while ago: workers or the mail server are away."""
    oldest = planning.oldest_overdue_delivery(now)
    if oldest is None:
        return {"status": "ok", "oldest_overdue_seconds": 0}
    overdue = now - oldest
    return {
        "status": "ok" if overdue <= SENT_WITHIN else "degraded",
        "oldest_overdue_seconds": round(overdue.total_seconds()),
    }
