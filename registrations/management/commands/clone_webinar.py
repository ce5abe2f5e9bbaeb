"""`manage.py clone_webinar SLUG NEW_SLUG --starts-on DATE` prepares the next webinar from an earlier one."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registrations.services.cloning import clone_webinar
from sessions_app.bilingual import Bilingual
from sessions_app.cloning import CloneRefused
from sessions_app.management.lookups import webinar_by_slug


class Command(BaseCommand):
    help = (
        "Prepares the next webinar from an earlier one: sessions, quotas and rules come along; people, rooms and the "
        "opening date do not. Nothing becomes public."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="of the webinar that is the model")
        parser.add_argument("new_slug", help="of the next one, part of its addresses")
        parser.add_argument("--starts-on", metavar="DATE", required=True, help="day of the first session (2027-05-03)")
        parser.add_argument("--title-en", metavar="TITLE", help="which must differ from the model's")
        parser.add_argument("--title-es", metavar="TITLE", help="likewise, if the model has a Spanish one")

    def handle(self, *args: Any, **options: Any) -> None:
        webinar = webinar_by_slug(options["slug"])
        title = Bilingual(
            en=webinar.title_en if options["title_en"] is None else options["title_en"],
            es=webinar.title_es if options["title_es"] is None else options["title_es"],
        )
        try:
            clone = clone_webinar(
                webinar,
                slug=options["new_slug"],
                title=title,
                starts_on=_parse_day(options["starts_on"]),
                now=timezone.now(),
            )
        except CloneRefused as refusal:
            raise CommandError(f"{refusal.field}: {refusal.message}\nNothing was created.") from refusal
        self.stdout.write(f"{clone.slug} is prepared. Registration has no opening date yet; nothing is public.")


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--starts-on {text}: this is no date. Allowed: 2027-05-03.") from error
