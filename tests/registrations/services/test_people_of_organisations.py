"""Panelists, moderators and observers have no quotas, and get what every participant gets."""

import pytest
from django.core import mail

from registrations.models import Delegate, Delegation, User
from registrations.services.delegations import submit_delegation
from registrations.services.nominations import register_delegate, withdraw_delegate
from sessions_app.editing import cancel_session
from sessions_app.releases import release_webinar
from tests.calendar_client import CalendarClient, calendar_of, parse
from tests.factories import (
    NOW,
    make_delegation,
    make_details,
    make_focal_point,
    make_organisation,
    make_quotas,
    make_reminder_rule,
    make_webinar,
)
from tests.registrations.services.deliveries import SOON, move_session, plan_and_send, sent_by
from tests.registrations.services.reminding import FIRST_END, HOUR, HOUR_BEFORE, MINUTE, recipients

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("role", ["panelist", "moderator", "observer"])]
BOTH = ["Context and challenges 1", "Context and challenges 2"]


@pytest.fixture
def speaker(role: str, staff: User) -> Delegate:
    """Someone of UNODC, whose delegation was submitted and thereby accepted, and who was invited."""
    webinar = make_webinar()
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    delegation = make_delegation(webinar, make_organisation())
    details = make_details(None, role=role, language="en")
    speaker = register_delegate(delegation, details=details, by=staff, now=NOW)
    submit_delegation(Delegation.objects.get(), version=Delegation.objects.get().version, by=staff, now=NOW)
    plan_and_send()
    speaker.refresh_from_db()
    return speaker


def held_by(speaker: Delegate) -> list[str]:
    return CalendarClient().receive_all(mail.outbox).titles(speaker.email)


def test_each_is_invited_to_every_session(speaker: Delegate) -> None:
    assert (speaker.profile, held_by(speaker)) == (None, BOTH)
    assert {message.subject.partition(":")[0] for message in mail.outbox} == {"Invitation"}


def test_each_is_told_of_a_moved_session(speaker: Delegate) -> None:
    move_session(speaker.webinar, 1, hours=1)

    (update,) = sent_by(SOON + MINUTE)

    (event,) = calendar_of(parse(update)).walk("VEVENT")
    assert (event["ATTENDEE"], event["SEQUENCE"], event.start.hour) == (f"mailto:{speaker.email}", 1, 16)


def test_each_is_told_of_a_cancelled_session(speaker: Delegate) -> None:
    cancel_session(speaker.webinar.sessions.get(number=2), now=SOON)
    release_webinar(speaker.webinar, by=None, now=SOON)

    plan_and_send(SOON + MINUTE)

    assert held_by(speaker) == BOTH[:1]


def test_each_is_taken_off_when_withdrawn(speaker: Delegate, staff: User) -> None:
    withdraw_delegate(speaker, version=speaker.version, by=staff, now=SOON, reason="Ill")

    plan_and_send(SOON + MINUTE)

    assert held_by(speaker) == []


@pytest.mark.parametrize(("moment", "at"), [("before", HOUR_BEFORE), ("after", FIRST_END + HOUR)])
@pytest.mark.parametrize("chosen", ["all", "unanswered"])
def test_each_is_reminded_before_a_session_and_after_it(speaker: Delegate, moment: str, at, chosen: str) -> None:
    make_reminder_rule(speaker.webinar, recipients=chosen, moment=moment)

    assert recipients(at) == [speaker.email]


def test_the_focal_point_of_their_organisation_is_reminded(speaker: Delegate) -> None:
    user = make_focal_point(speaker.delegation.body).user
    make_reminder_rule(speaker.webinar, recipients="focal_points")

    assert recipients(HOUR_BEFORE) == [user.email]
