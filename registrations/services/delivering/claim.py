"""Claims due deliveries under a random token and a lease, at most one for each calendar entry."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from registrations.messages import KNOWN_KINDS, MessageModule, message_module
from registrations.models import HELD_KINDS, Delegate, Delivery, DeliveryState
from registrations.queries.wrong_addresses import goes_to_wrong_address
from sessions_app.models import ReleasedSession

log = structlog.get_logger(__name__)

# Any number, the same in every process: one sender at a time counts and claims under a rate limit.
RATE_LOCK = 7_261_947
MAX_WORKER_LOSSES = 8
RATE_WINDOW = timedelta(minutes=1)
# What was held longer is no news any more.
HELD_AT_MOST = timedelta(days=7)


@dataclass(frozen=True)
class ClaimedBatch:
    """Deliveries that no other caller gets before the lease ends; results are recorded only where `token` matches."""

    token: uuid.UUID
    deliveries: tuple[Delivery, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.deliveries)


def claim_batch(*, size: int, now: datetime) -> ClaimedBatch:
    """Claim up to `size` deliveries that are due, or whose worker did not come back within its lease.

    At most one per calendar entry, the lowest sequence first. Holds reminders and announcements to addresses that are
    known to be wrong. Skips rows that another caller is claiming. A message
    that has cost `MAX_WORKER_LOSSES` workers is marked as failed instead, and logged. The deliveries have the rows
    loaded that their messages are built from.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        size = min(size, _remaining_rate_limit(now))
        if size <= 0:
            return ClaimedBatch(token)
        found = _lock_claimable(now, size)
        if any(delivery.state == DeliveryState.CLAIMED for delivery in found):
            # A worker did not come back.
            fail_poison_messages(now)
            found = _lock_claimable(now, size)
            # Counts only the message that the worker had begun, not the rest of its batch.
            lost = Delivery.objects.expired(now).filter(pk__in=[delivery.pk for delivery in found])
            _with_begun_attempt(lost).update(worker_losses=F("worker_losses") + 1)
        sendable = _without_wrong_addresses(found)
        while found and not sendable:
            # The whole batch is held: the next one may hold something to send.
            found = _lock_claimable(now, size)
            sendable = _without_wrong_addresses(found)
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in sendable]).update(
            state=DeliveryState.CLAIMED, claim_token=token, lease_expires_at=now + lease()
        )
    loaded = _with_related(sendable, token)
    return ClaimedBatch(token, tuple(sorted(loaded, key=lambda delivery: (delivery.due_at, delivery.pk))))


def _with_related(found: Iterable[Delivery], token: uuid.UUID) -> Iterable[Delivery]:
    """Load those of `found` that are claimed under `token`, each kind with the rows that its message is built from."""
    ids: dict[MessageModule, list[int]] = defaultdict(list)
    for delivery in found:
        ids[message_module(delivery.kind)].append(delivery.pk)
    for module, of_module in ids.items():
        yield from module.with_related(Delivery.objects.filter(pk__in=of_module, claim_token=token))


def is_anything_due(*, now: datetime) -> bool:
    """Return whether `claim_batch` may find something. The rate limit or another sender may leave it nothing."""
    return _claimable(now).exists()


def count_due(*, now: datetime, at_most: int) -> int:
    """Return how many deliveries `claim_batch` may find; count no further than `at_most`."""
    return _claimable(now).order_by()[:at_most].count()


def give_back(batch: ClaimedBatch, *, due_at: datetime) -> int:
    """Make the deliveries of `batch` that are still claimed due again at `due_at`; return how many."""
    ours = Delivery.objects.filter(claim_token=batch.token, state=DeliveryState.CLAIMED)
    with transaction.atomic():
        # In the order in which planners lock them.
        found = list(ours.select_for_update().order_by("pk").values_list("pk", flat=True))
        return Delivery.objects.filter(pk__in=found).update(
            state=DeliveryState.DUE, due_at=due_at, claim_token=None, lease_expires_at=None
        )


