"""From the mailed invitation to an accepted delegation of eight, with few clicks: by form, and by import."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Delegate, Delegation, RegistrationPolicy
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.focal_points import appoint_focal_point
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import PROFILES, make_country, make_delegation, make_quotas, make_webinar

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
MOST_BY_FORM, MOST_BY_IMPORT = 40, 12
PEOPLE = [
    (f"{first} Ejemplo", f"{first.lower()}.{code}@example.org", "Institución de muestra", PROFILES[code])
    for code in PROFILES
    for first in ("Eva", "Luis")
]
CODE = re.compile(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", re.MULTILINE)


class Hand:
    """Uses a page as a person does, and counts what is clicked or sent with a key; typing and Tab are free."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, selector: str) -> None:
        self.count += 1
        self.page.locator(selector).first.click()

    def press_enter(self) -> None:
        self.count += 1
        self.page.keyboard.press("Enter")

    def type(self, *texts: str) -> None:
        """Into the field that has the focus, and into those after it."""
        for number, text in enumerate(texts):
            if number:
                self.page.keyboard.press("Tab")
            self.page.keyboard.insert_text(text)


@pytest.fixture
def site(live_server: LiveServer, settings) -> str:
    """The address of our pages, to which the mails lead."""
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def delegation(site: str) -> Delegation:
    """Honduras in draft, with a focal point who was invited by mail just now."""
    webinar = make_webinar(contact_email="secretariat@example.org")
    make_quotas(webinar)
    now = timezone.now()
    Session.objects.update(starts_at=now + timedelta(days=20))
    RegistrationPolicy.objects.update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=5), purge_on=(now + timedelta(days=400)).date()
    )
    release_webinar(webinar, by=None, now=now)
    delegation = make_delegation(webinar, make_country("HN", name_en="Honduras", name_es="Honduras"))
    appoint_focal_point(delegation.body, email="focal@example.org", name="Ana Ejemplo", language="en")
    plan(now=now)
    send_due(clock=lambda: now + timedelta(minutes=1))
    return delegation


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(base_url=site, locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def arrive(hand: Hand) -> None:
    """From the mail to the delegation."""
    link = re.search(r"http\S+/invited/\S+", mail.outbox[0].body)
    assert link is not None
    hand.count += 1
    hand.page.goto(link[0])
    hand.click("main form button")
    hand.page.locator("input[name=code]").wait_for()
    code = CODE.search(mail.outbox[-1].body)
    assert code is not None
    hand.page.locator("input[name=code]").focus()
    hand.type(code[1])
    hand.press_enter()
    hand.click(".notice-confirm button")
    hand.page.locator("#gaps").wait_for()


def submit(hand: Hand, delegation: Delegation) -> None:
    """From a complete delegation to an accepted one."""
    hand.click(".state-bar a")
    hand.click("main form button.button-primary")
    expect(hand.page.locator(".state-bar")).to_contain_text("Accepted")
    delegation.refresh_from_db()
    assert delegation.status == "accepted"
    named = Delegate.objects.filter(delegation=delegation, admitted_at__isnull=False)
    assert set(named.values_list("name", "email", "institution", "profile__name_en")) == set(PEOPLE)


def test_by_form(delegation: Delegation, page: Page) -> None:
    hand = Hand(page)

    arrive(hand)
    for code in PROFILES:
        (one, other) = [person for person in PEOPLE if person[3] == PROFILES[code]]
        hand.click(f"#add-{code}")
        expect(page.locator(f"#in-place-{code}-name")).to_be_focused()
        hand.type(*one[:3])
        hand.click(f"#in-place-{code} button[name=another]")
        expect(page.locator("#messages")).to_contain_text(one[0])
        expect(page.locator(f"#in-place-{code}-name")).to_be_focused()
        hand.type(*other[:3])
        hand.press_enter()
        expect(page.locator("#messages")).to_contain_text(other[0])
    submit(hand, delegation)

    print(f"\n{hand.count} clicks and keys by form.")
    assert hand.count <= MOST_BY_FORM


def test_by_import(delegation: Delegation, page: Page) -> None:
    hand = Hand(page)
    rows = [("Name", "E-mail", "Institution", "Profile"), *PEOPLE]

    arrive(hand)
    hand.click(".tools a[href$='/import/']")
    hand.click("main textarea")
    hand.type("\n".join("\t".join(row) for row in rows))
    hand.click("main form button.button-primary")
    hand.click("main form button.button-primary")
    page.locator("#gaps").wait_for()
    submit(hand, delegation)

    print(f"\n{hand.count} clicks and keys by import.")
    assert hand.count <= MOST_BY_IMPORT
