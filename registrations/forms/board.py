"""The form that orders and filters the quota board."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import DelegationStatus, ParticipantProfile

BY_GAP, BY_NAME = "gap", "name"
ANYTHING = "anything"


class BoardForm(forms.Form):
    """Order and filters of the board, sent by GET; an empty form shows everything, ordered by gap."""

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
        profile_choices = [(profile.code, str(profile)) for profile in profiles]
        self._set_choices(
            "state", _("every state"), [(str(value), str(label)) for value, label in DelegationStatus.choices]
        )
        self._set_choices("lacks", _("whoever"), [(ANYTHING, _("anybody, or the letter")), *profile_choices])
        self._set_choices("profile", _("every profile"), profile_choices)

    def _set_choices(self, name: str, label_of_all: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name] = forms.ChoiceField(
            label=self.fields[name].label, required=False, choices=[("", label_of_all), *choices]
        )
