"""Every page passes axe, fits 320 px and obeys our CSP, in both languages, light and dark, wide and narrow.

Some pages are also checked in print, for layout shifts and for their size.
"""

import gzip
import re
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request

from tests.journeys.looking import complaints_about, open_view
from tests.journeys.views import CANADA, VIEWS, View
from tests.journeys.world import NARROW, WIDE, World

pytestmark = [pytest.mark.journey, pytest.mark.django_db]
# The font is more than a quarter of it.
FIRST_VIEW_BYTES = 85_000
PAPERS = ("A4", "Letter")
# Layout shifts without user input, as Chromium reports them: https://wicg.github.io/layout-instability/
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  window.shifts.push(...list.getEntries().filter(one => !one.hadRecentInput).map(one => one.value));
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_page_passes_axe_and_fits_and_obeys_the_csp(view: View, world: World, tab: Page) -> None:
    assert complaints_about(view, world, tab) == []


def test_the_first_view_of_the_delegation_page_is_small(world: World, context: BrowserContext) -> None:
    (complete,) = [view for view in VIEWS if view.name == "delegation-complete"]
    asked: list[Request] = []
    context.on("requestfinished", lambda request: asked.append(request))
    page = open_view(complete, world, context.new_page())
    page.wait_for_load_state("networkidle")
    transferred = sum(map(sent_for, asked))
    print(f"\n{len(asked)} requests, {transferred} bytes.")

    assert complete.who == CANADA
    assert len(asked) <= 12
    assert transferred <= FIRST_VIEW_BYTES


@pytest.mark.parametrize(("language", "width"), [("en", WIDE), ("es", NARROW)], indirect=["language"])
@pytest.mark.parametrize("name", ["delegation-empty", "delegation-half", "delegation-complete", "participant"])
def test_nothing_moves_while_a_page_opens(world: World, context: BrowserContext, name: str, width: int) -> None:
    (view,) = [view for view in VIEWS if view.name == name]
    context.add_init_script(SHIFTS)
    page = open_view(view, world, context.new_page(), width=width, height=800)
    page.wait_for_load_state("networkidle")
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(300)

    assert page.evaluate("window.shifts") == []


@pytest.mark.parametrize("name", ["delegation-complete", "delegation-half", "delegation-long-names", "attendance"])
def test_a_delegation_and_the_attendance_print_on_one_page(world: World, tab: Page, name: str) -> None:
    (view,) = [view for view in VIEWS if view.name == name]
    page = open_view(view, world, tab)

    assert [pages_in(page.pdf(format=paper)) for paper in PAPERS] == [1, 1]


def test_the_board_prints_on_one_landscape_page(world: World, tab: Page) -> None:
    (view,) = [view for view in VIEWS if view.name == "board"]
    page = open_view(view, world, tab)

    assert [pages_in(page.pdf(format=paper, landscape=True)) for paper in PAPERS] == [1, 1]


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


# Returns the lines whose text is covered by the box of a seat.
COVERED = """() => [...document.querySelectorAll(".seat-unfilled, .person-name")].filter(line => {
  const box = line.querySelector(".seat").getBoundingClientRect();
  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = document.createRange();
    words.selectNodeContents(texts.currentNode);
    for (const part of words.getClientRects()) {
      const besides = part.left >= box.right || part.right <= box.left;
      if (part.width > 1 && !besides && part.top < box.bottom && part.bottom > box.top) return true;
    }
  }
}).map(line => line.innerText)"""


@pytest.mark.parametrize("name", ["delegation-empty", "delegation-half", "delegation-waived", "delegation-long-names"])
def test_no_seat_covers_the_text_beside_it(world: World, tab: Page, name: str) -> None:
    (view,) = [view for view in VIEWS if view.name == name]
    page = open_view(view, world, tab)

    covered_on_screen = page.evaluate(COVERED)
    page.emulate_media(media="print")
    covered_on_paper = page.evaluate(COVERED)

    assert page.locator(".seat-unfilled, .person-name").count() >= 8
    assert (covered_on_screen, covered_on_paper) == ([], [])


def test_the_public_page_prints_no_form(world: World, tab: Page) -> None:
    (view,) = [view for view in VIEWS if view.name == "agenda"]
    page = open_view(view, world, tab)
    page.emulate_media(media="print")

    forms = page.locator("form, input, select, button")
    assert forms.count() > 0
    assert [form.inner_text() for form in forms.filter(visible=True).all()] == []


# Returns the hidden pixels of each element that scrolls sideways.
TOO_WIDE = """() => [...document.querySelectorAll(".rcm-scroll")].map(part => part.scrollWidth - part.clientWidth)
  .filter(hidden => hidden > 0)"""


def test_the_board_fits_a_window_of_1280_pixels(world: World, tab: Page) -> None:
    (view,) = [view for view in VIEWS if view.name == "board"]
    page = open_view(view, world, tab)

    assert page.locator(".rcm-board").first.locator("tbody tr").count() == 11
    assert page.evaluate(TOO_WIDE) == []
    assert all(verb.is_visible() for verb in page.locator(".rcm-board .rcm-verb a").all())


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("es", "dark")], indirect=["language"])
@pytest.mark.parametrize("width", [900, NARROW])
def test_the_board_shows_where_it_continues_and_scrolls_by_keyboard(
    world: World, tab: Page, width: int, scheme: Literal["light", "dark"]
) -> None:
    (view,) = [view for view in VIEWS if view.name == "board"]
    page = open_view(view, world, tab, width=width, height=1600)
    page.emulate_media(color_scheme=scheme)
    board = page.locator(".rcm-scroll").first

    at_the_start = edges_of(page, board)
    board.locator(".rcm-verb a").last.focus()
    page.wait_for_function(
        "part => part.scrollWidth - part.clientWidth - part.scrollLeft < 1", arg=board.element_handle()
    )
    at_the_end = edges_of(page, board)
    before = board.evaluate("part => part.scrollLeft")
    board.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("([part, before]) => part.scrollLeft < before", arg=[board.element_handle(), before])

    assert at_the_start == (False, True)
    assert at_the_end == (True, False)


def edges_of(page: Page, board: Locator) -> tuple[bool, bool]:
    """Return whether `board` shows a shadow at its left and right edge, because the table continues there."""
    box = board.bounding_box()
    assert box is not None
    # The three pixels are above the text of the headings: beside the table, and at its left and right end.
    beside, left, right = (
        page.screenshot(clip={"x": x, "y": box["y"] + 6, "width": 1, "height": 1})
        for x in (box["x"] - 6, box["x"], box["x"] + box["width"] - 1)
    )
    return left != beside, right != beside


def sent_for(request: Request) -> int:
    """Return the bytes of a response as an installation sends it: there WhiteNoise compresses static files, which the
    server of the tests does not."""
    sizes, answer = request.sizes(), request.response()
    if answer is None or not request.url.partition("/static/")[1]:
        return sizes["responseHeadersSize"] + sizes["responseBodySize"]
    return sizes["responseHeadersSize"] + len(gzip.compress(answer.body()))
