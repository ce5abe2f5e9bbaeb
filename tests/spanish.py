"""Finds English in texts that are shown in Spanish, whether they come from us, from allauth or from Django.

It looks for texts that have a Spanish translation in a catalogue, for texts whose translation was requested and is
missing, and for words that exist only in English.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import patch

import allauth
import django
import polib
from django.utils.translation import trans_real

from tests.environment import ROOT

CATALOGUES = (
    ROOT / "locale",
    Path(allauth.__file__).parent / "locale",
    *Path(django.__file__).parent.glob("conf/locale"),
    *Path(django.__file__).parent.glob("contrib/*/locale"),
)
ENGLISH_WORDS = re.compile(r"\b(the|and|your|you|with|this|that|please|is|are|not|of|for|to|by|from)\b", re.IGNORECASE)
# Informal forms; officials are addressed with "usted".
INFORMAL_WORDS = re.compile(r"\b(tú|tus?|te|ti|contigo|has|estás|puedes|tienes|quieres|deseas|debes)\b", re.IGNORECASE)
TEXT_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}
BUTTONS = {"button", "reset", "submit"}
VOID_ELEMENTS = {"br", "col", "hr", "img", "input", "link", "meta"}
# Elements whose content is not text for people, or was typed by people.
IGNORED_ELEMENTS = {"script", "style", "template", "textarea"}


class Texts(HTMLParser):
    """Collects the texts of a page in its own language; elements with another `lang` are left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_ignored = self._is_ignored or tag in IGNORED_ELEMENTS or given.get("lang", "es") != "es"
        if not is_ignored:
            values = [value for name, value in given.items() if name in TEXT_ATTRIBUTES]
            if tag == "input" and given.get("type") in BUTTONS:
                values.append(given.get("value", ""))
            self.found += [text for value in values if (text := " ".join(value.split()))]
        if tag not in VOID_ELEMENTS:
            self._open.append((tag, is_ignored))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_ignored and (text := " ".join(data.split())):
            self.found.append(text)

    @property
    def _is_ignored(self) -> bool:
        return bool(self._open) and self._open[-1][1]


@cache
def known() -> tuple[frozenset[str], frozenset[str]]:
    """Return the English texts of all catalogues that differ from every Spanish one, and the Spanish texts."""
    english: set[str] = set()
    spanish: set[str] = set()
    for folder in CATALOGUES:
        if not (path := folder / "es" / "LC_MESSAGES" / "django.mo").exists():
            continue
        for entry in polib.mofile(str(path)):
            sources = {entry.msgid, entry.msgid_plural} - {""}
            targets = {entry.msgstr, *entry.msgstr_plural.values()} - {""}
            english |= {" ".join(text.split()) for text in sources - targets}
            spanish |= {" ".join(text.split()) for text in targets}
    return frozenset(english - spanish), frozenset(spanish)


def english_in(texts: list[str], *, but: frozenset[str] = frozenset()) -> list[str]:
    """Return those of `texts` that are English, except `but`, which people have typed."""
    english, _ = known()
    found = {text for text in texts if text.rstrip(":") in english or ENGLISH_WORDS.search(text)}
    return sorted(found - but)


def informal_in(texts: list[str]) -> list[str]:
    return sorted({text for text in texts if INFORMAL_WORDS.search(text)})


@contextmanager
def missing_translations() -> Iterator[set[str]]:
    """Collect the texts whose Spanish translation is requested within the context and missing.

    Django sometimes requests the translation of a text that is Spanish already.
    """
    _, spanish = known()
    missing: set[str] = set()
    catalogue = trans_real.DjangoTranslation
    one, many = catalogue.gettext, catalogue.ngettext

    def gettext(self: trans_real.DjangoTranslation, message: str) -> str:
        if self.language() == "es" and message not in self._catalog and message not in spanish:
            missing.add(message)
        return one(self, message)

    def ngettext(self: trans_real.DjangoTranslation, singular: str, plural: str, n: int) -> str:
        if self.language() == "es" and (singular, self.plural(n)) not in self._catalog:
            missing.add(singular)
        return many(self, singular, plural, n)

    with patch.object(catalogue, "gettext", gettext), patch.object(catalogue, "ngettext", ngettext):
        yield missing
