"""A text in English and Spanish; where one is missing, the other stands in and says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import get_language

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Rendered:
    """A text as shown, the language it is really in, and whether that is not the one that was asked for."""

    text: str
    language: str
    is_fallback: bool

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Bilingual:
    """One text in both languages; a missing one is the empty string."""

    en: str = ""
    es: str = ""

    def __bool__(self) -> bool:
        return bool(self.en or self.es)

    def __str__(self) -> str:
        return self.here.text

    def render(self, language: str) -> Rendered:
        """The text in `language`, or marked as fallback in the other one."""
        wanted = "es" if language.startswith("es") else "en"
        other = "en" if wanted == "es" else "es"
        own = getattr(self, wanted)
        if own or not getattr(self, other):
            return Rendered(own, wanted, False)
        return Rendered(getattr(self, other), other, True)

    @property
    def here(self) -> Rendered:
        """The text in the language of the present request."""
        return self.render(get_language() or "en")

    @classmethod
    def of(cls, row: models.Model, name: str) -> "Bilingual":
        """The pair of columns `<name>_en` and `<name>_es` of `row`."""
        return cls(en=getattr(row, f"{name}_en"), es=getattr(row, f"{name}_es"))

    @classmethod
    def parse(cls, value: Mapping[str, str]) -> "Bilingual":
        return cls(en=value.get("en", ""), es=value.get("es", ""))

    def to_json(self) -> dict[str, str]:
        return {"en": self.en, "es": self.es}
