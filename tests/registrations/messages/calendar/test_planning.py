from datetime import timedelta

import pytest
from django.core import mail

from registrations.models import CalendarEntry, Delegate, Delivery, DeliveryKind, DeliveryState, Partstat
from registrations.services.delivering.plan import PlanReport, last_planned_at, plan
from registrations.services.nominations import (
    DelegateDetails,
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
)
from sessions_app.editing import cancel_session, restore_session
from sessions_app.models import AgendaItem, ReleasedSession
from sessions_app.releases import release_webinar
from tests.calendar_client import CalendarClient
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_staff
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    move_session,
    plan_and_send,
    released_delegation,
    sent_by,
)

pytestmark = pytest.mark.django_db
LATER = SOON + timedelta(minutes=5)
UPDATE_SUBJECT = "Modificada: Contexto y desafíos 1, lun 16 nov, 10:00–12:00 (Tegucigalpa, UTC−06:00)"
BOTH = ["Contexto y desafíos 1", "Contexto y desafíos 2"]


def details_of(delegate: Delegate, **changes: object) -> DelegateDetails:
    fields = {
        "name": delegate.name,
        "email": delegate.email,
        "institution": delegate.institution,
        "timezone": delegate.timezone,
        "profile": delegate.profile,
    }
    return DelegateDetails(**(fields | changes))


def calendars() -> CalendarClient:
    return CalendarClient().receive_all(mail.outbox)


def test_an_admitted_delegate_is_invited_to_every_session_once() -> None:
    ana = admitted(released_delegation())

    plan_and_send()
    plan_and_send(LATER)

    assert calendars().titles(ana.email) == BOTH
    assert [message.to[0].count(ana.email) for message in mail.outbox] == [1, 1]


def test_more_newcomers_than_a_batch_holds_are_each_owed_a_message_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("registrations.messages.calendar.planning.BATCH", 3)
    delegation = released_delegation()
    people = [admitted(delegation) for _ in range(4)]

    assert plan(now=SOON).count("calendar") == 8

    sessions = delegation.webinar.sessions.all()
    owed = Delivery.objects.values_list("delegate", "session", "email", "entry", "ical_sequence")
    held = CalendarEntry.objects.values_list("delegate", "session", "address", "pk", "sequence")
    assert {row[:3] for row in owed} == {(one.pk, session.pk, one.email) for one in people for session in sessions}
    assert set(owed) == set(held)
    assert owed.values("key").distinct().count() == 8


def test_only_the_admitted_of_a_released_webinar_are_invited() -> None:
    delegation = released_delegation("submitted")
    make_delegate(delegation)

    assert plan(now=SOON) == PlanReport()


def test_a_change_of_a_focal_point_waits_until_its_hold_has_passed() -> None:
    admitted(released_delegation(), mail_not_before=SOON + timedelta(seconds=20))

    assert plan(now=SOON).count("calendar") == 0
    assert plan(now=SOON + timedelta(seconds=20)).count("calendar") == 2


def test_a_moved_session_updates_its_calendars_and_the_untouched_one_mails_nobody() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan_and_send()
    CalendarEntry.objects.update(ical_partstat=Partstat.ACCEPTED)

    move_session(delegation.webinar, 1, hours=1)
    updates = sent_by(LATER)

    assert [message.subject for message in updates] == [UPDATE_SUBJECT]
    held = sorted(calendars().mailboxes[ana.email].values(), key=lambda each: each.starts_at)
    assert [(each.sequence, each.starts_at.hour) for each in held] == [(1, 16), (0, 15)]
    assert set(CalendarEntry.objects.values_list("session__number", "ical_partstat")) == {
        (1, Partstat.NEEDS_ACTION),
        (2, Partstat.ACCEPTED),
    }


def test_a_silent_publication_mails_nobody() -> None:
    delegation = released_delegation()
    admitted(delegation)
    plan_and_send()

    AgendaItem.objects.filter(session__number=1, position=1).update(title_es="Bienvenida")
    release_webinar(delegation.webinar, by=None, now=SOON)

    assert sent_by(LATER) == []


def test_a_cancelled_session_leaves_the_calendar_and_comes_back_when_restored() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan_and_send()
    session = delegation.webinar.sessions.get(number=2)

    cancel_session(session, now=SOON)
    release_webinar(delegation.webinar, by=None, now=SOON)
    plan_and_send(LATER)
    assert calendars().titles(ana.email) == BOTH[:1]
    restore_session(session)
    release_webinar(delegation.webinar, by=None, now=LATER)
    plan_and_send(LATER + timedelta(minutes=1))

    assert calendars().titles(ana.email) == BOTH


def test_withdrawing_cancels_and_registering_the_address_anew_invites_again() -> None:
    delegation = released_delegation()
    staff = make_staff()
    ana = admitted(delegation)
    plan_and_send()

    withdraw_delegate(ana, version=ana.version, by=staff, now=SOON, reason="Ill")
    plan_and_send(LATER)
    assert calendars().titles(ana.email) == []
    admitted(delegation, email=ana.email)
    plan_and_send(LATER + timedelta(minutes=1))

    assert calendars().titles(ana.email) == BOTH
    assert [each.sequence for each in calendars().mailboxes[ana.email].values()] == [2, 2]


def test_replacing_cancels_the_one_and_invites_the_other() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan_and_send()

    new = details_of(ana, name="Luis Ejemplo", email="luis@example.org")
    replace_delegate(ana, details=new, version=ana.version, by=make_staff(), now=SOON)
    plan_and_send(LATER)

    assert (calendars().titles(ana.email), calendars().titles("luis@example.org")) == ([], BOTH)


