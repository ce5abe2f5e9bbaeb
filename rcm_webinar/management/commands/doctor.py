"""`manage.py doctor` checks an installation: database, schema, broker, mail server and, on request, the inbox."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from rcm_webinar.health import is_broker_reachable, is_database_reachable
from rcm_webinar.schema import compare_schema
from registrations.services.delivering.smtp import open_connection
from registrations.services.inbox.round_trip import send_to_ourselves

MIGRATE = "Run `python manage.py migrate`"
# Greylisting alone can take some minutes.
ROUND_TRIP_WITHIN = timedelta(minutes=5)


class Command(BaseCommand):
    help = "Checks the database, its schema, the broker and the mail server; exits with 1 if something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--mail", action="store_true", help="also send a message to our own address and find it in the inbox"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        advices = []
        for name, advice in _run_checks(with_mail=options["mail"]):
            advices.append(advice)
            self.stdout.write(f"{name}: {advice or 'ok'}")
        if faults := sum(bool(advice) for advice in advices):
            raise CommandError(f"{faults} of {len(advices)} checks failed.")


def _run_checks(*, with_mail: bool) -> Iterator[tuple[str, str]]:
    """Yield the name of each check, and what to do; empty if all is well.

    No advice contains the message of an error, which may show an address or a password.
    """
    database = _check_database()
    yield "database", database
    yield "schema", "Not checked without the database." if database else _check_schema()
    yield "broker", _check_broker()
    yield "mail server", _check_mail_server()
    if with_mail:
        yield "inbox", _check_inbox()


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


def _check_inbox() -> str:
    """Send a message through the real mail server to our own address, and wait until it is in the inbox."""
    if not settings.INBOX_URL:
        return "There is none: set INBOX_URL."
    message_id = f"<{secrets.token_hex(16)}@{settings.BASE_HOST}>"
    return send_to_ourselves(message_id, clock=timezone.now, within=ROUND_TRIP_WITHIN)
