from datetime import timedelta

import pytest
from django.utils import translation

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    HistoryEvent,
    ParticipantProfile,
    Waiver,
)
from registrations.queries import (
    Invitation,
    SeatCount,
    delegates_with_mail_state,
    delegations_of,
    history_of,
    last_session_end,
    quota_board,
    seats_of,
    seats_of_webinar,
)
from registrations.queries.lists import with_gaps
from sessions_app.models import Release, ReleasedSession, Session, Webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_organisation,
    make_profiles,
    make_quotas,
    make_session,
    make_staff,
    make_user,
    make_webinar,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def delegation(db) -> Delegation:
    return make_delegation(body=make_country("HN"))


def make_release(webinar: Webinar) -> Release:
    """Every session of `webinar`, released as it stands."""
    release = Release.objects.create(webinar=webinar, number=1, released_at=NOW, agenda={})
    for session in webinar.sessions.all():
        ReleasedSession.objects.create(
            session=session,
            release=release,
            number=session.number,
            title_en=session.title_en,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            timezone=webinar.timezone,
            changed_at=NOW,
        )
    return release


def make_entry(delegate: Delegate, session: Session, **fields) -> CalendarEntry:
    """What the mailbox of `delegate` holds of a released session."""
    entry = new_entry(delegate, session, **fields)
    entry.save()
    return entry


def new_entry(delegate: Delegate, session: Session, **fields) -> CalendarEntry:
    return CalendarEntry(
        session=session,
        delegate=delegate,
        address=delegate.address,
        release=session.released.release,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        **{"released_sequence": 0, "sequence": 0, "stamp": NOW, "planned_method": "REQUEST", **fields},
    )


def make_delivery(entry: CalendarEntry, **fields) -> Delivery:
    """The message that carries the entry's present sequence."""
    delivery = new_delivery(entry, **fields)
    delivery.save()
    return delivery


def new_delivery(entry: CalendarEntry, **fields) -> Delivery:
    return Delivery(
        key=f"cal:{entry.session_id}:{entry.address}:{entry.sequence}",
        entry=entry,
        delegate=entry.delegate,
        session=entry.session,
        email=entry.address,
        language="es",
        created_at=NOW,
        due_at=NOW,
        **{"kind": "invitation", "ical_method": "REQUEST", "ical_sequence": entry.sequence, "state": "sent", **fields},
    )


def invite(delegation: Delegation, people: int) -> None:
    """So many prosecutors, each with a sent invitation to every released session."""
    sessions = list(delegation.webinar.sessions.select_related("released__release"))
    profile = make_profiles()["prosecutors"]
    delegates = Delegate.objects.bulk_create(make_row(delegation, profile, number) for number in range(people))
    entries = CalendarEntry.objects.bulk_create(
        new_entry(delegate, session) for delegate in delegates for session in sessions
    )
    Delivery.objects.bulk_create(new_delivery(entry) for entry in entries)


def make_row(delegation: Delegation, profile: ParticipantProfile, number: int) -> Delegate:
    """An unsaved delegate, one of many."""
    return Delegate(
        webinar=delegation.webinar,
        delegation=delegation,
        profile=profile,
        name=f"Delegate {number}",
        email=f"many{number}@{delegation.slug}.example.org",
        registered_at=NOW,
        hold_until=NOW,
    )


# Seats ------------------------------------------------------------------------------------------


def test_a_seat_count_says_what_is_missing():
    profile = "border control"
    short = SeatCount(profile, minimum=3, maximum=None, waived=1, named=1, declined=0)
    met = SeatCount(profile, minimum=2, maximum=2, waived=0, named=2, declined=1)
    excused = SeatCount(profile, minimum=2, maximum=None, waived=5, named=0, declined=0)

    assert (short.floor, short.missing, short.is_met, short.is_full) == (2, 1, False, False)
    assert (met.floor, met.missing, met.is_met, met.is_full) == (2, 0, True, True)
    assert (excused.floor, excused.missing, excused.is_met, excused.is_full) == (0, 0, True, False)


