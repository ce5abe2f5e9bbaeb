"""What becomes of each row: the validation of the single form, and what is there already; nothing is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registrations.exceptions import AddressTakenHere, InvalidInput, QuotaFull, RegistrationClosed, RuleBroken
from registrations.models import Delegate, Delegation, ParticipantProfile, User
from registrations.queries import SeatCount, seats_of
from registrations.services.delegate_details import DelegateDetails, clean_details
from registrations.services.imports.columns import LABELS
from registrations.services.imports.normalising import normalised
from registrations.services.imports.people import (
    ImportRow,
    formula_message,
    parse_language,
    parse_yes_or_no,
    parse_zone,
    profiles_by_word,
)
from registrations.services.registration_window import check_attending, check_time, is_late
from sessions_app.hours import zone_city


class RowState(StrEnum):
    NEW = "new"
    ALREADY_REGISTERED = "already"
    INVALID = "wrong"


@dataclass(frozen=True)
class CellError:
    """What is wrong, and in which column ("" where it is about the whole row)."""

    column: str
    message: str


@dataclass(frozen=True)
class CheckedRow:
    """`details` are set where the row can be saved; `note` says why someone is "already there"."""

    person: ImportRow
    state: RowState
    details: DelegateDetails | None = None
    errors: tuple[CellError, ...] = ()
    note: str = ""

    @property
    def address(self) -> str:
        return self.details.email.lower() if self.details else ""

    @property
    def language_label(self) -> str:
        return str(dict(settings.LANGUAGES).get(self.details.language, "")) if self.details else ""

    @property
    def city(self) -> str:
        """Of the zone, in the reader's language."""
        return zone_city(self.details.timezone, get_language() or "en") if self.details else ""

    def as_refused(self, broken: RuleBroken) -> "CheckedRow":
        """As it is where naming this person was refused; someone else may have named them meanwhile."""
        if isinstance(broken, AddressTakenHere):
            return self.as_already_registered(broken.delegate.name)
        return replace(self, state=RowState.INVALID, details=None, errors=(_cell_error(broken.field, broken.message),))

    def as_already_registered(self, name: str) -> "CheckedRow":
        return replace(self, state=RowState.ALREADY_REGISTERED, note=_("Named already: %(name)s.") % {"name": name})


@dataclass(frozen=True)
class ImportContext:
    """What the rows are checked against. `named` are the names of the delegation's active people by address."""

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    named: Mapping[str, str]
    is_late: bool


@dataclass(frozen=True)
class CheckedRows:
    """Every row in the order of the table, and the seats as they are once the new people are saved."""

    rows: tuple[CheckedRow, ...]
    seats: tuple[SeatCount, ...]

    def of(self, state: RowState) -> tuple[CheckedRow, ...]:
        return tuple(row for row in self.rows if row.state == state)

    @property
    def new(self) -> tuple[CheckedRow, ...]:
        return self.of(RowState.NEW)

    @property
    def already_registered(self) -> tuple[CheckedRow, ...]:
        return self.of(RowState.ALREADY_REGISTERED)

    @property
    def invalid(self) -> tuple[CheckedRow, ...]:
        return self.of(RowState.INVALID)


