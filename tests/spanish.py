"""Finds English in what a reader of Spanish is shown, whoever wrote it: we, allauth or Django.

Three nets: a text that stands in a catalogue with another Spanish text; a text that was asked for in Spanish and has
none; and words that are of English alone, for what stands in no catalogue.
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
OF_ENGLISH_ALONE = re.compile(
    r"\b(the|and|your|you|with|this|that|please|is|are|not|of|for|to|by|from)\b", re.IGNORECASE
)
# As one speaks to friends; an official is "usted".
TOO_FAMILIAR = re.compile(r"\b(tú|tus?|te|ti|contigo|has|estás|puedes|tienes|quieres|deseas|debes)\b", re.IGNORECASE)
SAID_BY_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}
BUTTONS = {"button", "reset", "submit"}
WITHOUT_END = {"br", "col", "hr", "img", "input", "link", "meta"}
# What stands there is no text for people, or what people have typed.
SILENT = {"script", "style", "template", "textarea"}


class Texts(HTMLParser):
    """What a page shows and says in its own language; parts that say they are in another are left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_silent = self._is_silent or tag in SILENT or given.get("lang", "es") != "es"
        if not is_silent:
            said = [value for name, value in given.items() if name in SAID_BY_ATTRIBUTES]
            if tag == "input" and given.get("type") in BUTTONS:
                said.append(given.get("value", ""))
            self.found += [text for value in said if (text := " ".join(value.split()))]
        if tag not in WITHOUT_END:
            self._open.append((tag, is_silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_silent and (text := " ".join(data.split())):
            self.found.append(text)

    @property
    def _is_silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]


@cache
def known() -> tuple[frozenset[str], frozenset[str]]:
    """The English texts of all catalogues that have another Spanish one and are not Spanish themselves; the Spanish."""
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
    """Those of `texts` that are English; `but` are texts that people have written."""
    english, _ = known()
    found = {text for text in texts if text.rstrip(":") in english or OF_ENGLISH_ALONE.search(text)}
    return sorted(found - but)


def familiar_in(texts: list[str]) -> list[str]:
    return sorted({text for text in texts if TOO_FAMILIAR.search(text)})


@contextmanager
def asked_in_vain() -> Iterator[set[str]]:
    """The texts that are asked for in Spanish meanwhile and stand in no catalogue; Django asks at times for what is
    Spanish already."""
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
