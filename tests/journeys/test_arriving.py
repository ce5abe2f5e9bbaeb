"""A focal point gets from the mailed invitation to an accepted delegation of eight with few clicks."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
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
from tests.journeys import lists

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
MOST_BY_FORM, MOST_BY_IMPORT, MOST_BY_MESSY_LIST = 40, 12, 10
PEOPLE = [
    (f"{first} Ejemplo", f"{first.lower()}.{code}@example.org", "Institución de muestra", PROFILES[code])
    for code in PROFILES
    for first in ("Eva", "Luis")
]
CODE = re.compile(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", re.MULTILINE)


class CountingUser:
    """Uses a page as a person does, and counts clicks and the Enter key; typing and Tab do not count."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, selector: str) -> None:
        self.count += 1
        self.page.locator(selector).first.click()

    def choose(self, selector: str, value: str) -> None:
        """Choose from a list: one click opens it, and one chooses."""
        self.count += 2
        self.page.locator(selector).select_option(value)

    def choose_file(self, name: str, content: bytes) -> None:
        """Choose a file: one click opens the dialogue, and one chooses."""
        self.count += 2
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.locator("input[type=file]").set_input_files(file)

    def press_enter(self) -> None:
        self.count += 1
        self.page.keyboard.press("Enter")

    def type(self, *texts: str) -> None:
        """Type the texts into the field with the focus and the fields after it."""
        for number, text in enumerate(texts):
            if number:
                self.page.keyboard.press("Tab")
            self.page.keyboard.insert_text(text)


@pytest.fixture
def site(live_server: LiveServer, settings) -> str:
    """The URL of the server, with which the links in mails begin."""
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def delegation(site: str) -> Delegation:
    """The draft delegation of Honduras, whose focal point has just been invited by mail."""
    # The sign-ins of the tests before count against the limits, too.
    cache.clear()
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


def open_delegation_from_mail(user: CountingUser) -> None:
    """Follow the mail to the page of the delegation."""
    link = re.search(r"http\S+/invited/\S+", mail.outbox[0].body)
    assert link is not None
    user.count += 1
    user.page.goto(link[0])
    user.click("main form button")
    user.page.locator("input[name=code]").wait_for()
    code = CODE.search(mail.outbox[-1].body)
    assert code is not None
    user.page.locator("input[name=code]").focus()
    user.type(code[1])
    user.press_enter()
    user.click(".notice-confirm button")
    user.page.locator("#gaps").wait_for()


def submit(user: CountingUser, delegation: Delegation) -> None:
    """Submit a complete delegation, which accepts it."""
    user.click(".state-bar a")
    user.click("main form button.button-primary")
    expect(user.page.locator(".state-bar")).to_contain_text("Accepted")
    delegation.refresh_from_db()
    assert delegation.status == "accepted"
    named = Delegate.objects.filter(delegation=delegation, admitted_at__isnull=False)
    assert set(named.values_list("name", "email", "institution", "profile__name_en")) == set(PEOPLE)


def test_a_delegation_is_registered_by_form_with_few_clicks(delegation: Delegation, page: Page) -> None:
    user = CountingUser(page)

    open_delegation_from_mail(user)
    for code in PROFILES:
        (one, other) = [person for person in PEOPLE if person[3] == PROFILES[code]]
        user.click(f"#add-{code}")
        expect(page.locator(f"#in-place-{code}-name")).to_be_focused()
        user.type(*one[:3])
        user.click(f"#in-place-{code} button[name=another]")
        expect(page.locator("#messages")).to_contain_text(one[0])
        expect(page.locator(f"#in-place-{code}-name")).to_be_focused()
        user.type(*other[:3])
        user.press_enter()
        expect(page.locator("#messages")).to_contain_text(other[0])
    submit(user, delegation)

    print(f"\n{user.count} clicks and keys by form.")
    assert user.count <= MOST_BY_FORM


def test_a_delegation_is_registered_by_import_with_few_clicks(delegation: Delegation, page: Page) -> None:
    user = CountingUser(page)
    rows = [("Name", "E-mail", "Institution", "Profile"), *PEOPLE]

    open_delegation_from_mail(user)
    user.click(".tools a[href$='/import/']")
    user.click("main textarea")
    user.type("\n".join("\t".join(row) for row in rows))
    user.click("main form button.button-primary")
    user.click("main form button.button-primary")
    page.locator("#gaps").wait_for()
    submit(user, delegation)

    print(f"\n{user.count} clicks and keys by import.")
    assert user.count <= MOST_BY_IMPORT


def import_workbook(user: CountingUser) -> None:
    user.choose_file("designaciones final (2).xlsx", lists.workbook())
    user.click("main form button.button-primary")
    # "Enlace" is the only word that is not obvious.
    user.choose("#word-profile-enlace", "investigation-units")


def import_document(user: CountingUser) -> None:
    user.choose_file("Oficio.docx", lists.document())
    user.click("main form button.button-primary")


def paste_text_of_a_pdf(user: CountingUser) -> None:
    user.click("main textarea")
    user.type(lists.PDF)
    user.click("main form button.button-primary")
    user.click("main form button.button-primary")


@pytest.mark.parametrize("send", [import_workbook, import_document, paste_text_of_a_pdf])
def test_a_messy_list_is_imported_with_few_clicks_and_no_line_edited(delegation: Delegation, page: Page, send) -> None:
    user = CountingUser(page)
    open_delegation_from_mail(user)
    user.count = 0

    user.click(".tools a[href$='/import/']")
    send(user)
    user.click("main form button.button-primary")
    page.locator("#gaps").wait_for()
    user.click(".state-bar a")
    user.click("main form button.button-primary")
    expect(user.page.locator(".state-bar")).to_contain_text("Accepted")

    print(f"\n{user.count} clicks by a messy list.")
    assert user.count <= MOST_BY_MESSY_LIST
    named = Delegate.objects.filter(delegation=delegation, admitted_at__isnull=False)
    assert set(named.values_list("name", "email", "profile__code")) == lists.PEOPLE
