"""How many people a release would mail: counted by the part of the product that knows who comes (a setting)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from sessions_app.models import Webinar
from sessions_app.releases import AgendaChanges, SessionChange


class CountsPeople(Protocol):
    """What `COUNT_PEOPLE_TOLD` names: people by the number of a changed session, were its change mailed."""

    def __call__(self, webinar: Webinar, changes: AgendaChanges, *, now: datetime) -> Mapping[int, int]: ...


@dataclass(frozen=True)
class ToldChange:
    """A change, and how many people are mailed about it; each gets one message (rule 16)."""

    change: SessionChange
    people: int

    @property
    def is_choice(self) -> bool:
        """Whether it is mailed only where someone asks for it (rule 11)."""
        return not self.change.always_mails and not self.change.is_added


@dataclass(frozen=True)
class ToldChanges:
    """What a release would change, with whom it would tell."""

    sessions: tuple[ToldChange, ...]
    is_details_changed: bool

    def __bool__(self) -> bool:
        return bool(self.sessions) or self.is_details_changed

    @property
    def message_count(self) -> int:
        """The messages that are sent whatever is chosen."""
        return sum(each.people for each in self.sessions if not each.is_choice)


def told_changes(webinar: Webinar, changes: AgendaChanges, *, now: datetime) -> ToldChanges:
    """`changes` with the people who would be mailed about each."""
    count: CountsPeople = import_string(settings.COUNT_PEOPLE_TOLD)
    people = count(webinar, changes, now=now) if changes.sessions else {}
    return ToldChanges(
        sessions=tuple(ToldChange(each, people.get(each.number, 0)) for each in changes.sessions),
        is_details_changed=changes.is_details_changed,
    )
