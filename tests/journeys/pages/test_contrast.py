"""Inputs and buttons of the admin have enough contrast in light, dark and forced colours.

So has the outline of the focus on the dark band of every page.
"""

from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.journeys.looking import open_view
from tests.journeys.views import FLOWS, HONDURAS, SECRETARIAT, View, delegation_of
from tests.journeys.world import NARROW, World

pytestmark = [
    pytest.mark.journey, pytest.mark.django_db, pytest.mark.parametrize("language", ["es"], indirect=True)
]  # fmt: skip

# The least contrast by WCAG 2.2, 1.4.3 and 1.4.11.
OF_TEXT, OF_EDGES = 4.5, 3
PAGES = (
    View("session", "/admin/sessions_app/session/{session}/change/", SECRETARIAT),
    View("body", "/admin/registrations/participatingbody/add/", SECRETARIAT),
    View("people", "/admin/registrations/delegate/", SECRETARIAT),
    View("country", "/admin/countries/honduras/", SECRETARIAT),
    View("board", f"/admin/quota-board/{FLOWS}/", SECRETARIAT),
    View("announcement", f"/admin/registrations/announcement/add/?webinar={FLOWS}", SECRETARIAT),
    View("arrivals", f"/admin/attendance/{FLOWS}/1/arrivals/", SECRETARIAT),
    View("delegation", "/admin/registrations/delegation/{submitted}/change/", SECRETARIAT),
    View("person", "/admin/registrations/delegate/{person}/change/", SECRETARIAT),
    View("policy", "/admin/registrations/registrationpolicy/{flows}/change/", SECRETARIAT),
)
WITH_A_BAND = (
    View("agenda", f"/{{language}}/webinars/{FLOWS}/"),
    View("delegations", delegation_of("honduras"), HONDURAS),
    View("today", "/admin/", SECRETARIAT),
)
# Returns each input and button with the contrast of its edge (its border, or else its background) and of its text.
# Without border and background it looks like a link; checkboxes are drawn by the browser.
CONTRASTS = """
() => {
  const parse = text => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, at) => value * a + under[at] * (1 - a));
  const luminance = color => {
    const [r, g, b] = color.map(one => one / 255).map(
      one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + .05) / (dark + .05);
  };
  const behind = element => {
    if (!element) return [255, 255, 255];
    const color = parse(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color.slice(0, 3) : over(color, behind(element.parentElement));
  };
  const found = [];
  for (const element of document.querySelectorAll(
    "#content :is(input, select, textarea, button, a.button, .object-tools a)"
  )) {
    if (["hidden", "checkbox", "radio", "image", "file"].includes(element.type) || !element.offsetParent) continue;
    const style = getComputedStyle(element), around = behind(element.parentElement), inside = behind(element);
    const edges = ["Top", "Right", "Bottom", "Left"].map(side =>
      parseFloat(style[`border${side}Width`]) && style[`border${side}Style`] !== "none"
        ? contrast(over(parse(style[`border${side}Color`]), around), around) : 0);
    const isInput = element.matches("input:not([type=submit], [type=button]), select, textarea");
    const filling = isInput ? 0 : contrast(inside, around);
    const edge = Math.max(Math.min(...edges), filling);
    if (!isInput && edge < 1.05) continue;
    found.push({
      what: element.outerHTML.slice(0, 110), edge, hasBorder: Math.min(...edges) > 0,
      text: contrast(over(parse(style.color), inside), inside),
    });
  }
  return found;
}
"""
WITHOUT_BORDER = """
() => [...document.querySelectorAll(
  "#content :is(input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), select, textarea, .button)"
)].filter(one => one.offsetParent && !parseFloat(getComputedStyle(one).borderTopWidth))
  .map(one => one.outerHTML.slice(0, 110))
"""
# Inside a date input the browser outlines the button of its calendar itself.
WITHOUT_OUTLINE = """
() => [document.activeElement].filter(one => {
  const style = getComputedStyle(one);
  const isInside = one.matches("[type=date]:not(:focus-visible)");
  return one !== document.body && !isInside && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2);
}).map(one => one.outerHTML.slice(0, 110))
"""


@pytest.mark.parametrize("view", PAGES, ids=lambda view: view.name)
def test_the_edges_and_texts_of_inputs_and_buttons_have_enough_contrast(view: View, world: World, tab: Page) -> None:
    page = open_view(view, world, tab)
    complaints = []
    schemes: list[Literal["light", "dark"]] = ["light", "dark"]
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(CONTRASTS)
        complaints += [
            f"{scheme}: edge {one['edge']:.2f}, text {one['text']:.2f}: {one['what']}"
            for one in found
            if one["edge"] < OF_EDGES or one["text"] < OF_TEXT
        ]
        assert found

    assert complaints == []


@pytest.mark.parametrize("view", PAGES, ids=lambda view: view.name)
def test_borders_and_the_focus_are_visible_in_forced_colours(view: View, world: World, tab: Page) -> None:
    page = open_view(view, world, tab)
    page.emulate_media(forced_colors="active")

    without: list[str] = page.evaluate(WITHOUT_BORDER)
    for _press in range(25):
        page.keyboard.press("Tab")
        without += page.evaluate(WITHOUT_OUTLINE)

    assert without == []


# Returns the outline and the height of the element with the focus if it is on the dark band.
ON_THE_BAND = """
() => [document.activeElement].filter(one => one.closest(".masthead, #header")).map(one => ({
  what: one.outerHTML.slice(0, 110), height: one.getBoundingClientRect().height,
  outline: getComputedStyle(one).outlineColor, width: parseFloat(getComputedStyle(one).outlineWidth),
}))
"""
COLOUR_FOR_THE_BAND = "() => getComputedStyle(document.documentElement).getPropertyValue('--band-focus')"


@pytest.mark.parametrize("view", WITH_A_BAND, ids=lambda view: view.name)
def test_the_focus_is_visible_on_the_dark_band_and_its_links_are_high_enough_for_a_finger(
    view: View, world: World, tab: Page
) -> None:
    page = open_view(view, world, tab, width=NARROW)
    red, green, blue = (int(page.evaluate(COLOUR_FOR_THE_BAND)[at : at + 2], 16) for at in (1, 3, 5))

    found = []
    for _press in range(9):
        page.keyboard.press("Tab")
        found += page.evaluate(ON_THE_BAND)

    assert len(found) >= 4
    assert [one for one in found if one["outline"] != f"rgb({red}, {green}, {blue})" or one["width"] < 3] == []
    assert [one for one in found if one["height"] < 44] == []
