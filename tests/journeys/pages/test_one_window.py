"""At 1280 pixels no page of a webinar hides a column, and the board of eleven countries is one window."""

import pytest
from playwright.sync_api import Page

from tests.journeys.looking import open_view
from tests.journeys.views import OF_A_WEBINAR, VIEWS, View
from tests.journeys.world import World

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

BOARD = next(view for view in VIEWS if view.name == "board")
# Returns each table, or part that scrolls to the side, that is wider than its place in the window.
HIDDEN = """
() => [...document.querySelectorAll("#content :is(table, .rcm-scroll, .results)")]
  .filter((part) => part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > innerWidth)
  .map((part) => `${part.className}: ${part.scrollWidth} of ${part.clientWidth}`)
"""


@pytest.mark.parametrize("view", OF_A_WEBINAR, ids=lambda view: view.name)
def test_no_column_of_a_page_of_a_webinar_is_hidden(world: World, tab: Page, view: View) -> None:
    page = open_view(view, world, tab, width=1280, height=900)

    assert page.evaluate(HIDDEN) == []


def test_the_board_of_eleven_countries_is_one_window(world: World, tab: Page) -> None:
    page = open_view(BOARD, world, tab, width=1280, height=900)

    assert page.locator(".rcm-board").first.locator("tbody tr").count() == 11
    box = page.locator(".rcm-board").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
