"""Is the process alive, and has it what it needs?"""

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
    """200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """What this process stands on, as JSON: name -> object with a "status".

    503 only without the database: a web process without a broker still serves every page, and what is owed goes
    out later.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "down", "database": {"status": "down"}}, status=503)
    now = timezone.now()
    parts: dict[str, Mapping[str, object]] = {"database": {"status": "ok"}, "broker": _broker()}
    for name, check in settings.READINESS_CHECKS.items():
        parts[name] = _answer_of(name, import_string(check), now)
    is_ok = all(part["status"] == "ok" for part in parts.values())
    return JsonResponse({"status": "ok" if is_ok else "degraded", **parts})


def _answer_of(name: str, check: Callable[[datetime], dict[str, object]], now: datetime) -> dict[str, object]:
    """What `check` says; one that itself fails, as without a table of the cache, is no worse than degraded."""
    try:
        return check(now)
    except DatabaseError:
        log.warning("readiness_check_failed", check=name, exc_info=True)
        return {"status": "degraded"}


def _broker() -> dict[str, str]:
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS, interval_start=0)
    except (kombu.exceptions.OperationalError, OSError):
        return {"status": "degraded"}
    return {"status": "ok"}


PROBES = {"/healthz": healthz, "/readyz": readyz}


class AnswerProbes:
    """Answers probes before the host is looked at: they ask an address, and not a name of ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        return PROBES[request.path_info](request)
