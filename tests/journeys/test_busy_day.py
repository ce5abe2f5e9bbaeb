"""With eleven webinars ahead, the secretariat sees its whole day in one window."""

import pytest
from playwright.sync_api import Page

from tests.journeys.looking import complaints_about, language, open_view, tab, tabs
from tests.journeys.views import BUSY
from tests.journeys.world import BusyWorld
from tests.journeys.world import busy_world as world

__all__ = ["language", "tab", "tabs", "world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def test_today_with_eleven_webinars_ahead_passes_axe_and_fits_its_width(world: BusyWorld, tab: Page) -> None:
    assert complaints_about(BUSY, world, tab) == []


def test_today_with_eleven_webinars_ahead_is_one_screen(world: BusyWorld, tab: Page) -> None:
    # The first view does not wait for the font, and the machine may have none of its width.
    open_view(BUSY, world, tab).evaluate("document.fonts.ready.then(() => null)")
    page = open_view(BUSY, world, tab, width=1280, height=900)

    assert page.locator(".rcm-webinars tbody tr").count() == 11
    # Decisions, a date to look again, failures, mail that came back, mail for a person, and a country that nobody
    # registers for, with a heading each.
    assert page.locator(".rcm-todo tbody").count() == 6
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1280, 900]
