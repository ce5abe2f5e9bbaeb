"""The nomination letter as a focal point sends it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LetterForm(forms.Form):
    # What it is and how large is the service's to judge, by its content; `accept` only sorts the dialog.
    file = forms.FileField(
        label=_("Letter"),
        allow_empty_file=True,
        help_text=_("One PDF file of at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,application/pdf"}),
        error_messages={"required": _("Please choose the file first.")},
    )