def lease() -> timedelta:
    """Return for how long a claim holds without being renewed."""
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def _claimable(now: datetime) -> QuerySet[Delivery]:
    """Return what can be claimed, but for the kinds of a later version, which may run beside this one in an upgrade."""
    # A claimed message goes first even after its lease: an entry has at most one claimed message.
    earlier = Delivery.objects.filter(
        Q(state=DeliveryState.CLAIMED) | Q(state=DeliveryState.DUE, ical_sequence__lt=OuterRef("ical_sequence")),
        entry=OuterRef("entry"),
    ).exclude(pk=OuterRef("pk"))
    return Delivery.objects.filter(
        Q(~Exists(earlier), state=DeliveryState.DUE, due_at__lte=now)
        | Q(state=DeliveryState.CLAIMED, lease_expires_at__lte=now),
        kind__in=KNOWN_KINDS,
    ).order_by("due_at", "pk")


def _lock_claimable(now: datetime, size: int) -> list[Delivery]:
    """Lock up to `size` deliveries that can be claimed, and return them with their kind and state alone."""
    locked = _claimable(now).select_for_update(skip_locked=True, of=("self",))
    return list(locked.only("kind", "state")[:size])


def _without_wrong_addresses(found: list[Delivery]) -> list[Delivery]:
    """Return those of the locked `found` that may be sent, and hold those whose address is known to be wrong."""
    can_be_held = [delivery.pk for delivery in found if delivery.kind in HELD_KINDS]
    if not can_be_held:
        return found
    held = set(Delivery.objects.filter(goes_to_wrong_address(), pk__in=can_be_held).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=held).update(state=DeliveryState.HELD, claim_token=None, lease_expires_at=None)
    return [delivery for delivery in found if delivery.pk not in held]


def release_held(*, now: datetime) -> None:
    """Make due again what is held for an address that is no longer known to be wrong, and drop what is too old.

    Mail to a person waits until their mail may leave. Two queries.
    """
    held = Delivery.objects.filter(state=DeliveryState.HELD)
    webinars_ahead = ReleasedSession.objects.ahead(now).values("session__webinar")
    held.exclude(created_at__gt=now - HELD_AT_MOST, webinar__in=webinars_ahead).update(state=DeliveryState.SUPERSEDED)
    mailed = Delegate.objects.to_be_mailed().filter(pk=OuterRef("delegate"), mail_not_before__lte=now)
    may_leave = Q(delegate=None) | Q(Exists(mailed))
    held.filter(may_leave, ~goes_to_wrong_address()).update(state=DeliveryState.DUE, due_at=now, resent_at=now)


def _with_begun_attempt(claimed: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Return those whose attempt has begun: `begin_attempt` sets both the lease and the time of the attempt."""
    return claimed.filter(attempted_at__gte=F("lease_expires_at") - lease())


def fail_poison_messages(now: datetime) -> None:
    """Mark the messages as failed that have cost `MAX_WORKER_LOSSES` workers, so that they stop no further one.

    Skips locked rows, so that it does not wait while the caller holds locks.
    """
    poison = _with_begun_attempt(Delivery.objects.expired(now).filter(worker_losses__gte=MAX_WORKER_LOSSES - 1))
    found = dict(poison.select_for_update(skip_locked=True).values_list("pk", "kind"))
    reason = gettext_noop("The sending stopped each time before the mail server answered.")
    Delivery.objects.filter(pk__in=found).update(
        state=DeliveryState.FAILED, claim_token=None, lease_expires_at=None, last_error=reason
    )
    for delivery, kind in found.items():
        log.warning("delivery_failed", delivery=delivery, kind=kind, reason=reason)


def _remaining_rate_limit(now: datetime) -> int:
    """Return how many messages all workers together may send now: `MAIL_PER_MINUTE` less those of the last minute."""
    limit: int = settings.MAIL_PER_MINUTE
    if not limit:
        return 1_000_000
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RATE_LOCK])
    # If the clock was set back, attempts lie ahead of it: those of more than a minute ahead do not count.
    recent = Q(attempted_at__gt=now - RATE_WINDOW, attempted_at__lt=now + RATE_WINDOW)
    waiting = Q(state=DeliveryState.CLAIMED, lease_expires_at__gt=now) & (
        Q(attempted_at__isnull=True) | Q(attempted_at__lt=F("lease_expires_at") - lease())
    )
    return limit - Delivery.objects.filter(recent | waiting).count()
