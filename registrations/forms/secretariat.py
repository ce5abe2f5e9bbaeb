"""What the secretariat types when it decides, or acts for a country."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from registrations.models import BodyKind, Delegate, DelegateRole, Delegation, ParticipantProfile
from registrations.models.delegate import validate_one_line
from registrations.queries import SeatCount
from registrations.services.delegations import LONGEST_COMMENT
from registrations.services.details import FIELDS
from registrations.services.gates import LONGEST_REASON
from registrations.services.nominations import DelegateDetails
from registrations.services.quotas import MOST_SEATS
from sessions_app.zones import known_zones

LINES = {"rows": 4, "cols": 60}


def reason_field(*, required: bool = True, **options: Any) -> forms.CharField:
    return forms.CharField(
        **{"label": _("Reason"), **options},
        required=required,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs=LINES),
    )


def profile_field(profiles: list[ParticipantProfile]) -> "forms.ModelChoiceField[ParticipantProfile]":
    """A choice among `profiles`; none is chosen beforehand."""
    chosen = ParticipantProfile.objects.filter(pk__in=[one.pk for one in profiles])
    return forms.ModelChoiceField(label=_("Profile"), queryset=chosen)


class StepForm(forms.Form):
    """The input of one step with `delegation`; most steps need none of their own."""

    def __init__(self, *args: Any, delegation: Delegation, seats: tuple[SeatCount, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.delegation = delegation
        self.seat_counts = seats


class ReasonForm(StepForm):
    reason = reason_field()


class SubmitForm(StepForm):
    """For a country that cannot do it itself; with gaps a reason is needed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = reason_field(required=False, label=_("Reason for the gaps, if there are any"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.delegation.version


class AcceptForm(StepForm):
    comment = forms.CharField(
        label=_("Comment for the country"),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("It stands in the mail that tells the decision."),
    )
    with_gap = forms.BooleanField(
        label=_("Accept with the gap open"),
        required=False,
        help_text=_("The country is asked on for the missing people; those named are invited now."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if all(seat.is_met for seat in self.seat_counts):
            del self.fields["with_gap"]


class ReturnForm(StepForm):
    comment = forms.CharField(
        label=_("Comment for the country"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("Say what is missing or wrong, in the language of the country."),
    )


class WaiveForm(StepForm):
    profile = profile_field([])
    seats = forms.IntegerField(label=_("Seats"), min_value=1, initial=1)
    reason = reason_field()

    def __init__(self, *args: Any, seats: tuple[SeatCount, ...], **kwargs: Any) -> None:
        super().__init__(*args, seats=seats, **kwargs)
        self.fields["profile"] = profile_field([seat.profile for seat in seats if seat.floor])


def zone_choices(delegation: Delegation) -> list[tuple[str, Any]]:
    """Every zone, the country's own first; nothing is chosen beforehand where there are several (rule 13)."""
    own = delegation.body.timezones
    others = [(zone, zone) for zone in sorted(known_zones())]
    return [
        ("", _("Choose a time zone")),
        *([(str(delegation.body), [(zone, zone) for zone in own])] if own else []),
        (str(_("All time zones")), others),
    ]


class DelegateForm(forms.Form):
    """A person as typed by the secretariat for any delegation, that of an organisation included."""

    name = forms.CharField(label=_("Full name"), max_length=200, validators=[validate_one_line])
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    institution = forms.CharField(label=_("Institution"), max_length=200, validators=[validate_one_line])
    position = forms.CharField(label=_("Position"), max_length=200, required=False, validators=[validate_one_line])
    profile = profile_field([])
    role = forms.ChoiceField(label=_("Role"), choices=DelegateRole, initial=DelegateRole.DELEGATE)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"))
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False, validators=[validate_one_line])
    needs = forms.CharField(
        label=_("Needs for interpretation or accessibility"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs=LINES),
    )
    is_working_group_member = forms.BooleanField(
        label=_("Technical member of the Working Group on Irregular and Mass Migration"), required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = reason_field(
        required=False,
        help_text=_("Needed where the change leaves a profile below what is asked; kept in the history."),
    )

    def __init__(
        self,
        *args: Any,
        delegation: Delegation,
        seats: tuple[SeatCount, ...],
        without: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        """`without` are the inputs that this step does not ask for; people of organisations have no profile."""
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = forms.ChoiceField(
            label=_("Time zone"), choices=zone_choices(delegation), initial=delegation.body.only_timezone
        )
        self.fields["language"].initial = delegation.body.default_language
        self.fields["profile"] = profile_field([seat.profile for seat in seats])
        is_country = delegation.body.kind == BodyKind.COUNTRY
        for name in {*without, *([] if is_country else ["profile"])}:
            del self.fields[name]

    def details(self) -> DelegateDetails:
        """What was typed, for the services."""
        return DelegateDetails(**{name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data})

    def version_and_reason(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("version", "reason")}


class WithdrawForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = reason_field(
        required=False, help_text=_("Needed where the profile is then below what is asked; kept in the history.")
    )


class RestoreForm(forms.Form):
    """Nothing to type: sending it is the decision."""


def typed_of(delegate: Delegate) -> dict[str, object]:
    """What the form for `delegate` shows at first."""
    return {name: getattr(delegate, name) for name in FIELDS} | {"version": delegate.version}


def differences(form: forms.BaseForm, current: Delegate) -> list[tuple[str, object, object]]:
    """(label, stored now, as typed) of each input in which a sent form and the stored person differ."""
    return [
        (str(form.fields[name].label), getattr(current, name), form.cleaned_data[name])
        for name in FIELDS
        if name in form.cleaned_data and getattr(current, name) != form.cleaned_data[name]
    ]


class QuotaForm(forms.Form):
    minimum = forms.IntegerField(label=_("At least"), min_value=0, max_value=MOST_SEATS)
    maximum = forms.IntegerField(
        label=_("At most"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=_("Leave it empty so that countries may name as many as they like."),
    )
    # The delegations that were shown as becoming incomplete; sending them back confirms.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
