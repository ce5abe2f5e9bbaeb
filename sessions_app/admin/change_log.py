"""Stores the old and new value of each changed field in Django's admin log, and shows them in the reader's language."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.forms import BaseForm, ModelChoiceField, URLField
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sessions_app.addresses import host_of
from sessions_app.models import SpokenLanguage

# A value as it is stored: a choice as its value, a date and time in ISO 8601, a related row as its name.
StoredValue = str | int | bool | None
# [field name, old value, new value].
Difference = list[StoredValue]
EMPTY = "\N{EN DASH}"


@dataclass(frozen=True)
class LoggedChange:
    """One change of an edit, to the row itself or to a row of an inline.

    `sentence` names the row of the inline, or is empty for the row itself; if no differences are stored, it is Django's
    own sentence. `differences` holds (label, old text, new text) of each field.
    """

    sentence: str
    differences: tuple[tuple[str, str, str], ...]


# Storing ------------------------------------------------------------------------------------------


def add_differences(message: list[dict[str, Any]], form: Any, formsets: Any) -> list[dict[str, Any]]:
    """Add the differences of each changed field to Django's change message, and return the message."""
    inlines = iter(_changed_rows(formsets or []))
    for part in message:
        changed = part.get("changed")
        if changed is None:
            continue
        if "name" not in changed:
            changed["differences"] = differences_of(form)
        elif (row := next(inlines, None)) is not None:
            changed["model"], changed["differences"] = row
    return message


def _changed_rows(formsets: Any) -> Iterator[tuple[str, list[Difference]]]:
    """Yield the model and the differences of each changed row of the inlines, in the order of Django's message."""
    for formset in formsets:
        forms = {form.instance.pk: form for form in formset.initial_forms}
        for row, _fields in formset.changed_objects:
            yield row._meta.label_lower, differences_of(forms[row.pk]) if row.pk in forms else []


def differences_of(form: BaseForm) -> list[Difference]:
    """Return the difference of each changed field of `form`, without passwords and with only the host of a URL.

    A field that another user has set to the same value meanwhile is left out: the log already has it.
    """
    return [
        [name, _stored_value(old, field), _stored_value(new, field)]
        for name in form.changed_data
        if (field := form.fields.get(name)) is not None and "password" not in name
        for old, new in [(form.get_initial_for_field(field, name), form.cleaned_data.get(name))]
        if old != new
    ]


def changes_in(
    row: models.Model, form: BaseForm, *more: tuple[str, StoredValue, StoredValue], only: Collection[str] = ()
) -> dict[str, Any]:
    """Return what `form` changed in `row`, as a change message holds it; empty if nothing changed.

    `more` holds further changes as (label, old, new); `only` limits the fields of the form.
    """
    differences = [each for each in differences_of(form) if not only or each[0] in only]
    differences += [[label, old, new] for label, old, new in more if old != new]
    with translation.override(None):
        fields = [_field_label(type(row), str(name), str(name)) for name, _old, _new in differences]
    return {"fields": fields, "differences": differences} if differences else {}


def touched_row(verb: str, row: models.Model, **details: Any) -> dict[str, Any]:
    """Return the part of a change message about a row of an inline; `verb` is "added", "changed" or "deleted"."""
    with translation.override(None):
        names = {"name": str(row._meta.verbose_name), "object": str(row), "model": row._meta.label_lower}
    return {verb: names | details}


def _stored_value(value: Any, field: Any) -> StoredValue:
    if value is None or isinstance(value, bool | int | str):
        if isinstance(field, ModelChoiceField) and value not in (None, "") and field.queryset is not None:
            return str(field.queryset.filter(pk=value).first() or value)
        # The whole URL of a room would let every reader of the history join.
        return host_of(str(value or "")) if isinstance(field, URLField) else value
    if isinstance(value, date):  # datetime is a subclass
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    return str(value)


# Showing ------------------------------------------------------------------------------------------


def logged_changes(entry: LogEntry, model: type[models.Model]) -> list[LoggedChange]:
    """Return the changes that `entry` records about a row of `model`, in the reader's language. No query."""
    try:
        parts = json.loads(entry.change_message)
    except json.JSONDecodeError:
        parts = None
    if not isinstance(parts, list):
        return [LoggedChange(entry.get_change_message(), ())]
    return [_logged_change(part, model) for part in parts] or [LoggedChange(entry.get_change_message(), ())]


def _logged_change(part: dict[str, Any], model: type[models.Model]) -> LoggedChange:
    changed = part.get("changed") or {}
    changed_model = _related_model(changed.get("model", ""), default=model)
    labels = dict(
        zip(
            (difference[0] for difference in changed.get("differences", ())),
            map(str, changed.get("fields", ())),
            strict=False,
        )
    )
    differences = tuple(
        (
            _field_label(changed_model, str(name), str(labels.get(name, name))),
            _value_in_words(changed_model, name, old),
            _value_in_words(changed_model, name, new),
        )
        for name, old, new in changed.get("differences", ())
    )
    if not differences:
        return LoggedChange(LogEntry(change_message=json.dumps([part])).get_change_message(), ())
    # Django's own sentence would repeat the names of the fields, some of them in English.
    sentence = f"{capfirst(changed_model._meta.verbose_name)} “{changed['object']}”" if "object" in changed else ""
    return LoggedChange(sentence, differences)


def _related_model(label: str, *, default: type[models.Model]) -> type[models.Model]:
    for relation in default._meta.related_objects:
        related = relation.related_model
        if related is not None and related._meta.label_lower == label:
            return related
    return default


def _field(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _field_label(model: type[models.Model], name: str, label: str) -> str:
    return str(getattr(_field(model, name), "verbose_name", None) or _(label))


def _value_in_words(model: type[models.Model], name: str, value: StoredValue) -> str:
    if value in (None, ""):
        return EMPTY
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    field = _field(model, name)
    if isinstance(field, models.DateTimeField) and (parsed := _parse_datetime(str(value))) is not None:
        return date_format(timezone.localtime(parsed), "DATETIME_FORMAT")
    if isinstance(field, models.DateField) and (parsed := _parse_datetime(str(value))) is not None:
        return date_format(parsed, "DATE_FORMAT")
    if isinstance(field, models.JSONField):
        names = dict(SpokenLanguage.choices)
        return ", ".join(str(names.get(code, code)) for code in str(value).split(", "))
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))


def _parse_datetime(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
