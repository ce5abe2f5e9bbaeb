"""The font of the pages has the characters that our texts need, and what its licence asks for."""

import unicodedata
from pathlib import Path

import polib
from fontTools.subset import parse_unicodes
from fontTools.ttLib import TTFont

from tests.environment import ROOT
from tools.make_font import FAMILY, POSTSCRIPT_NAME, UNICODES, WEIGHTS

FONT = ROOT / "static/fonts/conference-sans.woff2"
LARGEST_BYTES = 24_000


def test_the_font_is_small() -> None:
    assert FONT.stat().st_size <= LARGEST_BYTES


def test_the_font_has_every_weight_of_the_pages() -> None:
    axes = [(axis.axisTag, axis.minValue, axis.maxValue) for axis in TTFont(FONT)["fvar"].axes]

    assert axes == [("wght", *WEIGHTS)]


def test_the_font_has_a_name_of_its_own_and_keeps_its_copyright_and_licence() -> None:
    names = {record.nameID: str(record) for record in TTFont(FONT)["name"].names}
    licence = FONT.with_name("conference-sans-OFL.txt").read_text()

    assert (names[1], names[4], names[6]) == (FAMILY, FAMILY, POSTSCRIPT_NAME)
    assert [name_id for name_id, name in names.items() if "source" in name.lower()] == [0]
    assert names[0] in licence
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


def test_every_character_of_our_texts_is_in_the_font() -> None:
    catalogue = polib.pofile(ROOT / "locale/es/LC_MESSAGES/django.po")
    texts = [
        text
        for entry in catalogue
        for text in (entry.msgid, entry.msgid_plural, entry.msgstr, *entry.msgstr_plural.values())
    ]
    texts += [path.read_text() for path in Path(ROOT).glob("*/management/definitions/*.toml")]

    missing = {character for text in texts for character in text} - set(map(chr, TTFont(FONT).getBestCmap()))

    assert len(texts) > 2_000
    # Other fonts draw the shapes of a state (category So), and no font draws the end of a line (Cc).
    assert {character for character in missing if unicodedata.category(character) not in {"So", "Cc"}} == set()


def test_the_font_has_the_characters_that_the_command_asks_for() -> None:
    assert set(TTFont(FONT).getBestCmap()) == set(parse_unicodes(UNICODES.replace("U+", "")))
