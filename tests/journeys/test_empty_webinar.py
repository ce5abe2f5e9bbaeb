"""The secretariat's pages of a webinar without people pass axe and fit their window."""

import pytest
from playwright.sync_api import Page

from tests.journeys.looking import complaints_about, language, tab, tabs
from tests.journeys.views import EMPTY, View
from tests.journeys.world import EmptyWorld
from tests.journeys.world import empty_world as world

__all__ = ["language", "tab", "tabs", "world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.mark.parametrize("view", EMPTY, ids=lambda view: view.name)
def test_the_pages_of_an_empty_webinar_pass_axe_and_fit(view: View, world: EmptyWorld, tab: Page) -> None:
    assert complaints_about(view, world, tab) == []
