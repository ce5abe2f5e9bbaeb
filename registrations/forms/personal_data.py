"""What the secretariat types when a person asks for their data, or for the end of them."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PersonForm(forms.Form):
    """Who asks; the address is sent in the form, so that no log and no history of a browser holds it."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Whatever is kept under this address, at every webinar."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class ErasureForm(forms.Form):
    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    is_confirmed = forms.BooleanField(
        label=_("I know who asks, and that this cannot be undone"),
        error_messages={"required": _("Please confirm: what is erased cannot be brought back.")},
    )
