from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import User
from sessions_app.models import Release, ReleasedSession, Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_delegates, make_delegation, make_webinar


@pytest.fixture
def webinar(db: None) -> Webinar:
    """A webinar that was released once."""
    webinar = make_webinar()
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def url(name: str, row: Webinar | Session) -> str:
    return reverse(f"admin:{name}", args=[row.pk])


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def reasons() -> list[str]:
    return list(LogEntry.objects.values_list("change_message", flat=True))


def test_a_session_is_cancelled_with_a_reason_and_nothing_is_public_before_the_release(
    secretariat: Client, webinar: Webinar
) -> None:
    session = webinar.sessions.get(number=1)

    response = secretariat.post(url("cancel-session", session), {"reason": "The speaker is ill"})

    session.refresh_from_db()
    assert session.cancelled_at is not None
    assert response.headers["Location"] == url("release-webinar", webinar)
    assert reasons() == ["Cancelled: The speaker is ill"]
    assert Release.objects.count() == 1


def test_a_session_without_a_reason_is_not_cancelled(secretariat: Client, webinar: Webinar) -> None:
    session = webinar.sessions.get(number=1)

    response = secretariat.post(url("cancel-session", session), {"reason": " "})

    session.refresh_from_db()
    assert session.cancelled_at is None
    assert response.context["form"].errors.keys() == {"reason"}


def test_opening_a_confirmation_changes_nothing(secretariat: Client, webinar: Webinar) -> None:
    session = webinar.sessions.get(number=1)

    statuses = [secretariat.get(url(name, session)).status_code for name in ("cancel-session", "restore-session")]

    session.refresh_from_db()
    assert (statuses, session.cancelled_at) == ([200, 302], None)


def test_a_cancelled_session_is_restored(secretariat: Client, webinar: Webinar) -> None:
    Session.objects.filter(webinar=webinar, number=1).update(cancelled_at=NOW)
    session = webinar.sessions.get(number=1)
    page = secretariat.get(reverse("admin:sessions_app_session_change", args=[session.pk])).content.decode()

    response = secretariat.post(url("restore-session", session), {})

    session.refresh_from_db()
    assert session.cancelled_at is None
    assert response.headers["Location"] == url("release-webinar", webinar)
    assert [url(f"{step}-session", session) in page for step in ("restore", "cancel")] == [True, False]


def test_cancelling_the_webinar_shows_the_recipients_and_then_releases_at_once(
    secretariat: Client, staff: User, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    delegation = make_delegation()
    webinar = delegation.webinar
    make_delegates(3, delegation, admitted_at=NOW, mail_not_before=NOW)
    release_webinar(webinar, by=None, now=NOW)

    page = secretariat.get(url("cancel-webinar", webinar))
    form = page.context["form"]
    response = secretariat.post(
        url("cancel-webinar", webinar), {"seen": form["seen"].value(), "reason": "Postponed to May"}
    )

    assert page.content.decode().count("cancelled<br>") == 2
    release = Release.objects.get(number=2)
    assert (release.released_by, release.note) == (staff, "Postponed to May")
    assert list(ReleasedSession.objects.values_list("is_cancelled", flat=True)) == [True, True]
    assert messages_of(response) == ["The webinar is cancelled."]


def test_a_cancellation_of_a_changed_draft_is_shown_again_first(secretariat: Client, webinar: Webinar) -> None:
    seen = secretariat.get(url("cancel-webinar", webinar)).context["form"]["seen"].value()
    webinar.sessions.filter(number=1).update(title_en="Changed meanwhile")

    first = secretariat.post(url("cancel-webinar", webinar), {"seen": seen, "reason": "kept"})
    again = {"seen": first.context["form"]["seen"].value(), "reason": "kept"}
    second = secretariat.post(url("cancel-webinar", webinar), again)

    assert "Someone has changed the agenda" in first.content.decode()
    assert ">\nkept</textarea>" in first.content.decode()
    assert second.status_code == 302
    webinar.refresh_from_db()
    assert webinar.cancelled_at is not None


def test_restoring_a_webinar_leads_to_the_release_page(secretariat: Client, webinar: Webinar) -> None:
    Webinar.objects.filter(pk=webinar.pk).update(cancelled_at=NOW)

    response = secretariat.post(url("restore-webinar", webinar), {"reason": "A new host"})

    webinar.refresh_from_db()
    assert webinar.cancelled_at is None
    assert response.headers["Location"] == url("release-webinar", webinar)
    assert reasons() == ["Takes place after all. A new host"]
