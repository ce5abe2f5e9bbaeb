"""A person as typed: by a focal point for their country, by the secretariat for any delegation."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import EditConflict
from registrations.forms.absent_fields import CheckboxInput, keep_what_is_not_sent
from registrations.forms.errors import send_again_with
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

LONGEST_VERSION = 9
LINES = {"rows": 4, "cols": 60}
# Asked for apart, since few people need them.
ASIDE = ("phone", "needs")


class VersionField(forms.IntegerField):
    """Which version a form is about. One that is missing or garbled is of no version: the form is stale."""

    widget = forms.HiddenInput

    def clean(self, value: object) -> int:
        text = str(value)
        return int(text) if text.isdecimal() and len(text) <= LONGEST_VERSION else 0


def reason_field(*, required: bool = True, **options: Any) -> forms.CharField:
    return forms.CharField(
        **{"label": _("Reason"), "max_length": MAX_REASON_LENGTH, **options},
        required=required,
        widget=forms.Textarea(attrs=LINES),
    )


def profile_field(profiles: Sequence[ParticipantProfile]) -> forms.TypedChoiceField:
    """A choice among `profiles`, without a query; none is chosen beforehand."""
    by_pk = {str(profile.pk): profile for profile in profiles}
    return forms.TypedChoiceField(
        label=_("Profile"),
        choices=[("", "---------"), *((profile.pk, str(profile)) for profile in profiles)],
        coerce=by_pk.__getitem__,
        empty_value=None,
    )


def zone_choices(delegation: Delegation, *, selected: str = "") -> list[tuple[str, Any]]:
    """Every zone by its city, the country's own first; nothing is chosen beforehand where there are several (rule 13).

    `selected` is offered whatever its name.
    """
    language = get_language() or "en"
    own = [(zone, zone_city(zone, language)) for zone in delegation.body.timezones]
    groups = [(str(delegation.body), own)] if own else []
    for group in zone_groups(language, selected=selected):
        others = [choice for choice in group.zones if choice not in own]
        groups += [(group.label, others)] if others else []
    return [("", _("Choose a time zone")), *groups]


class AsTheyAre(BaseChoiceIterator):
    """Choices in Django's own shape, which need not be looked through twice for each form."""

    def __init__(self, choices: list[tuple[str, Any]]) -> None:
        self.choices = choices

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield from self.choices


class DelegateForm(GapReasonForm):
    """A person of a country or, without a profile, of an organisation."""

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
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False, validators=[validate_one_line])
    needs = forms.CharField(
        label=_("Needs for interpretation or accessibility"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs=LINES),
    )
    version = VersionField()

    def __init__(
        self,
        *args: Any,
        delegation: Delegation,
        profiles: Sequence[ParticipantProfile],
        without: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        """`profiles` are to choose from (`profiles_of`); `without` are the inputs that this step does not ask for.

        People of organisations have no profile.
        """
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = forms.ChoiceField(
            label=_("Time zone"),
            choices=AsTheyAre(zone_choices(delegation, selected=self.initial.get("timezone", ""))),
            initial=delegation.body.single_timezone,
        )
        self.fields["language"].initial = delegation.body.default_language
        self.fields["profile"] = profile_field(profiles)
        is_country = delegation.body.kind == BodyKind.COUNTRY
        for name in {*without, *([] if is_country else ["profile"])}:
            del self.fields[name]
        disable_autofill(self.fields)

    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in ASIDE]

    def aside_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name in ASIDE]

    def is_aside_filled(self) -> bool:
        """Whether something was typed there, or is wrong there."""
        return any(field.value() or field.errors for field in self.aside_fields())

    def details(self) -> DelegateDetails:
        """What was typed, for the services."""
        return DelegateDetails(**{name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data})

    def version_and_reason(self) -> dict[str, Any]:
        return {"version": self.cleaned_data["version"], "reason": self.reason()}


class EditForm(DelegateForm):
    """A person who is in the delegation already; `initial` is what is stored of them (`typed_of`).

    Another profile needs a reason where it leaves a gap in the present one, which `seats` tell.
    """

    def __init__(self, *args: Any, seats: Sequence[SeatCount], **kwargs: Any) -> None:
        super().__init__(*args, profiles=[seat.profile for seat in seats], **kwargs)
        keep_what_is_not_sent(self, FIELDS)
        present = next((seat for seat in seats if seat.profile.pk == self.initial.get("profile")), None)
        chosen = self.data.get("profile")
        is_moved = bool(chosen) and present is not None and chosen != str(present.profile.pk)
        if is_moved and present is not None and present.opens_gap_if_one_leaves:
            self.ask_for_reason(is_by_choice=True)


class WithdrawForm(GapReasonForm):
    version = VersionField()

    def version_and_reason(self) -> dict[str, Any]:
        return {"version": self.cleaned_data["version"], "reason": self.reason()}


class RestoreForm(forms.Form):
    """Nothing to type: sending it is the decision."""


def typed_of(delegate: Delegate) -> dict[str, object]:
    """What the form for `delegate` shows at first."""
    typed = {name: getattr(delegate, name) for name in FIELDS}
    return typed | {"profile": delegate.profile_id, "version": delegate.version}


def both_versions(form: forms.BaseForm, stale: EditConflict) -> list[tuple[str, object, object]]:
    """(label, stored now, as typed) of what differs between the person and a sent `EditForm`; of other forms nothing.

    The form takes the stored version: sending it again is then a decision.
    """
    if not isinstance(stale.current, Delegate):
        return []
    current = stale.current
    send_again_with(form, version=str(current.version))
    if not isinstance(form, EditForm):
        return []
    return [
        (str(form.fields[name].label), getattr(current, name), form.cleaned_data[name])
        for name in FIELDS
        if name in form.cleaned_data and getattr(current, name) != form.cleaned_data[name]
    ]
