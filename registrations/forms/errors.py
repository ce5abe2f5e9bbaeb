"""The one place where a broken rule becomes a form error."""

from typing import Any

from django import forms

from registrations.exceptions import GapsRemain, InvalidInput, ReasonRequired, RuleBroken
from registrations.forms.gap_reasons import GapReasonForm


def add_broken_rule(form: forms.BaseForm, broken: RuleBroken) -> None:
    """Say `broken` at the input that it concerns, or above the form where it has no such input."""
    messages = broken.messages if isinstance(broken, InvalidInput) else {broken.field: [str(broken.message)]}
    if isinstance(broken, ReasonRequired | GapsRemain) and isinstance(form, GapReasonForm) and not form.asks_for_reason:
        form.ask_for_reason(broken.message)
        messages = {"reason": [str(form.fields["reason"].error_messages["required"])]}
    for field, texts in messages.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)


def update_hidden_values(form: forms.BaseForm, **hidden: str) -> None:
    """Let the sent `form`, which is shown again with what was typed, carry other `hidden` values."""
    data: Any = form.data
    changed = data.copy()
    for name, value in hidden.items():
        changed[name] = value
    form.data = changed
