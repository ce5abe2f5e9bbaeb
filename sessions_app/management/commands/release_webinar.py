"""`manage.py release_webinar SLUG` makes the present draft of an agenda public as the next release."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app.agenda import agenda_from_release
from sessions_app.management.lookups import staff_by_address, webinar_by_slug
from sessions_app.releases import ReleaseRefused, release_warnings, release_webinar


class Command(BaseCommand):
    help = "Releases the present agenda of a webinar: the next numbered snapshot becomes public."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--by", metavar="ADDRESS", help="who releases; kept with the release")
        parser.add_argument("--note", default="", help="why, kept with the release (500 characters at most)")
        parser.add_argument(
            "--mail-updates-for",
            nargs="+",
            type=int,
            default=[],
            metavar="NUMBER",
            help="sessions whose participants are told of changes beyond time, title and cancellation",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        webinar = webinar_by_slug(options["slug"])
        if len(options["note"]) > 500:
            raise CommandError("--note: 500 characters at most.")
        try:
            release = release_webinar(
                webinar,
                by=staff_by_address(options["by"]),
                now=timezone.now(),
                note=options["note"],
                mail_updates_for=frozenset(options["mail_updates_for"]),
            )
        except ReleaseRefused as error:
            raise CommandError("\n".join(str(message) for message in error.messages)) from error
        for warning in release_warnings(agenda_from_release(release)):
            self.stderr.write(warning)
        self.stdout.write(f"{release} of {webinar.slug} is public.")
