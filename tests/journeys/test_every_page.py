"""Every page, in both languages and in light and dark: axe finds nothing, it fits 320 px, and nothing breaks our CSP.

With `RCM_SCREENSHOTS` it keeps pictures in that folder (`make screenshots`).
"""

import gzip
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.journeys.views import CANADA, VIEWS, View
from tests.journeys.world import LEVELS, NARROW, NARROWEST, WIDE, World, world

__all__ = ["world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]
SCHEMES = ("light", "dark")
FIRST_VIEW_BYTES = 60_000
SCREENSHOTS = os.environ.get("RCM_SCREENSHOTS", "")


@pytest.fixture(params=["en", "es"])
def context(world: World, browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=world.url, locale=request.param, viewport={"width": WIDE, "height": 900}, reduced_motion="reduce"
    )
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": request.param, "url": world.url}])
    context.set_default_timeout(10_000)
    yield context
    context.close()


def language_of(context: BrowserContext) -> str:
    (cookie,) = [each for each in context.cookies() if each["name"] == settings.LANGUAGE_COOKIE_NAME]
    return cookie["value"]


def opened(view: View, world: World, context: BrowserContext) -> Page:
    if view.who:
        cookie = {
            "name": settings.SESSION_COOKIE_NAME, "value": world.session_cookie(view.who), "url": world.url
        }  # fmt: skip
        context.add_cookies([cookie])
    page = context.new_page()
    answer = page.goto(view.path.format(language=language_of(context), **world.tokens))
    assert answer is not None
    assert answer.status == view.status
    if view.reach is not None:
        view.reach(page)
    return page


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_axe_finds_nothing_and_it_fits(view: View, world: World, context: BrowserContext) -> None:
    page = opened(view, world, context)
    complaints: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}})
        complaints += [
            f"{scheme}: {violation['id']}: {node['html'][:200]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]
    page.emulate_media(color_scheme="light")
    if SCREENSHOTS and view.is_kept:
        keep(view, page, language_of(context))
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    too_wide = page.evaluate("document.documentElement.scrollWidth") - NARROWEST

    assert complaints == []
    assert too_wide <= 0


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


def test_nothing_breaks_our_content_security_policy_and_nothing_comes_from_elsewhere(
    world: World, context: BrowserContext
) -> None:
    told: list[str] = []
    context.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    context.on("request", lambda asked: told.append(asked.url) if not asked.url.startswith(world.url) else None)
    for view in VIEWS:
        if view.status == 200 and view.reach is None:
            opened(view, world, context).close()
    assert told == []


def test_the_first_view_of_the_delegation_page_is_small(world: World, context: BrowserContext) -> None:
    (complete,) = [view for view in VIEWS if view.name == "delegation-complete"]
    asked: list[Request] = []
    context.on("requestfinished", lambda request: asked.append(request))
    page = opened(complete, world, context)
    page.wait_for_load_state("networkidle")
    transferred = sum(map(sent_for, asked))
    print(f"\n{len(asked)} requests, {transferred} bytes.")

    assert complete.who == CANADA
    assert len(asked) <= 12
    assert transferred <= FIRST_VIEW_BYTES


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["delegation-complete", "delegation-half", "delegation-long-names", "attendance"])
def test_a_delegation_and_the_attendance_print_on_one_page(
    world: World, context: BrowserContext, name: str, paper: str
) -> None:
    (view,) = [view for view in VIEWS if view.name == name]
    pdf = opened(view, world, context).pdf(format=paper)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_board_prints_on_one_landscape_page(world: World, context: BrowserContext, paper: str) -> None:
    (view,) = [view for view in VIEWS if view.name == "board"]
    pdf = opened(view, world, context).pdf(format=paper, landscape=True)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def sent_for(request: Request) -> int:
    """The bytes of an answer as an installation sends it: WhiteNoise keeps the static files compressed, which the
    test's server does not."""
    sizes, answer = request.sizes(), request.response()
    if answer is None or not request.url.partition("/static/")[1]:
        return sizes["responseHeadersSize"] + sizes["responseBodySize"]
    return sizes["responseHeadersSize"] + len(gzip.compress(answer.body()))
