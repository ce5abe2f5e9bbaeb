"""Forms of the participant's pages."""

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
from sessions_app.zone_choices import regional_zones, zone_groups


class AnswerForm(forms.Form):
    """The answer to one session: one of three buttons."""

    answer = forms.ChoiceField(
        choices=[(answer.value, answer.label) for answer in (Partstat.ACCEPTED, Partstat.TENTATIVE, Partstat.DECLINED)]
    )

    @property
    def partstat(self) -> Partstat:
        """Return the answer of the valid form."""
        return Partstat(self.cleaned_data["answer"])


class PreferencesForm(forms.Form):
    """Language and time zone of a participant's pages and mails."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, delegate: Delegate, nearby_zones_only: bool = False, **kwargs: Any) -> None:
        """`nearby_zones_only` leaves out the zones of other regions; the page that receives the form offers all."""
        super().__init__(*args, **{"initial": {"language": delegate.language, "timezone": delegate.timezone}, **kwargs})
        page_language = get_language() or "en"
        zones: list[Any] = (
            [*regional_zones(page_language, also=(delegate.webinar.timezone, delegate.timezone)).zones]
            if nearby_zones_only
            else [(group.label, group.zones) for group in zone_groups(page_language, selected=delegate.timezone)]
        )
        self.fields["timezone"] = forms.ChoiceField(label=_("Time zone"), choices=zones)


class LostLinkForm(forms.Form):
    """The address to which a participant's links are mailed."""

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
    """Declines all sessions ahead, with an optional reason."""

    reason = reason_field(
        required=False,
        max_length=MAX_DECLINE_REASON_LENGTH,
        help_text=_("Who registered you reads it, and so does the secretariat."),
    )
