"""Whatever people do, and wherever a process dies: in the end each mailbox holds exactly what its person should have.

Every message is fed to a small calendar that follows RFC 5546, in the order in which the mail server took it.
"""

import smtplib
from collections.abc import Callable
from contextlib import contextmanager, suppress
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from registrations.exceptions import RuleBroken
from registrations.models import CalendarEntry, Delegate, Delegation, Delivery, DeliveryState, Partstat, Quota
from registrations.services import answers, delegations, nominations
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.nominations import undoing
from registrations.tokens import join_url
from sessions_app.editing import cancel_session, restore_session
from sessions_app.models import ReleasedSession, Session
from sessions_app.releases import ReleaseRefused, release_webinar
from tests.calendar_client import CalendarClient
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegation,
    make_details,
    make_focal_point,
    make_profiles,
    make_staff,
)
from tests.registrations.services.mail_server import AnsweringBackend, refuse
from tests.sizes import IS_DRILL

BACKEND = "tests.registrations.services.mail_server.AnsweringBackend"
STEPS_OF_THE_DATABASE = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Longer than any lease, hold and pause between two attempts of one message.
A_DAY = timedelta(days=1)
numbers = st.integers(min_value=0, max_value=99)
addresses = st.sampled_from(["a@example.org", "A@Example.org", "b@example.org", "c@example.org"])
steps = st.integers(min_value=1, max_value=40)


class Died(BaseException):
    """The process is gone in the middle of what it did."""


@contextmanager
def dying_after(count: int):
    """The process dies before its statement number `count` to the database."""
    left = count

    def execute(execute, sql, parameters, many, context):
        nonlocal left
        if sql.lstrip().upper().startswith(STEPS_OF_THE_DATABASE):
            left -= 1
            if left == 0:
                raise Died
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(execute), suppress(Died):
        yield


