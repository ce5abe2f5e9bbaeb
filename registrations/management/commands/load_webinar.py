"""`manage.py load_webinar FILE [--starts-on DATE] [--by ADDRESS]` loads a definition file."""

from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registrations.management.definitions import load_definition
from sessions_app.definitions import DefinitionRefused
from sessions_app.management.lookups import staff_by_address
from sessions_app.zones import EARLIEST_YEAR, LATEST_YEAR


class Command(BaseCommand):
    help = "Loads a webinar from its definition file. Loading it again changes nothing; nothing becomes public."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--starts-on",
            metavar="DATE",
            help="day of the first session of a new webinar (2026-12-07), or its hour too (2026-12-07T10:05, "
            "in the webinar's time zone); the other dates move along",
        )
        parser.add_argument(
            "--by", metavar="ADDRESS", help="who changes the quotas of a webinar that is loaded already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = staff_by_address(options["by"])
        starts_on = _parse_start(options["starts_on"]) if options["starts_on"] else None
        try:
            report = load_definition(options["file"], starts_on=starts_on, now=timezone.now(), by=by)
        except DefinitionRefused as error:
            raise CommandError(f"{error}\nNothing was changed.") from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        for change in report.changes:
            self.stdout.write(change)
        if not report.changes:
            self.stdout.write(f"Nothing to change: {report.webinar.slug} is as the file says.")
        else:
            self.stdout.write(f"Loaded. `manage.py release_webinar {report.webinar.slug}` makes the agenda public.")


def _parse_start(text: str) -> date | datetime:
    try:
        start = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--starts-on {text}: this is no date. Allowed: 2026-12-07 or 2026-12-07T10:05.") from error
    if not EARLIEST_YEAR <= start.year <= LATEST_YEAR:
        raise CommandError(f"--starts-on {text}: allowed are the years {EARLIEST_YEAR} to {LATEST_YEAR}.")
    return start
