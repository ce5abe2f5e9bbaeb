"""The page of arrivals updates its figures without taking the focus or the scroll position, and can be paused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Arrival, Delegate, DelegationStatus
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import make_country, make_delegate, make_delegation, make_staff, make_webinar

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
# Longer than the interval between two updates.
A_WHILE = 11_000
REGION = "[role=region]"


@pytest.fixture
def session() -> Session:
    """The first session of a released webinar, to which two people of Honduras are invited."""
    webinar, now = make_webinar(), timezone.now()
    Session.objects.update(starts_at=now)
    release_webinar(webinar, by=None, now=now)
    delegation = make_delegation(webinar, make_country("HN"), status=DelegationStatus.ACCEPTED)
    for name in ("Ana Ejemplo", "Luis Muestra"):
        make_delegate(delegation, name=name, admitted_at=now - timedelta(days=1))
    return webinar.sessions.get(number=1)


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, session: Session) -> Iterator[Page]:
    """The page of arrivals as staff see it; its clock is stopped until a test advances it."""
    staff = Client()
    staff.force_login(make_staff())
    context = browser.new_context(base_url=live_server.url, locale="en-GB", viewport={"width": 360, "height": 900})
    cookie = staff.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.clock.install()
    page.goto(f"/admin/attendance/{session.webinar.slug}/1/arrivals/?names=1")
    yield page
    context.close()


def wait_for_update(page: Page) -> None:
    """Advance the clock until the page has requested its figures and got them."""
    with page.expect_response(lambda answer: "arrivals" in answer.url):
        page.clock.run_for(A_WHILE)


def open_the_room(session: Session, name: str) -> None:
    Arrival.objects.create(delegate=Delegate.objects.get(name=name), session=session, at=timezone.now())


def test_the_focus_and_the_scroll_position_stay_while_the_figures_update(page: Page, session: Session) -> None:
    page.set_viewport_size({"width": 200, "height": 900})
    page.locator(REGION).focus()
    place = page.evaluate("document.activeElement.scrollLeft = 20")
    page.evaluate("document.activeElement.dataset.mine = 'yes'")

    for name, words in (
        ("Ana Ejemplo", "1 of 2 people have opened"),
        ("Luis Muestra", "2 of 2 people have opened"),
    ):
        open_the_room(session, name)
        wait_for_update(page)
        expect(page.get_by_role("status").filter(has_text="opened the room")).to_contain_text(words)
        expect(page.locator(".rcm-people li", has_text=name)).to_contain_text("opened the room at")

    expect(page.locator(REGION)).to_be_focused()
    expect(page.locator(REGION)).to_have_attribute("data-mine", "yes")
    expect(page.locator(f"{REGION} tfoot td").last).to_contain_text("2 of 2")
    assert page.evaluate("document.activeElement.scrollLeft") == place == 20


def test_unchanged_figures_are_not_replaced_and_so_not_read_out_again(page: Page) -> None:
    page.evaluate(
        """() => { window.touched = [];
        new MutationObserver(all => window.touched.push(...all.map(one => one.target).filter(
          target => target.id !== "arrivals-as-of"
        ).map(target => target.outerHTML))).observe(
          document.querySelector("main"), {childList: true, subtree: true, characterData: true}); }"""
    )

    wait_for_update(page)
    wait_for_update(page)

    assert page.evaluate("window.touched") == []


def test_updates_are_paused_and_resumed_by_keyboard(page: Page, session: Session) -> None:
    asked: list[str] = []
    # A browser may fetch the favicon at any time.
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    pause = page.get_by_role("button", name="Pause updates")

    pause.focus()
    page.keyboard.press("Space")
    expect(pause).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status").filter(has_text="Paused")).to_be_visible()
    open_the_room(session, "Ana Ejemplo")
    page.clock.run_for(6 * A_WHILE)
    assert asked == []
    page.reload()
    expect(pause).to_have_attribute("aria-pressed", "true")
    asked.clear()
    page.clock.run_for(6 * A_WHILE)
    assert asked == []

    pause.focus()
    with page.expect_response(lambda answer: "arrivals" in answer.url):
        page.keyboard.press("Space")

    expect(pause).to_have_attribute("aria-pressed", "false")
    expect(pause).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Paused")).to_be_hidden()
    wait_for_update(page)


def test_without_javascript_there_is_no_pause_button(page: Page, browser: Browser) -> None:
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state()).new_page()

    plain.goto(page.url)

    assert plain.locator(REGION).count() == 1
    assert not plain.locator("[aria-pressed]").is_visible()
    plain.context.close()