class Mailboxes(RuleBasedStateMachine):
    """Two countries, two sessions, four addresses; a planner, a worker and a mail server that fail now and then."""

    @initialize()
    def open_registration(self):
        self.mail = override_settings(EMAIL_BACKEND=BACKEND)
        self.mail.enable()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        mail.outbox = []
        AnsweringBackend.answer = AnsweringBackend.afterwards = None
        self.calendars, self.read, self.may_repeat = CalendarClient(), 0, False
        self.now = NOW
        first = make_delegation(status="accepted")
        second = make_delegation(first.webinar, make_country("PA"), status="accepted")
        Quota.objects.update(minimum=0)
        self.webinar, self.delegations, self.profiles = first.webinar, [first, second], make_profiles()
        self.staff = make_staff()
        self.focal_points = [make_focal_point(one.body).user for one in self.delegations]
        # Far enough from the first that a test which outlives that still has a session ahead.
        self.webinar.sessions.filter(number=2).update(starts_at=FIRST_START + timedelta(days=14))
        release_webinar(self.webinar, by=None, now=NOW)
        for number, email in enumerate(("a@example.org", "b@example.org")):
            self.register(number, email, 0)
        plan(now=NOW)

    def teardown(self):
        if hasattr(self, "transaction"):
            try:
                self.settle()
            finally:
                AnsweringBackend.answer = AnsweringBackend.afterwards = None
                transaction.set_rollback(True)
                self.transaction.__exit__(None, None, None)
                self.mail.disable()

    def attempt(self, step: Callable[..., object], *args: object, **kwargs: object) -> None:
        """What people do may be refused; it never leaves a mailbox wrong."""
        with suppress(RuleBroken, ReleaseRefused):
            step(*args, now=self.now, **kwargs)

    def person(self, number: int) -> Delegate | None:
        people = list(Delegate.objects.order_by("pk"))
        return people[number % len(people)] if people else None

    def session(self, number: int) -> Session:
        return self.webinar.sessions.get(number=number % 2 + 1)

    def who(self, number: int, delegation: Delegation):
        own = self.focal_points[[one.pk for one in self.delegations].index(delegation.pk)]
        return own if number % 2 else self.staff

    def details(self, email: str, number: int):
        language, zone = (("es", "America/Tegucigalpa"), ("en", "America/Panama"))[number % 2]
        return make_details(self.profiles["prosecutors"], email=email, language=language, timezone=zone)

    @rule(where=numbers, email=addresses, who=numbers)
    def register(self, where, email, who):
        delegation = self.delegations[where % 2]
        self.attempt(
            nominations.register_delegate, delegation, details=self.details(email, who), by=self.who(who, delegation)
        )

    @rule(whom=numbers, email=addresses, who=numbers)
    def edit(self, whom, email, who):
        if person := self.person(whom):
            details, by = self.details(email, who), self.who(who, person.delegation)
            self.attempt(nominations.edit_delegate, person, details=details, version=person.version, by=by)

    @rule(whom=numbers, who=numbers)
    def undo_edit(self, whom, who):
        if person := self.person(whom):
            by = self.who(who, person.delegation)
            self.attempt(undoing.undo_edit, person, version=person.version, by=by)

    @rule(whom=numbers, email=addresses, who=numbers)
    def replace(self, whom, email, who):
        if person := self.person(whom):
            details, by = self.details(email, who), self.who(who, person.delegation)
            self.attempt(nominations.replace_delegate, person, details=details, version=person.version, by=by)

    @rule(whom=numbers, who=numbers)
    def withdraw(self, whom, who):
        if person := self.person(whom):
            by = self.who(who, person.delegation)
            self.attempt(nominations.withdraw_delegate, person, version=person.version, reason="ill", by=by)

    @rule(whom=numbers, who=numbers)
    def bring_back(self, whom, who):
        if person := self.person(whom):
            self.attempt(undoing.restore_delegate, person, by=self.who(who, person.delegation))

    @rule(where=numbers)
    def does_not_attend(self, where):
        self.attempt(delegations.mark_not_attending, self.delegations[where % 2], reason="budget", by=self.staff)

    @rule(where=numbers)
    def attends_after_all(self, where):
        self.attempt(delegations.mark_attending_again, self.delegations[where % 2], by=self.staff)

    @rule(whom=numbers, which=numbers, partstat=st.sampled_from(Partstat.values[1:]))
    def answer(self, whom, which, partstat):
        session = self.session(which)
        if person := self.person(whom):
            self.attempt(answers.record_answer, person, session, partstat=Partstat(partstat))

    @rule(which=numbers, hours=st.sampled_from([-1, 1]))
    def move(self, which, hours):
        session = self.session(which)
        session.starts_at += timedelta(hours=hours)
        session.save()

    @rule(which=numbers, title=st.sampled_from(["Opening", "Context"]))
    def retitle(self, which, title):
        Session.objects.filter(pk=self.session(which).pk).update(title_en=title, title_es=f"{title} (es)")

    @rule(which=numbers, is_held=st.booleans())
    def cancel_or_restore(self, which, is_held):
        if is_held:
            restore_session(self.session(which))
        else:
            cancel_session(self.session(which), now=self.now)

    @rule()
    def release(self):
        self.attempt(release_webinar, self.webinar, by=None)

    @rule(seconds=st.sampled_from([1, 20, 200, 3600]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule()
    def wait_for_the_first_session_to_end(self):
        self.now = max(self.now, FIRST_START + timedelta(hours=4))

    @rule()
    def plan(self):
        plan(now=self.now)

    @rule()
    def send(self):
        send_due(clock=lambda: self.now)

    @rule(after=steps)
    def planner_dies(self, after):
        with dying_after(after):
            plan(now=self.now)

    @rule(after=steps)
    def worker_dies(self, after):
        self.may_repeat = True
        with dying_after(after):
            send_due(clock=lambda: self.now)

    @rule(code=st.sampled_from([421, 450, 550]))
    def server_refuses(self, code):
        AnsweringBackend.answer = refuse(code)
        send_due(clock=lambda: self.now)
        AnsweringBackend.answer = None

    @rule()
    def server_takes_and_hangs_up(self):
        def hang_up(message: mail.EmailMessage) -> None:
            raise smtplib.SMTPServerDisconnected("gone")

        self.may_repeat = True
        AnsweringBackend.afterwards = hang_up
        send_due(clock=lambda: self.now)
        AnsweringBackend.afterwards = None

    @invariant()
    def messages_arrive_in_order_and_once(self):
        self.calendars.receive_all(mail.outbox[self.read :])
        self.read = len(mail.outbox)
        assert self.calendars.overtaken == 0
        assert self.may_repeat or self.calendars.repeated == 0

    def settle(self):
        """Everything is up again and a day passes; what the server refused for good is sent again."""
        until = self.now + A_DAY
        for now in (self.now, self.now + timedelta(hours=1), until):
            plan(now=now)
            Delivery.objects.filter(state=DeliveryState.FAILED).update(state=DeliveryState.DUE, due_at=now, attempts=0)
            send_due(clock=lambda now=now: now)
        self.now = until
        self.messages_arrive_in_order_and_once()
        assert set(Delivery.objects.values_list("state", flat=True)) <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}
        for released in ReleasedSession.objects.filter(ends_at__gt=self.now):
            self.check(released)

    def check(self, released: ReleasedSession) -> None:
        uid = str(released.session.ical_uid)
        held = {
            address: (box[uid].summary, box[uid].starts_at, box[uid].url)
            for address, box in self.calendars.mailboxes.items()
            if uid in box
        }
        coming = Delegate.objects.admitted().exclude(delegation__status="not_attending")
        people = [] if released.is_cancelled else list(coming.filter(webinar=self.webinar))
        titles = {"en": released.title_en, "es": released.title_es}
        assert {address: (starts_at, url) for address, (_title, starts_at, url) in held.items()} == {
            person.address: (released.starts_at, join_url(person, released.number)) for person in people
        }
        # Another language alone sends no mail: the title is one of the two.
        assert all(title in titles.values() for title, _starts_at, _url in held.values())
        assert {entry.address for entry in CalendarEntry.objects.filter(session=released.session)} >= set(held)


@pytest.mark.django_db
def test_whatever_happens_each_mailbox_ends_with_what_its_person_should_have() -> None:
    run_state_machine_as_test(
        Mailboxes,
        settings=settings(
            max_examples=50 if IS_DRILL else 20,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
