"""How the quota board is looked at: in which order, and which of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import DelegationStatus, ParticipantProfile

BY_GAP, BY_NAME = "gap", "name"
ANYTHING = "anything"


class BoardForm(forms.Form):
    """Sent by GET; left empty, it asks for the whole board by gap."""

    sort = forms.ChoiceField(
        label=gettext_lazy("Order"),
        required=False,
        choices=[(BY_GAP, gettext_lazy("by gap")), (BY_NAME, gettext_lazy("by name"))],
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    lacks = forms.ChoiceField(label=gettext_lazy("Who is missing"), required=False)
    profile = forms.ChoiceField(label=gettext_lazy("Profile"), required=False)

    def __init__(self, *args: Any, profiles: list[ParticipantProfile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(profile.code, str(profile)) for profile in profiles]
        self._offer("state", _("every state"), [(str(value), str(label)) for value, label in DelegationStatus.choices])
        self._offer("lacks", _("whoever"), [(ANYTHING, _("anybody, or the letter")), *named])
        self._offer("profile", _("every profile"), named)

    def _offer(self, name: str, everything: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name] = forms.ChoiceField(
            label=self.fields[name].label, required=False, choices=[("", everything), *choices]
        )
