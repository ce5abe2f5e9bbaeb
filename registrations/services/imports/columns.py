"""Finding what each column holds by its heading in Spanish or English; the user assigns the other columns."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from registrations.models import BodyKind, Delegation
from registrations.services.delegate_details import DelegateDetails
from registrations.services.imports.normalising import normalised
from registrations.services.imports.tables import Table
from sessions_app.bilingual import LANGUAGES

# A column of surnames is not a field of a delegate: each is appended to the name.
SURNAME = "surname"
# What a file can hold of a person, in the order of the template; `checking` reads each.
LABELS = {
    "name": gettext_lazy("Full name"),
    SURNAME: gettext_lazy("Surname"),
    "email": gettext_lazy("E-mail address"),
    "institution": gettext_lazy("Institution"),
    "position": gettext_lazy("Position"),
    "profile": gettext_lazy("Profile"),
    "language": gettext_lazy("Language"),
    "timezone": gettext_lazy("Time zone"),
    "phone": gettext_lazy("Telephone"),
    "needs": gettext_lazy("Needs for interpretation or accessibility"),
    "is_working_group_member": gettext_lazy("Working Group"),
}
# Headings that are recognised besides the labels.
KNOWN_HEADINGS = {
    "name": (
        "name names nombre nombres nombre-y-apellido nombre-y-apellidos nombres-y-apellidos nombre-apellidos "
        "delegate delegado participant participante official funcionario first-name given-name given-names "
        "apellidos-y-nombres apellidos-y-nombre apellidos-nombres primer-nombre"
    ),
    SURNAME: (
        "surnames last-name last-names family-name apellido apellidos primer-apellido segundo-apellido segundo-nombre"
    ),
    "email": (
        "email mail e-mails email-address correo correos direccion-de-correo direccion-de-correo-electronico "
        "correo-institucional"
    ),
    "institution": "organisation organization organizacion agency entity entidad dependencia ministry ministerio",
    "position": "cargo title job-title post puesto puesto-o-cargo cargo-o-puesto",
    "profile": "perfiles participant-profile perfil-de-participante perfil-del-participante",
    "language": "preferred-language lengua idioma-preferido idioma-de-preferencia",
    "timezone": "zone zona huso-horario timezone",
    "phone": "phone phone-number telephone-number tel telefonos numero-de-telefono celular movil mobile whatsapp",
    "needs": "needs necesidades necesidades-especiales accessibility accesibilidad interpretation interpretacion",
    "is_working_group_member": (
        "working-group-member member-of-the-working-group miembro-del-grupo-de-trabajo "
        "integrante-del-grupo-de-trabajo technical-member-of-the-working-group-on-irregular-and-mass-migration "
        "integrante-tecnico-a-del-grupo-de-trabajo-sobre-migracion-irregular-y-masiva"
    ),
}
# Parts of longer headings, such as "Cargo que desempeña" or "Celular/WhatsApp". Of two, the first in this order counts:
# "Correo de la institución" is an address, and "Nombre de la institución" an institution.
PARTS_OF_HEADINGS = {
    "email": ("correo", "mail"),
    "phone": ("telefono", "celular", "whatsapp", "telephone", "mobile", "phone", "contactno"),
    "institution": (
        "institucion",
        "institution",
        "dependencia",
        "entidad",
        "organismo",
        "minister",
        "ministry",
        "agency",
    ),
    "position": ("cargo", "puesto", "position"),
    "profile": ("perfil", "profile"),
    "language": ("idioma", "language"),
    SURNAME: ("apellido", "surname", "lastname"),
    "name": ("nombre", "name"),
}
# A longer text is a title or a note.
MAX_HEADING_LENGTH = 60
# A row with fewer texts is a title: "Nombre del evento".
LEAST_HEADINGS = 2
# Where two columns are headed alike, the first is used; but of two names or addresses none is chosen for the user.
NEVER_CHOSEN = frozenset(["name", SURNAME, "email"])
ADDRESS = re.compile(r"\S@\S")
# Where no column holds profiles, the words of the first of these say them: "Fiscal", "Dirección de Migración".
PROFILE_SOURCES = ("position", "institution")
# The headings may follow title rows.
ROWS_WITH_HEADINGS = 10


@dataclass(frozen=True)
class ColumnLayout:
    """The field of each column ("" if unused), and the index of the row of headings, or None."""

    columns: tuple[str, ...]
    headings_index: int | None

    @property
    def first_row_index(self) -> int:
        """The index of the first row below the headings."""
        return 0 if self.headings_index is None else self.headings_index + 1

    @property
    def profile_source(self) -> str:
        """The field whose texts say the profile where no column holds profiles, or the empty string."""
        if "profile" in self.columns:
            return ""
        return next((field for field in PROFILE_SOURCES if field in self.columns), "")


def fields_of(delegation: Delegation) -> tuple[str, ...]:
    """Return the fields of a person of `delegation`; people of organisations have no profile."""
    is_country = delegation.body.kind == BodyKind.COUNTRY
    return tuple(field for field in LABELS if field != SURNAME and (is_country or field != "profile"))


def required_fields_of(delegation: Delegation) -> tuple[str, ...]:
    """Return the fields without which nobody can be registered: a profile, and all that have no default."""
    needed = {"profile", *(field.name for field in fields(DelegateDetails) if field.default is MISSING)}
    if delegation.body.single_timezone:
        needed.remove("timezone")
    return tuple(field for field in fields_of(delegation) if field in needed)


def find_layout(table: Table, *, fields: Collection[str]) -> ColumnLayout:
    """Return the columns of `table` as given by its headings; unknown columns are empty.

    If no heading is known, the first row may be a person. A name or an address that is headed twice is used for both
    columns, which `layout_problems` reports; of other fields the first column is used.
    """
    known = _known_headings({*fields, SURNAME})
    candidates = [(index, row) for index, row in enumerate(table.rows[: ROWS_WITH_HEADINGS * 2]) if row]
    found = [(index, _fields_of_headings(row, known)) for index, row in candidates[:ROWS_WITH_HEADINGS]]
    index, columns = max(found, key=lambda candidate: (sum(map(bool, candidate[1])), -candidate[0]))
    if not any(columns):
        return ColumnLayout(("",) * table.width, _index_above_the_first_address(candidates))
    return ColumnLayout((*columns, *[""] * (table.width - len(columns))), index)


def _index_above_the_first_address(rows: Sequence[tuple[int, Sequence[str]]]) -> int | None:
    """Return the index of the row that may hold unknown headings, or None if the first row is a person."""
    first = next((index for index, row in rows if any(ADDRESS.search(cell) for cell in row)), None)
    if first is None:
        return rows[0][0]
    return first - 1 if first else None


def _fields_of_headings(row: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """Return the field of each cell of a row of headings; headings that are known exactly come first."""
    if any(ADDRESS.search(cell) for cell in row):
        return [""] * len(row)
    words = [normalised(cell) if len(cell) <= MAX_HEADING_LENGTH else "" for cell in row]
    columns = [known.get(word, "") for word in words]
    if len(list(filter(None, words))) < LEAST_HEADINGS:
        return columns
    offered = [field for field in PARTS_OF_HEADINGS if field in known.values() and field not in columns]
    for number, word in enumerate(words):
        columns[number] = columns[number] or _field_by_part(word, offered)
    return [
        "" if field in columns[:number] and field not in NEVER_CHOSEN else field for number, field in enumerate(columns)
    ]


def _field_by_part(word: str, offered: Sequence[str]) -> str:
    return next((field for field in offered if any(part in word for part in PARTS_OF_HEADINGS[field])), "")


def _known_headings(fields: Collection[str]) -> dict[str, str]:
    known = {normalised(word): field for field in fields for word in KNOWN_HEADINGS.get(field, "").split()}
    for language in LANGUAGES:
        with override(language):
            known |= {normalised(str(LABELS[field])): field for field in fields}
    return known


def layout_problems(layout: ColumnLayout, *, needed: Sequence[str]) -> list[str]:
    """Return why the user must assign the columns, or an empty list."""
    used = [field for field in layout.columns if field]
    problems = [
        _("More than one column is headed “%(column)s”.") % {"column": LABELS[field]}
        for field in dict.fromkeys(used)
        if used.count(field) > 1 and field != SURNAME
    ]
    return problems + [
        _("No column is known as “%(column)s”.") % {"column": LABELS[field]}
        for field in missing_fields(layout, needed=needed)
    ]


def missing_fields(layout: ColumnLayout, *, needed: Sequence[str]) -> list[str]:
    """Return the needed fields that no column holds; profiles can be said by another column."""
    return [
        field for field in needed if field not in layout.columns and not (field == "profile" and layout.profile_source)
    ]


def unused_headings(table: Table, layout: ColumnLayout) -> list[str]:
    """Return the headings of columns that are not imported."""
    if layout.headings_index is None:
        return []
    headings = zip(table.rows[layout.headings_index], layout.columns, strict=False)
    return [heading.strip() for heading, field in headings if heading.strip() and not field]
