"""The form that uploads a nomination letter."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LetterForm(forms.Form):
    """The uploaded letter. The service checks its content and size; `accept` only filters the file dialog."""

    file = forms.FileField(
        label=_("Letter"),
        allow_empty_file=True,
        help_text=_("One PDF file of at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,application/pdf"}),
        error_messages={"required": _("Please choose the file first.")},
    )
