"""A participant's button pressed twenty times at once, through the pages, on PostgreSQL with real locks."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from registrations.models import Arrival, CalendarEntry, Delegate, HistoryEvent
from registrations.tokens import Scope, make_token
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW
from tests.registrations.participants import make_entry, make_participant

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
PRESSES, ROUNDS = 20, 5
ROOM = b"https://rooms.example.org/flows"


@pytest.fixture
def participant() -> Iterator[Delegate]:
    """Someone who is invited to both sessions, at the hour at which the first begins."""
    with time_machine.travel(FIRST_START, tick=True):
        delegate = make_participant(language="en")
        release_webinar(delegate.webinar, by=None, now=NOW)
        for session in delegate.webinar.sessions.all():
            make_entry(delegate, session)
        yield delegate


def at_once(press: Callable[[int], HttpResponse]) -> list[HttpResponse]:
    """What each of twenty presses answered; each has a browser and a connection of its own."""
    barrier = Barrier(PRESSES, timeout=60)

    def pressed(number: int) -> HttpResponse:
        barrier.wait()
        try:
            return press(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=PRESSES) as pool:
        return list(pool.map(pressed, range(PRESSES)))


def test_the_button_of_the_join_page_pressed_twenty_times_at_once_is_one_arrival(participant: Delegate) -> None:
    path = reverse("registrations:join", args=[make_token(participant, Scope.JOIN), 1])

    for _round in range(ROUNDS):
        Arrival.objects.all().delete()
        answers = at_once(lambda _number: Client().post(path))

        assert [answer.status_code for answer in answers] == [200] * PRESSES
        assert all(ROOM in answer.content for answer in answers)
        assert list(Arrival.objects.values_list("delegate", "session__number")) == [(participant.pk, 1)]


def test_an_answer_pressed_twenty_times_at_once_is_one_answer(participant: Delegate) -> None:
    path = reverse("registrations:answer", args=[make_token(participant, Scope.PAGE), 1])

    for partstat in ("ACCEPTED", "DECLINED", "TENTATIVE", "ACCEPTED"):
        said = HistoryEvent.objects.count()
        answers = at_once(lambda _number, partstat=partstat: Client().post(path, {"answer": partstat}))

        assert [answer.status_code for answer in answers] == [302] * PRESSES
        (entry,) = CalendarEntry.objects.filter(delegate=participant, session__number=1)
        assert entry.ical_partstat == partstat
        assert HistoryEvent.objects.count() - said <= 1


def test_twenty_different_answers_at_once_leave_one_that_was_given(participant: Delegate) -> None:
    path = reverse("registrations:answer", args=[make_token(participant, Scope.PAGE), 1])
    words = ("ACCEPTED", "DECLINED", "TENTATIVE")

    answers = at_once(lambda number: Client().post(path, {"answer": words[number % 3]}))

    assert [answer.status_code for answer in answers] == [302] * PRESSES
    (entry,) = CalendarEntry.objects.filter(delegate=participant, session__number=1)
    assert entry.ical_partstat in words
