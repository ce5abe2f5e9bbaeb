"""What a participant sends."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registrations.forms.delegates import reason_field
from registrations.models import Delegate, Partstat
from registrations.services.answers import MAX_DECLINE_REASON_LENGTH
from registrations.services.delegate_details import normalise_address
from sessions_app.zone_choices import near_zones, zone_groups


class AnswerForm(forms.Form):
    """Yes, maybe or no to one session: one of three buttons."""

    answer = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (Partstat.ACCEPTED, Partstat.TENTATIVE, Partstat.DECLINED)]
    )

    @property
    def partstat(self) -> Partstat:
        """The answer of a valid form."""
        return Partstat(self.cleaned_data["answer"])


class ChoicesForm(forms.Form):
    """In which language, and with the hours of which zone, one is written to."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, delegate: Delegate, is_short: bool = False, **kwargs: Any) -> None:
        """With the zones of the region alone where it `is_short`: it is sent to a page that has all of them."""
        super().__init__(*args, **{"initial": {"language": delegate.language, "timezone": delegate.timezone}, **kwargs})
        here = get_language() or "en"
        zones: list[Any] = (
            [*near_zones(here, also=(delegate.webinar.timezone, delegate.timezone)).zones]
            if is_short
            else [(group.label, group.zones) for group in zone_groups(here, selected=delegate.timezone)]
        )
        self.fields["timezone"] = forms.ChoiceField(label=_("Time zone"), choices=zones)


class LostLinkForm(forms.Form):
    """To which address the links of a participant go."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("The one to which your invitation came."),
    )

    def clean_email(self) -> str:
        email = normalise_address(self.cleaned_data["email"])
        if not email.isascii():
            raise ValidationError(
                _("No mail can be sent to this address. Please check how it is written."), code="not_ascii"
            )
        return email


class CannotComeForm(forms.Form):
    """That one cannot come, and why; sending it is the decision."""

    reason = reason_field(
        required=False,
        max_length=MAX_DECLINE_REASON_LENGTH,
        help_text=_("Who registered you reads it, and so does the secretariat."),
    )
