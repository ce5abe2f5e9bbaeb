"""Forms of the secretariat's decisions: actions on delegations, bulk actions, quotas and exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import GapsRemain
from registrations.forms.delegates import TEXTAREA_ATTRS, VersionField, profile_field, reason_field
from registrations.forms.errors import update_hidden_values
from registrations.forms.gap_reasons import GapReasonForm
from registrations.models import BodyKind, Delegation, HistoryEvent, Quota
from registrations.queries import SeatCount, fingerprint_of, gaps_in, lacks_letter
from registrations.services.delegations import MAX_COMMENT_LENGTH
from registrations.services.quotas import MAX_SEATS


class DelegationActionForm(forms.Form):
    """The form of one action on a delegation; `seen` carries the fingerprint of the delegation as it was shown."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, delegation: Delegation, seats: tuple[SeatCount, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.delegation = delegation
        self.seat_counts = seats
        self.lacks_letter = lacks_letter(delegation)
        self.fields["seen"].initial = fingerprint_of(delegation, seats, lacks_letter=self.lacks_letter)

    def use_current_version(self) -> None:
        """Set the hidden fields to the present version: submitting the form again then decides on what is shown now."""
        hidden = self.fields.keys() & {"seen", "version"}
        update_hidden_values(self, **{name: str(self.fields[name].initial) for name in hidden})


class ReasonForm(DelegationActionForm):
    reason = reason_field()


class SubmitForm(GapReasonForm, DelegationActionForm):
    """Submit on behalf of a country; a delegation with gaps needs a reason."""

    version = VersionField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.delegation.version
        gaps = gaps_in(self.seat_counts)
        if gaps or self.lacks_letter:
            self.ask_for_reason(GapsRemain(gaps, lacks_letter=self.lacks_letter).message)


class AcceptForm(DelegationActionForm):
    comment = forms.CharField(
        label=_("Comment for the country"),
        required=False,
        max_length=MAX_COMMENT_LENGTH,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRS),
        help_text=_("It stands in the mail that tells the decision."),
    )
    with_gap = forms.BooleanField(
        label=_("Accept with the gap open"),
        required=False,
        help_text=_("The country is asked on for what is missing; those named are invited now."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not gaps_in(self.seat_counts) and not self.lacks_letter:
            del self.fields["with_gap"]


class ReturnForm(DelegationActionForm):
    comment = forms.CharField(
        label=_("Comment for the country"),
        max_length=MAX_COMMENT_LENGTH,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRS),
        help_text=_("Say what is missing or wrong, in the language of the country."),
    )


class WaiveForm(DelegationActionForm):
    profile = profile_field([])
    seats = forms.IntegerField(label=_("Seats"), min_value=1, initial=1)
    reason = reason_field()

    def __init__(self, *args: Any, seats: tuple[SeatCount, ...], **kwargs: Any) -> None:
        super().__init__(*args, seats=seats, **kwargs)
        self.fields["profile"] = profile_field([seat.profile for seat in seats if seat.effective_minimum])


@dataclass(frozen=True)
class SelectedDelegation:
    """A delegation selected for a bulk action.

    `shown_fingerprint` is that of the delegation as the user was shown it, `history` the latest events.
    """

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    lacks_letter: bool
    shown_fingerprint: str
    history: tuple[HistoryEvent, ...] = ()

    @property
    def gaps(self) -> tuple[SeatCount, ...]:
        return gaps_in(self.seats)

    @property
    def is_complete(self) -> bool:
        return not self.gaps and not self.lacks_letter


# The fields of the bulk action forms in which a person writes text.
FREE_TEXT_FIELDS = ("comment_en", "comment_es", "reason")


class BulkActionForm(forms.Form):
    """The form of a bulk action, filled in once for all selected delegations."""

    def __init__(self, *args: Any, selected: Sequence[SelectedDelegation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.selected = selected

    def free_texts(self) -> list[str]:
        """Return the texts that a person wrote into the valid form."""
        return [text for name in FREE_TEXT_FIELDS if (text := self.cleaned_data.get(name))]


class BulkCommentForm(BulkActionForm):
    """A comment in each language that the selected countries read."""

    is_comment_required = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"en": _("Comment in English"), "es": _("Comment in Spanish")}
        for language in sorted({item.delegation.body.default_language for item in self.selected}):
            readers = [
                item.delegation.body for item in self.selected if item.delegation.body.default_language == language
            ]
            self.fields[f"comment_{language}"] = forms.CharField(
                label=labels[language],
                required=self.is_comment_required,
                max_length=MAX_COMMENT_LENGTH,
                widget=forms.Textarea(attrs={**TEXTAREA_ATTRS, "lang": language}),
                help_text=_("It stands in the mail to %(bodies)s.") % {"bodies": ", ".join(map(str, readers))},
            )

    def comment_for(self, delegation: Delegation) -> str:
        comment: str = self.cleaned_data[f"comment_{delegation.body.default_language}"]
        return comment


class BulkAcceptForm(BulkCommentForm):
    with_gap = forms.BooleanField(
        label=_("Accept those with gaps too, with the gap open"),
        required=False,
        help_text=_("The countries are asked on for what is missing; those named are invited now."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if all(item.is_complete for item in self.selected):
            del self.fields["with_gap"]


class BulkReturnForm(BulkCommentForm):
    is_comment_required = True


class BulkWaiveForm(BulkActionForm):
    reason = reason_field()


class QuotaForm(forms.Form):
    minimum = forms.IntegerField(label=_("At least"), min_value=0, max_value=MAX_SEATS)
    maximum = forms.IntegerField(
        label=_("At most"),
        min_value=0,
        max_value=MAX_SEATS,
        required=False,
        help_text=_("Leave it empty so that countries may name as many as they like."),
    )
    reason = reason_field(help_text=_("Kept in the history."))
    # The parts of the preview that was shown; sending them back confirms them.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class CountryField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the checker alone
    """A choice of delegation, labelled with its country."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.body)


class ExceptionForm(QuotaForm):
    """An exception from `quota`: other numbers for one country of its webinar."""

    delegation = CountryField(Delegation.objects.none(), label=_("Country"), to_field_name="slug")
    field_order = ("delegation",)

    def __init__(self, *args: Any, quota: Quota, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["maximum"].help_text = _("Leave it empty so that this country may name as many as it likes.")
        self.fields["reason"].help_text = _("The secretariat alone reads it.")
        countries = Delegation.objects.filter(webinar=quota.webinar_id, body__kind=BodyKind.COUNTRY)
        field: Any = self.fields["delegation"]
        field.queryset = countries.select_related("webinar", "body")


class EndExceptionForm(forms.Form):
    reason = reason_field(help_text=_("Kept in the history."))
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
