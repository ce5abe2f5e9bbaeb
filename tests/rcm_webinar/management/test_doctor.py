import smtplib
import socket
from io import StringIO

import pytest
from celery import current_app
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker, Settings

from tests.databases import database_in_use
from tests.registrations.services.mail_server import AnsweringBackend

ALL_OK = "database: ok\nschema: ok\nbroker: ok\nmail server: ok\n"
PASSWORD = "a-secret-of-the-test"


@pytest.fixture
def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def doctor() -> str:
    output = StringIO()
    call_command("doctor", stdout=output)
    return output.getvalue()


def failing_doctor() -> str:
    """Return the lines of a command that fails, with its error as the last one."""
    output = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("doctor", stdout=output)
    assert failure.value.returncode == 1
    return f"{output.getvalue()}{failure.value}"


@pytest.mark.usefixtures("migrated")
def test_an_installation_without_a_fault_is_ok() -> None:
    assert doctor() == ALL_OK


def test_a_missing_migration_is_named_with_what_to_do(migrated: MigrationRecorder) -> None:
    migrated.record_unapplied("sessions_app", "0001_initial")

    assert failing_doctor() == (
        "database: ok\n"
        "schema: The database is older than this code. Run `python manage.py migrate`, which applies "
        "sessions_app.0001_initial.\n"
        "broker: ok\nmail server: ok\n1 of 4 checks failed."
    )


def test_a_migration_of_a_newer_version_is_named(migrated: MigrationRecorder) -> None:
    migrated.record_applied("sessions_app", "9999_newer")

    assert (
        "schema: The database is newer than this code. Install the version with sessions_app.9999_newer.\n"
        in failing_doctor()
    )


@pytest.mark.usefixtures("empty_database")
def test_a_new_database_must_be_migrated() -> None:
    assert "schema: The database was never migrated. Run `python manage.py migrate`.\n" in failing_doctor()


@pytest.mark.usefixtures("migrated")
def test_an_unreachable_broker_and_mail_server_fail_without_their_passwords(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    url = f"redis://:{PASSWORD}@127.0.0.1:{closed_port}/0"
    monkeypatch.setattr(current_app.conf, "broker_url", url)
    monkeypatch.setattr(current_app.conf, "broker_write_url", url)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "webinars", PASSWORD

    printed = failing_doctor()

    assert printed == (
        "database: ok\nschema: ok\n"
        "broker: It cannot be reached. Start Redis, or correct CELERY_BROKER_URL.\n"
        "mail server: The mail server could not be reached. Check the server and EMAIL_URL.\n"
        "2 of 4 checks failed."
    )


@pytest.mark.usefixtures("migrated")
def test_a_refused_sign_in_at_the_mail_server_is_a_fault(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_sign_in() -> None:
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 invalid: " + PASSWORD.encode())

    settings.EMAIL_BACKEND = f"{AnsweringBackend.__module__}.{AnsweringBackend.__qualname__}"
    monkeypatch.setattr(AnsweringBackend, "greet", refuse_sign_in)

    printed = failing_doctor()

    assert "mail server: The mail server refused our sign-in. Check the server and EMAIL_URL.\n" in printed
    assert PASSWORD not in printed


@pytest.mark.usefixtures("migrations")
def test_an_unreachable_database_fails_without_its_password(
    django_db_blocker: DjangoDbBlocker, closed_port: int
) -> None:
    with django_db_blocker.unblock(), database_in_use(f"postgres://rcm:{PASSWORD}@127.0.0.1:{closed_port}/rcm"):
        printed = failing_doctor()

    assert printed == (
        "database: It cannot be reached. Start it, or correct DATABASE_URL.\n"
        "schema: Not checked without the database.\n"
        "broker: ok\nmail server: ok\n2 of 4 checks failed."
    )
