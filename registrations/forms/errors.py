"""The one place where a broken rule becomes a form error."""

from django import forms

from registrations.exceptions import InvalidInput, RuleBroken


def add_broken_rule(form: forms.BaseForm, broken: RuleBroken) -> None:
    """Say `broken` at the input that it concerns, or above the form where it has no such input."""
    messages = broken.messages if isinstance(broken, InvalidInput) else {broken.field: [str(broken.message)]}
    for field, texts in messages.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)
