from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import translation

from registrations.models import CalendarEntry, DeliveryState, HistoryEvent
from registrations.queries import Invitation, delegates_with_mail_state, delegations_of, history_of, mail_state_of
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_staff,
    make_user,
    make_webinar,
)
from tests.registrations.queries.mailboxes import invite, make_delivery, make_entry, make_release

HOUR = timedelta(hours=1)


def shown(session, delivery, **changed) -> Invitation:
    """The invitation of a mailbox whose newest message is `delivery`."""
    usual = {"attempts": 0, "last_error": "", "partstat": "NEEDS-ACTION", "answered_at": None}
    return Invitation(
        session=session,
        ends_at=session.ends_at,
        delivery_id=delivery.pk,
        state=delivery.state,
        due_at=delivery.due_at,
        sent_at=delivery.sent_at,
        **usual | changed,
    )


def test_people_stand_with_what_their_mailboxes_hold(delegation):
    webinar = delegation.webinar
    make_release(webinar)
    first, second = webinar.sessions.select_related("released__release")
    ana, luis = make_delegate(delegation, "border-control"), make_delegate(delegation, "prosecutors")
    sent = make_delivery(
        make_entry(ana, first, sequence=3, ical_partstat="ACCEPTED", answered_at=NOW), sent_at=NOW + HOUR
    )
    failed = make_delivery(
        make_entry(ana, second), state="failed", attempts=3, last_error="The mail server refused the address."
    )
    old = make_entry(luis, first)
    make_delivery(old)
    CalendarEntry.objects.filter(pk=old.pk).update(sequence=1)
    old.refresh_from_db()
    waiting = make_delivery(old, state="due")

    people = delegates_with_mail_state(delegation, now=NOW)

    assert [one.delegate for one in people.active] == [luis, ana]
    assert people.former == ()
    assert people.active[0].invitations == (shown(first, waiting),)
    assert people.active[1].invitations == (
        shown(first, sent, partstat="ACCEPTED", answered_at=NOW),
        shown(second, failed, attempts=3, last_error="The mail server refused the address."),
    )
    assert (people.failed_count, people.with_failed_mail) == (1, (people.active[1],))
    assert mail_state_of(ana, now=NOW) == people.active[1]


def test_only_what_the_present_mailbox_is_invited_to_is_shown(delegation):
    make_release(delegation.webinar)
    first, second = delegation.webinar.sessions.select_related("released__release")
    ana = make_delegate(delegation, email="Ana@example.org")
    make_delivery(make_entry(ana, first))
    make_delivery(make_entry(ana, second, planned_method="CANCEL"))
    make_delivery(make_entry(ana, second, address="wrong@example.org"), state="failed")

    (person,) = delegates_with_mail_state(delegation, now=NOW).active

    assert [(one.session, one.is_sent) for one in person.invitations] == [(first, True)]
    assert not person.failed


def test_those_who_left_stand_apart_the_latest_first(delegation):
    first = make_delegate(delegation, status="withdrawn", withdrawn_at=NOW)
    successor = make_delegate(delegation)
    second = make_delegate(delegation, status="replaced", withdrawn_at=NOW + HOUR, replaced_by=successor)

    people = delegates_with_mail_state(delegation, now=NOW)

    assert [one.delegate for one in people.active] == [successor]
    assert [one.delegate for one in people.former] == [second, first]


def test_the_mail_of_a_delegation_asks_two_queries_for_one_person_as_for_a_thousand(
    delegation, django_assert_num_queries
):
    one, many = delegation, make_delegation(delegation.webinar, make_country("PA"))
    make_release(delegation.webinar)
    invite(one, 1)
    invite(many, 1000)

    with django_assert_num_queries(2):
        delegates_with_mail_state(one, now=NOW)
    with django_assert_num_queries(2):
        people = delegates_with_mail_state(many, now=NOW)
        assert {str(person.delegate.profile) for person in people.active} == {"Prosecutors"}
    assert [len(person.invitations) for person in people.active] == [2] * 1000


def test_the_history_of_a_delegation_is_its_own_the_latest_first(delegation):
    other = make_delegation(delegation.webinar, make_country("PA"))
    facts = {"webinar": delegation.webinar, "kind": "submitted"}
    early = HistoryEvent.objects.create(delegation=delegation, at=NOW, **facts)
    late = HistoryEvent.objects.create(delegation=delegation, at=NOW + HOUR, **facts)
    HistoryEvent.objects.create(delegation=other, at=NOW, **facts)

    assert list(history_of(delegation)) == [late, early]


def test_the_history_does_not_reveal_who_in_another_country_has_an_address(delegation):
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


@pytest.mark.parametrize(
    ("state", "attempts", "told"),
    [
        ("failed", 1, "El servidor de correo rechazó la dirección."),
        ("due", 1, "El servidor de correo rechazó la dirección."),
        ("due", 0, ""),
        ("sent", 2, ""),
    ],
)
def test_a_mail_error_is_shown_in_the_readers_language(delegation, state, attempts, told):
    make_release(delegation.webinar)
    ana = make_delegate(delegation)
    for session in delegation.webinar.sessions.select_related("released__release"):
        make_delivery(
            make_entry(ana, session), state=state, attempts=attempts, last_error="The mail server refused the address."
        )

    with translation.override("es"):
        assert mail_state_of(ana, now=NOW).errors == ((told,) if told else ())


def test_a_finished_delivery_can_be_sent_again_until_the_session_ends(delegation):
    make_release(delegation.webinar)
    session = delegation.webinar.sessions.select_related("released__release")[0]
    people = {state: make_delegate(delegation) for state in DeliveryState}
    for state, person in people.items():
        lease = {"claim_token": uuid4(), "lease_expires_at": NOW} if state == "claimed" else {}
        make_delivery(make_entry(person, session), state=state, **lease)

    def repeatable(by, now):
        return {state for state, person in people.items() if mail_state_of(person, now=NOW).can_be_resent(now, by=by)}

    staff, focal_point = make_staff(), make_user()
    assert repeatable(staff, NOW) == {"sent", "failed", "bounced", "stopped"}
    assert repeatable(focal_point, NOW) == {"sent", "failed", "bounced"}
    assert repeatable(staff, session.ends_at) == set()