def test_a_person_withdrawn_before_the_invitation_was_sent_gets_no_mail() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan(now=SOON)

    withdraw_delegate(ana, version=ana.version, by=make_staff(), now=SOON, reason="Ill")
    plan_and_send(LATER)

    assert mail.outbox == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SUPERSEDED}


def test_a_corrected_address_cancels_the_old_mailbox_and_invites_the_new_one() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan_and_send()
    old = ana.email

    edit_delegate(ana, details=details_of(ana, email="right@example.org"), version=1, by=make_staff(), now=SOON)
    plan_and_send(LATER)

    assert (calendars().titles(old), calendars().titles("right@example.org")) == ([], BOTH)


def test_an_address_corrected_and_corrected_back_ends_with_its_invitations() -> None:
    ana = admitted(released_delegation())
    typed_first, staff = ana.email, make_staff()
    plan_and_send()

    edit_delegate(ana, details=details_of(ana, email="other@example.org"), version=1, by=staff, now=SOON)
    plan_and_send(LATER)
    edit_delegate(ana, details=details_of(ana, email=typed_first), version=2, by=staff, now=LATER)
    plan_and_send(LATER + timedelta(minutes=1))

    after = calendars()
    assert (after.titles(typed_first), after.titles("other@example.org"), after.ignored) == (BOTH, [], 0)


def test_an_official_who_moves_to_another_country_is_invited_anew_and_in_order() -> None:
    honduras = released_delegation()
    panama = make_delegation(honduras.webinar, make_country("PA"), status="accepted")
    ana, staff = admitted(honduras), make_staff()
    plan_and_send()

    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="Works for Panama now")
    register_delegate(panama, details=details_of(ana), by=staff, now=SOON)
    plan_and_send(LATER)

    after = calendars()
    assert (after.titles(ana.email), after.ignored) == (BOTH, 0)
    assert set(CalendarEntry.objects.values_list("delegate__delegation", "ical_partstat")) == {
        (panama.pk, Partstat.NEEDS_ACTION)
    }


def test_two_swapped_addresses_each_get_the_other_persons_link() -> None:
    delegation = released_delegation()
    ana, luis = admitted(delegation), admitted(delegation)
    plan_and_send()
    links = {address: {held.url for held in box.values()} for address, box in calendars().mailboxes.items()}

    staff = make_staff()

    def give(person: Delegate, address: str) -> None:
        person.refresh_from_db()
        details = details_of(person, email=address)
        edit_delegate(person, details=details, version=person.version, by=staff, now=SOON)

    anas, luises = ana.email, luis.email
    give(ana, "between@example.org")
    give(luis, anas)
    give(ana, luises)
    plan_and_send(LATER)

    after = calendars()
    assert "between@example.org" not in after.mailboxes
    assert after.titles(anas) == after.titles(luises) == BOTH
    assert after.ignored == 0
    for address, box in after.mailboxes.items():
        assert links[address].isdisjoint({held.url for held in box.values()})


def test_people_of_a_delegation_that_does_not_attend_are_taken_off_and_come_back() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan_and_send()

    type(delegation).objects.update(status="not_attending")
    plan_and_send(LATER)
    assert calendars().titles(ana.email) == []
    type(delegation).objects.update(status="accepted")
    plan_and_send(LATER + timedelta(minutes=1))

    assert calendars().titles(ana.email) == BOTH


def test_nothing_is_mailed_about_a_session_that_is_over() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    end = ReleasedSession.objects.get(number=1).ends_at

    plan_and_send(end)

    assert calendars().titles(ana.email) == BOTH[1:]


def test_a_second_update_supersedes_the_one_that_still_waits() -> None:
    delegation = released_delegation()
    admitted(delegation)
    plan_and_send()
    move_session(delegation.webinar, 1, hours=1)
    plan(now=LATER)
    move_session(delegation.webinar, 1, hours=1, now=LATER)

    (update,) = sent_by(LATER + timedelta(minutes=1))

    assert update.to
    assert list(
        Delivery.objects.filter(kind=DeliveryKind.UPDATE).order_by("pk").values_list("ical_sequence", "state")
    ) == [(1, DeliveryState.SUPERSEDED), (2, DeliveryState.SENT)]


def test_a_plan_takes_the_same_number_of_queries_with_one_delegate_and_with_many(django_assert_max_num_queries) -> None:
    delegation = released_delegation()
    admitted(delegation)
    with django_assert_max_num_queries(27):
        plan(now=SOON)
    Delegate.objects.bulk_create(
        [
            Delegate(
                webinar=delegation.webinar,
                delegation=delegation,
                name=f"D {number}",
                email=f"many{number}@example.org",
                institution="I",
                timezone="America/Panama",
                registered_at=NOW,
                mail_not_before=NOW,
                admitted_at=NOW,
            )
            for number in range(1000)
        ]
    )

    # 4,000 rows go in by batches, which SQLite cuts to its limit of parameters; nothing is asked per person.
    with django_assert_max_num_queries(126):
        assert plan(now=LATER).count("calendar") == 2000
    with django_assert_max_num_queries(27):
        assert plan(now=LATER).count("calendar") == 0


def test_readiness_learns_when_a_planner_was_last_at_work() -> None:
    assert last_planned_at() is None
    admitted(released_delegation())

    plan(now=SOON)

    assert last_planned_at() == SOON
