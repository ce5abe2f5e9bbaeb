"""Answers from calendar programs that come at the same moment as others; on PostgreSQL with real locks."""

from datetime import timedelta
from functools import partial

import pytest

from registrations.models import AnswerState, CalendarAnswer, Delegate, HistoryEvent, HistoryKind, Partstat
from registrations.services.answers import decline_sessions_ahead, record_answer
from registrations.services.inbox.calendar_answers import confirm_answers, dismiss_answers, record_reply
from tests.factories import make_staff
from tests.races import ROUNDS, two_writers
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation
from tests.registrations.services.inbox.answering import ANSWERED, RECEIVED, entry_of, make_mail, receive, reply_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ana() -> Delegate:
    ana = admitted(released_delegation(), email="ana@example.org")
    plan_and_send()
    return ana


def start_again(ana: Delegate) -> None:
    HistoryEvent.objects.all().delete()
    CalendarAnswer.objects.all().delete()
    ana.calendar_entries.update(ical_partstat=Partstat.NEEDS_ACTION, answered_at=None)


def reply_with(ana: Delegate, number: int, partstat: Partstat):
    reply, mail = reply_of(ana, number, partstat), make_mail()
    return partial(record_reply, mail, reply, is_proven=True, from_address="", now=RECEIVED)


def test_a_later_answer_on_the_page_wins_over_one_of_the_calendar(ana: Delegate) -> None:
    session = entry_of(ana).session

    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            start_again(ana)

            race(
                partial(record_answer, ana, session, partstat=Partstat.DECLINED, now=ANSWERED + timedelta(seconds=1)),
                reply_with(ana, 1, Partstat.ACCEPTED),
            )

            assert entry_of(ana).ical_partstat == Partstat.DECLINED


def test_two_answers_at_once_that_decline_all_are_one_absence(ana: Delegate) -> None:
    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            start_again(ana)

            race(reply_with(ana, 1, Partstat.DECLINED), reply_with(ana, 2, Partstat.DECLINED))

            assert HistoryEvent.objects.filter(kind=HistoryKind.CANNOT_COME).count() == 1


def test_a_decline_on_the_page_and_one_of_the_calendar_are_one_absence(ana: Delegate) -> None:
    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            start_again(ana)
            receive(reply_of(ana, 1, Partstat.DECLINED))

            on_page = partial(decline_sessions_ahead, ana, reason="", now=RECEIVED)
            race(on_page, reply_with(ana, 2, Partstat.DECLINED))

            assert HistoryEvent.objects.filter(kind=HistoryKind.CANNOT_COME).count() == 1


def test_two_confirmations_at_once_count_each_answer_once(ana: Delegate) -> None:
    staff = make_staff()

    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            start_again(ana)
            ids = [receive(reply_of(ana, number), is_proven=False).pk for number in (1, 2)]

            outcomes = race(
                partial(confirm_answers, ids, by=staff, now=RECEIVED),
                partial(confirm_answers, ids[::-1], by=staff, now=RECEIVED),
            )

            assert sorted(outcomes) == [0, 2]
            assert HistoryEvent.objects.count() == 2


def test_an_answer_is_confirmed_or_dismissed(ana: Delegate) -> None:
    staff = make_staff()

    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            start_again(ana)
            answer = receive(reply_of(ana), is_proven=False)

            outcomes = race(
                partial(confirm_answers, [answer.pk], by=staff, now=RECEIVED),
                partial(dismiss_answers, [answer.pk], by=staff, now=RECEIVED),
            )

            answer.refresh_from_db()
            assert sorted(outcomes) == [0, 1]
            assert (answer.state == AnswerState.COUNTED) == HistoryEvent.objects.exists()
