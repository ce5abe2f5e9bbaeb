"""Refuses invisible characters, so that two names that look the same are the same."""

import re
from unicodedata import category

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Letters without a glyph. All format characters (zero-width, direction marks) have the Unicode category Cf.
HANGUL_FILLERS = "\u115f\u1160\u3164\uffa0"
# A joined emoji consists of several: the judge is a woman, a zero-width joiner and a pair of scales.
EMOJI = r"[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
JOINED_EMOJI = re.compile(rf"(?<={EMOJI})\u200d(?={EMOJI})")
INVISIBLE_CHARACTER = _(
    "This text contains an invisible character, such as a zero-width space. It often comes from copied text. "
    "Please type the text again."
)


def has_invisible_character(text: str) -> bool:
    """Whether `text` has a character that nobody sees, outside of a joined emoji."""
    return any(character in HANGUL_FILLERS or category(character) == "Cf" for character in JOINED_EMOJI.sub("", text))


def validate_visible(text: str) -> None:
    """Raise ValidationError for a text with an invisible character.

    Persian and the languages of India need zero-width characters to join letters; the languages of the conference do
    not.
    """
    if has_invisible_character(text):
        raise ValidationError(INVISIBLE_CHARACTER, code="invisible")