def test_active_people_count_and_those_who_left_do_not(delegation):
    make_delegate(delegation, "prosecutors")
    make_delegate(delegation, "prosecutors")
    make_delegate(delegation, "border-control")
    make_delegate(delegation, "prosecutors", status="withdrawn", withdrawn_at=NOW)
    make_delegate(delegation, "prosecutors", status="replaced", withdrawn_at=NOW)

    assert [(seat.profile.code, seat.named) for seat in seats_of(delegation)] == [
        ("prosecutors", 2),
        ("immigration-control", 0),
        ("border-control", 1),
        ("investigation-units", 0),
    ]


def test_who_declined_every_session_counts_and_is_shown(delegation):
    webinar = delegation.webinar
    make_release(webinar)
    first, second = webinar.sessions.select_related("released__release")
    away, half, tentative = (make_delegate(delegation) for _ in range(3))
    make_entry(away, first, ical_partstat="DECLINED")
    make_entry(away, second, ical_partstat="DECLINED")
    make_entry(half, first, ical_partstat="DECLINED")
    make_entry(half, second)
    make_entry(tentative, first, ical_partstat="TENTATIVE")

    seat = seats_of(delegation)[0]

    assert (seat.named, seat.declined, seat.missing) == (3, 1, 0)


def test_a_session_that_was_taken_back_says_nothing_about_declining(delegation):
    make_release(delegation.webinar)
    first, second = delegation.webinar.sessions.select_related("released__release")
    delegate = make_delegate(delegation)
    make_entry(delegate, first, ical_partstat="DECLINED")
    make_entry(delegate, second, planned_method="CANCEL", ical_partstat="ACCEPTED")

    assert seats_of(delegation)[0].declined == 1


def test_only_waivers_in_force_excuse_seats(delegation):
    profile = make_profiles()["prosecutors"]
    given = {"delegation": delegation, "profile": profile, "reason": "small", "granted_by": make_user()}
    Waiver.objects.create(seats=1, granted_at=NOW, **given)
    Waiver.objects.create(seats=1, granted_at=NOW, revoked_at=NOW, **given)

    assert [seat.waived for seat in seats_of(delegation)] == [1, 0, 0, 0]


def test_one_delegation_and_the_whole_webinar_show_the_same_seats(delegation):
    other = make_delegation(delegation.webinar, make_country("PA"))
    unodc = make_delegation(delegation.webinar, make_organisation())
    elsewhere = make_webinar("next")
    make_quotas(elsewhere, minimum=7)
    make_delegate(make_delegation(elsewhere, delegation.body))
    make_delegate(delegation, "border-control")
    make_delegate(other, "prosecutors")
    make_delegate(unodc, None)

    assert seats_of_webinar(delegation.webinar) == {
        delegation.pk: seats_of(delegation),
        other.pk: seats_of(other),
        unodc.pk: (),
    }


def test_delegations_that_lack_a_profile_are_found(delegation):
    profiles = make_profiles()
    met = make_delegation(delegation.webinar, make_country("PA"))
    make_delegation(delegation.webinar, make_country("MX"), status="not_attending")
    make_delegation(delegation.webinar, make_organisation())
    for _ in range(2):
        make_delegate(met, "border-control")
    make_delegate(delegation, "border-control")

    assert list(with_gaps(Delegation.objects.all(), profile=profiles["border-control"])) == [delegation]
    assert list(with_gaps(Delegation.objects.all(), profile=profiles["prosecutors"])) == [delegation, met]
    assert list(with_gaps(Delegation.objects.filter(pk=met.pk), profile=profiles["prosecutors"])) == [met]


# The board --------------------------------------------------------------------------------------


