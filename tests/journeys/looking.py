"""Opening a page in a browser, and what is wrong with it: what axe finds, what does not fit, what our CSP refuses.

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
from tests.journeys.world import LEVELS, NARROW, NARROWEST, WIDE, ZOOMED, Place

LANGUAGES = ("en", "es")
# Without `resultTypes` axe also describes all that it finds right. Without `preload` it fetches no style sheets by
# itself, which no rule of these levels needs.
OPTIONS = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"], "preload": False}
SCREENSHOTS = os.environ.get("RCM_SCREENSHOTS", "")


class Look(NamedTuple):
    """How a page is shown."""

    scheme: Literal["light", "dark"]
    width: int


# Every page is looked at once in each language, each scheme of colour and each width; one page of each layout
# in every combination of the three.
LOOKS = {"en": Look("light", WIDE), "es": Look("dark", NARROWEST)}
EVERY_LOOK = [Look("light", WIDE), Look("dark", WIDE), Look("dark", NARROWEST), Look("light", NARROWEST)]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def context(world: Place, browser: Browser, language: str) -> Iterator[BrowserContext]:
    """A browser of its own, of somebody who reads `language`, for a test that changes it or needs its cache empty."""
    context = new_context(browser, world, language)
    yield context
    context.close()


@pytest.fixture(scope="module")
def tabs(world: Place, browser: Browser) -> Iterator[dict[str, Page]]:
    """A tab of a reader of each language. To start one takes longer than to look at a page, and so does the first run
    of axe in it."""
    tabs = {language: new_context(browser, world, language).new_page() for language in LANGUAGES}
    yield tabs
    for tab in tabs.values():
        tab.context.close()


@pytest.fixture
def tab(tabs: dict[str, Page], language: str) -> Page:
    """The tab of a reader of `language`; it still shows what the test before has opened."""
    return tabs[language]


def new_context(browser: Browser, place: Place, language: str) -> BrowserContext:
    context = browser.new_context(base_url=place.url, locale=language, reduced_motion="reduce")
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": place.url}])
    context.set_default_timeout(10_000)
    return context


def language_of(context: BrowserContext) -> str:
    (cookie,) = [each for each in context.cookies() if each["name"] == settings.LANGUAGE_COOKIE_NAME]
    return cookie["value"]


def prepare(page: Page, place: Place, who: str, *, width: int = WIDE, height: int = 900) -> Page:
    """`page` in light colours, with `who` signed in, and with nothing left of what was done in it before."""
    cookies = {settings.LANGUAGE_COOKIE_NAME: language_of(page.context)}
    if who:
        cookies[settings.SESSION_COOKIE_NAME] = place.session_cookie(who)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": name, "value": value, "url": place.url} for name, value in cookies.items()])
    page.emulate_media(media="null", color_scheme="light", forced_colors="null")
    page.set_viewport_size({"width": width, "height": height})
    return page


def opened(view: View, place: Place, page: Page, *, width: int = WIDE, height: int = 900) -> Page:
    """`page` once it shows `view` to the person whom the view names."""
    prepare(page, place, view.who, width=width, height=height)
    answer = page.goto(view.path.format(language=language_of(page.context), **place.tokens))
    assert answer is not None
    assert answer.status == view.status
    if view.reach is not None:
        view.reach(page)
    return page


def complaints_about(view: View, place: Place, page: Page) -> list[str]:
    """Open `view` in `page` and say what is wrong with it.

    It breaks our CSP, or fetches something from elsewhere; axe finds something; it is wider than a window zoomed to
    200 %, or than the narrowest one.
    """
    # An answer like 404 or 422 is what such a view is about.
    is_refusal_expected = view.status != 200 or view.reach is not None
    with listening(page, place, is_refusal_expected=is_refusal_expected) as complaints:
        opened(view, place, page)
        language = language_of(page.context)
        if SCREENSHOTS and view.is_kept:
            keep(view, page, language)
        for width in (ZOOMED, NARROWEST):
            page.set_viewport_size({"width": width, "height": 800})
            too_wide = page.evaluate("document.documentElement.scrollWidth") - width
            if too_wide > 0:
                complaints.append(f"{too_wide} px too wide for {width}")
        for look in EVERY_LOOK if view.in_every_look else [LOOKS[language]]:
            page.emulate_media(color_scheme=look.scheme)
            page.set_viewport_size({"width": look.width, "height": 800})
            complaints += [f"{look.scheme}, {look.width} px: {found}" for found in found_by_axe(page)]
    return complaints


@contextmanager
def listening(page: Page, place: Place, *, is_refusal_expected: bool) -> Iterator[list[str]]:
    """The list gets each error that the console shows, what our CSP refuses among them, and each address of elsewhere.

    Where a refusal is expected, answers that are errors are left out.
    """
    heard: list[str] = []

    def note_error(message: ConsoleMessage) -> None:
        is_expected = is_refusal_expected and message.text.startswith("Failed to load resource")
        if message.type == "error" and not is_expected:
            heard.append(message.text)

    def note_request(request: Request) -> None:
        if not request.url.startswith(place.url):
            heard.append(request.url)

    page.on("console", note_error)
    page.on("request", note_request)
    try:
        yield heard
    finally:
        page.remove_listener("console", note_error)
        page.remove_listener("request", note_request)


def found_by_axe(page: Page, **context: list[list[str]]) -> list[str]:
    """Each rule that `page` breaks, and the element. `context` may `exclude` parts, as lists of selectors."""
    answer = Axe().run(page, context=context or None, options=OPTIONS)
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in answer.response["violations"]
        for node in violation["nodes"]
    ]


def keep(view: View, page: Page, language: str) -> None:
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        page.mouse.move(0, 0)
        size = page.evaluate("({width: innerWidth, height: document.documentElement.scrollHeight})")
        # Playwright itself writes PNG and JPEG alone, several times as large.
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
