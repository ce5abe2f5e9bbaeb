"""Defines what the agenda asks about the people who take part, so that it never imports the app that registers them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from django.db.models.expressions import Expression

    from sessions_app.models import Webinar
    from sessions_app.releases import AgendaChanges


class Participants(Protocol):
    """What the agenda asks of the app that registers people; that app passes its answers to `set_participants`."""

    def plan_messages(self) -> None:
        """Ask for the messages that a release causes to be planned once the present transaction is committed."""

    def count_recipients(self, webinar: "Webinar", changes: "AgendaChanges", *, now: datetime) -> Mapping[int, int]:
        """Return, by the number of each changed session, how many people are mailed if that change is mailed."""

    def countries(self, webinar: "Webinar") -> Sequence[tuple[str, str]]:
        """Return (time zone, name) of each country that takes part in `webinar`, for a preview of the agenda."""

    def arrivals_url(self, webinar: "Webinar", session_number: int) -> str:
        """Return the URL of the page on which staff switch the room of a session and see who has arrived."""

    def registration_state(self, now: datetime) -> "Expression":
        """Return an expression for a query of webinars: the `WebinarState` that registration gives them, or ""."""


_registered: list[Participants] = []


def set_participants(participants: Participants) -> None:
    """Register `participants` for `get_participants`; a second call replaces the first. Called in AppConfig.ready()."""
    _registered[:] = [participants]


def get_participants() -> Participants:
    """Return what an installed app passed to `set_participants`. Raises ImproperlyConfigured if there is nothing."""
    if not _registered:
        raise ImproperlyConfigured("No installed app provides sessions_app.participants.Participants.")
    return _registered[0]
