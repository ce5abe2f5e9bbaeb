"""Serves the data of the demo, or a webinar without people, from the database of a test to a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TypeVar

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from registrations.models import (
    Bounce,
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    FocalPoint,
    MailForAPerson,
    ParticipatingBody,
    Quota,
    QuotaException,
    RegistrationPolicy,
    User,
    VerificationCode,
    Waiver,
)
from registrations.services.answers import decline_sessions_ahead
from registrations.services.call_notes import note_call
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.focal_points import appoint_focal_point, record_privacy_notice_read
from registrations.services.quotas import make_exception
from registrations.services.speakers import link_speaker
from registrations.tokens import Scope, make_invitation_token, make_token
from sessions_app.models import Release, Session, Speaker, Webinar
from tests.factories import (
    PROFILES,
    make_bounce,
    make_calendar_answer,
    make_call_note,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_mail_for_a_person,
    make_message,
    make_quotas,
    make_reminder_rule,
    make_session,
    make_staff,
    make_user,
    make_webinar,
)
from tests.journeys.views import (
    FLOWS,
    LONG_INSTITUTION,
    LONG_NAME,
    NEWCOMER,
    NEXT,
    NICARAGUA,
    OBSERVER,
    SECRETARIAT,
)

# The clock of the tests: two weeks before the webinar.
NOW = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW, NARROWEST = 1280, 360, 320
# The width of a page in a wide window at a zoom of 200 %.
ZOOMED = WIDE // 2

P = TypeVar("P", bound="Site")


class Site:
    """A server at `url`; `tokens` holds the values that the path of a view may contain."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tokens: dict[str, object] = {}

    def session_cookie(self, who: str) -> str:
        client = Client()
        client.force_login(User.objects.get(email=who))
        return client.cookies[settings.SESSION_COOKIE_NAME].value


