"""Fields that a submitted form does not contain: they keep their stored value."""

from collections.abc import Iterable
from typing import Any

from django import forms


def keep_absent_fields(form: forms.BaseForm, names: Iterable[str]) -> None:
    """Add the initial value of each field in `names` that is absent from the data of the bound `form`.

    A page that was opened before an upgrade lacks a new field, which saving must not empty. A blank input is not
    absent: it empties the field. A single checkbox needs `CheckboxInput`; a list of checkboxes cannot be checked.
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
    """A checkbox with a hidden input before it, so that an unticked checkbox differs from an absent field."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        return forms.HiddenInput().render(name, "false", None, renderer) + super().render(name, value, attrs, renderer)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data
