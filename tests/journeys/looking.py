"""Looking at a page as a person would, and as axe does: both schemes of colour, wide and as narrow as can be.

With `RCM_SCREENSHOTS` it keeps pictures in that folder (`make screenshots`).
"""

import os
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.views import View
from tests.journeys.world import LEVELS, NARROW, NARROWEST, WIDE, ZOOMED, Place

SCHEMES = ("light", "dark")
# Without `resultTypes` axe describes all that it found right too.
OPTIONS = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"]}
SCREENSHOTS = os.environ.get("RCM_SCREENSHOTS", "")


@pytest.fixture(params=["en", "es"])
def context(world: Place, browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser of somebody who reads either language, in what the test's module has as its `world`."""
    language = request.param
    context = browser.new_context(
        base_url=world.url, locale=language, viewport={"width": WIDE, "height": 900}, reduced_motion="reduce"
    )
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": world.url}])
    context.set_default_timeout(10_000)
    yield context
    context.close()


def language_of(context: BrowserContext) -> str:
    (cookie,) = [each for each in context.cookies() if each["name"] == settings.LANGUAGE_COOKIE_NAME]
    return cookie["value"]


def opened(view: View, place: Place, context: BrowserContext) -> Page:
    if view.who:
        cookie = {
            "name": settings.SESSION_COOKIE_NAME, "value": place.session_cookie(view.who), "url": place.url
        }  # fmt: skip
        context.add_cookies([cookie])
    page = context.new_page()
    answer = page.goto(view.path.format(language=language_of(context), **place.tokens))
    assert answer is not None
    assert answer.status == view.status
    if view.reach is not None:
        view.reach(page)
    return page


def complaints_about(view: View, page: Page) -> list[str]:
    """What axe finds on `page`, which shows `view`, in either scheme; and where it is wider than a window zoomed to
    200 % or the narrowest one."""
    complaints: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options=OPTIONS)
        complaints += [
            f"{scheme}: {violation['id']}: {node['html'][:200]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]
    page.emulate_media(color_scheme="light")
    if SCREENSHOTS and view.is_kept:
        keep(view, page, language_of(page.context))
    for width in (ZOOMED, NARROWEST):
        page.set_viewport_size({"width": width, "height": 800})
        too_wide = page.evaluate("document.documentElement.scrollWidth") - width
        if too_wide > 0:
            complaints.append(f"{too_wide} px too wide for {width}")
    return complaints


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
