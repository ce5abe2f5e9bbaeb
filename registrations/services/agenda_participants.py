"""Answers what the agenda asks about participants (`sessions_app.participants`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models.expressions import Expression
from django.urls import reverse

from registrations.queries.registration_state import registration_state
from registrations.queries.release_recipients import count_recipients
from registrations.queries.time_zones import countries_with_zones
from registrations.services.nudge import nudge_planner
from sessions_app.models import Webinar
from sessions_app.participants import Participants
from sessions_app.releases import AgendaChanges


class RegisteredParticipants(Participants):
    """Answers from the delegations; `RegistrationsConfig.ready()` provides it to the agenda."""

    def plan_messages(self) -> None:
        nudge_planner()

    def count_recipients(self, webinar: Webinar, changes: AgendaChanges, *, now: datetime) -> Mapping[int, int]:
        return count_recipients(webinar, changes, now=now)

    def countries(self, webinar: Webinar) -> Sequence[tuple[str, str]]:
        return countries_with_zones(webinar)

    def arrivals_url(self, webinar: Webinar, session_number: int) -> str:
        return reverse("admin:arrivals", args=[webinar.slug, session_number])

    def registration_state(self, now: datetime) -> Expression:
        return registration_state(now)
