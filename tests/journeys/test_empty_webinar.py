"""The rooms of the secretariat on the first day of a webinar, with nobody in them: no finding of axe, and they fit."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.looking import complaints_about, opened, speaking
from tests.journeys.views import EMPTY, View
from tests.journeys.world import EmptyWorld, empty_world

__all__ = ["empty_world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.fixture(params=["en", "es"])
def context(empty_world: EmptyWorld, browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    with speaking(request.param, empty_world, browser) as context:
        yield context


@pytest.mark.parametrize("view", EMPTY, ids=lambda view: view.name)
def test_axe_finds_nothing_and_it_fits(view: View, empty_world: EmptyWorld, context: BrowserContext) -> None:
    assert complaints_about(view, opened(view, empty_world, context)) == []
