"""No fixed or sticky element covers the element with the focus."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.looking import open_view
from tests.journeys.views import (
    FLOWS,
    HONDURAS,
    SECRETARIAT,
    UNITED_STATES,
    View,
    delegation_of,
    name_someone,
    name_someone_badly,
)
from tests.journeys.world import NARROW, WIDE, World

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

# Returns the element with the focus, and each element that covers one of its corners or its middle.
COVERED = """
() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const box = focused.getBoundingClientRect();
  const across = [box.left + 2, (box.left + box.right) / 2, box.right - 2];
  const down = [box.top + 2, (box.top + box.bottom) / 2, box.bottom - 2];
  const over = new Set();
  for (const x of across) for (const y of down) {
    for (let one = document.elementFromPoint(x, y); one; one = one.parentElement) {
      if (one.contains(focused) || focused.contains(one)) break;
      if (["fixed", "sticky"].includes(getComputedStyle(one).position)) over.add(one.id || one.className);
    }
  }
  return {focused: focused.outerHTML.slice(0, 120), over: [...over]};
}
"""


def name_with_a_long_message(page: Page) -> None:
    """Register a person; the message about it stays in view."""
    name_someone(page)
    width = page.evaluate("innerWidth")
    page.locator("#in-place-prosecutors-name").fill("María de los Ángeles Muestra-Villalobos de la Prueba")
    page.locator("#in-place-prosecutors-email").fill(f"maria.{width}@example.org")
    page.locator("#in-place-prosecutors-institution").fill("Dirección de muestra")
    if page.locator("#in-place-prosecutors-timezone").count():
        page.locator("#in-place-prosecutors-timezone").select_option(index=1)
    page.locator("#in-place-prosecutors .button-primary").click()
    expect(page.locator("#messages")).to_contain_text("María")


def fail_after_a_message(page: Page) -> None:
    name_with_a_long_message(page)
    name_someone_badly(page)


PAGES = (
    View("delegation", delegation_of("united-states"), UNITED_STATES),
    View("delegation-message", delegation_of("honduras"), HONDURAS, name_with_a_long_message),
    View("delegation-errors", delegation_of("honduras"), HONDURAS, name_someone_badly),
    View("board", f"/admin/quota-board/{FLOWS}/", SECRETARIAT),
    View("session", "/admin/sessions_app/session/{session}/change/", SECRETARIAT),
    View("people", "/admin/registrations/delegate/", SECRETARIAT),
    View("country", "/admin/countries/honduras/", SECRETARIAT),
)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("view", PAGES, ids=lambda view: view.name)
@pytest.mark.parametrize("language", ["es"], indirect=True)
def test_nothing_covers_the_element_that_has_the_focus(view: View, world: World, tab: Page, width: int) -> None:
    page = open_view(view, world, tab, width=width, height=640)
    complaints, met = [], set()
    for key in ("Tab", "Shift+Tab"):
        for _press in range(45):
            page.keyboard.press(key)
            found = page.evaluate(COVERED)
            if found is not None:
                met.add(found["focused"])
                if found["over"]:
                    complaints.append(f"{key}: {found['over']} over {found['focused']}")

    assert complaints == []
    assert len(met) > 10


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("language", ["es"], indirect=True)
def test_nothing_covers_the_input_that_a_summary_led_to(world: World, tab: Page, width: int) -> None:
    failed = View("", delegation_of("honduras"), HONDURAS, fail_after_a_message)
    page = open_view(failed, world, tab, width=width, height=640)
    links = page.locator(".error-summary a")
    for number in range(links.count()):
        links.nth(number).press("Enter")
        assert page.evaluate(COVERED)["over"] == []
    assert links.count() > 0
