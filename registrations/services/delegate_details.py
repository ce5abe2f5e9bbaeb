"""What is typed about a delegate, cleaned in the same way for forms, the admin and imports.

A new field of `DelegateDetails` also goes into the model, `DelegateForm`, the columns of imports and exports and the
registry of personal data: `tests/registrations/services/test_fields_of_a_delegate.py` asks for each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput
from registrations.models import BodyKind, Delegate, DelegateRole, Delegation, ParticipantProfile
from registrations.services.registration_window import UNUSABLE_CHARACTERS
from sessions_app.invisible import INVISIBLE_CHARACTER, has_invisible_character


@dataclass(frozen=True)
class DelegateDetails:
    """The details of a person as entered. `profile` is None for people of organisations, and only for them."""

    name: str
    email: str
    institution: str
    timezone: str
    profile: ParticipantProfile | None = None
    position: str = ""
    language: str = "es"
    phone: str = ""
    needs: str = ""
    is_working_group_member: bool = False
    is_head_of_delegation: bool = False
    role: str = DelegateRole.DELEGATE


FIELDS = tuple(field.name for field in fields(DelegateDetails))
TEXT_FIELDS = tuple(field.name for field in fields(DelegateDetails) if field.type is str)


def clean_details(details: DelegateDetails, *, delegation: Delegation, profile_ids: set[int]) -> DelegateDetails:
    """Return `details` stripped of surrounding blanks and with a normalised address; nothing else is changed.

    `profile_ids` are the profiles with a quota at the webinar. Raises InvalidInput with all messages by field.
    """
    texts = {name: getattr(details, name).strip() for name in TEXT_FIELDS}
    texts["email"] = normalise_address(texts["email"])
    cleaned = replace(details, **texts)
    messages = _field_messages(cleaned)
    if profile_message := _profile_message(cleaned.profile, delegation=delegation, profile_ids=profile_ids):
        messages["profile"] = [profile_message]
    if messages:
        raise InvalidInput(messages)
    return cleaned


def normalise_address(email: str) -> str:
    """Return `email` as addresses are stored: without surrounding blanks, its domain in lower case and ASCII."""
    local, at, domain = email.strip().rpartition("@")
    return f"{local}{at}{_ascii_domain(domain)}"


def _field_messages(details: DelegateDetails) -> dict[str, list[str]]:
    unusable = {
        name: [_("Line breaks and control characters cannot be used here.")]
        for name in TEXT_FIELDS
        if UNUSABLE_CHARACTERS.search(getattr(details, name))
    }
    if not details.email.isascii():
        unusable["email"] = [
            str(INVISIBLE_CHARACTER)
            if has_invisible_character(details.email)
            else _("No mail can be sent to this address. Please check how it is written.")
        ]
    values = {name: getattr(details, name) for name in FIELDS if name != "profile"}
    exclude = [field.name for field in Delegate._meta.fields if field.name not in values]
    try:
        Delegate(**values).clean_fields(exclude=exclude)
    except ValidationError as error:
        return error.message_dict | unusable
    return unusable


def _ascii_domain(domain: str) -> str:
    """Return the domain in ASCII and lower case (RFC 5890 §2.3.2.1), or unchanged if it has no such form."""
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return domain


def _profile_message(profile: ParticipantProfile | None, *, delegation: Delegation, profile_ids: set[int]) -> str:
    if delegation.body.kind == BodyKind.ORGANISATION:
        return _("People of organisations have no profile.") if profile is not None else ""
    if profile is None:
        return _("Please choose a profile.")
    if profile.pk not in profile_ids:
        return _("This webinar asks for nobody of this profile.")
    return ""


def apply_details(delegate: Delegate, details: DelegateDetails) -> dict[str, list[object]]:
    """Set `details` on `delegate` without saving and return {field: [old, new]} of the differences.

    A profile is given by its code.
    """
    changes: dict[str, list[object]] = {}
    for name in FIELDS:
        old, new = getattr(delegate, name), getattr(details, name)
        if old == new:
            continue
        changes[name] = [getattr(value, "code", value) if name == "profile" else value for value in (old, new)]
        setattr(delegate, name, new)
    return changes


def details_of(delegate: Delegate) -> DelegateDetails:
    """Return the stored details of `delegate`."""
    return DelegateDetails(**{name: getattr(delegate, name) for name in FIELDS})


def details_before(
    delegate: Delegate, changes: Mapping[str, Sequence[Any]], *, profiles: Iterable[ParticipantProfile]
) -> DelegateDetails:
    """Return the details of `delegate` before the `changes` of `apply_details`; profiles are found by code."""
    before = {name: old for name, (old, _new) in changes.items() if name in FIELDS}
    if "profile" in before:
        before["profile"] = next((profile for profile in profiles if profile.code == before["profile"]), None)
    return replace(details_of(delegate), **before)


def new_delegate(delegation: Delegation, details: DelegateDetails) -> Delegate:
    """Build an unsaved delegate of `delegation` from `details`."""
    values = asdict(replace(details, profile=None)) | {"profile": details.profile}
    return Delegate(delegation=delegation, webinar=delegation.webinar, **values)
