"""A text in English and Spanish; if one is missing, the other is shown and marked as being in another language."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import get_language

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class LocalizedText:
    """A text in one language; `is_fallback` says that `language` is not the one that was asked for."""

    text: str
    language: str
    is_fallback: bool

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Bilingual:
    """One text in both languages; a missing translation is the empty string."""

    en: str = ""
    es: str = ""

    def __bool__(self) -> bool:
        return bool(self.en or self.es)

    def __str__(self) -> str:
        return self.localized.text

    def render(self, language: str) -> LocalizedText:
        """Return the text in `language`; if it is missing there, in the other language, marked as a fallback."""
        requested = "es" if language.startswith("es") else "en"
        other = "en" if requested == "es" else "es"
        own = getattr(self, requested)
        if own or not getattr(self, other):
            return LocalizedText(own, requested, False)
        return LocalizedText(getattr(self, other), other, True)

    @property
    def localized(self) -> LocalizedText:
        """The text in the active language of Django."""
        return self.render(get_language() or "en")

    @classmethod
    def from_columns(cls, row: models.Model, name: str) -> "Bilingual":
        """Read the columns `<name>_en` and `<name>_es` of `row`."""
        return cls(en=getattr(row, f"{name}_en"), es=getattr(row, f"{name}_es"))

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> "Bilingual":
        """Return the text of {"en": …, "es": …}; a missing language is empty."""
        return cls(en=value.get("en", ""), es=value.get("es", ""))

    def to_json(self) -> dict[str, str]:
        """Return {"en": …, "es": …}."""
        return {"en": self.en, "es": self.es}
