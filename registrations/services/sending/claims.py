"""Claiming what is due: under a random token and a lease, one message of a calendar entry at a time."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from registrations.models import Delivery, DeliveryState

log = structlog.get_logger(__name__)

# Any number, the same in every process: counting and claiming under a rate limit is done by one at a time.
RATE_LOCK = 7_261_947
MAX_WORKER_LOSSES = 8
RATE_WINDOW = timedelta(minutes=1)
# The messages of a batch are about the same few sessions.
SHARED_BY_CALENDAR_MESSAGES = ("previous_release", "session__released", "session__webinar")
OF_ANOTHER_MESSAGE = (
    "announcement__webinar",
    "delegate__delegation__body",
    "delegate__webinar",
    "delegation__body",
    "delegation__webinar__policy",
    "event__delegate",
    "event__delegation__body",
    "event__webinar",
    "rule",
    "session__released",
    "session__webinar",
    "user",
)


@dataclass(frozen=True)
class ClaimedBatch:
    """Deliveries that nobody else gets before the lease ends; results count only where `token` still matches."""

    token: uuid.UUID
    deliveries: tuple[Delivery, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.deliveries)


def claim_batch(*, size: int, now: datetime) -> ClaimedBatch:
    """Claim up to `size` deliveries that are due, or whose worker did not come back within its lease.

    At most one per calendar entry, the lowest sequence first. Rows that another caller is claiming are skipped.
    A message over which `MAX_WORKER_LOSSES` workers died is failed instead, and logged.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        size = min(size, _allowance(now))
        if size <= 0:
            return ClaimedBatch(token)
        found = _lock_claimable(now, size)
        if DeliveryState.CLAIMED in found.values():
            # A worker did not come back.
            _give_up_on_the_deadly(now)
            found = _lock_claimable(now, size)
            # Not those that it had claimed besides, and never looked at.
            _begun(Delivery.objects.expired(now).filter(pk__in=found)).update(worker_losses=F("worker_losses") + 1)
        ids = list(found)
        Delivery.objects.filter(pk__in=ids).update(
            state=DeliveryState.CLAIMED, claim_token=token, lease_expires_at=now + lease()
        )
    claimed = Delivery.objects.filter(pk__in=ids, claim_token=token)
    # What a message is built from: that of a calendar has no reader but its delegate, and comes in great numbers.
    calendars = claimed.filter(entry__isnull=False).select_related("delegate", "entry")
    calendars = calendars.prefetch_related(*SHARED_BY_CALENDAR_MESSAGES)
    others = claimed.filter(entry__isnull=True).select_related(*OF_ANOTHER_MESSAGE) if len(calendars) < len(ids) else ()
    return ClaimedBatch(token, tuple(sorted([*calendars, *others], key=lambda one: (one.due_at, one.pk))))


def is_anything_due(*, now: datetime) -> bool:
    """Whether `claim_batch` may find something; a limit of the fleet, or others, may still leave nothing of it."""
    return _claimable(now).exists()


def count_due(*, now: datetime, at_most: int) -> int:
    """How many deliveries `claim_batch` may find; counts no further than `at_most`."""
    return _claimable(now).order_by()[:at_most].count()


def give_back(batch: ClaimedBatch, *, due_at: datetime) -> int:
    """Let others have what is still claimed of `batch`, from `due_at` on; how many that are."""
    ours = Delivery.objects.filter(claim_token=batch.token, state=DeliveryState.CLAIMED)
    with transaction.atomic():
        # In the order in which planners lock them.
        found = list(ours.select_for_update().order_by("pk").values_list("pk", flat=True))
        return Delivery.objects.filter(pk__in=found).update(
            state=DeliveryState.DUE, due_at=due_at, claim_token=None, lease_expires_at=None
        )


def lease() -> timedelta:
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def _claimable(now: datetime) -> QuerySet[Delivery]:
    # Whatever is claimed comes first, also after its lease: a mailbox has one claimed message at a time.
    first = Delivery.objects.filter(
        Q(state=DeliveryState.CLAIMED) | Q(state=DeliveryState.DUE, ical_sequence__lt=OuterRef("ical_sequence")),
        entry=OuterRef("entry"),
    ).exclude(pk=OuterRef("pk"))
    return Delivery.objects.filter(
        Q(~Exists(first), state=DeliveryState.DUE, due_at__lte=now)
        | Q(state=DeliveryState.CLAIMED, lease_expires_at__lte=now)
    ).order_by("due_at", "pk")


def _lock_claimable(now: datetime, size: int) -> dict[int, str]:
    """The states of what is locked, by id."""
    locked = _claimable(now).select_for_update(skip_locked=True, of=("self",))
    return dict(locked.values_list("pk", "state")[:size])


def _begun(claimed: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those whose last look was taken: it renews the lease and dates the attempt."""
    return claimed.filter(attempted_at__gte=F("lease_expires_at") - lease())


def _give_up_on_the_deadly(now: datetime) -> None:
    deadly = _begun(Delivery.objects.expired(now).filter(worker_losses__gte=MAX_WORKER_LOSSES - 1))
    # Nothing is waited for, so that nobody who waits for us can be waited for.
    found = dict(deadly.select_for_update(skip_locked=True).values_list("pk", "kind"))
    reason = gettext_noop("The sending stopped each time before the mail server answered.")
    Delivery.objects.filter(pk__in=found).update(
        state=DeliveryState.FAILED, claim_token=None, lease_expires_at=None, last_error=reason
    )
    for delivery, kind in found.items():
        log.warning("delivery_failed", delivery=delivery, kind=kind, reason=reason)


def _allowance(now: datetime) -> int:
    """How many messages the whole fleet may hand over now: `MAIL_PER_MINUTE` less those of the last minute."""
    limit: int = settings.MAIL_PER_MINUTE
    if not limit:
        return 1_000_000
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RATE_LOCK])
    # A clock that was stepped back leaves attempts that lie ahead: these do not count for hours.
    recent = Q(attempted_at__gt=now - RATE_WINDOW, attempted_at__lt=now + RATE_WINDOW)
    waiting = Q(state=DeliveryState.CLAIMED, lease_expires_at__gt=now) & (
        Q(attempted_at__isnull=True) | Q(attempted_at__lt=F("lease_expires_at") - lease())
    )
    return limit - Delivery.objects.filter(recent | waiting).count()
