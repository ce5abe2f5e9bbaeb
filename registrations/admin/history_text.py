"""The history in words: a changed field by its name, a choice by its label."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from registrations.models import Delegate, HistoryEvent, ParticipantProfile
from registrations.models.history import COMPLETING_STEP
from registrations.services.exports import COLUMNS

EMPTY = "\N{EN DASH}"
# What it is about stands first, then the numbers as they are asked for; a database keeps no order of changes.
FIRST = ("profile", "session", "minimum", "maximum")


@dataclass(frozen=True)
class ReadableEvent:
    """`shown` is (field's name, old or nothing, new) of each change."""

    event: HistoryEvent
    shown: tuple[tuple[str, str, str], ...]


def readable(events: Iterable[HistoryEvent], *, only: Collection[str] | None = None) -> list[ReadableEvent]:
    """`only` names the fields that are told; a completing step is told by the event itself.

    One query where one of them is a profile, which is told by its name.
    """
    events = list(events)
    named: dict[str, str] = {}
    if any("profile" in event.changes for event in events):
        named = {profile.code: str(profile) for profile in ParticipantProfile.objects.all()}
    return [
        ReadableEvent(
            event,
            tuple(
                # What stayed the same says which one it is about.
                (_label(name), _text(name, old if old != new else None, named), _text(name, new, named) or EMPTY)
                for name, (old, new) in sorted(event.changes.items(), key=_place)
                if name != COMPLETING_STEP and (only is None or name in only)
            ),
        )
        for event in events
    ]


def _place(change: tuple[str, object]) -> tuple[int, str]:
    name, _values = change
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


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


def _text(name: str, value: object, profiles: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value in (None, ""):
        return ""
    if name == "columns":
        return ", ".join(str(COLUMNS[code].label) if code in COLUMNS else code for code in str(value).split(", "))
    choices = dict(getattr(Delegate, name).field.flatchoices) if name in ("role", "status", "language") else {}
    choices |= {
        "profile": profiles,
        "what": {"delegates": _("people"), "board": _("quota board")},
        "file_format": {"xlsx": "XLSX", "csv": "CSV"},
    }.get(name, {})
    return str(choices.get(value, value))
