"""`manage.py doctor` checks an installation: database, schema, broker and mail server."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from rcm_webinar.health import is_broker_reachable, is_database_reachable
from rcm_webinar.schema import compare_schema
from registrations.services.delivering.smtp import open_connection

MIGRATE = "Run `python manage.py migrate`"


class Command(BaseCommand):
    help = "Checks the database, its schema, the broker and the mail server; exits with 1 if something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for name, advice in _run_checks():
            faults += bool(advice)
            self.stdout.write(f"{name}: {advice or 'ok'}")
        if faults:
            raise CommandError(f"{faults} of 4 checks failed.")


def _run_checks() -> Iterator[tuple[str, str]]:
    """Yield the name of each check, and what to do; empty if all is well.

    No advice contains the message of an error, which may show an address or a password.
    """
    database = _check_database()
    yield "database", database
    yield "schema", "Not checked without the database." if database else _check_schema()
    yield "broker", _check_broker()
    yield "mail server", _check_mail_server()


def _check_database() -> str:
    if is_database_reachable():
        return ""
    return "It cannot be reached. Start it, or correct DATABASE_URL."


def _check_schema() -> str:
    try:
        difference = compare_schema()
    except DatabaseError:
        return f"The database was never migrated. {MIGRATE}."
    if difference.unknown:
        return f"The database is newer than this code. Install the version with {', '.join(difference.unknown)}."
    if difference.unapplied:
        return f"The database is older than this code. {MIGRATE}, which applies {', '.join(difference.unapplied)}."
    return ""


def _check_broker() -> str:
    if is_broker_reachable():
        return ""
    return "It cannot be reached. Start Redis, or correct CELERY_BROKER_URL."


def _check_mail_server() -> str:
    """Connect and sign in as a worker does, without sending anything."""
    connection = get_connection(timeout=settings.SIGN_IN_EMAIL_TIMEOUT)
    failure = open_connection(connection)
    connection.close()
    return f"{failure.error} Check the server and EMAIL_URL." if failure else ""
