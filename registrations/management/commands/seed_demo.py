"""`manage.py seed_demo`: fills the demo once, and tells who to sign in as."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from registrations.management.definitions import DEFINITIONS, load_definition
from registrations.management.samples import seed_connection_test, seed_people, seed_stories
from registrations.models import User
from registrations.queries import last_session_end
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar

CONCEPT_NOTE = DEFINITIONS / "mass-intra-regional-flows.toml"
CONNECTION_TEST = DEFINITIONS / "connection-test.toml"
DAYS_AHEAD = 14
# Its reminder of one hour before and its join page are seen soon after the first start.
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
        self.stdout.write("\n".join(_told(now)))


def first_monday(today: date) -> date:
    """The first Monday at least 14 days after `today`."""
    earliest = today + timedelta(days=DAYS_AHEAD)
    return earliest + timedelta(days=-earliest.weekday() % 7)


def _seed(now: datetime) -> None:
    staff = User.objects.create_superuser(
        "secretariat@example.org",
        settings.DEMO_PASSWORD,
        name="Sample secretariat",
        language="en",
        timezone="America/Costa_Rica",
    )
    User.objects.create_user(
        "observer@example.org", settings.DEMO_PASSWORD, name="Sample observer", language="en", is_observer=True
    )
    flows = load_definition(CONCEPT_NOTE, starts_on=first_monday(now.date()), now=now, by=staff).webinar
    test = load_definition(CONNECTION_TEST, starts_on=now + CONNECTION_TEST_BEGINS_IN, now=now, by=staff).webinar
    for webinar in (flows, test):
        release_webinar(webinar, by=staff, now=now)
    focal_points = seed_people(password=settings.DEMO_PASSWORD, now=now)
    seed_stories(flows, focal_points=focal_points, staff=staff, now=now)
    seed_connection_test(test, staff=staff, now=now)


def _told(now: datetime) -> list[str]:
    """Who there is, and whether the sample webinar is over."""
    lines = [f"Sign in with the password {settings.DEMO_PASSWORD} as one of:"]
    lines += [f"  {user.email:<30} {user.name}" for user in User.objects.order_by("-is_staff", "-is_observer", "email")]
    ends = [end for webinar in Webinar.objects.all() if (end := last_session_end(webinar))]
    if ends and max(ends) < now:
        lines.append(f"The sample webinar ended on {max(ends):%d %B %Y}: `make demo-reset` begins anew.")
    return lines
