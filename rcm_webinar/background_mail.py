"""Sends the mail of the sign-in in threads of the web process, after the response.

It needs neither a broker nor a worker, so people can sign in while Redis is away, and the time of a response does not
depend on the mail server. Workers send all other mail.

When the process ends, Python waits for these threads, and gunicorn allows them `graceful_timeout`. If the process is
killed, its pending mail is lost, and people request another code.
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
# /readyz reports a failure for this long, unless a message is sent before.
DEGRADED_FOR = timedelta(minutes=10)
FAILED_AT = "sign_in_mail_failed_at"

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sign-in-mail")
_empty_task_thread = ThreadPoolExecutor(1, thread_name_prefix="no-sign-in-mail")
_pending: set[Future[None]] = set()


def send_later(build: Callable[[], EmailMessage] | None) -> None:
    """Call `build` in a thread and send the message that it returns. Errors are logged and never raised.

    None, for an address without an account, sends nothing but takes the caller the same time, so that no response
    reveals who has an account. `build` must not query the database: it runs in another thread than the request.
    If 100 messages are pending, the message is dropped and logged.
    """
    if len(_pending) >= MAX_PENDING:
        log.warning("sign_in_mail_dropped", waiting=len(_pending))
        _record_failure()
        return
    has_failed = cache.get(FAILED_AT) is not None
    if build is None:
        # Takes as long as submitting a message, and ends at once.
        _empty_task_thread.submit(lambda: None)
        return
    future = _threads.submit(_send, build, has_failed)
    _pending.add(future)
    future.add_done_callback(_pending.discard)


def wait_until_sent() -> None:
    """Wait until every pending message has been sent or has failed. Only tests call it."""
    wait(list(_pending))


def sign_in_mail_readiness(now: datetime) -> dict[str, object]:
    """Return "degraded" for /readyz if a message failed within the last 10 minutes and none was sent since."""
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
    # Nothing reads the result of the future, so an error that is not logged here would be lost.
    except Exception as error:
        # A traceback is useful only for errors that the mail server did not cause.
        log.warning("sign_in_mail_failed", reason=type(error).__name__, exc_info=not isinstance(error, OSError))
        _record_failure()
    finally:
        # The cache may use the database, and the thread's connection would stay open.
        connections.close_all()


def _record_failure() -> None:
    cache.set(FAILED_AT, timezone.now(), DEGRADED_FOR.total_seconds())