def check_import(delegation: Delegation, people: Sequence[ImportRow], *, by: User, now: datetime) -> CheckedRows:
    """What saving `people` would do at this moment; nothing is written, locked or counted.

    Who is registered for another delegation is not looked at (rule 8). Raises what `check_time` raises, and
    NotPossibleNow while the delegation does not attend. The number of queries does not depend on the people.
    """
    check_time(delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(delegation)
    return _check_people(people, _import_context(delegation, by=by, now=now))


def _import_context(delegation: Delegation, *, by: User, now: datetime) -> ImportContext:
    active = Delegate.objects.active().filter(delegation=delegation).order_by()
    return ImportContext(
        delegation=delegation,
        seats=seats_of(delegation),
        named={email.lower(): name for email, name in active.values_list("email", "name")},
        is_late=is_late(delegation.webinar, by=by, now=now),
    )


def _check_people(people: Iterable[ImportRow], context: ImportContext) -> CheckedRows:
    """Each row by itself, then against those above it: an address counts once, a seat is taken once."""
    profiles = profiles_by_word([seat.profile for seat in context.seats])
    seats = {seat.profile.pk: seat for seat in context.seats}
    above: dict[str, CheckedRow] = {}
    checked = []
    for person in people:
        row = _check_alone(person, context, profiles)
        if row.details is not None:
            row = _check_address(row, context, above)
        if row.state == RowState.NEW and row.details is not None:
            row = _check_seat(row, row.details.profile, seats, is_late=context.is_late)
        checked.append(row)
    return CheckedRows(tuple(checked), tuple(seats[seat.profile.pk] for seat in context.seats))


def _check_alone(person: ImportRow, context: ImportContext, profiles: Mapping[str, ParticipantProfile]) -> CheckedRow:
    """The row as `clean_details` takes it, with every error of its cells."""
    details, messages = _read(person, context, profiles)
    profile_ids = {seat.profile.pk for seat in context.seats}
    try:
        details = clean_details(details, delegation=context.delegation, profile_ids=profile_ids)
    except InvalidInput as invalid:
        # What a word should have been says more than that the field is empty.
        messages = {field: list(texts) for field, texts in invalid.messages.items()} | messages
    if messages:
        errors = tuple(_cell_error(field, text) for field in LABELS for text in messages.get(field, ()))
        return CheckedRow(person, RowState.INVALID, errors=errors)
    return CheckedRow(person, RowState.NEW, details=details)


def _read(
    person: ImportRow, context: ImportContext, profiles: Mapping[str, ParticipantProfile]
) -> tuple[DelegateDetails, dict[str, list[str]]]:
    """What the cells say, and the messages about words that stand for nothing."""
    messages = {field: [message] for field, text in person.texts.items() if (message := formula_message(text))}
    profile = profiles.get(normalised(person.text("profile"))) if context.seats else None
    if context.seats and profile is None and person.text("profile").strip():
        names = ", ".join(str(seat.profile) for seat in context.seats)
        messages.setdefault("profile", [_("Please write one of these: %(words)s.") % {"words": names}])
    language = parse_language(person.text("language"), delegation=context.delegation)
    if language is None:
        messages.setdefault("language", [_("Please write one of these: %(words)s.") % {"words": _("Spanish, English")}])
    is_member = parse_yes_or_no(person.text("is_working_group_member"))
    if is_member is None:
        messages.setdefault("is_working_group_member", [_("Please write yes or no.")])
    details = DelegateDetails(
        name=person.text("name"),
        email=person.text("email"),
        institution=person.text("institution"),
        position=person.text("position"),
        profile=profile,
        language=language or context.delegation.body.default_language,
        timezone=parse_zone(person.text("timezone"), delegation=context.delegation),
        phone=person.text("phone"),
        needs=person.text("needs"),
        is_working_group_member=bool(is_member),
    )
    return details, messages


def _check_address(row: CheckedRow, context: ImportContext, above: dict[str, CheckedRow]) -> CheckedRow:
    """Nobody is added twice, whether they are in the delegation or further up in the table."""
    name = context.named.get(row.address)
    if name is not None:
        return row.as_already_registered(name)
    first = above.setdefault(row.address, row)
    if first is row:
        return row
    if first.details and row.details and first.details.name == row.details.name:
        return replace(
            row, state=RowState.ALREADY_REGISTERED, note=_("The same as row %(row)s.") % {"row": first.person.row}
        )
    message = _("Row %(row)s has this address for another person.") % {"row": first.person.row}
    return replace(row, state=RowState.INVALID, details=None, errors=(_cell_error("email", message),))


def _check_seat(
    row: CheckedRow, profile: ParticipantProfile | None, seats: dict[int, SeatCount], *, is_late: bool
) -> CheckedRow:
    """Take a seat in `seats`, if there is one (rules 1 and 7)."""
    seat = seats.get(profile.pk) if profile else None
    if is_late and (seat is None or seat.is_met):
        return row.as_refused(RegistrationClosed())
    if seat is None:
        return row
    if seat.is_full:
        return row.as_refused(QuotaFull())
    seats[seat.profile.pk] = replace(seat, named=seat.named + 1)
    return row


def _cell_error(field: str, message: object) -> CellError:
    return CellError(str(LABELS[field]) if field in LABELS else "", str(message))
