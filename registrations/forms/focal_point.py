"""Forms of a focal point about the delegation as a whole."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import GapsRemain
from registrations.forms.delegates import VersionField
from registrations.forms.gap_reasons import GapReasonForm
from registrations.queries import SeatCount
from registrations.services.registration_window import MAX_REASON_LENGTH

TEXTAREA_ATTRS = {"rows": 4}


class SubmitForm(GapReasonForm):
    """Submits the delegation; one with gaps, or without a required letter, needs a reason."""

    version = VersionField()

    def __init__(self, *args: Any, gaps: Sequence[SeatCount], lacks_letter: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if gaps or lacks_letter:
            self.ask_for_reason(GapsRemain(gaps, lacks_letter=lacks_letter).message)

    def ask_for_reason(self, message: str | Promise = GapsRemain.message, *, is_by_choice: bool = False) -> None:
        super().ask_for_reason(message, is_by_choice=is_by_choice)
        self.fields["reason"].label = _("Why something stays missing")
        self.fields["reason"].help_text = _("The secretariat then decides.")


class NotAttendingForm(forms.Form):
    """The reason for which a country does not attend."""

    reason = forms.CharField(
        label=_("Why your country does not attend"),
        max_length=MAX_REASON_LENGTH,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRS),
    )
