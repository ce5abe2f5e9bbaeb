"""If the session ends while a form is open, nothing that was typed is lost, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from allauth.usersessions.models import UserSession
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Delegate, Delegation, User
from tests.factories import make_focal_point, make_user
from tests.registrations.views.delegation_pages import draft_at_present, url

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
EMAIL, PASSWORD = "focal@example.org", "correct-horse-battery"


@pytest.fixture
def delegation() -> Delegation:
    delegation = draft_at_present()
    make_focal_point(delegation.body, make_user(EMAIL, password=PASSWORD))
    return delegation


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def context(
    live_server: LiveServer, browser: Browser, delegation: Delegation, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live_server.url, locale="en-GB", java_script_enabled=request.param)
    context.set_default_timeout(10_000)
    yield context
    context.close()


def sign_in(page: Page) -> None:
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form:has(input[name=password])").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/delegations/")


def end_all_sessions() -> None:
    for session in UserSession.objects.filter(user=User.objects.get(email=EMAIL)):
        session.end()


def type_a_name(page: Page, delegation: Delegation) -> None:
    page.goto("/accounts/login/")
    sign_in(page)
    page.goto(url(delegation))
    page.locator("#add-prosecutors").click()
    page.get_by_label("Full name").fill("Ana Ejemplo")
    page.get_by_label("E-mail address").fill("ana@example.org")
    page.get_by_label("Institution").fill("Institución de muestra")


def test_a_form_is_sent_again_after_a_sign_in_in_another_tab(context: BrowserContext, delegation: Delegation) -> None:
    page = context.new_page()
    type_a_name(page, delegation)
    end_all_sessions()

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not saved yet")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not saved yet")
    with context.expect_page() as second:
        page.get_by_role("link", name="Sign in").click()
    sign_in(second.value)
    page.get_by_role("button", name="Send it again").click()

    expect(page.get_by_role("status")).to_contain_text("Ana Ejemplo is named.")
    assert Delegate.objects.get().institution == "Institución de muestra"


def test_a_new_sign_in_in_another_tab_returns_the_form_once(context: BrowserContext, delegation: Delegation) -> None:
    page, second = context.new_page(), context.new_page()
    type_a_name(page, delegation)
    end_all_sessions()
    second.goto("/accounts/login/")
    sign_in(second)

    page.get_by_role("button", name="Save and name another").click()
    page.get_by_role("button", name="Send it again").click()

    expect(page.get_by_role("status")).to_contain_text("Ana Ejemplo is named.")
    expect(page.get_by_label("Full name")).to_have_value("")


# Without JavaScript each form is on a page of its own.
@pytest.mark.parametrize("context", [True], ids=["with scripts"], indirect=True)
def test_a_link_opens_the_whole_sign_in_and_keeps_an_open_form(context: BrowserContext, delegation: Delegation) -> None:
    page = context.new_page()
    type_a_name(page, delegation)
    end_all_sessions()

    with context.expect_page() as second:
        page.locator("#add-border-control").click()

    expect(second.value.locator("input[name=password]")).to_be_visible()
    expect(page.get_by_label("Full name")).to_have_value("Ana Ejemplo")
    leads_on = second.value.locator("form:has(input[name=password]) input[name=next]")
    expect(leads_on).to_have_value(url(delegation, "delegates/new/?profile=border-control"))
