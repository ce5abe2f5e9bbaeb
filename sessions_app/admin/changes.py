"""What an edit in the admin changed, from what to what: kept with Django's log, and told in the reader's language."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.forms import BaseForm, ModelChoiceField, URLField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sessions_app.addresses import host_of

# A value as JSON holds it: a choice by its code, a moment in ISO 8601, another row by what it is called.
Kept = str | int | bool | None
Difference = list[Kept]
EMPTY = "\N{EN DASH}"


@dataclass(frozen=True)
class Line:
    """One thing that an edit did: what it is about, empty for the row itself, or Django's sentence where no fields are
    told; and (field's name, old, new) of what it changed."""

    sentence: str
    differences: tuple[tuple[str, str, str], ...]


# Keeping ------------------------------------------------------------------------------------------


def with_differences(message: list[dict[str, Any]], form: Any, formsets: Any) -> list[dict[str, Any]]:
    """Django's change message of `form` and `formsets`, with what each changed field was and is."""
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
    """In Django's order: the model and the differences of each changed row below the one that was edited."""
    for formset in formsets:
        forms = {form.instance.pk: form for form in formset.initial_forms}
        for row, _fields in formset.changed_objects:
            yield row._meta.label_lower, differences_of(forms[row.pk]) if row.pk in forms else []


def differences_of(form: BaseForm) -> list[Difference]:
    """[name, old, new] of each changed field that the form shows, passwords apart; of an address its house alone.

    Somebody else may have changed a field to the same meanwhile, which is told of them."""
    return [
        [name, _kept(old, field), _kept(new, field)]
        for name in form.changed_data
        if (field := form.fields.get(name)) is not None and "password" not in name
        for old, new in [(form.get_initial_for_field(field, name), form.cleaned_data.get(name))]
        if old != new
    ]


def _kept(value: Any, field: Any) -> Kept:
    if value is None or isinstance(value, bool | int | str):
        if isinstance(field, ModelChoiceField) and value not in (None, "") and field.queryset is not None:
            return str(field.queryset.filter(pk=value).first() or value)
        # The whole address of a room opens it to whoever reads the history.
        return host_of(str(value or "")) if isinstance(field, URLField) else value
    if isinstance(value, date):  # moments too
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


# Telling ------------------------------------------------------------------------------------------


def lines_of(entry: LogEntry, model: type[models.Model]) -> list[Line]:
    """What `entry`, about a row of `model`, tells in the reader's language. No query."""
    try:
        parts = json.loads(entry.change_message)
    except json.JSONDecodeError:
        parts = None
    if not isinstance(parts, list):
        return [Line(entry.get_change_message(), ())]
    return [_line(part, model) for part in parts] or [Line(entry.get_change_message(), ())]


def _line(part: dict[str, Any], model: type[models.Model]) -> Line:
    changed = part.get("changed") or {}
    below = _model_of(changed.get("model", ""), otherwise=model)
    labels = dict(
        zip((one[0] for one in changed.get("differences", ())), map(str, changed.get("fields", ())), strict=False)
    )
    told = tuple(
        (_label(below, str(name), str(labels.get(name, name))), _text(below, name, old), _text(below, name, new))
        for name, old, new in changed.get("differences", ())
    )
    if not told:
        return Line(LogEntry(change_message=json.dumps([part])).get_change_message(), ())
    # Django would name the fields once more, some of them in English.
    about = f"{capfirst(below._meta.verbose_name)} “{changed['object']}”" if "object" in changed else ""
    return Line(about, told)


def _model_of(label: str, *, otherwise: type[models.Model]) -> type[models.Model]:
    for relation in otherwise._meta.related_objects:
        below = relation.related_model
        if below is not None and below._meta.label_lower == label:
            return below
    return otherwise


def _field(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _label(model: type[models.Model], name: str, label: str) -> str:
    return str(getattr(_field(model, name), "verbose_name", None) or _(label))


def _text(model: type[models.Model], name: str, value: Kept) -> str:
    if value in (None, ""):
        return EMPTY
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    field = _field(model, name)
    if isinstance(field, models.DateTimeField) and (moment := _moment(str(value))) is not None:
        return date_format(timezone.localtime(moment), "D j M Y, H:i")
    if isinstance(field, models.DateField) and (moment := _moment(str(value))) is not None:
        return date_format(moment, "D j M Y")
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))


def _moment(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
