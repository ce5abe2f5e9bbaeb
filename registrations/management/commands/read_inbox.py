"""`manage.py read_inbox` reads the inbox until it is empty, as beat does each minute."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registrations.services.inbox.reading import read_inbox
from registrations.tasks import READ_WITHIN


class Command(BaseCommand):
    # The system checks load every page, and this command needs none.
    requires_system_checks = []
    help = "Reads the mail in the inbox: answers, mail that came back, and what is for a person."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.INBOX_URL:
            raise CommandError("There is no inbox to read: INBOX_URL is not set.")
        report = read_inbox(clock=timezone.now, within=READ_WITHIN)
        while True:
            for kind, count in report.counts.items():
                self.stdout.write(f"{kind.value}: {count}")
            self.stdout.write(f"moved: {report.moved}")
            if report.failure:
                raise CommandError(f"The inbox could not be read: {report.failure}.")
            if report.is_skipped:
                raise CommandError("Another reader is busy with the inbox. Try again in three minutes.")
            if not report.has_more:
                return
            report = read_inbox(clock=timezone.now, within=READ_WITHIN)
