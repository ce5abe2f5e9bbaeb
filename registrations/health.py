"""What /readyz tells about the work in the background (see `READINESS_CHECKS` in the settings)."""

from datetime import datetime, timedelta

from registrations.models import OVERDUE_AFTER, Delivery
from registrations.services import planning

# Beat plans every 30 s; a long plan or a restart may miss two of them.
PLANNED_WITHIN = timedelta(seconds=120)


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
    """Degraded where a message should have been sent a while ago: workers or the mail server are away.

    Names the oldest one that waits, by its id, which the list of deliveries opens, and never by a person. By when it
    was owed, and not when it is due: each attempt that fails puts the due time off.
    """
    oldest = Delivery.objects.waiting(now).first()
    if oldest is None:
        return {"status": "ok", "oldest_overdue": None}
    overdue = now - oldest.owed_since
    return {
        "status": "ok" if overdue <= OVERDUE_AFTER else "degraded",
        "oldest_overdue": {"id": oldest.pk, "kind": oldest.kind, "seconds": round(overdue.total_seconds())},
    }
