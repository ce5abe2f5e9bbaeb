"""No log holds a path, query, token, address or name; route names and tracebacks are allowed."""

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from gunicorn.config import Config

from rcm_webinar.gunicorn import RedactingLogger
from rcm_webinar.logs import configure_logging

ADDRESS = "ana" + "@example.org"  # put together, since a traceback quotes lines of source
TOKEN = "12.1~a-token-that-opens-a-page"


def fine(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse("ok")


def broken(request: HttpRequest, token: str) -> HttpResponse:
    raise ValueError(f"Key (lower(email))=({ADDRESS}) of {token}")


urlpatterns = [
    path("fine/<str:token>/", fine, name="fine"),
    path("broken/<str:token>/", broken, name="broken"),
]
handler404 = handler500 = "tests.rcm_webinar.test_logs.plain_error"


def plain_error(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return HttpResponse("error", status=500 if exception is None else 404)


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """The stream to which an installation logs."""
    configure_logging(as_json=True)
    written = StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    configure_logging(as_json=True)


def entries_of(logged: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


@pytest.mark.urls(__name__)
def test_a_request_is_logged_by_the_name_of_its_route(logged: StringIO) -> None:
    Client().get(f"/fine/{TOKEN}/?email={ADDRESS}")

    (line,) = entries_of(logged)
    assert {name: line[name] for name in ("event", "method", "route", "status")} == {
        "event": "request",
        "method": "GET",
        "route": "fine",
        "status": 200,
    }
    assert TOKEN not in logged.getvalue()
    assert ADDRESS not in logged.getvalue()


@pytest.mark.urls(__name__)
def test_a_failure_is_logged_with_its_traceback_and_without_its_message(logged: StringIO) -> None:
    Client(raise_request_exception=False).get(f"/broken/{TOKEN}/")

    failure, request = entries_of(logged)
    assert failure["event"] == "500 in broken"
    assert "in broken" in str(failure["exception"])
    assert str(failure["exception"]).endswith("ValueError")
    assert request["status"] == 500
    assert TOKEN not in logged.getvalue()
    assert ADDRESS not in logged.getvalue()


@pytest.mark.urls(__name__)
def test_an_unknown_address_is_not_quoted(logged: StringIO) -> None:
    Client().get(f"/nothing/{TOKEN}/")

    assert [line["route"] for line in entries_of(logged)] == ["no-such-address"]
    assert TOKEN not in logged.getvalue()


@pytest.mark.parametrize("host", ["elsewhere.example.org"])
def test_a_foreign_host_is_not_quoted(host: str, logged: StringIO) -> None:
    Client().get("/healthz", headers={"host": host})

    assert host not in logged.getvalue()


def test_a_failed_task_is_logged_without_the_message_of_its_exception(logged: StringIO) -> None:
    """The task is logged by django-structlog's receiver."""
    try:
        raise KeyError(ADDRESS)
    except KeyError as error:
        structlog.get_logger("task").exception("task_failed", error=str(error), exception=error)

    (line,) = entries_of(logged)
    assert line["event"] == "task_failed"
    assert str(line["exception"]).endswith("KeyError")
    assert ADDRESS not in logged.getvalue()


def test_gunicorns_messages_do_not_quote_the_request(capfd: pytest.CaptureFixture[str]) -> None:
    logger = RedactingLogger(Config())

    try:
        raise ValueError(TOKEN)
    except ValueError:
        logger.exception("Error handling request %s %s", "GET", f"/my/{TOKEN}/")
    logger.warning(f"Invalid request from ip=127.0.0.1: Invalid HTTP request line: 'GET /my/{TOKEN}/'")
    logger.debug("GET /my/%s/", TOKEN)
    logger.warning("Worker exiting")
    sys.stderr.flush()

    messages = [line.partition("] ")[2].partition("] ")[2] for line in capfd.readouterr().err.splitlines()]
    assert [message.partition("] ")[2] or message for message in messages] == [
        "A request could not be handled",
        "A request was not valid HTTP",
        "Worker exiting",
    ]
