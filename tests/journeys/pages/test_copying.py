"""What a country lacks is copied with one button, or selected where the browser does not let a page copy."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.journeys.looking import prepare
from tests.journeys.views import SECRETARIAT
from tests.journeys.world import World

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

SELECTED = (
    "() => { const text = document.getElementById('missing-text'); return text.selectionEnd - text.selectionStart; }"
)


def open_honduras(world: World, page: Page) -> str:
    """Open the page of Honduras and return the text that is to be copied."""
    prepare(page, world, SECRETARIAT)
    page.goto("/admin/countries/honduras/")
    text = page.locator("#missing-text").input_value()
    assert "Honduras" in text
    return text


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_the_button_copies_what_is_missing_and_says_so(world: World, context: BrowserContext) -> None:
    page = context.new_page()
    text = open_honduras(world, page)
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.locator("[data-copies]").click()
    page.get_by_text("Copied.").wait_for()

    assert page.evaluate("navigator.clipboard.readText()") == text


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_the_text_is_selected_where_the_page_may_not_copy(world: World, context: BrowserContext) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = context.new_page()
    text = open_honduras(world, page)

    page.locator("[data-copies]").click()

    assert page.evaluate(SELECTED) == len(text)
    assert page.evaluate("document.activeElement.id") == "missing-text"
    assert not page.get_by_text("Copied.").is_visible()
