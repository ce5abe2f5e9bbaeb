"""What a form that changes something stored does with fields that were not sent at all."""

from collections.abc import Iterable
from typing import Any

from django import forms


def keep_absent_fields(form: forms.BaseForm, names: Iterable[str]) -> None:
    """Let the sent `form` hold the initial value of each of `names` that was not sent, so that saving leaves it.

    A page of before an upgrade has not got a field that is new. Blank is sent, and empties a field. Of lists of
    checkboxes it cannot be told; a single one is, by `CheckboxInput`.
    """
    if not form.is_bound:
        return
    data: Any = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict or a dict
    for name in names:
        field = form.fields.get(name)
        key = form.add_prefix(name)
        if field is not None and field.widget.value_omitted_from_data(form.data, form.files, key):
            stored = form.get_initial_for_field(field, name)
            data[key] = "" if stored is None else str(stored)
    form.data = data


class CheckboxInput(forms.CheckboxInput):
    """A checkbox that says, by a hidden input before it, that it was sent without a tick."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        return forms.HiddenInput().render(name, "false", None, renderer) + super().render(name, value, attrs, renderer)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data
