"""Tables as a focal point sends them, and the rows read from them."""

from collections.abc import Sequence

from registrations.models import Delegation
from registrations.services.imports.columns import fields_of, find_layout
from registrations.services.imports.people import ImportRow, people_from_table
from registrations.services.imports.tables import make_table

HEADINGS = ("Full name", "E-mail address", "Institution", "Position", "Profile", "Language", "Time zone", "Telephone")


def row(number: int, **cells: str) -> list[str]:
    """The cells below HEADINGS of an invented prosecutor."""
    texts = {
        "name": f"Persona Ejemplo {number}",
        "email": f"persona{number}@example.org",
        "institution": "Example institution",
        "position": "",
        "profile": "Prosecutors",
        "language": "es",
        "timezone": "",
        "phone": "",
        **cells,
    }
    return list(texts.values())


def people_in(
    delegation: Delegation, rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS
) -> list[ImportRow]:
    table = make_table([headings, *rows])
    return people_from_table(table, find_layout(table, fields=fields_of(delegation)))


def many(delegation: Delegation, count: int, **cells: str) -> list[ImportRow]:
    return people_in(delegation, [row(number, **cells) for number in range(1, count + 1)])
