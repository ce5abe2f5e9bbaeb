"""Forms that find a person's data and erase them."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PersonForm(forms.Form):
    """The address to search for. It is sent by POST, so that no log and no browser history holds it."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Whatever is kept under this address, at every webinar."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class ErasureForm(forms.Form):
    """Confirms the erasure of the data of one address."""

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    is_confirmed = forms.BooleanField(
        label=_("I know who asks, and that this cannot be undone"),
        error_messages={"required": _("Please confirm: what is erased cannot be brought back.")},
    )