class World(Site):
    """The data of the demo in the test's database, at `NOW`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        with override_settings(RCM_DEMO=True):
            call_command("seed_demo", stdout=StringIO())
        for user in User.objects.filter(email__in=[SECRETARIAT, OBSERVER]):
            Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "A" * 16})
        Delegate.objects.filter(pk=self._first_of("US").pk).update(name=LONG_NAME, institution=LONG_INSTITUTION)
        RegistrationPolicy.objects.filter(webinar__slug="connection-test").update(closes_at=NOW - timedelta(minutes=1))
        # The other webinar begins in an hour, and its room is open.
        Session.objects.filter(webinar__slug="connection-test").update(room_opens_minutes=120)
        newcomer = appoint_focal_point(self._country("HN"), email=NEWCOMER, name="Sample newcomer")
        record_privacy_notice_read(User.objects.get(email=NICARAGUA), now=NOW)
        plan(now=NOW)
        send_due(clock=lambda: NOW)
        # This participant has just said that they cannot come; the notice to their focal point is not planned yet.
        decline_sessions_ahead(self._first_of("MX"), reason="", now=NOW)
        submitted = Delegation.objects.get(webinar__slug=FLOWS, status="submitted")
        quota = Quota.objects.get(webinar=submitted.webinar, profile__code="prosecutors")
        reason = "Prosecutors of one office alone take these cases; the ministry has confirmed it."
        staff = User.objects.get(email=SECRETARIAT)
        make_exception(submitted, quota=quota, minimum=1, maximum=3, reason=reason, by=staff, now=NOW)
        exception = QuotaException.objects.get(quota=quota, body=submitted.body)
        note_call(
            self._delegation_of("HN"),
            text="Called the focal point: the minister signs on Friday; two prosecutors follow by mail.",
            look_again_on=NOW.date(),
            handled_by=staff,
            by=staff,
            now=NOW,
        )
        speaking = Delegate.objects.get(delegation__body__slug="unodc", role="panelist", webinar__slug=FLOWS)
        entry = Speaker.objects.filter(webinar__slug=FLOWS, kind="person")[0]
        link_speaker(speaking, speaker=entry, version=speaking.version, by=staff, now=NOW)
        # A second person is linked to the same entry by mistake, which the pages report.
        Delegate.objects.filter(pk=self._first_of("US").pk).update(speaker=entry)
        mail = self._receive_mail()
        left = Delegate.objects.filter(webinar__slug=FLOWS, status="withdrawn")[0]
        # The last link that this person was sent: the withdrawal raised the version by one.
        left.token_version -= 1
        self.tokens = {
            "left": make_token(left, Scope.PAGE),
            "my": make_token(self._first_of("CA"), Scope.PAGE),
            "absent": make_token(self._first_of("MX"), Scope.PAGE),
            "join": make_token(self._first_of("HN", webinar="connection-test"), Scope.JOIN),
            "session": Session.objects.get(webinar__slug=FLOWS, number=1).pk,
            "flows": Webinar.objects.get(slug=FLOWS).pk,
            "release": Release.objects.filter(webinar__slug=FLOWS)[0].pk,
            "submitted": submitted.pk,
            "draft": self._delegation_of("HN").pk,
            "accepted": self._delegation_of("CA").pk,
            "away": self._delegation_of("BZ").pk,
            "body": self._country("HN").pk,
            "code": VerificationCode.objects.get(event__delegation=submitted).written,
            "waiver": Waiver.objects.filter(delegation=self._delegation_of("PA"))[0].pk,
            "person": self._first_of("HN").pk,
            "mail": mail.pk,
            "returned": Bounce.objects.earliest("pk").delivery_id,
            "quota": quota.pk,
            "exception": exception.pk,
            "speaking": speaking.pk,
            "organisation": speaking.delegation_id,
            "invited": make_invitation_token(newcomer, newcomer.body.delegations.get(webinar__slug=FLOWS)),
        }

    def _receive_mail(self) -> MailForAPerson:
        """Create mail that came back, answers from calendars, and a mail for a person; return the last."""
        person = self._first_of("SV")
        entries = list(CalendarEntry.objects.filter(delegate=person).order_by("session__number"))
        first, second = entries[:2]
        for delivery in Delivery.objects.filter(entry=first)[:1]:
            make_bounce(delivery, reported_at=NOW)
        other = CalendarEntry.objects.filter(delegate__delegation=person.delegation).exclude(delegate=person)[0]
        make_bounce(
            Delivery.objects.filter(entry=other)[0], reason="mailbox_full", status_code="5.2.2", reported_at=NOW
        )
        make_calendar_answer(second, received_at=NOW, comment="I come ten minutes late.")
        make_calendar_answer(other, state="counted", ical_stamp=NOW, received_at=NOW, comment="See <b>you</b> there.")
        CalendarEntry.objects.filter(pk=other.pk).update(ical_partstat="ACCEPTED", answered_at=NOW)
        return make_mail_for_a_person(
            sender_name=person.name, sender_address=person.email, delegate=person, received_at=NOW
        )

    def _country(self, iso_code: str) -> ParticipatingBody:
        return ParticipatingBody.objects.get(iso_code=iso_code)

    def _delegation_of(self, iso_code: str) -> Delegation:
        return Delegation.objects.get(webinar__slug=FLOWS, body__iso_code=iso_code)

    def _first_of(self, iso_code: str, *, webinar: str = FLOWS) -> Delegate:
        people = Delegate.objects.filter(webinar__slug=webinar, delegation__body__iso_code=iso_code, status="active")
        return people.order_by("pk")[0]


class EmptyWorld(Site):
    """The secretariat and a webinar of two sessions without delegations, as on its first day."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        make_staff(SECRETARIAT, is_superuser=False)
        webinar = make_webinar(NEXT, sessions=0, with_policy=False)
        RegistrationPolicy.objects.create(
            webinar=webinar, closes_at=NOW + timedelta(days=14), purge_on=NOW.date() + timedelta(days=365)
        )
        for number in (1, 2):
            make_session(webinar, number=number, starts_at=NOW + timedelta(days=20 + number), room_url="")
        self.tokens = {"next": webinar.pk}


