"""The rooms of the secretariat on the first day of a webinar, with nobody in them: no finding of axe, and they fit."""

import pytest
from playwright.sync_api import Page

from tests.journeys.looking import complaints_about, language, tab, tabs
from tests.journeys.views import EMPTY, View
from tests.journeys.world import EmptyWorld
from tests.journeys.world import empty_world as world

__all__ = ["language", "tab", "tabs", "world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.mark.parametrize("view", EMPTY, ids=lambda view: view.name)
def test_axe_finds_nothing_and_it_fits(view: View, world: EmptyWorld, tab: Page) -> None:
    assert complaints_about(view, world, tab) == []
