from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SpokenLanguage(models.TextChoices):
    """The languages that are spoken at sessions; the values are ISO 639 codes."""

    SPANISH = "es", pgettext_lazy("spoken language", "Spanish")
    ENGLISH = "en", pgettext_lazy("spoken language", "English")
    FRENCH = "fr", pgettext_lazy("spoken language", "French")
    PORTUGUESE = "pt", pgettext_lazy("spoken language", "Portuguese")
    HAITIAN_CREOLE = "ht", pgettext_lazy("spoken language", "Haitian Creole")
    NAHUATL = "nah", pgettext_lazy("spoken language", "Nahuatl")
    KICHE = "quc", pgettext_lazy("spoken language", "K'iche'")
    SIGN_LANGUAGE = "sgn", pgettext_lazy("spoken language", "Sign language")


def validate_spoken_languages(codes: Sequence[str]) -> None:
    """Raise ValidationError unless `codes` is a list of values of `SpokenLanguage`, each once."""
    if not isinstance(codes, list) or [code for code in codes if code not in SpokenLanguage.values]:
        raise ValidationError(_("Please choose languages of the list."), code="unknown_language")
    if len(set(codes)) < len(codes):
        raise ValidationError(_("Please choose each language once."), code="language_twice")


def spoken_languages_field(verbose_name: Any) -> "models.JSONField[list[str], list[str]]":
    """Return a field for a list of values of `SpokenLanguage`; it is empty while nobody has chosen any."""
    return models.JSONField(
        verbose_name,
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        validators=[validate_spoken_languages],
    )
