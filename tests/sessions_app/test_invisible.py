import pytest
from django.core.exceptions import ValidationError

from sessions_app.invisible import validate_visible


@pytest.mark.parametrize(
    "character", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u200f", "\u202e", "\u2066", "\xad"]
)
def test_an_invisible_character_is_refused_with_an_explanation(character: str) -> None:
    with pytest.raises(ValidationError, match="an invisible character"):
        validate_visible(f"Ana{character} Paz")


@pytest.mark.parametrize(
    "name",
    ["María de los Ángeles Ñúñez", "Jean-François O'Brien", "李小龍", "Ana\u00a0Paz", "e\u0301", "Zoë 👩\u200d⚖\ufe0f"],
)
def test_names_as_people_write_them_are_accepted(name: str) -> None:
    validate_visible(name)
