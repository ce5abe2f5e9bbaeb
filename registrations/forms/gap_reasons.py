"""The reason that a step needs exactly where it leaves a gap in a quota (rule 6)."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import ReasonRequired
from registrations.services.registration_window import MAX_REASON_LENGTH


class GapReasonForm(forms.Form):
    """A step that asks for a reason where it leaves a gap, and has no such input elsewhere.

    Should the gap be closed by the time it is sent, the reason that was typed is carried along, and nothing is lost.
    """

    def __init__(self, *args: Any, leaves_gap: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if leaves_gap:
            self.ask_for_reason()
        elif str(self.data.get("reason") or "").strip():
            self.fields["reason"] = forms.CharField(
                max_length=MAX_REASON_LENGTH, required=False, widget=forms.HiddenInput
            )

    @property
    def asks_for_reason(self) -> bool:
        return "reason" in self.fields and self.fields["reason"].required

    def ask_for_reason(self, message: str | Promise = ReasonRequired.message, *, is_by_choice: bool = False) -> None:
        """Let the form have the input; `message` is what stands there if it is sent empty.

        Where the page that was sent had no such input the message says why there is one now, unless what was chosen on
        that page leaves the gap.
        """
        if self.is_bound and "reason" not in self.data and not is_by_choice:
            meanwhile = _("The delegation has changed since you opened this page.")
            message = f"{meanwhile} {message}"
        self.fields["reason"] = forms.CharField(
            label=_("Reason for the gap"),
            max_length=MAX_REASON_LENGTH,
            widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
            help_text=_("This leaves fewer people than are asked for. The reason is kept in the history."),
            error_messages={"required": str(message)},
        )

    def reason(self) -> str:
        return str(self.cleaned_data.get("reason", ""))
