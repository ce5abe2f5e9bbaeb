"""`manage.py seed_demo` fills the demo on its first run, and always prints the accounts to sign in with."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from rcm_webinar.demo.accounts import create_focal_points, create_staff, sign_in_instructions
from registrations.management.definitions import DEFINITIONS, load_definition
from registrations.management.samples import appoint_focal_points, seed_connection_test, seed_stories
from registrations.queries import last_session_end
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar

CONCEPT_NOTE = DEFINITIONS / "mass-intra-regional-flows.toml"
CONNECTION_TEST = DEFINITIONS / "connection-test.toml"
DAYS_AHEAD = 14
# So the reminder of one hour before, and the open join page, can be seen soon after the first start.
CONNECTION_TEST_BEGINS_IN = timedelta(minutes=65)


class Command(BaseCommand):
    help = "Fills the demo with the webinar of the concept note and invented people, once, and tells who to sign in as."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.RCM_DEMO:
            raise CommandError("The sample people are for the demo alone (RCM_DEMO=1).")
        now = timezone.now()
        if not Webinar.objects.exists():
            with transaction.atomic():
                _seed(now)
        self.stdout.write("\n".join(_instructions(now)))


def first_monday(today: date) -> date:
    """The first Monday at least 14 days after `today`."""
    earliest = today + timedelta(days=DAYS_AHEAD)
    return earliest + timedelta(days=-earliest.weekday() % 7)


def _seed(now: datetime) -> None:
    staff = create_staff()
    flows = load_definition(CONCEPT_NOTE, starts_on=first_monday(now.date()), now=now, by=staff).webinar
    test = load_definition(CONNECTION_TEST, starts_on=now + CONNECTION_TEST_BEGINS_IN, now=now, by=staff).webinar
    for webinar in (flows, test):
        release_webinar(webinar, by=staff, now=now)
    focal_points = create_focal_points()
    appoint_focal_points(focal_points, now=now)
    seed_stories(flows, focal_points=focal_points, staff=staff, now=now)
    seed_connection_test(test, staff=staff, now=now)


def _instructions(now: datetime) -> list[str]:
    """Return the lines that say how to sign in, and that the sample webinar is over, where it is."""
    lines = sign_in_instructions()
    ends = [end for webinar in Webinar.objects.all() if (end := last_session_end(webinar))]
    if ends and max(ends) < now:
        lines.append(f"The sample webinar ended on {max(ends):%d %B %Y}: `make demo-reset` begins anew.")
    return lines
