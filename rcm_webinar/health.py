"""Health checks: whether the process is alive, and whether the services that it needs can be reached.

The further parts of /readyz are the functions that `READINESS_CHECKS` names in the settings: whether the schema is that
of the code (`schema.py`), sign-in mail (`background_mail.py`), planning, sending and uploads
(`registrations/health.py`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import kombu.exceptions
import structlog
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache

log = structlog.get_logger(__name__)

BROKER_TIMEOUT_SECONDS = 1


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process can answer."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer the status of each service as JSON: an object with a "status" for each name.

    The response is 503 only without the database: without a broker a web process still serves every page, and mail
    leaves later.
    """
    if not is_database_reachable():
        return JsonResponse({"status": "down", "database": {"status": "down"}}, status=503)
    now = timezone.now()
    broker = {"status": "ok" if is_broker_reachable() else "degraded"}
    parts: dict[str, Mapping[str, object]] = {"database": {"status": "ok"}, "broker": broker}
    for name, check in settings.READINESS_CHECKS.items():
        parts[name] = _run_check(name, import_string(check), now)
    is_ok = all(part["status"] == "ok" for part in parts.values())
    return JsonResponse({"status": "ok" if is_ok else "degraded", **parts})


def _run_check(name: str, check: Callable[[datetime], dict[str, object]], now: datetime) -> dict[str, object]:
    """Return the result of `check`, or "degraded" if its query fails, for example if the cache table is missing."""
    try:
        return check(now)
    except DatabaseError:
        log.warning("readiness_check_failed", check=name, exc_info=True)
        return {"status": "degraded"}


def is_database_reachable() -> bool:
    """Return whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def is_broker_reachable() -> bool:
    """Return whether the broker accepts a connection; takes about a second at most."""
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS, interval_start=0)
    except (kombu.exceptions.OperationalError, OSError):
        return False
    return True


PROBES = {"/healthz": healthz, "/readyz": readyz}


class HealthCheckMiddleware:
    """Answers health checks before Django checks the host: they use an IP address that is not in ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        return PROBES[request.path_info](request)
