"""Opens pages in a browser, and collects what is wrong with them: findings of axe, overflow, violations of our CSP.

With `RCM_SCREENSHOTS` it keeps pictures in that folder (`make screenshots`).
"""

import os
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.journeys.views import View
from tests.journeys.world import LEVELS, NARROW, NARROWEST, WIDE, ZOOMED, Site

LANGUAGES = ("en", "es")
# `resultTypes` leaves out what passed. Without `preload` axe does not fetch style sheets, which no rule of these levels
# needs.
OPTIONS = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"], "preload": False}
SCREENSHOTS = os.environ.get("RCM_SCREENSHOTS", "")


class Look(NamedTuple):
    """A colour scheme and a width in which a page is checked."""

    scheme: Literal["light", "dark"]
    width: int


# Every page is checked once in each language, each colour scheme and each width; one page of each layout is checked in
# every combination of the three.
LOOKS = {"en": Look("light", WIDE), "es": Look("dark", NARROWEST)}
EVERY_LOOK = [Look("light", WIDE), Look("dark", WIDE), Look("dark", NARROWEST), Look("light", NARROWEST)]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def context(world: Site, browser: Browser, language: str) -> Iterator[BrowserContext]:
    """A new browser context in `language`, for a test that changes the context or needs an empty cache."""
    context = new_context(browser, world, language)
    yield context
    context.close()


@pytest.fixture(scope="module")
def tabs(world: Site, browser: Browser) -> Iterator[dict[str, Page]]:
    """One tab for each language, which tests share: starting a tab, and the first run of axe in it, are slow."""
    tabs = {language: new_context(browser, world, language).new_page() for language in LANGUAGES}
    yield tabs
    for tab in tabs.values():
        tab.context.close()


@pytest.fixture
def tab(tabs: dict[str, Page], language: str) -> Page:
    """The shared tab of `language`; it still shows the page of the previous test."""
    return tabs[language]


def new_context(browser: Browser, place: Site, language: str) -> BrowserContext:
    context = browser.new_context(base_url=place.url, locale=language, reduced_motion="reduce")
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": place.url}])
    context.set_default_timeout(10_000)
    return context


def language_of(context: BrowserContext) -> str:
    (cookie,) = [each for each in context.cookies() if each["name"] == settings.LANGUAGE_COOKIE_NAME]
    return cookie["value"]


def prepare(page: Page, place: Site, who: str, *, width: int = WIDE, height: int = 900) -> Page:
    """Reset `page` to light colours and a size, with `who` signed in."""
    cookies = {settings.LANGUAGE_COOKIE_NAME: language_of(page.context)}
    if who:
        cookies[settings.SESSION_COOKIE_NAME] = place.session_cookie(who)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": name, "value": value, "url": place.url} for name, value in cookies.items()])
    page.emulate_media(media="null", color_scheme="light", forced_colors="null")
    page.set_viewport_size({"width": width, "height": height})
    return page


def open_view(view: View, place: Site, page: Page, *, width: int = WIDE, height: int = 900) -> Page:
    """Open `view` in `page` as the user of the view, and return the page."""
    prepare(page, place, view.who, width=width, height=height)
    answer = page.goto(view.path.format(language=language_of(page.context), **place.tokens))
    assert answer is not None
    assert answer.status == view.status
    if view.reach is not None:
        view.reach(page)
        # The page that a form leads to may be shown before its style sheets are.
        page.wait_for_load_state()
    return page


def complaints_about(view: View, place: Site, page: Page) -> list[str]:
    """Open `view` in `page` and return what is wrong with it.

    A page is wrong if it violates our CSP, fetches something from another host, has findings of axe, or is wider than a
    window zoomed to 200 % or than the narrowest window.
    """
    # Such a view may show a response like 404 or 422.
    is_refusal_expected = view.status != 200 or view.reach is not None
    with collect_page_errors(page, place, is_refusal_expected=is_refusal_expected) as complaints:
        open_view(view, place, page)
        language = language_of(page.context)
        if SCREENSHOTS and view.has_screenshot:
            save_screenshot(view, page, language)
        for width in (ZOOMED, NARROWEST):
            page.set_viewport_size({"width": width, "height": 800})
            too_wide = page.evaluate("document.documentElement.scrollWidth") - width
            if too_wide > 0:
                complaints.append(f"{too_wide} px too wide for {width}")
        for look in EVERY_LOOK if view.in_every_look else [LOOKS[language]]:
            page.emulate_media(color_scheme=look.scheme)
            page.set_viewport_size({"width": look.width, "height": 800})
            complaints += [f"{look.scheme}, {look.width} px: {found}" for found in axe_findings(page)]
    return complaints


@contextmanager
def collect_page_errors(page: Page, place: Site, *, is_refusal_expected: bool) -> Iterator[list[str]]:
    """Yield a list that collects errors of the console, with violations of our CSP, and requests to other hosts.

    If `is_refusal_expected`, responses with an error status are left out.
    """
    errors: list[str] = []

    def note_error(message: ConsoleMessage) -> None:
        is_expected = is_refusal_expected and message.text.startswith("Failed to load resource")
        if message.type == "error" and not is_expected:
            errors.append(message.text)

    def note_request(request: Request) -> None:
        if not request.url.startswith(place.url):
            errors.append(request.url)

    page.on("console", note_error)
    page.on("request", note_request)
    try:
        yield errors
    finally:
        page.remove_listener("console", note_error)
        page.remove_listener("request", note_request)


def axe_findings(page: Page, **context: list[list[str]]) -> list[str]:
    """Return each rule of axe that `page` breaks, with the element. `context` may `exclude` lists of selectors."""
    answer = Axe().run(page, context=context or None, options=OPTIONS)
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in answer.response["violations"]
        for node in violation["nodes"]
    ]


def save_screenshot(view: View, page: Page, language: str) -> None:
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        page.mouse.move(0, 0)
        size = page.evaluate("({width: innerWidth, height: document.documentElement.scrollHeight})")
        # Playwright writes only PNG and JPEG, which are several times as large.
        picture = page.context.new_cdp_session(page).send(
            "Page.captureScreenshot",
            {
                "format": "webp", "quality": 45, "captureBeyondViewport": True,
                "clip": {"x": 0, "y": 0, "scale": 1, **size},
            },
        )  # fmt: skip
        path = Path(SCREENSHOTS) / language / f"{view.name}-{width}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(picture["data"]))