class BusyWorld(Site):
    """Eleven webinars ahead, some rows of each kind that waits for the secretariat, and the longest short titles."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        staff = make_staff(SECRETARIAT, is_superuser=False)
        countries = [make_country(f"C{letter}", name_en="Dominican Republic") for letter in "ABCDEFGHIJK"]
        flows, *others = [self._webinar(number) for number in range(11)]
        for webinar in (flows, *others[:3]):
            make_quotas(webinar)
        delegations = [make_delegation(flows, country) for country in countries]
        for delegation in delegations[:7]:
            make_focal_point(delegation.body, make_user(last_login=NOW))
        for delegation in delegations[7:]:
            for profile in (*PROFILES, *PROFILES):
                make_delegate(delegation, profile)
        for number in range(3):
            waiting = make_delegation(others[number], countries[number])
            Delegation.objects.filter(pk=waiting.pk).update(
                status="submitted", submitted_at=NOW - timedelta(days=number), gap_reason="La unidad está en misión."
            )
        make_call_note(delegations[0], by=staff, text="The minister signs on Monday", look_again_on=NOW.date())
        for number, person in enumerate(Delegate.objects.all()[:2]):
            make_message(
                f"failed-{number}", DeliveryKind.LINKS, delegate=person, webinar_id=flows.pk, state="failed",
                last_error="no such address", attempted_at=NOW, attempts=3,
            )  # fmt: skip
        late = Delegate.objects.all()[2]
        make_bounce(
            make_message("returned", DeliveryKind.LINKS, delegate=late, email=late.email, webinar_id=flows.pk),
            reported_at=NOW,
        )
        make_mail_for_a_person(received_at=NOW)
        FocalPoint.objects.filter(body=countries[1]).update(user=make_focal_point(countries[10]).user)
        make_reminder_rule(flows)
        make_gap_notice_rule(flows, 2, created_at=NOW - timedelta(days=9))
        plan(now=NOW)

    def _webinar(self, number: int) -> Webinar:
        """Create a webinar whose registration closes in 4 days, later, or has not opened, by its number."""
        title = f"{number:02} of the titles that have 40 characters"
        webinar = make_webinar(f"webinar-{number}", sessions=0, with_policy=False, short_title_en=title)
        for day in (0, 1):
            make_session(webinar, number=day + 1, starts_at=NOW + timedelta(days=14 + 20 * number + day))
        RegistrationPolicy.objects.create(
            webinar=webinar,
            opens_at=NOW + timedelta(days=number - 4 if number < 4 else 30),
            closes_at=NOW + timedelta(days=4 + 20 * number),
            purge_on=NOW.date() + timedelta(days=600),
        )
        return webinar


@contextmanager
def served(blocker: DjangoDbBlocker, place: type[P]) -> Iterator[P]:
    with blocker.unblock(), time_machine.travel(NOW, tick=True):
        # The fixture `live_server` cannot be used: it empties the database after each test.
        server = LiveServer("localhost")
        try:
            yield place(server.url)
        finally:
            # Each request runs in a thread, which would close the connection that the threads share.
            for thread in threading.enumerate():
                if "process_request_thread" in thread.name:
                    thread.join(timeout=5)
            server.stop()
            call_command("flush", interactive=False, verbosity=0)


# Built once for all tests of the package `pages`; each test undoes its own changes.
@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with served(django_db_blocker, World) as place:
        yield place


@pytest.fixture(scope="module")
def busy_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[BusyWorld]:
    with served(django_db_blocker, BusyWorld) as place:
        yield place


@pytest.fixture(scope="module")
def empty_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[EmptyWorld]:
    with served(django_db_blocker, EmptyWorld) as place:
        yield place
