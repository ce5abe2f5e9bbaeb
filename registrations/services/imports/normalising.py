"""Words in a table that mean the same however they are written: case, accents, blanks and marks do not count."""

import re
import unicodedata

IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")


def normalised(text: str) -> str:
    """ "Correo electrónico (obligatorio) *" as "correoelectronico"; a text that is all in brackets keeps it."""
    decomposed = unicodedata.normalize("NFKD", IN_BRACKETS.sub("", text).casefold() or text.casefold())
    return "".join(character for character in decomposed if character.isalnum())
