"""The form that switches between the two video rooms of a session."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RoomForm(forms.Form):
    """Which room to use, the address of the second room, and the fingerprint of the rooms that were shown.

    The service validates the address.
    """

    room = forms.ChoiceField(label=_("Room"), choices=[("first", ""), ("second", "")], widget=forms.HiddenInput)
    # Without it, the service treats the form as stale.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    second_address = forms.CharField(
        label=_("Address of the second room"),
        required=False,
        strip=True,
        widget=forms.URLInput(attrs={"class": "vURLField", "autocomplete": "off", "spellcheck": "false"}),
    )
