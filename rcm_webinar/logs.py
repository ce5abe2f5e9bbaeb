"""Structured logs on stderr without personal data: no query string, token, address or name."""

import logging
import logging.config
import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)


def route_of(request: HttpRequest) -> str:
    """Return the name of the URL pattern, such as `registrations:my`; the URL itself may hold a token."""
    match = request.resolver_match
    if match is None:
        return "no-such-address"
    return match.view_name or "unnamed"


class RequestLogMiddleware:
    """Logs each request by the name of its route, with its status and time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        log.info(
            "request",
            method=request.method,
            route=route_of(request),
            status=response.status_code,
            ms=round((time.monotonic() - started) * 1000),
        )
        return response


class RouteNameFilter(logging.Filter):
    """Passes only Django's records of server errors (5xx), with the name of the route instead of the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        status = getattr(record, "status_code", 500)
        route = route_of(request) if isinstance(request, HttpRequest) else "unknown"
        record.msg, record.args = f"{status} in {route}", ()
        return status >= 500


def redact_exceptions(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the tracebacks and types of the exception and its causes, without their messages.

    The message of an exception may hold a name or an address, for example that of a violated constraint.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    for name, value in list(event.items()):
        if isinstance(value, BaseException):
            error = error or value
            event[name] = type(value).__name__
    # django-structlog puts the exception's message there.
    event.pop("error", None)
    parts: list[str] = []
    while isinstance(error, BaseException):
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        error = error.__cause__ or error.__context__
    if parts:
        event["exception"] = "\n\n".join(reversed(parts))
    return event


def configure_logging(*, as_json: bool) -> None:
    """Format the records of structlog and of the standard library alike, as JSON lines or as plain text."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact_exceptions,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"route_instead_of_path": {"()": RouteNameFilter}},
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                # These print whole paths, and the path of a participant's page holds a token.
                "django.request": {"level": "ERROR", "filters": ["route_instead_of_path"]},
                "django.server": {"level": "CRITICAL"},
                "django.security": {"level": "CRITICAL"},
                # It prints the exception's message; django-structlog logs `task_failed` without it.
                "celery.app.trace": {"level": "CRITICAL"},
                # It prints a line per tick.
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                # It logs a line for each detector, and the exception of a detector that fails on a broken mail.
                "flufl.bounce": {"level": "CRITICAL"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
