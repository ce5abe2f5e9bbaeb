"""What the secretariat types when it decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import GapsRemain
from registrations.forms.delegates import LINES, VersionField, profile_field, reason_field
from registrations.forms.errors import send_again_with
from registrations.forms.gap_reasons import GapReasonForm
from registrations.models import BodyKind, Delegation, HistoryEvent, Quota
from registrations.queries import SeatCount, fingerprint_of, gaps_in, lacks_letter
from registrations.services.delegations import MAX_COMMENT_LENGTH
from registrations.services.quotas import MAX_SEATS
from sessions_app.models import Webinar


class StepForm(forms.Form):
    """The input of one step with `delegation`; most steps need none of their own. `seen` is what it looked like."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, delegation: Delegation, seats: tuple[SeatCount, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.delegation = delegation
        self.seat_counts = seats
        self.lacks_letter = lacks_letter(delegation)
        self.fields["seen"].initial = fingerprint_of(delegation, seats, lacks_letter=self.lacks_letter)

    def show_current(self) -> None:
        """Let the sent form, when it is sent again, speak of the delegation as it is shown now."""
        hidden = self.fields.keys() & {"seen", "version"}
        send_again_with(self, **{name: str(self.fields[name].initial) for name in hidden})


class CurrentWebinarForm(forms.Form):
    webinar = forms.ModelChoiceField(
        Webinar.objects.all(), label=_("Webinar"), required=False, to_field_name="slug", empty_label=_("All webinars")
    )


class ReasonForm(StepForm):
    reason = reason_field()


class SubmitForm(GapReasonForm, StepForm):
    """For a country that cannot do it itself; with gaps a reason is needed."""

    version = VersionField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.delegation.version
        gaps = gaps_in(self.seat_counts)
        if gaps or self.lacks_letter:
            self.ask_for_reason(GapsRemain(gaps, lacks_letter=self.lacks_letter).message)


class AcceptForm(StepForm):
    comment = forms.CharField(
        label=_("Comment for the country"),
        required=False,
        max_length=MAX_COMMENT_LENGTH,
        widget=forms.Textarea(attrs=LINES),
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


class ReturnForm(StepForm):
    comment = forms.CharField(
        label=_("Comment for the country"),
        max_length=MAX_COMMENT_LENGTH,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("Say what is missing or wrong, in the language of the country."),
    )


class WaiveForm(StepForm):
    profile = profile_field([])
    seats = forms.IntegerField(label=_("Seats"), min_value=1, initial=1)
    reason = reason_field()

    def __init__(self, *args: Any, seats: tuple[SeatCount, ...], **kwargs: Any) -> None:
        super().__init__(*args, seats=seats, **kwargs)
        self.fields["profile"] = profile_field([seat.profile for seat in seats if seat.effective_minimum])


@dataclass(frozen=True)
class Chosen:
    """One of several delegations that are decided on together; `seen` is what it looked like when it was shown, and
    `history` what happened in it last."""

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    lacks_letter: bool
    seen: str
    history: tuple[HistoryEvent, ...] = ()

    @property
    def gaps(self) -> tuple[SeatCount, ...]:
        return gaps_in(self.seats)

    @property
    def is_complete(self) -> bool:
        return not self.gaps and not self.lacks_letter


# The fields that hold what a person wrote, in all forms for several delegations.
TYPED = ("comment_en", "comment_es", "reason")


class BulkActionForm(forms.Form):
    """What is typed once for several delegations."""

    def __init__(self, *args: Any, chosen: Sequence[Chosen], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen = chosen

    def typed(self) -> list[str]:
        """What a person wrote, once it is valid."""
        return [text for name in TYPED if (text := self.cleaned_data.get(name))]


class WithComments(BulkActionForm):
    """A comment in each language that the chosen countries read; no other."""

    comment_is_needed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"en": _("Comment in English"), "es": _("Comment in Spanish")}
        for language in sorted({one.delegation.body.default_language for one in self.chosen}):
            readers = [one.delegation.body for one in self.chosen if one.delegation.body.default_language == language]
            self.fields[f"comment_{language}"] = forms.CharField(
                label=labels[language],
                required=self.comment_is_needed,
                max_length=MAX_COMMENT_LENGTH,
                widget=forms.Textarea(attrs={**LINES, "lang": language}),
                help_text=_("It stands in the mail to %(bodies)s.") % {"bodies": ", ".join(map(str, readers))},
            )

    def comment_for(self, delegation: Delegation) -> str:
        comment: str = self.cleaned_data[f"comment_{delegation.body.default_language}"]
        return comment


class BulkAcceptForm(WithComments):
    with_gap = forms.BooleanField(
        label=_("Accept those with gaps too, with the gap open"),
        required=False,
        help_text=_("The countries are asked on for what is missing; those named are invited now."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if all(one.is_complete for one in self.chosen):
            del self.fields["with_gap"]


class BulkReturnForm(WithComments):
    comment_is_needed = True


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
    # The words of the preview that was shown; sending them back confirms.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class CountryField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the checker alone
    """A delegation by its country's name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.body)


class ExceptionForm(QuotaForm):
    """Other numbers for one country that is asked to the webinar of `quota`."""

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
