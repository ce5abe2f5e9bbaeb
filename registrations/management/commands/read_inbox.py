"""`manage.py read_inbox` makes one pass over the inbox, as beat does each minute."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registrations.services.inbox.reading import read_inbox

WITHIN = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Reads the mail in the inbox: answers, mail that came back, and what is for a person."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.INBOX_URL:
            raise CommandError("There is no inbox to read: INBOX_URL is not set.")
        report = read_inbox(clock=timezone.now, within=WITHIN)
        for kind, count in report.counts.items():
            self.stdout.write(f"{kind.value}: {count}")
        self.stdout.write(f"moved: {report.moved}")
        if report.failure:
            raise CommandError(f"The inbox could not be read: {report.failure}.")
        if report.has_more:
            self.stdout.write("There is more to read.")
