"""The cases have the numbers under which they were asked for (R7, R9, …)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registrations.models import (
    AnswerState,
    AttentionReason,
    CalendarAnswer,
    CalendarEntry,
    Delegate,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    IgnoredBecause,
    Partstat,
)
from registrations.services.answers import decline_sessions_ahead, record_answer
from registrations.services.delivering.plan import plan
from registrations.services.inbox.calendar_answers import confirm_answers, dismiss_answers, record_reply
from registrations.services.nominations import replace_delegate, withdraw_delegate
from sessions_app.editing import cancel_session
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW, make_details, make_focal_point, make_staff, make_user
from tests.registrations.services.deliveries import (
    admitted,
    move_session,
    plan_and_send,
    released_delegation,
    rename_session,
    sent_by,
)
from tests.registrations.services.inbox.answering import (
    ANSWERED,
    RECEIVED,
    entry_of,
    make_mail,
    outcome,
    receive,
    reply_of,
)

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = FIRST_START + 2 * HOUR


@pytest.fixture
def ana() -> Delegate:
    """Invited to both sessions by messages that were sent."""
    delegation = released_delegation()
    make_focal_point(delegation.body, make_user("focal@example.org", name="Eva Ejemplo", language="en"))
    ana = admitted(delegation, name="Ana Ejemplo", email="Ana@example.org")
    plan_and_send(NOW)
    return ana


def present(delegate: Delegate, number: int = 1) -> tuple[object, ...]:
    entry = entry_of(delegate, number)
    return entry.ical_partstat, entry.answered_at


def events(kind: HistoryKind = HistoryKind.ANSWERED) -> list[HistoryEvent]:
    return list(HistoryEvent.objects.filter(kind=kind).order_by("pk"))


def reasons() -> list[str]:
    return [event.reason for event in events(HistoryKind.CANNOT_COME)]


def told(now) -> list[str]:
    return [to for message in sent_by(now) for to in message.to]


def test_a_proven_answer_counts_like_one_on_the_page_and_the_history_says_where_it_came_from(ana):
    answer = receive(reply_of(ana, partstat=Partstat.TENTATIVE, comment="Vea https://example.org/a"))

    assert present(ana) == (Partstat.TENTATIVE, ANSWERED)
    assert present(ana, 2) == (Partstat.NEEDS_ACTION, None)
    answer.refresh_from_db()
    assert (answer.state, answer.delegate, answer.decided_at, answer.decided_by) == ("counted", ana, RECEIVED, None)
    (event,) = events()
    assert (event.delegate, event.delegation, event.actor, event.at) == (ana, ana.delegation, None, ANSWERED)
    assert event.reason == "Vea https://example.org/a"
    assert event.changes == {"session": [1, 1], "answer": ["NEEDS-ACTION", "TENTATIVE"]}


def test_an_answer_is_never_given_after_it_was_received(ana):
    answer = receive(reply_of(ana, stamp=RECEIVED + DAY))

    assert answer.ical_stamp == RECEIVED
    assert present(ana) == (Partstat.ACCEPTED, RECEIVED)


def test_an_answer_is_never_given_before_the_message_that_it_answers(ana):
    record_answer(ana, entry_of(ana).session, partstat=Partstat.DECLINED, now=NOW)
    rename_session(ana.webinar, "Another title", "Otro título")
    plan_and_send(NOW + MINUTE)

    assert outcome(receive(reply_of(ana, stamp=NOW - DAY))) == AnswerState.COUNTED


def test_an_answer_to_an_earlier_message_is_not_taken_for_one_to_the_latest(ana):
    earlier = reply_of(ana, stamp=NOW + MINUTE)
    record_answer(ana, entry_of(ana).session, partstat=Partstat.DECLINED, now=NOW + 2 * MINUTE)
    rename_session(ana.webinar, "Another title", "Otro título")
    plan_and_send(NOW + 3 * MINUTE)

    assert outcome(receive(earlier)) == IgnoredBecause.ANSWERED_ON_PAGE


def test_r5_the_address_is_that_of_the_mailbox_in_lower_case(ana):
    assert entry_of(ana).address == "ana@example.org"
    assert receive(reply_of(ana)).state == AnswerState.COUNTED


def test_a_domain_that_is_not_ascii_is_known_as_messages_write_it(ana):
    zoe = admitted(ana.delegation, email="zoe@correo.españa.example")
    plan_and_send(NOW)

    assert receive(reply_of(zoe, attendee="zoe@correo.xn--espaa-rta.example")).entry == entry_of(zoe)


@pytest.mark.parametrize(
    "unknown",
    [
        # R15.
        {"uid": "5f0c6f5e-8d0b-4c5e-9a54-6f2f4b7c1d10"},
        {"uid": "040000008200E00074C5B7101A82E008"},
        {"uid": "another@example.org"},
        {"attendee": "bob@example.org"},
        {"attendee": "ana@xn--.example.org"},
        {"attendee": "ana@ñandú.example.org"},
    ],
)
def test_r15_an_answer_about_no_session_or_mailbox_of_ours_is_for_a_person(ana, unknown):
    reply = reply_of(ana, **unknown)

    outcome = record_reply(make_mail(), reply, is_proven=True, from_address="ana@example.org", now=RECEIVED)

    assert outcome == AttentionReason.UNKNOWN_SESSION
    assert not CalendarAnswer.objects.exists()
    assert present(ana) == (Partstat.NEEDS_ACTION, None)


def test_r7_an_answer_to_the_hours_before_the_move_is_ignored(ana):
    before = reply_of(ana)
    move_session(ana.webinar, 1, hours=1)
    plan_and_send(NOW + HOUR)

    assert outcome(receive(before)) == IgnoredBecause.OF_EARLIER_TIME
    assert present(ana) == (Partstat.NEEDS_ACTION, None)
    assert outcome(receive(reply_of(ana))) == AnswerState.COUNTED


def test_r7_an_answer_to_hours_that_are_moved_and_not_yet_mailed_is_ignored(ana):
    before = reply_of(ana)
    move_session(ana.webinar, 1, hours=1)

    assert outcome(receive(before)) == IgnoredBecause.OF_EARLIER_TIME


def test_r7_an_answer_to_another_end_is_ignored(ana):
    before = reply_of(ana)
    Session.objects.filter(number=1).update(duration_minutes=180)
    release_webinar(ana.webinar, by=None, now=NOW + MINUTE)
    plan_and_send(NOW + HOUR)

    assert outcome(receive(before)) == IgnoredBecause.OF_EARLIER_TIME


def test_r7_hours_that_moved_and_moved_back_are_asked_anew(ana):
    before = reply_of(ana)
    move_session(ana.webinar, 1, hours=1)
    plan_and_send(NOW + 2 * MINUTE)
    move_session(ana.webinar, 1, hours=-1, now=NOW + 3 * MINUTE)
    plan_and_send(NOW + 4 * MINUTE)

    assert outcome(receive(before)) == IgnoredBecause.OF_EARLIER_TIME


def test_r7_a_move_that_was_never_mailed_ends_no_answer(ana):
    before = reply_of(ana)
    move_session(ana.webinar, 1, hours=1)
    plan(now=NOW + 2 * MINUTE)
    move_session(ana.webinar, 1, hours=-1, now=NOW + 3 * MINUTE)
    plan_and_send(NOW + 4 * MINUTE)

    assert entry_of(ana).sequence > before.sequence
    assert outcome(receive(before)) == AnswerState.COUNTED


def test_r7_an_answer_to_an_earlier_title_counts(ana):
    before = reply_of(ana)
    rename_session(ana.webinar, "Another title", "Otro título")
    plan_and_send(NOW + HOUR)

    assert entry_of(ana).sequence > before.sequence
    assert outcome(receive(before)) == AnswerState.COUNTED


def test_r7_an_answer_to_an_invitation_that_was_cancelled_since_is_ignored(ana):
    before = reply_of(ana)
    Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)
    plan_and_send(NOW + 2 * MINUTE)
    Delegation.objects.update(status=DelegationStatus.ACCEPTED)
    plan_and_send(NOW + 4 * MINUTE)

    assert outcome(receive(before)) == IgnoredBecause.OF_EARLIER_TIME
    assert outcome(receive(reply_of(ana))) == AnswerState.COUNTED


def test_r9_the_same_answer_in_a_second_mail_changes_nothing(ana):
    receive(reply_of(ana, comment="Gracias"))

    again = receive(reply_of(ana, comment="Gracias"))

    assert outcome(again) == IgnoredBecause.OLDER
    assert len(events()) == 1


def test_of_the_answers_of_a_calendar_that_with_the_newest_revision_counts(ana):
    assert outcome(receive(reply_of(ana))) == AnswerState.COUNTED
    assert outcome(receive(reply_of(ana, partstat=Partstat.DECLINED, stamp=ANSWERED - MINUTE))) == IgnoredBecause.OLDER
    assert present(ana) == (Partstat.ACCEPTED, ANSWERED)

    newer = reply_of(ana, partstat=Partstat.DECLINED, stamp=ANSWERED + MINUTE / 2)

    assert outcome(receive(newer)) == AnswerState.COUNTED
    assert present(ana) == (Partstat.DECLINED, ANSWERED + MINUTE / 2)


def test_a_higher_sequence_wins_over_the_stamp_of_another_clock(ana):
    receive(reply_of(ana))
    rename_session(ana.webinar, "Another title", "Otro título")
    plan_and_send(RECEIVED)

    newer = receive(reply_of(ana, partstat=Partstat.DECLINED, stamp=ANSWERED - MINUTE), now=RECEIVED + HOUR)

    assert outcome(newer) == AnswerState.COUNTED
    assert present(ana) == (Partstat.DECLINED, ANSWERED - MINUTE)


def test_a_fast_clock_does_not_outdo_later_answers(ana):
    receive(reply_of(ana, stamp=RECEIVED + 300 * DAY))

    later = receive(reply_of(ana, partstat=Partstat.DECLINED, stamp=RECEIVED + HOUR), now=RECEIVED + 2 * HOUR)

    assert outcome(later) == AnswerState.COUNTED


def test_a_forged_sequence_does_not_outdo_later_answers(ana):
    receive(reply_of(ana, sequence=2**31 - 1))

    later = receive(reply_of(ana, partstat=Partstat.DECLINED, stamp=RECEIVED), now=RECEIVED + MINUTE)

    assert outcome(later) == AnswerState.COUNTED


def test_a_later_answer_on_the_page_wins(ana):
    record_answer(ana, entry_of(ana).session, partstat=Partstat.DECLINED, now=ANSWERED + MINUTE / 2)

    assert outcome(receive(reply_of(ana))) == IgnoredBecause.ANSWERED_ON_PAGE
    assert present(ana) == (Partstat.DECLINED, ANSWERED + MINUTE / 2)


def test_an_answer_that_is_repeated_on_the_page_is_the_later_one(ana):
    for hours in (1, 3):
        record_answer(ana, entry_of(ana).session, partstat=Partstat.ACCEPTED, now=NOW + hours * HOUR)

    late = reply_of(ana, partstat=Partstat.DECLINED, stamp=NOW + 2 * HOUR)

    assert outcome(receive(late, now=NOW + 4 * HOUR)) == IgnoredBecause.ANSWERED_ON_PAGE
    assert present(ana) == (Partstat.ACCEPTED, NOW + 3 * HOUR)


def test_an_answer_that_the_calendar_repeats_is_its_own(ana):
    receive(reply_of(ana, stamp=RECEIVED + 2 * MINUTE), now=RECEIVED + 3 * MINUTE)
    rename_session(ana.webinar, "Another title", "Otro título")
    plan_and_send(RECEIVED)
    receive(reply_of(ana, stamp=RECEIVED), now=RECEIVED + 4 * MINUTE)

    later = reply_of(ana, partstat=Partstat.DECLINED, stamp=RECEIVED + MINUTE)

    assert outcome(receive(later, now=RECEIVED + 5 * MINUTE)) == AnswerState.COUNTED


def test_a_later_answer_of_the_calendar_wins_over_the_page(ana):
    record_answer(ana, entry_of(ana).session, partstat=Partstat.DECLINED, now=ANSWERED - MINUTE)

    assert outcome(receive(reply_of(ana))) == AnswerState.COUNTED
    assert present(ana) == (Partstat.ACCEPTED, ANSWERED)


def test_the_same_answer_as_on_the_page_counts_without_an_effect(ana):
    record_answer(ana, entry_of(ana).session, partstat=Partstat.ACCEPTED, now=NOW)

    assert outcome(receive(reply_of(ana))) == AnswerState.COUNTED
    assert present(ana) == (Partstat.ACCEPTED, ANSWERED)
    assert events() == []


def test_r21_an_answer_to_a_cancelled_session_is_ignored(ana):
    reply = reply_of(ana)
    cancel_session(entry_of(ana).session, now=NOW)
    release_webinar(ana.webinar, by=None, now=NOW + MINUTE)

    assert outcome(receive(reply)) == IgnoredBecause.SESSION_CANCELLED
    plan_and_send(NOW + HOUR)
    assert outcome(receive(reply)) == IgnoredBecause.SESSION_CANCELLED


def test_an_answer_to_a_session_that_is_over_is_ignored(ana):
    assert outcome(receive(reply_of(ana), now=END - MINUTE)) == AnswerState.COUNTED
    late = reply_of(ana, partstat=Partstat.DECLINED, stamp=END - MINUTE)
    assert outcome(receive(late, now=END)) == IgnoredBecause.SESSION_OVER


@pytest.mark.parametrize("is_planned", [True, False])
@pytest.mark.parametrize(
    "leave",
    [
        lambda ana: withdraw_delegate(ana, version=ana.version, by=make_staff(), now=NOW, reason="Ill"),
        lambda ana: replace_delegate(ana, details=make_details(), version=ana.version, by=make_staff(), now=NOW),
        lambda ana: Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING),
        lambda ana: Delegate.objects.update(email="corrected@example.org"),
    ],
    ids=["withdrawn", "replaced", "not attending", "another address"],
)
def test_an_answer_of_a_mailbox_that_is_not_invited_any_more_is_ignored(ana, leave, is_planned):
    reply = reply_of(ana)
    leave(ana)
    if is_planned:
        plan_and_send(NOW + HOUR)

    assert outcome(receive(reply)) == IgnoredBecause.NOT_INVITED
    assert present(ana)[0] == Partstat.NEEDS_ACTION


def test_an_answer_of_the_person_before_in_a_shared_mailbox_is_ignored(ana):
    reply = reply_of(ana)
    eva = replace_delegate(
        ana, details=make_details(email="ana@example.org"), version=ana.version, by=make_staff(), now=NOW
    )
    plan_and_send(NOW + HOUR)

    assert outcome(receive(reply)) == IgnoredBecause.OF_EARLIER_TIME
    assert receive(reply_of(eva)).delegate == eva


def test_declining_every_session_ahead_asks_the_focal_points_for_a_replacement(ana):
    receive(reply_of(ana, 1, Partstat.DECLINED, comment="No puedo"))
    assert (reasons(), told(RECEIVED)) == ([], [])

    receive(reply_of(ana, 2, Partstat.DECLINED, comment="Un juicio ese día"))

    assert reasons() == ["Un juicio ese día"]
    assert [event.at for event in events(HistoryKind.CANNOT_COME)] == [RECEIVED]
    assert told(RECEIVED) == ["Eva Ejemplo <focal@example.org>"]


def test_only_the_sessions_ahead_have_to_be_declined(ana):
    receive(reply_of(ana, 2, Partstat.DECLINED), now=END)

    assert reasons() == [""]


def test_a_session_that_was_moved_since_it_was_declined_is_asked_anew(ana):
    receive(reply_of(ana, 2, Partstat.DECLINED))
    move_session(ana.webinar, 2, hours=1, now=RECEIVED)

    receive(reply_of(ana, 1, Partstat.DECLINED), now=RECEIVED + MINUTE)

    assert reasons() == []


def test_a_comment_with_a_link_is_not_passed_on_as_a_reason(ana):
    receive(reply_of(ana, 1, Partstat.DECLINED))
    receive(reply_of(ana, 2, Partstat.DECLINED, comment="Vea www.example.org"))

    assert reasons() == [""]


def test_an_absence_is_recorded_again_if_the_person_was_to_come_in_between(ana):
    decline_sessions_ahead(ana, reason="", now=ANSWERED - 2 * MINUTE)
    receive(reply_of(ana, 2, Partstat.ACCEPTED, stamp=ANSWERED - MINUTE))

    receive(reply_of(ana, 2, Partstat.DECLINED))

    assert reasons() == ["", ""]
    assert told(RECEIVED) == ["Eva Ejemplo <focal@example.org>"]


def test_an_absence_that_the_calendar_repeats_is_recorded_once(ana):
    decline_sessions_ahead(ana, reason="", now=ANSWERED - MINUTE)

    receive(reply_of(ana, 2, Partstat.DECLINED))

    assert reasons() == [""]


def test_an_answer_that_is_not_proven_waits_and_changes_nothing(ana):
    answer = receive(reply_of(ana, partstat=Partstat.DECLINED), is_proven=False)

    assert outcome(answer) == AnswerState.TO_CONFIRM
    assert (answer.decided_at, answer.received_at, answer.from_address) == (None, RECEIVED, "ana@example.org")
    assert present(ana) == (Partstat.NEEDS_ACTION, None)
    assert events() == []


def test_the_sender_is_kept_as_far_as_it_can_be(ana):
    sender = "a\x00" * 300 + "@example.org"

    answer = record_reply(make_mail(), reply_of(ana), is_proven=False, from_address=sender, now=RECEIVED)

    answer.refresh_from_db()
    assert answer.from_address == ("a" * 300 + "@example.org")[:320]


def test_an_answer_that_is_not_proven_and_would_not_count_waits_for_nobody(ana):
    receive(reply_of(ana))

    assert outcome(receive(reply_of(ana, stamp=NOW), is_proven=False)) == IgnoredBecause.OLDER


def test_an_answer_that_waits_outdoes_no_proven_one(ana):
    receive(reply_of(ana, partstat=Partstat.DECLINED, stamp=ANSWERED + MINUTE), is_proven=False)

    assert outcome(receive(reply_of(ana))) == AnswerState.COUNTED


def test_staff_confirm_many_answers_at_once_and_each_counts(ana):
    staff, now = make_staff(), RECEIVED + HOUR
    bob = admitted(ana.delegation, email="bob@example.org")
    plan_and_send(NOW)
    replies = [reply_of(ana, 1, Partstat.DECLINED), reply_of(ana, 2, Partstat.DECLINED), reply_of(bob)]
    answers = [receive(reply, is_proven=False) for reply in replies]

    assert confirm_answers([answer.pk for answer in answers], by=staff, now=now) == 3

    assert [outcome(answer) for answer in answers] == [AnswerState.COUNTED] * 3
    assert {(answer.decided_by, answer.decided_at) for answer in answers} == {(staff, now)}
    assert [present(ana), present(ana, 2), present(bob)] == [
        (Partstat.DECLINED, ANSWERED),
        (Partstat.DECLINED, ANSWERED),
        (Partstat.ACCEPTED, ANSWERED),
    ]
    assert {(event.actor, event.at) for event in events()} == {(staff, ANSWERED)}
    assert [(event.delegate, event.actor, event.at) for event in events(HistoryKind.CANNOT_COME)] == [(ana, None, now)]
    assert told(now) == ["Eva Ejemplo <focal@example.org>"]


def test_confirming_twice_changes_nothing(ana):
    answer = receive(reply_of(ana), is_proven=False)
    confirm_answers([answer.pk], by=make_staff(), now=RECEIVED)

    assert confirm_answers([answer.pk], by=make_staff(), now=RECEIVED + HOUR) == 0
    assert len(events()) == 1


def test_of_two_answers_to_one_session_the_newer_is_confirmed(ana):
    older = receive(reply_of(ana, partstat=Partstat.DECLINED), is_proven=False)
    newer = receive(reply_of(ana, stamp=RECEIVED), is_proven=False)

    assert confirm_answers([older.pk, newer.pk], by=make_staff(), now=RECEIVED) == 1

    assert [outcome(older), outcome(newer)] == [IgnoredBecause.OLDER, AnswerState.COUNTED]
    assert present(ana) == (Partstat.ACCEPTED, RECEIVED)


def test_the_rules_apply_when_an_answer_is_confirmed(ana):
    staff = make_staff()
    first, second = (receive(reply_of(ana, number), is_proven=False) for number in (1, 2))
    record_answer(ana, entry_of(ana).session, partstat=Partstat.DECLINED, now=RECEIVED)
    move_session(ana.webinar, 2, hours=1, now=RECEIVED)

    assert confirm_answers([first.pk, second.pk], by=staff, now=RECEIVED + HOUR) == 0

    assert [outcome(first), outcome(second)] == [IgnoredBecause.ANSWERED_ON_PAGE, IgnoredBecause.OF_EARLIER_TIME]
    assert {(answer.decided_by, answer.decided_at) for answer in (first, second)} == {(staff, RECEIVED + HOUR)}


def test_an_answer_is_not_confirmed_for_the_next_person_in_a_shared_mailbox(ana):
    answer = receive(reply_of(ana, sequence=9), is_proven=False)
    details = make_details(email="ana@example.org")
    replace_delegate(ana, details=details, version=ana.version, by=make_staff(), now=NOW)
    plan_and_send(NOW + HOUR)

    assert confirm_answers([answer.pk], by=make_staff(), now=RECEIVED) == 0
    assert outcome(answer) == IgnoredBecause.NOT_INVITED


def test_a_dismissed_answer_counts_no_more(ana):
    staff = make_staff()
    answer = receive(reply_of(ana), is_proven=False)

    assert dismiss_answers([answer.pk], by=staff, now=RECEIVED + HOUR) == 1
    assert dismiss_answers([answer.pk], by=staff, now=RECEIVED + 2 * HOUR) == 0
    assert confirm_answers([answer.pk], by=staff, now=RECEIVED + 2 * HOUR) == 0

    assert outcome(answer) == AnswerState.DISMISSED
    assert (answer.decided_by, answer.decided_at) == (staff, RECEIVED + HOUR)
    assert present(ana) == (Partstat.NEEDS_ACTION, None)


def test_an_answer_costs_few_queries_whatever_was_sent_before(ana, django_assert_max_num_queries):
    for minutes in range(3):
        rename_session(ana.webinar, f"Title {minutes}", f"Título {minutes}")
        plan_and_send(NOW + minutes * MINUTE)
    reply, mail = replace(reply_of(ana), partstat=Partstat.DECLINED, comment="x"), make_mail()

    # Two of them are the savepoint.
    with django_assert_max_num_queries(11):
        record_reply(mail, reply, is_proven=True, from_address="", now=RECEIVED)


def test_confirming_reads_the_same_for_many_answers_as_for_one(ana, django_assert_num_queries):
    people = [admitted(ana.delegation) for _ in range(4)]
    plan_and_send(NOW)
    one, *others = [receive(reply_of(person), is_proven=False).pk for person in (ana, *people)]
    staff = make_staff()

    # Six to read and lock, two for the savepoint; then three for each answer.
    with django_assert_num_queries(8 + 3):
        confirm_answers([one], by=staff, now=RECEIVED)
    with django_assert_num_queries(8 + 3 * len(others)):
        confirm_answers(others, by=staff, now=RECEIVED)
    assert CalendarEntry.objects.filter(ical_partstat=Partstat.ACCEPTED).count() == 5
