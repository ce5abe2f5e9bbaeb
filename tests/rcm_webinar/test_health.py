import socket
from datetime import datetime

import pytest
from celery import current_app
from django.db import ProgrammingError, connection
from django.test import Client
from django.utils import timezone

from tests.logged import warnings_in


def report_ok(now: datetime) -> dict[str, object]:
    return {"status": "ok", "seen_at": now.isoformat()}


def report_degraded(now: datetime) -> dict[str, object]:
    return {"status": "degraded", "seconds": 700}


@pytest.fixture
def broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker is a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://127.0.0.1:{port}/0")


@pytest.mark.django_db
def test_readiness_reports_each_service(settings) -> None:
    settings.READINESS_CHECKS = {"work": f"{__name__}.report_ok"}
    before = timezone.now()

    response = Client().get("/readyz")

    answer = response.json()
    assert before <= datetime.fromisoformat(answer["work"].pop("seen_at")) <= timezone.now()
    assert (response.status_code, answer) == (
        200,
        {"status": "ok", "database": {"status": "ok"}, "broker": {"status": "ok"}, "work": {"status": "ok"}},
    )


@pytest.mark.django_db
def test_a_degraded_service_degrades_the_whole_but_pages_are_still_served(settings) -> None:
    settings.READINESS_CHECKS = {"work": f"{__name__}.report_degraded"}

    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["work"] == {"status": "degraded", "seconds": 700}


@pytest.mark.django_db
@pytest.mark.usefixtures("broker_is_away")
def test_an_unreachable_broker_is_reported_within_a_second(settings) -> None:
    settings.READINESS_CHECKS = {}
    begun = timezone.now()

    response = Client().get("/readyz")

    assert (timezone.now() - begun).total_seconds() < 2
    assert (response.status_code, response.json()["broker"]) == (200, {"status": "degraded"})


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_only_a_missing_database_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    response = Client().get("/readyz")

    monkeypatch.undo()
    connection.close()
    assert (response.status_code, response.json()) == (503, {"status": "down", "database": {"status": "down"}})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_health_check_may_use_an_address_instead_of_an_allowed_host(path: str, settings) -> None:
    settings.ALLOWED_HOSTS = ["webinars.example.org"]

    answers = [Client().get(each, headers={"host": "127.0.0.1:8000"}).status_code for each in (path, "/en/")]

    assert answers == [200, 400]


def raise_database_error(now: datetime) -> dict[str, object]:
    raise ProgrammingError("no such table")


@pytest.mark.django_db
def test_a_check_that_fails_is_degraded_and_logged(settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.READINESS_CHECKS = {"work": f"{__name__}.raise_database_error"}

    response = Client().get("/readyz")

    assert (response.status_code, response.json()["work"]) == (200, {"status": "degraded"})
    (logged,) = warnings_in(caplog)
    assert (logged["event"], logged["check"]) == ("readiness_check_failed", "work")
    assert str(logged["exception"]).endswith(
        'in raise_database_error\n    raise ProgrammingError("no such table")\nProgrammingError'
    )


def test_the_process_answers_without_a_database() -> None:
    assert Client().get("/healthz").content == b"ok\n"
