"""Describes the differences between two agendas, each as an old text and a new one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sessions_app.agenda import Agenda, AgendaSession
from sessions_app.bilingual import LANGUAGES, Bilingual
from sessions_app.models import SpokenLanguage
from sessions_app.organisers import AgendaOrganiser, AgendaPresidency


@dataclass(frozen=True)
class Difference:
    """A text before and after a change; either may be empty.

    `language` is the code of their language, or empty if both are in the reader's language.
    """

    label: str
    before: str
    after: str
    language: str = ""


def differences_of_sessions(before: AgendaSession, after: AgendaSession) -> Iterator[Difference]:
    """Yield the differences in the languages and in the short texts about speakers."""
    for label, old, new in (
        (_("languages of the floor"), before.floor_languages, after.floor_languages),
        (_("interpretation into"), before.interpretation_languages, after.interpretation_languages),
    ):
        if old != new:
            yield Difference(label, language_names(old), language_names(new))
    old_texts, new_texts = _texts_about_speakers(before), _texts_about_speakers(after)
    removed = {name: about for name, about in old_texts if (name, about) not in new_texts}
    added = {name: about for name, about in new_texts if (name, about) not in old_texts}
    for name in removed | added:
        yield from _differences(
            _("about %(name)s") % {"name": name}, removed.get(name, Bilingual()), added.get(name, Bilingual())
        )


def differences_of_organisation(before: Agenda, after: Agenda) -> Iterator[Difference]:
    """Yield the differences in the organisers and in the presidency."""
    yield from _differences(
        _("organisers"), _describe_organisers(before.organisers), _describe_organisers(after.organisers)
    )
    yield from _differences(
        _("Presidency Pro Tempore"), _describe_presidency(before.presidency), _describe_presidency(after.presidency)
    )


def language_names(codes: Sequence[str]) -> str:
    """Return the names of spoken languages in the reader's language: "Spanish, English"."""
    return ", ".join(str(SpokenLanguage(code).label) for code in codes)


def _texts_about_speakers(session: AgendaSession) -> list[tuple[Bilingual, Bilingual]]:
    """Return the name of each speaker who has a short text, with that text."""
    return [(each.name, each.about) for entry in session.entries for each in entry.speakers if each.about]


def _describe_organisers(organisers: Sequence[AgendaOrganiser]) -> Bilingual:
    return Bilingual(**{code: "; ".join(_organiser_texts(organisers, code)) for code in LANGUAGES})


def _organiser_texts(organisers: Sequence[AgendaOrganiser], code: str) -> Iterator[str]:
    """Yield each organiser as "International Organization for Migration (IOM), https://www.iom.int"."""
    for each in organisers:
        name, acronym = getattr(each.name, code), getattr(each.acronym, code)
        parts = [f"{name} ({acronym})".strip() if acronym else name, each.url]
        yield ", ".join(part for part in parts if part)


def _describe_presidency(presidency: AgendaPresidency | None) -> Bilingual:
    if presidency is None:
        return Bilingual()
    texts = {code: getattr(presidency.country, code) for code in LANGUAGES}
    return Bilingual(**{code: f"{text} ({presidency.year})" for code, text in texts.items() if text})


def _differences(label: str, before: Bilingual, after: Bilingual) -> Iterator[Difference]:
    """Yield a difference for each language in which the text differs, and name the language."""
    for code in LANGUAGES:
        old, new = getattr(before, code), getattr(after, code)
        if old != new:
            yield Difference(f"{label} ({SpokenLanguage(code).label})", old, new, code)
