"""`manage.py purge` anonymises the personal data that are due, as beat does daily; `--dry-run` counts them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from registrations.services.personal_data.purging import preview_purge, purge


class Command(BaseCommand):
    help = "Anonymises the people of webinars whose date has come. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would end, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        purged = preview_purge(now=now) if options["dry_run"] else purge(now=now)
        for slug, counts in purged.webinars.items():
            self.stdout.write(f"{slug}: " + ", ".join(f"{count} {sort}" for sort, count in counts.items()))
        if not purged.webinars:
            self.stdout.write("No webinar is due.")
        self.stdout.write(f"accounts: {purged.accounts}, files without a row: {purged.files}")
        if options["dry_run"]:
            self.stdout.write("Nothing was changed.")
