"""The base form of actions that need a reason only if they open a gap in a quota (rule 6)."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import ReasonRequired
from registrations.services.registration_window import MAX_REASON_LENGTH


class GapReasonForm(forms.Form):
    """A form that has a reason field only where the action opens a gap.

    If the gap is closed when the form is submitted, a hidden field keeps the reason that was typed.
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
        """Return whether the form requires a reason."""
        return "reason" in self.fields and self.fields["reason"].required

    def ask_for_reason(self, message: str | Promise = ReasonRequired.message, *, is_by_choice: bool = False) -> None:
        """Add the required reason field; `message` is its error if it is left empty.

        Where the submitted page had no such field, the error also says that the delegation has changed since the page
        was opened, unless the user's own choice on that page opens the gap (`is_by_choice`).
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
        """Return the reason of the valid form, or an empty string."""
        return str(self.cleaned_data.get("reason", ""))
