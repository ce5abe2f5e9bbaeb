"""What a participant sends."""

from django import forms

from registrations.models import Partstat


class AnswerForm(forms.Form):
    """Yes, maybe or no to one session: one of three buttons."""

    answer = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (Partstat.ACCEPTED, Partstat.TENTATIVE, Partstat.DECLINED)]
    )

    @property
    def partstat(self) -> Partstat:
        """The answer of a valid form."""
        return Partstat(self.cleaned_data["answer"])
