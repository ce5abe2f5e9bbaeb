"""The transaction in which a service decides: retried once after a deadlock, and followed by a plan (design §6)."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import OperationalError, transaction

from registrations.exceptions import AddressTakenElsewhere, AttendanceChangedTooOften, NamedTooOften, TooManyClashes
from registrations.models import HistoryEvent, HistoryKind
from registrations.services.nudge import nudge_planner
from registrations.services.quota_locks import lock_person
from registrations.services.unique_addresses import CLASH_WINDOW, clashes_of

# Deadlock and serialisation failure, https://www.postgresql.org/docs/current/errcodes-appendix.html (class 40).
RETRIED_SQLSTATES = frozenset({"40P01", "40001"})
# Seconds. A retry that starts at once can take its first lock again before the other transaction, which waits for that
# lock, has woken up: they would deadlock a second time.
PAUSE_BEFORE_RETRY = 0.25
P = ParamSpec("P")
R = TypeVar("R")


def atomic_with_retry(service: Callable[P, R]) -> Callable[P, R]:
    """Run `service` in a transaction, retry it once after a deadlock, and wake the planner.

    If the service raises an exception with an alert for the secretariat, the alert is stored although the attempt is
    rolled back. Inside a transaction of the caller there is no retry, and the alert is stored only if the caller
    commits.
    """

    @wraps(service)
    def decide(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            try:
                return attempt(*args, **kwargs)
            except OperationalError as error:
                if transaction.get_connection().in_atomic_block or not _is_retryable(error):
                    raise
                time.sleep(PAUSE_BEFORE_RETRY)
                return attempt(*args, **kwargs)
        except (AddressTakenElsewhere, AttendanceChangedTooOften, NamedTooOften) as refused:
            if refused.event is not None:
                _store_alert(refused.event)
            raise

    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic():
            result = service(*args, **kwargs)
            nudge_planner()
            return result

    return decide


@transaction.atomic
def _store_alert(event: HistoryEvent) -> None:
    """Store `event`, which alerts the secretariat, in a transaction of its own.

    Raises TooManyClashes for an address clash if concurrent requests of the same user have used up the daily limit.
    """
    if event.kind == HistoryKind.ADDRESS_CLASH and event.actor is not None:
        lock_person(event.actor)
        if clashes_of(event.actor.pk, since=event.at - CLASH_WINDOW).count() >= settings.ADDRESS_CLASHES_PER_DAY:
            raise TooManyClashes
    event.save(force_insert=True)
    nudge_planner()


def _is_retryable(error: OperationalError) -> bool:
    return getattr(error.__cause__, "pgcode", None) in RETRIED_SQLSTATES
