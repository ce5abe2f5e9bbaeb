"""The one place where a broken rule becomes a form error."""

from typing import Any

from django import forms

from registrations.exceptions import InvalidInput, RuleBroken


def add_broken_rule(form: forms.BaseForm, broken: RuleBroken) -> None:
    """Say `broken` at the input that it concerns, or above the form where it has no such input."""
    messages = broken.messages if isinstance(broken, InvalidInput) else {broken.field: [str(broken.message)]}
    for field, texts in messages.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)


def send_again_with(form: forms.BaseForm, **hidden: str) -> None:
    """Let the sent `form`, which is shown again with what was typed, carry other `hidden` values."""
    data: Any = form.data
    changed = data.copy()
    for name, value in hidden.items():
        changed[name] = value
    form.data = changed
