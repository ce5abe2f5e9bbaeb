"""Mail of the sign-in, sent by threads of the web process once the response is on its way.

It takes neither a broker nor a worker, so that people sign in while Redis is away; and how long a response takes tells
nothing of the mail server. What is owed to delegates and focal points is sent by workers instead.

A process that is told to end sends what it was given first, as Python waits for these threads; gunicorn leaves it
`graceful_timeout`. What a killed process was given is lost, and asked for again.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.db import connections
from django.utils import timezone

log = structlog.get_logger(__name__)

# Connections to the mail server per process.
THREADS = 4
# Pending messages per process; any further one is dropped and logged.
MAX_PENDING = 100
# A message is written after the response, so that this work does not slow the response down.
START_DELAY_SECONDS = 0.2
# A failure degrades /readyz for so long, unless a message is sent before.
DEGRADED_FOR = timedelta(minutes=10)
FAILED_AT = "sign_in_mail_failed_at"

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sign-in-mail")
_thread_for_nothing = ThreadPoolExecutor(1, thread_name_prefix="no-sign-in-mail")
_pending: set[Future[None]] = set()


def send_later(build: Callable[[], EmailMessage] | None) -> None:
    """Send what `build` returns, in a thread, in which `build` is called too. Never raises for it.

    None, for an address without an account, sends nothing and takes no place of a message; it takes the same time, so
    that no page tells who has an account. `build` must not query the database: it runs in another thread than the
    request.
    """
    if len(_pending) >= MAX_PENDING:
        log.warning("sign_in_mail_dropped", waiting=len(_pending))
        _note_failure()
        return
    has_failed = cache.get(FAILED_AT) is not None
    if build is None:
        # As long as to hand a message to its thread, and over at once.
        _thread_for_nothing.submit(lambda: None)
        return
    future = _threads.submit(_send, build, has_failed)
    _pending.add(future)
    future.add_done_callback(_pending.discard)


def wait_until_sent() -> None:
    """Return once all that was given before has been sent or has failed. For tests: the sign-in waits for nothing."""
    wait(list(_pending))


def readiness(now: datetime) -> dict[str, object]:
    """Degraded where a message failed within the last minutes, and none was sent since; asked by /readyz."""
    failed_at = cache.get(FAILED_AT)
    if failed_at is None or now - failed_at >= DEGRADED_FOR:
        return {"status": "ok", "failed_seconds_ago": None}
    return {"status": "degraded", "failed_seconds_ago": round((now - failed_at).total_seconds())}


def _send(build: Callable[[], EmailMessage], has_failed: bool) -> None:
    try:
        time.sleep(START_DELAY_SECONDS)
        get_connection(timeout=settings.SIGN_IN_EMAIL_TIMEOUT).send_messages([build()])
        if has_failed:
            cache.delete(FAILED_AT)
    # Nobody asks this thread for its result: whatever went wrong would be lost.
    except Exception as error:
        # For what is no answer of the mail server the log says where it arose.
        log.warning("sign_in_mail_failed", reason=type(error).__name__, exc_info=not isinstance(error, OSError))
        _note_failure()
    finally:
        # The cache may be in the database, and a thread keeps its connection until it closes it.
        connections.close_all()


def _note_failure() -> None:
    cache.set(FAILED_AT, timezone.now(), DEGRADED_FOR.total_seconds())