def test_the_board_counts_what_is_met_in_accepted_delegations_and_elsewhere(delegation):
    Delegation.objects.update(status="accepted")
    draft = make_delegation(delegation.webinar, make_country("PA"))
    absent = make_delegation(delegation.webinar, make_country("MX"), status="not_attending")
    unodc = make_delegation(delegation.webinar, make_organisation())
    for code in ("prosecutors", "prosecutors", "prosecutors", "border-control", "border-control"):
        make_delegate(delegation, code, is_working_group_member=code == "border-control")
    for code in ("prosecutors", "prosecutors", "border-control"):
        make_delegate(draft, code)
        make_delegate(absent, code, is_working_group_member=True)
    make_delegate(unodc, None)

    board = quota_board(delegation.webinar)

    assert [(row.delegation, row.missing, row.named, row.working_group) for row in board.rows] == [
        (draft, 5, 3, 0),
        (delegation, 4, 5, 2),
        (absent, 0, 3, 3),
    ]
    assert [(row.delegation, row.seats, row.named) for row in board.organisations] == [(unodc, (), 1)]
    assert (board.cells, board.met_in_accepted, board.met_elsewhere) == (8, 2, 1)
    assert (board.floor_total, board.named_total, board.missing_total, board.working_group_total) == (16, 8, 9, 2)
    assert [
        (total.profile.code, total.named, total.floor, total.missing, total.met) for total in board.profile_totals
    ] == [
        ("prosecutors", 5, 4, 0, 2),
        ("immigration-control", 0, 4, 4, 0),
        ("border-control", 3, 4, 1, 1),
        ("investigation-units", 0, 4, 4, 0),
    ]


@pytest.mark.django_db
def test_the_board_of_the_concept_note_asks_eleven_countries_for_88_people():
    webinar = make_webinar()
    make_quotas(webinar)
    for iso_code in ("BZ", "CA", "CR", "DO", "SV", "GT", "HN", "MX", "NI", "PA", "US"):
        make_delegation(webinar, make_country(iso_code))

    board = quota_board(webinar)

    assert (board.cells, board.floor_total, board.named_total, board.missing_total) == (44, 88, 0, 88)


def test_countries_that_lack_equally_many_stand_in_the_order_of_their_names_as_read(delegation):
    webinar = delegation.webinar
    germany = make_delegation(webinar, make_country("DE", name_en="Germany", name_es="Alemania"))
    chile = make_delegation(webinar, make_country("CL", name_en="Chile", name_es="Chile"))

    with translation.override("en"):
        assert [row.delegation for row in quota_board(webinar).rows] == [chile, delegation, germany]
    with translation.override("es"):
        assert [row.delegation for row in quota_board(webinar).rows] == [germany, chile, delegation]


def test_the_board_asks_the_same_four_queries_for_nobody_as_for_a_thousand(delegation, django_assert_num_queries):
    webinar = delegation.webinar
    with django_assert_num_queries(4):
        quota_board(webinar)
    profiles = list(make_profiles().values())
    delegations = [make_delegation(webinar, make_country(f"{a}{b}")) for a in "QR" for b in "0123456789"]
    Delegate.objects.bulk_create(
        make_row(delegations[number % 20], profiles[number % 4], number) for number in range(1000)
    )

    with django_assert_num_queries(4):
        board = quota_board(webinar)

    assert board.named_total == 1000


# The page of a delegation -----------------------------------------------------------------------


def test_people_stand_with_what_their_mailboxes_hold(delegation):
    webinar = delegation.webinar
    make_release(webinar)
    first, second = webinar.sessions.select_related("released__release")
    ana, luis = make_delegate(delegation, "border-control"), make_delegate(delegation, "prosecutors")
    make_delivery(make_entry(ana, first, sequence=3, ical_partstat="ACCEPTED", answered_at=NOW))
    make_delivery(make_entry(ana, second), state="failed", last_error="550 no such user")
    old = make_entry(luis, first)
    make_delivery(old)
    CalendarEntry.objects.filter(pk=old.pk).update(sequence=1)
    old.refresh_from_db()
    make_delivery(old, state="due")

    people = delegates_with_mail_state(delegation)

    assert [one.delegate for one in people.active] == [luis, ana]
    assert people.left == ()
    assert people.active[0].invitations == (
        Invitation(
            session=first, method="REQUEST", state="due", last_error="", partstat="NEEDS-ACTION", answered_at=None
        ),
    )
    assert people.active[1].invitations == (
        Invitation(session=first, method="REQUEST", state="sent", last_error="", partstat="ACCEPTED", answered_at=NOW),
        Invitation(
            session=second,
            method="REQUEST",
            state="failed",
            last_error="550 no such user",
            partstat="NEEDS-ACTION",
            answered_at=None,
        ),
    )
    assert [one.has_failed for one in people.active] == [False, True]


