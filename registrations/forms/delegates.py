"""Forms of a delegate, used by focal points for their country and by staff for any delegation."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import EditConflict
from registrations.forms.absent_fields import CheckboxInput, keep_absent_fields
from registrations.forms.errors import update_hidden_values
from registrations.forms.gap_reasons import GapReasonForm
from registrations.models import BodyKind, Delegate, DelegateRole, Delegation, ParticipantProfile
from registrations.models.delegate import validate_one_line
from registrations.queries import SeatCount
from registrations.services.delegate_details import FIELDS
from registrations.services.nominations import DelegateDetails
from registrations.services.registration_window import MAX_REASON_LENGTH
from sessions_app.forms import disable_autofill
from sessions_app.hours import zone_city
from sessions_app.zone_choices import zone_groups

MAX_VERSION_DIGITS = 9
TEXTAREA_ATTRS = {"rows": 4, "cols": 60}
# Shown in a part of the form that opens on demand, since few people need them.
SECONDARY_FIELDS = ("phone", "needs")


class VersionField(forms.IntegerField):
    """A hidden field with the version of the row that the form shows.

    A missing or invalid value becomes 0, which is the version of no row: the service then treats the form as stale.
    """

    widget = forms.HiddenInput

    def clean(self, value: object) -> int:
        text = str(value)
        return int(text) if text.isdecimal() and len(text) <= MAX_VERSION_DIGITS else 0


def reason_field(*, required: bool = True, **options: Any) -> forms.CharField:
    """Build a textarea for a reason; `options` replace its label, length or help text."""
    return forms.CharField(
        **{"label": _("Reason"), "max_length": MAX_REASON_LENGTH, **options},
        required=required,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRS),
    )


def profile_field(profiles: Sequence[ParticipantProfile]) -> forms.TypedChoiceField:
    """Build a select of `profiles` whose value is the profile, without a query; nothing is preselected."""
    by_pk = {str(profile.pk): profile for profile in profiles}
    return forms.TypedChoiceField(
        label=_("Profile"),
        choices=[("", "---------"), *((profile.pk, str(profile)) for profile in profiles)],
        coerce=by_pk.__getitem__,
        empty_value=None,
    )


def zone_choices(delegation: Delegation, *, selected: str = "") -> list[tuple[str, Any]]:
    """Return all time zones by city, grouped, the country's own zones first (rule 13).

    `selected` is included even if it is an old name of another zone.
    """
    language = get_language() or "en"
    country_zones = [(zone, zone_city(zone, language)) for zone in delegation.body.timezones]
    groups = [(str(delegation.body), country_zones)] if country_zones else []
    for group in zone_groups(language, selected=selected):
        others = [choice for choice in group.zones if choice not in country_zones]
        groups += [(group.label, others)] if others else []
    return [("", _("Choose a time zone")), *groups]


class PreparedChoices(BaseChoiceIterator):
    """Choices that are normalised already, so that Django does not normalise hundreds of zones for each form."""

    def __init__(self, choices: list[tuple[str, Any]]) -> None:
        self.choices = choices

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield from self.choices


class DelegateForm(GapReasonForm):
    """A delegate of a country or of an organisation, which has no profiles."""

    name = forms.CharField(label=_("Full name"), max_length=200, validators=[validate_one_line])
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    institution = forms.CharField(label=_("Institution"), max_length=200, validators=[validate_one_line])
    position = forms.CharField(label=_("Position"), max_length=200, required=False, validators=[validate_one_line])
    profile = profile_field([])
    role = forms.ChoiceField(label=_("Role"), choices=DelegateRole, initial=DelegateRole.DELEGATE)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"))
    is_working_group_member = forms.BooleanField(
        label=_("Technical member of the Working Group on Irregular and Mass Migration"),
        required=False,
        widget=CheckboxInput,
    )
    is_head_of_delegation = forms.BooleanField(label=_("Head of delegation"), required=False, widget=CheckboxInput)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False, validators=[validate_one_line])
    needs = forms.CharField(
        label=_("Needs for interpretation or accessibility"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRS),
    )
    version = VersionField()

    def __init__(
        self,
        *args: Any,
        delegation: Delegation,
        profiles: Sequence[ParticipantProfile],
        exclude: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        """Build the form of a delegate of `delegation`, with a choice of `profiles` and without the fields `exclude`.

        The form of an organisation has no profile and no head of delegation.
        """
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = forms.ChoiceField(
            label=_("Time zone"),
            choices=PreparedChoices(zone_choices(delegation, selected=self.initial.get("timezone", ""))),
            initial=delegation.body.single_timezone,
        )
        self.fields["language"].initial = delegation.body.default_language
        self.fields["profile"] = profile_field(profiles)
        is_country = delegation.body.kind == BodyKind.COUNTRY
        for name in {*exclude, *([] if is_country else ["profile", "is_head_of_delegation"])}:
            del self.fields[name]
        disable_autofill(self.fields)

    def main_fields(self) -> list[forms.BoundField]:
        """Return the visible fields that are always shown."""
        return [field for field in self.visible_fields() if field.name not in SECONDARY_FIELDS]

    def secondary_fields(self) -> list[forms.BoundField]:
        """Return the visible fields in the part that opens on demand."""
        return [field for field in self.visible_fields() if field.name in SECONDARY_FIELDS]

    def has_secondary_input(self) -> bool:
        """Return whether a secondary field has a value or an error, so that their part must be open."""
        return any(field.value() or field.errors for field in self.secondary_fields())

    def details(self) -> DelegateDetails:
        """Return the cleaned data as the services take it."""
        return DelegateDetails(**{name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data})

    def version_and_reason(self) -> dict[str, Any]:
        """Return the keyword arguments `version` and `reason` of the services."""
        return {"version": self.cleaned_data["version"], "reason": self.reason()}


class EditForm(DelegateForm):
    """Changes a delegate; `initial` comes from `initial_from_delegate`.

    A change of profile needs a reason if it opens a gap in the present profile, according to `seats`.
    """

    def __init__(self, *args: Any, seats: Sequence[SeatCount], **kwargs: Any) -> None:
        super().__init__(*args, profiles=[seat.profile for seat in seats], **kwargs)
        keep_absent_fields(self, FIELDS)
        present = next((seat for seat in seats if seat.profile.pk == self.initial.get("profile")), None)
        new_profile = self.data.get("profile")
        is_moved = bool(new_profile) and present is not None and new_profile != str(present.profile.pk)
        if is_moved and present is not None and present.opens_gap_if_one_leaves:
            self.ask_for_reason(is_by_choice=True)


class WithdrawForm(GapReasonForm):
    """Withdraws a delegate, with a reason if this opens a gap."""

    version = VersionField()

    def version_and_reason(self) -> dict[str, Any]:
        """Return the keyword arguments `version` and `reason` of the services."""
        return {"version": self.cleaned_data["version"], "reason": self.reason()}


class RestoreForm(forms.Form):
    """Restores a delegate; it has no fields."""


def initial_from_delegate(delegate: Delegate) -> dict[str, object]:
    """Return the initial values of the form that edits `delegate`."""
    initial = {name: getattr(delegate, name) for name in FIELDS}
    return initial | {"profile": delegate.profile_id, "version": delegate.version}


def conflicting_fields(form: forms.BaseForm, stale: EditConflict) -> list[tuple[str, object, object]]:
    """Return (label, stored value, submitted value) for each field of a stale `EditForm` that differs.

    Sets the version of `form` to the stored one: submitting it again then overwrites the stored values. The list is
    empty for other forms.
    """
    if not isinstance(stale.current, Delegate):
        return []
    current = stale.current
    update_hidden_values(form, version=str(current.version))
    if not isinstance(form, EditForm):
        return []
    return [
        (str(form.fields[name].label), getattr(current, name), form.cleaned_data[name])
        for name in FIELDS
        if name in form.cleaned_data and getattr(current, name) != form.cleaned_data[name]
    ]
