"""The messages of one webinar: mailings in progress, those that failed, and what is planned."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registrations.models import Delegate, Delegation, Delivery, DeliveryKind, DeliveryState, User
from registrations.queries.mailings import mailings_of
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    make_announcement,
    make_bounce,
    make_country,
    make_delegate,
    make_delegation,
    make_gap_reminder,
    make_message,
    make_observer,
    make_reminder_rule,
    make_webinar,
)

pytestmark = pytest.mark.django_db

MESSAGES = "/admin/webinars/flows/messages/"
HOME = "/admin/webinars/flows/"


@pytest.fixture
def webinar(db: None) -> Webinar:
    return make_webinar()


@pytest.fixture
def delegation(webinar: Webinar) -> Delegation:
    return make_delegation(webinar, make_country("HN"))


def owe(delegation: Delegation, count: int, state: str = "due", **fields: Any) -> None:
    """Store `count` gap notices in one state."""
    for _each in range(count):
        make_message(f"notice {Delivery.objects.count()}", delegation=delegation, state=state, **fields)


def test_a_mailing_counts_its_messages_by_state(delegation: Delegation, now: datetime) -> None:
    owe(delegation, 5, "sent", sent_at=now - timedelta(minutes=5))
    owe(delegation, 2, "failed")
    owe(delegation, 10, "due", due_at=now)
    owe(delegation, 1, "due", due_at=now + timedelta(hours=1))
    owe(delegation, 3, "superseded")
    owe(make_delegation(make_webinar("other"), make_country("PA")), 4)

    (mailing,) = mailings_of(delegation.webinar, now=now)

    assert (mailing.total, mailing.sent, mailing.failed, mailing.waiting) == (18, 5, 2, 10)
    # Five in five minutes; ten wait.
    assert mailing.seconds_left == 600


def test_a_mailing_counts_what_came_back_and_what_is_held(
    secretariat: Client, delegation: Delegation, now: datetime
) -> None:
    owe(delegation, 5, "sent", sent_at=now)
    owe(delegation, 2, "bounced")
    owe(delegation, 3, "held")
    owe(delegation, 1, "due", due_at=now)

    (mailing,) = mailings_of(delegation.webinar, now=now)
    html = secretariat.get(MESSAGES).text

    assert (mailing.total, mailing.sent, mailing.came_back, mailing.held) == (11, 5, 2, 3)
    assert "2 came back" in html
    assert "3 held" in html


def test_what_came_back_is_listed_until_the_address_is_corrected(secretariat: Client, delegation: Delegation) -> None:
    person = make_delegate(delegation)
    make_bounce(make_message("links", DeliveryKind.LINKS, delegate=person, email=person.email))

    before = secretariat.get(MESSAGES)
    Delegate.objects.update(email="corrected@example.org")
    after = secretariat.get(MESSAGES)

    assert (before.context["failed_count"], after.context["failed_count"]) == (1, 0)
    assert "Came back: There is no mailbox with this address." in before.text


def test_nothing_is_guessed_from_what_was_sent_long_ago(delegation: Delegation, now: datetime) -> None:
    owe(delegation, 5, "sent", sent_at=now - timedelta(days=1))
    owe(delegation, 5, "due", due_at=now)

    (mailing,) = mailings_of(delegation.webinar, now=now)

    assert mailing.is_in_progress
    assert mailing.seconds_left is None


def test_what_owes_the_messages_tells_mailings_apart(delegation: Delegation, staff: User, now: datetime) -> None:
    by_hand = make_gap_reminder(delegation.webinar, by=staff)
    owe(delegation, 1, "sent", sent_at=now - timedelta(hours=1))
    owe(delegation, 2, "sent", sent_at=now, gap_reminder=by_hand)

    mailings = mailings_of(delegation.webinar, now=now)

    assert [(mailing.subject, mailing.total) for mailing in mailings] == [(by_hand, 2), (None, 1)]


@pytest.mark.parametrize("address", [MESSAGES, HOME])
def test_both_pages_show_a_bar_for_what_is_being_sent(
    secretariat: Client, delegation: Delegation, address: str
) -> None:
    just_now = timezone.now()
    owe(delegation, 3, "sent", sent_at=just_now - timedelta(minutes=3))
    owe(delegation, 6, "due", due_at=just_now)
    owe(delegation, 1, "failed")

    html = " ".join(secretariat.get(address).text.split())

    assert '<progress aria-labelledby="mailing-1" max="10" value="3">3/10</progress>' in html
    assert "<strong>3 of 10 sent</strong>" in html
    assert "1 failed" in html
    assert "about 6 minutes still" in html
    assert ">Refresh</a>" in html


def test_what_renews_itself_is_the_bar_alone(secretariat: Client, delegation: Delegation) -> None:
    owe(delegation, 2, "due", due_at=timezone.now())

    html = secretariat.get(MESSAGES, headers={"HX-Request": "true"}).text

    assert "<progress" in html
    assert "<html" not in html


def test_without_a_mailing_no_bar_is_drawn(secretariat: Client, delegation: Delegation) -> None:
    owe(delegation, 2, "sent", sent_at=timezone.now())

    html = secretariat.get(MESSAGES).text

    assert "<progress" not in html
    assert "Refresh" not in html
    assert "2 of 2" in html


def test_the_page_lists_failures_drafts_and_what_is_planned(
    secretariat: Client, delegation: Delegation, staff: User, now: datetime
) -> None:
    webinar = delegation.webinar
    webinar.sessions.update(starts_at=timezone.now() + timedelta(days=9))
    release_webinar(webinar, by=staff, now=timezone.now())
    make_reminder_rule(webinar, created_at=timezone.now())
    draft = make_announcement(webinar, by=staff)
    owe(delegation, 1, "failed", last_error="The mail server refused the address.")

    page = secretariat.get(MESSAGES)

    assert [str(line.coming.kind.value) for line in page.context["planned"]] == ["reminder", "reminder"]
    assert page.context["drafts"] == [draft]
    assert page.context["failed_count"] == 1
    assert "The mail server refused the address." in page.text


def test_an_empty_webinar_has_no_messages(secretariat: Client, webinar: Webinar) -> None:
    html = secretariat.get(MESSAGES).text

    assert "Nothing was sent yet." in html
    assert "Nothing is planned." in html


def test_observers_read_no_messages(client: Client, webinar: Webinar) -> None:
    client.force_login(make_observer())

    assert client.get(MESSAGES).status_code == 403


def test_the_page_takes_the_same_queries_with_one_message_as_with_many(
    secretariat: Client,
    delegation: Delegation,
    staff: User,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    owe(delegation, 1, "failed", gap_reminder=make_gap_reminder(delegation.webinar, by=staff))
    with django_assert_num_queries(12) as found:
        secretariat.get(MESSAGES)
    owe(delegation, 30, "due", due_at=now, gap_reminder=make_gap_reminder(delegation.webinar, by=staff))
    owe(delegation, 20, "failed", kind=DeliveryKind.REGISTRATION)
    assert Delivery.objects.filter(state=DeliveryState.FAILED).count() == 21

    with django_assert_num_queries(len(found.captured_queries)):
        secretariat.get(MESSAGES)
