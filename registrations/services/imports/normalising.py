"""Normalising texts for comparison: case, accents, blanks and punctuation are ignored."""

import re
import unicodedata

IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")


def without_accents(text: str) -> str:
    """Return "elaborado por: jose" for "Elaborado por: José"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def normalised(text: str) -> str:
    """Return "correoelectronico" for "Correo electrónico (obligatorio) *"; a text that is all in brackets keeps it."""
    decomposed = unicodedata.normalize("NFKD", IN_BRACKETS.sub("", text).casefold() or text.casefold())
    return "".join(character for character in decomposed if character.isalnum())
