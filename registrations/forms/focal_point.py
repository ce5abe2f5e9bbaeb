"""What a focal point types about the delegation as a whole."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.delegates import VersionField
from registrations.services.gates import LONGEST_REASON

LINES = {"rows": 4}


class SubmitForm(forms.Form):
    version = VersionField()
    reason = forms.CharField(
        label=_("Why something stays missing"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("Only needed while something is missing. The secretariat then decides."),
    )


class NotAttendingForm(forms.Form):
    reason = forms.CharField(
        label=_("Why your country does not attend"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs=LINES)
    )
