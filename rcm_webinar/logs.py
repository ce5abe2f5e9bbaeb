"""Structured logs on stderr, without a query string, a token, an address or a name."""

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
    """The name of the address pattern, such as `registrations:my`; never the address: it may hold a token."""
    match = request.resolver_match
    if match is None:
        return "no-such-address"
    return match.view_name or "unnamed"


class RequestLog:
    """Logs each request by the name of its route, with its status and time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        response = self.get_response(request)
        log.info(
            "request",
            method=request.method,
            route=route_of(request),
            status=response.status_code,
            ms=round((time.monotonic() - begun) * 1000),
        )
        return response


class RouteInsteadOfPath(logging.Filter):
    """Keeps Django's records of failed requests (5xx), with the route's name in place of the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        status = getattr(record, "status_code", 500)
        route = route_of(request) if isinstance(request, HttpRequest) else "unknown"
        record.msg, record.args = f"{status} in {route}", ()
        return status >= 500


def exceptions_without_values(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the frames and the types of the exception and its causes.

    What an exception says may hold a name or an address, as a violated constraint does; where it arose does not.
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
    # django-structlog puts the exception's text there.
    event.pop("error", None)
    parts: list[str] = []
    while isinstance(error, BaseException):
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        error = error.__cause__ or error.__context__
    if parts:
        event["exception"] = "\n\n".join(reversed(parts))
    return event


def configure_logging(*, as_json: bool) -> None:
    """Send structlog and the standard library's records through one formatter; JSON lines or plain text."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exceptions_without_values,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"route_instead_of_path": {"()": RouteInsteadOfPath}},
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
                # These print whole paths, and a participant's path carries a token.
                "django.request": {"level": "ERROR", "filters": ["route_instead_of_path"]},
                "django.server": {"level": "CRITICAL"},
                "django.security": {"level": "CRITICAL"},
                # Prints the exception's text; `task_failed` of django-structlog stands in, without it.
                "celery.app.trace": {"level": "CRITICAL"},
                # A line per tick.
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
