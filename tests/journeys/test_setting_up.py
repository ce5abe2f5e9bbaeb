"""The secretariat sets a webinar up from nothing, among twenty others, with few pages and without a shell."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as project_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Delegation, FocalPoint, ParticipatingBody, Quota, RegistrationPolicy, ReminderRule
from sessions_app.models import Session, Webinar
from tests.factories import make_country, make_profiles, make_staff, make_webinar

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

MOST_LOADS = 25
CODES = ("BZ", "CR", "GT", "HN", "MX", "NI", "PA")
SLUG = "financial-investigation"
PEOPLE_BY_PROFILE = 2


class CountingOfficer:
    """Uses the pages as an officer does; `loads` counts the pages that the browser loaded."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loads = 0
        page.on("load", self._count)

    def _count(self, _page: Page) -> None:
        self.loads += 1

    def follow(self, selector: str) -> None:
        """Click the first such link or button, and wait for the page that it loads."""
        with self.page.expect_event("load"):
            self.page.locator(selector).first.click()

    def fill(self, **values: str) -> None:
        """Fill inputs by their names."""
        for name, value in values.items():
            self.page.locator(f"#content [name='{name}']").fill(value)


@pytest.fixture
def officer(live_server: LiveServer, browser: Browser, settings, language: str) -> Iterator[CountingOfficer]:
    """An officer on Today, with twenty webinars in the database and the members known."""
    settings.BASE_URL = live_server.url
    staff = make_staff("secretariat@example.org", is_superuser=False)
    make_profiles()
    for code in CODES:
        make_country(code)
    for number in range(20):
        webinar = make_webinar(f"webinar-{number}", sessions=1)
        webinar.sessions.update(starts_at=timezone.now() + timedelta(days=number - 8))
    client = Client()
    client.force_login(staff)
    cookies = {
        project_settings.SESSION_COOKIE_NAME: client.cookies[project_settings.SESSION_COOKIE_NAME].value,
        project_settings.LANGUAGE_COOKIE_NAME: language,
    }
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
    page = context.new_page()
    page.goto("/admin/")
    yield CountingOfficer(page)
    context.close()


def create(officer: CountingOfficer) -> None:
    """Create a webinar: three sessions, seven countries, four known profiles and a new one, the letter required."""
    today = timezone.localdate()
    officer.follow("a[href='/admin/webinars/new/']")
    officer.fill(
        title_es="Investigación financiera",
        title_en="Financial investigation",
        timezone="America/Mexico_City",
        contact_email="secretariat@example.org",
        opens_at=f"{today - timedelta(days=1)}T08:00",
        closes_at=f"{today + timedelta(days=30)}T17:00",
        purge_on=str(today + timedelta(days=200)),
    )
    for row in range(3):
        day = str(today + timedelta(days=40 + row))
        officer.fill(**{f"sessions-{row}-day": day, f"sessions-{row}-begins": "09:00", f"sessions-{row}-minutes": "90"})
    officer.fill(
        **{
            "quotas-4-name_es": "Unidades de análisis financiero",
            "quotas-4-name_en": "Financial intelligence units",
            "quotas-4-minimum": str(PEOPLE_BY_PROFILE),
        }
    )
    ticks = officer.page.locator("#content [name=bodies]")
    for tick in ticks.all():
        tick.check()
    officer.page.locator("#content [name=requires_letter]").check()
    officer.follow(".submit-row input.default")


def appoint_focal_points(officer: CountingOfficer) -> None:
    lines = [
        f"{body.name_es}; Punto Focal {body.iso_code}; focal.{body.iso_code.lower()}@example.org; es"
        for body in ParticipatingBody.objects.all()
    ]
    officer.page.locator("[name=text]").fill("\n".join(lines))
    officer.follow("form[action$='/focal-points/'] button")
    officer.follow("[name=make]")


def keep_two_reminders(officer: CountingOfficer) -> None:
    officer.follow("#rules a[href*='/reminderrule/'][href$='/change/']")
    officer.follow("a.deletelink")
    officer.follow("#content form [type=submit]")


def name_by_telephone(officer: CountingOfficer, delegation: Delegation) -> None:
    """Name everybody of one country, one after the other, as somebody reads the list out on the telephone."""
    officer.follow(f"#countries a[href='/admin/registrations/delegation/{delegation.pk}/change/']")
    officer.follow("a.addlink")
    profiles = list(Quota.objects.filter(webinar=delegation.webinar).order_by("profile__position", "profile__pk"))
    people = [(quota.profile, number) for quota in profiles for number in range(PEOPLE_BY_PROFILE)]
    for place, (profile, number) in enumerate(people, start=1):
        officer.fill(
            name=f"Persona Ejemplo {profile.pk} {number}",
            email=f"persona.{profile.pk}.{number}@example.org",
            institution="Institución de muestra",
        )
        officer.page.locator("[name=profile]").select_option(value=str(profile.pk))
        officer.follow("[name=another]" if place < len(people) else ".submit-row input.default")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_webinar_is_set_up_in_25_pages(officer: CountingOfficer) -> None:
    create(officer)
    expect(officer.page.locator("h1")).to_be_visible()
    webinar = Webinar.objects.get(slug=SLUG)
    officer.follow(f".rcm-tabs a[href='/admin/webinars/{SLUG}/registration/']")
    appoint_focal_points(officer)
    keep_two_reminders(officer)
    honduras = Delegation.objects.get(webinar=webinar, body__iso_code="HN")
    name_by_telephone(officer, honduras)
    officer.follow(f".rcm-tabs a[href='/admin/webinars/{SLUG}/agenda/']")
    officer.follow(f"a[href='/admin/sessions_app/webinar/{webinar.pk}/release/']")
    officer.follow(".submit-row input.default")

    assert officer.loads <= MOST_LOADS
    assert webinar.releases.count() == 1
    assert Session.objects.filter(webinar=webinar).count() == 3
    assert webinar.delegations.count() == FocalPoint.objects.count() == len(CODES)
    assert Quota.objects.filter(webinar=webinar).count() == 5
    assert ReminderRule.objects.filter(webinar=webinar).count() == 2
    assert RegistrationPolicy.objects.get(webinar=webinar).requires_letter
    assert honduras.delegates.count() == 5 * PEOPLE_BY_PROFILE
