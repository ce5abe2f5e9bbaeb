"""Checking each row of an import with the validation of the single form. Nothing is written."""

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
from registrations.services.imports.words import Answers, ListWord, language_words, profile_words
from registrations.services.registration_window import check_attending, check_time, is_closed_for, is_late
from sessions_app.hours import zone_city


class RowState(StrEnum):
    """Whether a row can be saved, is registered already, or is invalid."""

    NEW = "new"
    ALREADY_REGISTERED = "already"
    INVALID = "wrong"


@dataclass(frozen=True)
class CellError:
    """An error message and the field of its cell, which is empty if it is about the whole row."""

    field: str
    message: str

    @property
    def column(self) -> str:
        """The heading of the cell's column in the reader's language, or the empty string."""
        return str(LABELS[self.field]) if self.field else ""


@dataclass(frozen=True)
class CheckedRow:
    """One row: `details` if it can be saved; `note` says why a person counts as registered already."""

    person: ImportRow
    state: RowState
    details: DelegateDetails | None = None
    errors: tuple[CellError, ...] = ()
    note: str = ""

    @property
    def address(self) -> str:
        """The lower-cased address, or the empty string if the row cannot be saved."""
        return self.details.email.lower() if self.details else ""

    @property
    def language_label(self) -> str:
        """The language in the reader's language."""
        return str(dict(settings.LANGUAGES).get(self.details.language, "")) if self.details else ""

    @property
    def city(self) -> str:
        """The city of the time zone, in the reader's language."""
        return zone_city(self.details.timezone, get_language() or "en") if self.details else ""

    def as_refused(self, broken: RuleBroken) -> "CheckedRow":
        """Return the row after registering the person was refused; another user may have registered them meanwhile."""
        if isinstance(broken, AddressTakenHere):
            return self.as_already_registered(broken.delegate.name)
        return replace(self, state=RowState.INVALID, details=None, errors=(_cell_error(broken.field, broken.message),))

    def as_already_registered(self, name: str) -> "CheckedRow":
        """Return the row of a person who is registered already as `name`."""
        return replace(self, state=RowState.ALREADY_REGISTERED, note=_("Named already: %(name)s.") % {"name": name})


@dataclass(frozen=True)
class ImportContext:
    """The facts that rows are checked against.

    `named` maps addresses to names of the delegation's active people; `profiles` and `languages` map normalised words
    to what they stand for, None if the user has to say it first.
    """

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    words: tuple[ListWord, ...]
    profiles: Mapping[str, ParticipantProfile | None]
    languages: Mapping[str, str]
    named: Mapping[str, str]
    is_late: bool
    is_for_staff: bool


@dataclass(frozen=True)
class CheckedRows:
    """All rows in the order of the table, the seat counts after saving the new people, and the words to ask for."""

    rows: tuple[CheckedRow, ...]
    seats: tuple[SeatCount, ...]
    words: tuple[ListWord, ...] = ()

    def with_state(self, state: RowState) -> tuple[CheckedRow, ...]:
        """Return the rows in `state`."""
        return tuple(row for row in self.rows if row.state == state)

    @property
    def new(self) -> tuple[CheckedRow, ...]:
        """The rows that can be saved."""
        return self.with_state(RowState.NEW)

    @property
    def already_registered(self) -> tuple[CheckedRow, ...]:
        """The rows of people who are registered already."""
        return self.with_state(RowState.ALREADY_REGISTERED)

    @property
    def invalid(self) -> tuple[CheckedRow, ...]:
        """The rows with errors."""
        return self.with_state(RowState.INVALID)


