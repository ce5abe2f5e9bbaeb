"""What a participant sends."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.delegates import reason_field
from registrations.models import Partstat
from registrations.services.attendance import LONGEST_WORD


class AnswerForm(forms.Form):
    """Yes, maybe or no to one session: one of three buttons."""

    answer = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (Partstat.ACCEPTED, Partstat.TENTATIVE, Partstat.DECLINED)]
    )

    @property
    def partstat(self) -> Partstat:
        """The answer of a valid form."""
        return Partstat(self.cleaned_data["answer"])


class CannotComeForm(forms.Form):
    """That one cannot come, and why; sending it is the decision."""

    reason = reason_field(
        required=False,
        max_length=LONGEST_WORD,
        help_text=_("Who registered you reads it, and so does the secretariat."),
    )
