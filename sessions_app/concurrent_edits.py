"""Keeps people who edit one row at the same time from undoing each other: only changed fields are checked and saved."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, models
from django.utils.functional import cached_property


class ConcurrentEditForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """A form for a row that several people edit at the same time: it changes only the fields that its user changed.

    Its page carries the initial values in hidden inputs, and `changed_data` compares with them. A request without the
    hidden inputs is compared with the stored row.
    """

    typed_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for bound_field in self:
            name = bound_field.html_initial_name
            if f"{name}_0" in self.data:
                # A date and time has two inputs. A page with errors repeats only what has the name of the field itself.
                self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
                self.data[name] = ""  # type: ignore[index]  # the same
            bound_field.field.show_hidden_initial = not self.is_bound or name in self.data

    @cached_property
    def changed_data(self) -> list[str]:
        """Django's changed fields, except those missing from the request, which keep their stored values."""
        return [name for name in super().changed_data if self._is_sent(name)]

    def _is_sent(self, name: str) -> bool:
        bound_field = self[name]
        return not bound_field.field.widget.value_omitted_from_data(self.data, self.files, bound_field.html_name)

    def clean(self) -> dict[str, Any]:
        """Return only the fields that were changed on the page, so that Django validates the row as it will be stored.

        Django sets on the row what this method returns, and then validates the row.
        """
        super().clean()
        self.typed_data = self.cleaned_data
        if self.instance.pk is None:
            return self.typed_data
        return {name: value for name, value in self.typed_data.items() if name in self.changed_data}

    def full_clean(self) -> None:
        """Validate as Django does; afterwards `cleaned_data` also holds the fields that were not changed."""
        self.typed_data = {}
        super().full_clean()
        if self.typed_data:
            self.cleaned_data = {name: value for name, value in self.typed_data.items() if name not in self.errors}


class RowDeleted(Exception):
    """Another user deleted the row before it was saved."""


def save_changed_fields(row: models.Model, changed: Collection[str]) -> None:
    """Save the fields of `row` that are named in `changed`, then reload the row.

    Raises RowDeleted if the row is not stored any more.
    """
    if row.pk is None:
        row.save()
        return
    try:
        row.save(update_fields=[field.name for field in row._meta.concrete_fields if field.name in changed])
    except DatabaseError as error:
        # Django 5.2 raises a plain DatabaseError if no row was updated, Django 6.0 `NotUpdated`. Errors of the database
        # itself have other classes.
        if type(error) is DatabaseError or isinstance(error, getattr(row, "NotUpdated", ())):
            raise RowDeleted from error
        raise
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist as error:
        raise RowDeleted from error


def save_rows(formset: Any, rows: Sequence[models.Model]) -> None:
    """Save only the changed fields of each of `rows`, and delete the rows that `formset` marks for deletion."""
    for row in formset.deleted_objects:
        row.delete()
    for form in formset.forms:
        if form.instance in rows:
            save_changed_fields(form.instance, form.changed_data)
    formset.save_m2m()
