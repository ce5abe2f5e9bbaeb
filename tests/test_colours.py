"""The colours of static/css/tokens.css: their contrast in both themes, and that no other style sheet has its own."""

import re

import pytest
from fontTools.subset import parse_unicodes

from tests.environment import ROOT
from tools.make_font import UNICODES

TOKENS = ROOT / "static/css/tokens.css"
# The least contrast by WCAG 2.2, 1.4.3 and 1.4.11.
OF_TEXT, OF_EDGES = 4.5, 3
PAGE = ("paper", "card", "tint")
STATES = ("met-bg", "gap-bg", "stop-bg")
# Each colour of text with the grounds it is written on.
TEXT = {
    "ink": (*PAGE, *STATES),
    "muted": (*PAGE, *STATES),
    "brand": (*PAGE, *STATES),
    "brand-deep": PAGE,
    "met": (*PAGE, "met-bg"),
    "gap": (*PAGE, "gap-bg"),
    "stop": (*PAGE, "stop-bg"),
    "on-brand": ("brand", "brand-deep", "muted", "stop", "ink"),
    "paper": ("muted", "ink"),
    "on-band": ("band",),
    "on-band-2": ("band",),
}
# Edges of inputs, buttons and seats, and the outline of the focus.
EDGES = {
    "line": (*PAGE, *STATES),
    "brand": PAGE,
    "focus": (*PAGE, *STATES, "band"),
    "band-focus": ("band",),
    "gap": PAGE,
    "met": PAGE,
    "stop": (*PAGE, "stop-bg"),
}


def blocks_of(selector: str) -> list[dict[str, str]]:
    """Return the colours that each rule of `selector` in tokens.css sets."""
    rules = re.findall(re.escape(selector) + r" \{([^}]*)\}", TOKENS.read_text())
    return [dict(re.findall(r"--([\w-]+): (#[0-9A-F]+)", rule)) for rule in rules]


def themes() -> dict[str, dict[str, str]]:
    light = blocks_of(":root")[0]
    return {"light": light, "dark": light | blocks_of(':root[data-theme="dark"]')[0]}


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_has_enough_contrast(theme: str) -> None:
    colours = themes()[theme]
    pairs = [(OF_TEXT, one, ground) for one, grounds in TEXT.items() for ground in grounds]
    pairs += [(OF_EDGES, one, ground) for one, grounds in EDGES.items() for ground in grounds]

    found = [(least, one, ground, contrast(colours[one], colours[ground])) for least, one, ground in pairs]

    assert [pair for pair in found if pair[-1] < pair[0]] == []


def test_dark_is_the_same_whether_the_device_or_the_switch_of_the_admin_asks_for_it() -> None:
    assert blocks_of(':root:not([data-theme="light"])') == blocks_of(':root[data-theme="dark"]')


@pytest.mark.parametrize("name", ["rcm.css", "admin.css"])
def test_a_style_sheet_takes_its_colours_from_the_tokens(name: str) -> None:
    rules = (ROOT / "static/css" / name).read_text()
    known = set(re.findall(r"--([\w-]+):", TOKENS.read_text() + rules))

    used = set(re.findall(r"var\(--([\w-]+)", rules))

    # Paper that is printed on is white, with black text; the frame of a mail is white, as most mail programs are.
    assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=[^{}]*\})", rules)) <= {"#FFFFFF", "#000000", "#999999", "#333333"}
    assert {one for one in used if one not in known and not one.startswith(("body-", "button-", "link-"))} == set()


def test_the_browser_is_told_which_characters_the_font_has() -> None:
    (ranges,) = re.findall(r"unicode-range: ([^;]+);", TOKENS.read_text())

    assert parse_unicodes(ranges.replace("U+", "")) == parse_unicodes(UNICODES.replace("U+", ""))