def test_those_who_left_stand_apart_the_latest_first(delegation):
    first = make_delegate(delegation, status="withdrawn", withdrawn_at=NOW)
    successor = make_delegate(delegation)
    second = make_delegate(delegation, status="replaced", withdrawn_at=NOW + HOUR, replaced_by=successor)

    people = delegates_with_mail_state(delegation)

    assert [one.delegate for one in people.active] == [successor]
    assert [one.delegate for one in people.left] == [second, first]


def test_the_mail_of_a_delegation_asks_two_queries_for_one_person_as_for_a_thousand(
    delegation, django_assert_num_queries
):
    one, many = delegation, make_delegation(delegation.webinar, make_country("PA"))
    make_release(delegation.webinar)
    invite(one, 1)
    invite(many, 1000)

    with django_assert_num_queries(2):
        delegates_with_mail_state(one)
    with django_assert_num_queries(2):
        people = delegates_with_mail_state(many)
        assert {str(person.delegate.profile) for person in people.active} == {"Prosecutors"}
    assert [len(person.invitations) for person in people.active] == [2] * 1000


def test_the_history_of_a_delegation_is_its_own_the_latest_first(delegation):
    other = make_delegation(delegation.webinar, make_country("PA"))
    facts = {"webinar": delegation.webinar, "kind": "submitted"}
    early = HistoryEvent.objects.create(delegation=delegation, at=NOW, **facts)
    late = HistoryEvent.objects.create(delegation=delegation, at=NOW + HOUR, **facts)
    HistoryEvent.objects.create(delegation=other, at=NOW, **facts)

    assert list(history_of(delegation)) == [late, early]


def test_the_history_does_not_tell_who_of_another_country_holds_an_address(delegation):
    holder = make_delegate(make_delegation(delegation.webinar, make_country("PA")), name="Luis Paz")
    HistoryEvent.objects.create(
        webinar=delegation.webinar, delegation=delegation, delegate=holder, kind="address_clash", at=NOW
    )

    assert list(history_of(delegation)) == []


def test_a_focal_point_sees_the_delegations_of_their_country_at_every_webinar(delegation):
    user = make_focal_point(delegation.body).user
    next_one = make_delegation(make_webinar("next"), delegation.body)
    other = make_delegation(delegation.webinar, make_country("PA"))
    make_focal_point(other.body, user, removed_at=NOW)

    assert set(delegations_of(user)) == {delegation, next_one}
    assert set(delegations_of(make_user())) == set()
    assert set(delegations_of(make_staff())) == {delegation, next_one, other}


# The end ----------------------------------------------------------------------------------------


def test_a_webinar_ends_with_its_last_session(delegation):
    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(days=1, hours=2)


@pytest.mark.django_db
def test_a_webinar_without_sessions_has_no_end():
    assert last_session_end(make_webinar(sessions=0)) is None


def test_released_hours_rule_over_those_being_edited(delegation):
    make_release(delegation.webinar)
    Session.objects.update(starts_at=FIRST_START + timedelta(days=9))
    make_session(delegation.webinar, number=3, starts_at=FIRST_START + timedelta(days=10))

    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(days=1, hours=2)


def test_a_cancelled_last_session_does_not_prolong_the_webinar(delegation):
    Session.objects.filter(number=2).update(cancelled_at=NOW)
    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(hours=2)

    Session.objects.update(cancelled_at=NOW)
    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(days=1, hours=2)


def test_the_end_is_one_query_for_one_session_as_for_twenty(delegation, django_assert_num_queries):
    webinar = delegation.webinar
    with django_assert_num_queries(1):
        last_session_end(webinar)
    for number in range(3, 23):
        make_session(webinar, number=number)
    make_release(webinar)

    with django_assert_num_queries(1):
        assert last_session_end(webinar) == FIRST_START + timedelta(days=21, hours=2)
