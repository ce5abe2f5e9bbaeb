"""The agenda uses the participants that an app provides; these tests provide a sample instead of registrations."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Value

from sessions_app import participants
from sessions_app.models import Webinar
from sessions_app.participants import get_participants, set_participants
from sessions_app.release_recipients import changes_with_recipients
from sessions_app.releases import AgendaChanges, draft_of, release_webinar
from tests.factories import NOW, make_webinar


class SampleParticipants:
    """Counts seven people for each changed session, and remembers that messages were to be planned."""

    def __init__(self) -> None:
        self.planned = 0

    def plan_messages(self) -> None:
        self.planned += 1

    def count_recipients(self, webinar: Webinar, changes: AgendaChanges, *, now: datetime) -> dict[int, int]:
        return {each.number: 7 for each in changes.sessions}

    def countries(self, webinar: Webinar) -> list[tuple[str, str]]:
        return [("America/Panama", "Panama")]

    def arrivals_url(self, webinar: Webinar, session_number: int) -> str:
        return f"/arrivals/{session_number}/"

    def registration_state(self, now: datetime) -> Value:
        return Value("")


@pytest.fixture
def provided() -> Iterator[SampleParticipants]:
    """A sample that is provided during the test."""
    before = get_participants()
    sample = SampleParticipants()
    set_participants(sample)
    yield sample
    set_participants(before)


def test_a_missing_provider_raises_an_error_that_names_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(participants, "_registered", [])

    with pytest.raises(ImproperlyConfigured, match=r"sessions_app\.participants\.Participants"):
        get_participants()


def test_providing_again_replaces_the_first(provided: SampleParticipants) -> None:
    second = SampleParticipants()

    set_participants(second)

    assert get_participants() is second


def test_a_release_counts_the_recipients_that_are_provided(provided: Any, db: None) -> None:
    webinar = make_webinar("flows")

    counted = changes_with_recipients(webinar, draft_of(webinar).changes, now=NOW)

    assert [each.recipients for each in counted.sessions] == [7, 7]
    assert counted.message_count == 14


def test_a_release_has_its_messages_planned_once(provided: SampleParticipants, db: None) -> None:
    release_webinar(make_webinar("flows"), by=None, now=NOW)

    assert provided.planned == 1
