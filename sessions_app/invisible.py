"""Signs that nobody sees: two names that look the same must be the same."""

import re
from unicodedata import category

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Letters that are drawn as nothing; every format character (zero-width signs, marks of direction) is of category Cf.
FILLERS = "\u115f\u1160\u3164\uffa0"
# One picture made of several: a judge is a woman and a pair of scales.
PICTURE = r"[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
JOINED_PICTURES = re.compile(rf"(?<={PICTURE})\u200d(?={PICTURE})")
INVISIBLE = _(
    "This text contains an invisible character, such as a zero-width space. It often comes from copied text. "
    "Please type the text again."
)


def has_invisible(text: str) -> bool:
    return any(sign in FILLERS or category(sign) == "Cf" for sign in JOINED_PICTURES.sub("", text))


def validate_visible(text: str) -> None:
    """Raises ValidationError for a text with a sign that nobody sees.

    Persian and the languages of India need such signs to join letters; names in the languages of the conference do not.
    """
    if has_invisible(text):
        raise ValidationError(INVISIBLE, code="invisible")