def check_import(
    delegation: Delegation, people: Sequence[ImportRow], *, by: User, now: datetime, answers: Answers | None = None
) -> CheckedRows:
    """Return what saving `people` would do now, with `answers` to the words asked. Nothing is written or locked.

    Registrations in other delegations are not looked at (rule 8). Raises what `check_time` raises, and NotPossibleNow
    while the delegation does not attend. The number of queries does not depend on the people.
    """
    check_time(delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(delegation)
    return _check_people(people, _import_context(delegation, people, by=by, now=now, answers=answers or {}))


def _import_context(
    delegation: Delegation, people: Sequence[ImportRow], *, by: User, now: datetime, answers: Answers
) -> ImportContext:
    active = Delegate.objects.active().filter(delegation=delegation).order_by()
    seats = seats_of(delegation)
    profiles = [seat.profile for seat in seats]
    by_code = {profile.code: profile for profile in profiles}
    of_profiles = profile_words(people, profiles, body=delegation.body, answers=answers)
    of_languages = language_words(people, answers=answers)
    return ImportContext(
        delegation=delegation,
        seats=seats,
        words=(*of_profiles, *of_languages),
        profiles={word.word: by_code.get(word.choice) for word in of_profiles} | profiles_by_word(profiles),
        languages={word.word: word.choice for word in of_languages},
        named={email.lower(): name for email, name in active.values_list("email", "name")},
        is_late=is_late(delegation.webinar, by=by, now=now),
        is_for_staff=by.is_staff,
    )


def _check_people(people: Iterable[ImportRow], context: ImportContext) -> CheckedRows:
    """Check each row by itself and then against the rows above: an address and a seat can be used once."""
    seats = {seat.profile.pk: seat for seat in context.seats}
    above: dict[str, CheckedRow] = {}
    checked = []
    for person in people:
        row = _check_row(person, context)
        if row.details is not None:
            row = _check_address(row, context, above)
        if row.state == RowState.NEW and row.details is not None:
            row = _check_seat(row, row.details.profile, seats, context)
        checked.append(row)
    return CheckedRows(tuple(checked), tuple(seats[seat.profile.pk] for seat in context.seats), context.words)


def _check_row(person: ImportRow, context: ImportContext) -> CheckedRow:
    """Validate the row with `clean_details` and collect the errors of all cells."""
    details, messages = _parse_row(person, context)
    profile_ids = {seat.profile.pk for seat in context.seats}
    try:
        details = clean_details(details, delegation=context.delegation, profile_ids=profile_ids)
    except InvalidInput as invalid:
        # A message about an unknown word is more helpful than one about an empty field.
        messages = {field: list(texts) for field, texts in invalid.messages.items()} | messages
    if messages:
        errors = tuple(_cell_error(field, text) for field in LABELS for text in messages.get(field, ()))
        return CheckedRow(person, RowState.INVALID, errors=errors)
    return CheckedRow(person, RowState.NEW, details=details)


def _parse_row(person: ImportRow, context: ImportContext) -> tuple[DelegateDetails, dict[str, list[str]]]:
    """Return the details that the cells contain, and messages about words that are unknown."""
    messages = {field: [message] for field, text in person.texts.items() if (message := formula_message(text))}
    word = normalised(person.text("profile"))
    profile = context.profiles.get(word)
    if context.seats and profile is None and person.text("profile").strip():
        messages.setdefault("profile", [_unknown_profile_message(person, context, is_asked=word in context.profiles)])
    language = parse_language(person.text("language"), delegation=context.delegation)
    language = language or context.languages.get(normalised(person.text("language")))
    if not language:
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


def _unknown_profile_message(person: ImportRow, context: ImportContext, *, is_asked: bool) -> str:
    if is_asked:
        return _("Please say what “%(word)s” means.") % {"word": person.text("profile").strip()}
    names = ", ".join(str(seat.profile) for seat in context.seats)
    return _("Please write one of these: %(words)s.") % {"words": names}


def _check_address(row: CheckedRow, context: ImportContext, above: dict[str, CheckedRow]) -> CheckedRow:
    """Mark the row if its address is registered in the delegation or stands in a row above."""
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
    row: CheckedRow, profile: ParticipantProfile | None, seats: dict[int, SeatCount], context: ImportContext
) -> CheckedRow:
    """Take a seat in `seats`, or refuse the row if there is none (rules 1 and 7)."""
    seat = seats.get(profile.pk) if profile else None
    if is_closed_for(seat, is_late=context.is_late):
        return row.as_refused(RegistrationClosed())
    if seat is None:
        return row
    if seat.is_full:
        return row.as_refused(QuotaFull(seat, context.delegation, is_for_staff=context.is_for_staff))
    seats[seat.profile.pk] = replace(seat, named=seat.named + 1)
    return row


def _cell_error(field: str, message: object) -> CellError:
    return CellError(field if field in LABELS else "", str(message))
