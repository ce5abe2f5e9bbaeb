"""The history in words: a changed field by its name, a choice by its label."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from registrations.models import Delegate, HistoryEvent

EMPTY = "\N{EN DASH}"


@dataclass(frozen=True)
class ReadableEvent:
    """`shown` is (field's name, old or nothing, new) of each change."""

    event: HistoryEvent
    shown: tuple[tuple[str, str, str], ...]


def readable(events: Iterable[HistoryEvent]) -> list[ReadableEvent]:
    return [
        ReadableEvent(
            event,
            tuple(
                (_label(name), _text(name, old), _text(name, new) or EMPTY)
                for name, (old, new) in event.changes.items()
            ),
        )
        for event in events
    ]


def _label(name: str) -> str:
    named = {
        "seats": _("seats"),
        "minimum": _("at least"),
        "maximum": _("at most"),
        "letter": _("letter"),
        "recipients": _("readers"),
        "replaces": _("takes the seat of"),
        "replaced_by": _("replaced by"),
        "rows": _("how many"),
        "what": _("what"),
        "file_format": _("file"),
        "columns": _("columns"),
        "filters": _("filters"),
        "session": _("session"),
        "room": _("room"),
        "people": _("people"),
        "attendance": _("line of the report"),
    }
    if name in named:
        return named[name]
    try:
        return str(getattr(Delegate._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value in (None, ""):
        return ""
    choices = dict(getattr(Delegate, name).field.flatchoices) if name in ("role", "status", "language") else {}
    return str(choices.get(value, value))
