"""The room that a session is held in."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RoomForm(forms.Form):
    """One of two buttons, the address of the second room, and the rooms as they were shown; the service judges it."""

    room = forms.ChoiceField(label=_("Room"), choices=[("first", ""), ("second", "")], widget=forms.HiddenInput)
    # Left out, it is that of no rooms.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    second_address = forms.CharField(
        label=_("Address of the second room"),
        required=False,
        strip=True,
        widget=forms.URLInput(attrs={"class": "vURLField", "autocomplete": "off", "spellcheck": "false"}),
    )
