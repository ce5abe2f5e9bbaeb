"""Turns a broken rule into form errors, and changes the hidden fields of a form that is shown again."""

from typing import Any

from django import forms

from registrations.exceptions import GapsRemain, InvalidInput, ReasonRequired, RuleBroken
from registrations.forms.gap_reasons import GapReasonForm


def add_broken_rule(form: forms.BaseForm, broken: RuleBroken) -> None:
    """Add `broken` to the field that it names, or to the whole form where there is no such field.

    A form that turns out to need a reason for a gap gets the input for it.
    """
    messages = broken.messages if isinstance(broken, InvalidInput) else {broken.field: [str(broken.message)]}
    if isinstance(broken, ReasonRequired | GapsRemain) and isinstance(form, GapReasonForm) and not form.asks_for_reason:
        form.ask_for_reason(broken.message)
        messages = {"reason": [str(form.fields["reason"].error_messages["required"])]}
    for field, texts in messages.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)


def update_hidden_values(form: forms.BaseForm, **hidden: str) -> None:
    """Replace the values of `hidden` fields in the data of a bound form, which is shown again as it was filled in."""
    data: Any = form.data
    changed = data.copy()
    for name, value in hidden.items():
        changed[name] = value
    form.data = changed
