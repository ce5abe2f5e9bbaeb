"""Pairs each change of a release with the number of people who would be mailed about it.

The app that registers people counts them, see `participants.py`.
"""

from dataclasses import dataclass
from datetime import datetime

from sessions_app.differences import Difference
from sessions_app.models import Webinar
from sessions_app.participants import get_participants
from sessions_app.releases import AgendaChanges, SessionChange


@dataclass(frozen=True)
class CountedChange:
    """The change of one session, with the number of people who are mailed about it; each gets one message (rule 16)."""

    change: SessionChange
    recipients: int

    @property
    def is_optional(self) -> bool:
        """Whether it is mailed only if staff ask for it (rule 11)."""
        return not self.change.always_mails and not self.change.is_added


@dataclass(frozen=True)
class CountedChanges:
    """All changes of a release, each with its number of recipients; false in a condition if nothing changes."""

    sessions: tuple[CountedChange, ...]
    is_details_changed: bool
    # Those of the webinar itself: organisers and presidency.
    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.sessions) or self.is_details_changed or bool(self.differences)

    @property
    def message_count(self) -> int:
        """The number of messages that are sent whatever staff choose."""
        return sum(each.recipients for each in self.sessions if not each.is_optional)


def changes_with_recipients(webinar: Webinar, changes: AgendaChanges, *, now: datetime) -> CountedChanges:
    """Return `changes` with the number of people who would be mailed about each."""
    recipients = get_participants().count_recipients(webinar, changes, now=now) if changes.sessions else {}
    return CountedChanges(
        sessions=tuple(CountedChange(each, recipients.get(each.number, 0)) for each in changes.sessions),
        is_details_changed=changes.is_details_changed,
        differences=changes.differences,
    )
