"""History events as text: fields by their names, choices by their labels."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from registrations.models import Delegate, HistoryEvent, ParticipantProfile, ParticipatingBody, Partstat
from registrations.models.history import COMPLETING_STEP
from registrations.queries.room_lists import ROOM_EXPORT, RoomList
from registrations.services.exports import COLUMNS

EMPTY = "\N{EN DASH}"
# The order in which changes are listed, since the database keeps none: the subject first, then the numbers.
FIRST_FIELDS = ("profile", "session", "minimum", "maximum")


@dataclass(frozen=True)
class DescribedEvent:
    """A history event with its changes as (label of the field, old value or an empty string, new value)."""

    event: HistoryEvent
    changes: tuple[tuple[str, str, str], ...]


def describe_events(
    events: Iterable[HistoryEvent], *, only_fields: Collection[str] | None = None
) -> list[DescribedEvent]:
    """Describe the changes of `events`, of all fields or of `only_fields`.

    One query where a change names a profile, and one where it names a body. The step that completed a delegation is
    left out: the event names it.
    """
    events = list(events)
    names_of_profiles: dict[str, str] = {}
    names_of_bodies: dict[str, str] = {}
    if any("profile" in event.changes for event in events):
        names_of_profiles = {profile.code: str(profile) for profile in ParticipantProfile.objects.all()}
    if any("body" in event.changes for event in events):
        names_of_bodies = {body.slug: str(body) for body in ParticipatingBody.objects.all()}
    names = {"profile": names_of_profiles, "body": names_of_bodies}
    return [
        DescribedEvent(
            event,
            tuple(
                # A value that did not change identifies the subject, so it is listed once, as the new value.
                (
                    _label(name),
                    _text(name, old if old != new else None, names),
                    _text(name, new, names) or EMPTY,
                )
                for name, (old, new) in sorted(event.changes.items(), key=_sort_key)
                if name != COMPLETING_STEP and (only_fields is None or name in only_fields)
            ),
        )
        for event in events
    ]


def _sort_key(change: tuple[str, object]) -> tuple[int, str]:
    name, _values = change
    return (FIRST_FIELDS.index(name) if name in FIRST_FIELDS else len(FIRST_FIELDS), name)


def _label(name: str) -> str:
    labels = {
        "body": _("country"),
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
        "list": _("list"),
        "people": _("people"),
        "attendance": _("line of the report"),
        "handled_by": _("who is on it"),
        "answer": _("answer"),
    }
    if name in labels:
        return labels[name]
    try:
        return str(getattr(Delegate._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name


def _text(name: str, value: object, names: Mapping[str, Mapping[str, str]]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value in (None, ""):
        return ""
    if name == "columns":
        return ", ".join(str(COLUMNS[code].label) if code in COLUMNS else code for code in str(value).split(", "))
    choices = dict(getattr(Delegate, name).field.flatchoices) if name in ("role", "status", "language") else {}
    choices |= {
        **names,
        "what": {"delegates": _("people"), "board": _("quota board"), ROOM_EXPORT: _("people for the room")},
        "list": dict(RoomList.choices),
        "answer": dict(Partstat.choices),
        "file_format": {"xlsx": "XLSX", "csv": "CSV"},
    }.get(name, {})
    return str(choices.get(value, value))
