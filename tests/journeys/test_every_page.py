"""Every page, both languages, light and dark: axe finds nothing, it fits 320 px, and nothing breaks our CSP."""

import gzip
import re

import pytest
from playwright.sync_api import BrowserContext, Request

from tests.journeys.looking import complaints_about, context, opened
from tests.journeys.views import CANADA, VIEWS, View
from tests.journeys.world import NARROW, WIDE, World, world

__all__ = ["context", "world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]
FIRST_VIEW_BYTES = 60_000
# Told by Chromium, https://wicg.github.io/layout-instability/: what moved although nobody pressed anything.
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  window.shifts.push(...list.getEntries().filter(one => !one.hadRecentInput).map(one => one.value));
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_axe_finds_nothing_and_it_fits(view: View, world: World, context: BrowserContext) -> None:
    assert complaints_about(view, opened(view, world, context)) == []


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


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["delegation-empty", "delegation-half", "delegation-complete", "participant"])
def test_nothing_moves_while_a_page_opens(world: World, context: BrowserContext, name: str, width: int) -> None:
    (view,) = [view for view in VIEWS if view.name == name]
    context.add_init_script(SHIFTS)
    context.on("page", lambda page: page.set_viewport_size({"width": width, "height": 800}))
    page = opened(view, world, context)
    page.wait_for_load_state("networkidle")
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(300)

    assert page.evaluate("window.shifts") == []


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
