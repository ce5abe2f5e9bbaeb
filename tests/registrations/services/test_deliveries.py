"""What the secretariat may do with single deliveries."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from registrations.models import CalendarEntry, Delivery, DeliveryKind, DeliveryState
from registrations.services.deliveries import resend_deliveries, stop_deliveries
from sessions_app.models import Release, Session
from tests.factories import NOW, make_delegate, make_delegation


def make_delivery(state: DeliveryState, key: str = "", **fields: object) -> Delivery:
    lease = {"claim_token": uuid4(), "lease_expires_at": NOW} if state == DeliveryState.CLAIMED else {}
    return Delivery.objects.create(
        **{
            "key": key or f"notice:{state}",
            "kind": DeliveryKind.DECISION,
            "email": "person@example.org",
            "language": "es",
            "created_at": NOW,
            "due_at": NOW,
            "state": state,
            "attempts": 3,
            **lease,
            **fields,
        }
    )


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("key", "state"))


def test_stopping_reaches_what_waits_or_failed_and_nothing_else(db: None) -> None:
    deliveries = [make_delivery(state) for state in DeliveryState]

    stopped = stop_deliveries([delivery.pk for delivery in deliveries])

    assert (stopped, states()) == (
        2,
        {
            "notice:due": "stopped",
            "notice:failed": "stopped",
            "notice:claimed": "claimed",
            "notice:sent": "sent",
            "notice:superseded": "superseded",
            "notice:stopped": "stopped",
        },
    )


def test_what_failed_or_was_stopped_is_due_again_with_all_its_attempts(db: None, now: datetime) -> None:
    deliveries = [make_delivery(state) for state in DeliveryState]
    later = now + timedelta(hours=1)

    resent = resend_deliveries([delivery.pk for delivery in deliveries], now=later)

    due_again = Delivery.objects.filter(key__in=["notice:failed", "notice:stopped"])
    assert resent == 2
    assert set(due_again.values_list("state", "attempts", "due_at")) == {("due", 0, later)}
    assert set(Delivery.objects.filter(due_at=NOW).values_list("state", "attempts")) == {
        ("due", 3),
        ("claimed", 3),
        ("sent", 3),
        ("superseded", 3),
    }


def test_nothing_that_was_not_chosen_is_touched(db: None, now: datetime) -> None:
    make_delivery(DeliveryState.FAILED)

    assert (stop_deliveries([]), resend_deliveries([], now=now), states()) == (0, 0, {"notice:failed": "failed"})


@pytest.fixture
def entry(db: None) -> CalendarEntry:
    """A mailbox whose newest planned message has the number 2."""
    person = make_delegate(make_delegation())
    session = Session.objects.order_by("number")[0]
    release = Release.objects.create(webinar=person.webinar, number=1, released_at=NOW, agenda={})
    return CalendarEntry.objects.create(
        session=session,
        address=person.address,
        delegate=person,
        release=release,
        released_sequence=2,
        sequence=2,
        stamp=NOW,
        planned_method="CANCEL",
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )


def test_an_outdated_calendar_message_is_not_sent_again(entry: CalendarEntry, now: datetime) -> None:
    outdated = make_delivery(DeliveryState.FAILED, "old", entry=entry, session=entry.session, ical_sequence=1)
    newest = make_delivery(DeliveryState.FAILED, "new", entry=entry, session=entry.session, ical_sequence=2)

    resent = resend_deliveries([outdated.pk, newest.pk], now=now)

    assert (resent, states()) == (1, {"old": "failed", "new": "due"})
