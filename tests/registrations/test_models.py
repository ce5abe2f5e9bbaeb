"""What the database itself refuses, whoever writes, and the few properties of the rows."""

from datetime import date, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from registrations.models import (
    OVERDUE_AFTER,
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    ParticipatingBody,
    Quota,
    RegistrationPolicy,
    User,
    Waiver,
)
from registrations.models.body import validate_zones
from sessions_app.models import Release, Session
from tests.factories import (
    NOW,
    make_announcement,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_message,
    make_organisation,
    make_profiles,
    make_staff,
    make_user,
    make_webinar,
)
from tests.registrations.queries.mailboxes import make_entry, make_release

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def assert_refused(name: str, write) -> None:
    """The named constraint forbids `write`; SQLite does not name unique ones, so their columns stand in."""
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        write()


def test_an_address_is_active_once_per_webinar_whatever_its_case():
    delegation = make_delegation()
    other = make_delegation(delegation.webinar, make_country("PA"))
    make_delegate(delegation, email="ana@example.org")

    assert_refused("delegate_active_once_per_webinar", lambda: make_delegate(other, email="ANA@example.org"))

    make_delegate(other, email="ana@example.org", status="withdrawn", withdrawn_at=NOW)
    make_delegate(make_delegation(make_webinar("next"), other.body), email="ana@example.org")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("delegate_status_is_known", {"status": "asleep", "withdrawn_at": NOW}),
        ("delegate_left_at_a_time", {"status": "withdrawn"}),
        ("delegate_left_at_a_time", {"status": "active", "withdrawn_at": NOW}),
        ("delegate_has_a_name", {"name": ""}),
    ],
)
def test_a_delegate_is_never_half_gone_or_nameless(name, fields):
    delegation = make_delegation()

    assert_refused(name, lambda: make_delegate(delegation, **fields))


def test_a_delegation_has_a_known_state_and_stands_once_per_webinar():
    delegation = make_delegation()

    assert_refused("delegation_status_is_known", lambda: Delegation.objects.update(status="maybe"))
    assert_refused(
        "delegation_once_per_webinar_and_body|delegation.webinar_id, registrations_delegation.body_id",
        lambda: make_delegation(delegation.webinar, delegation.body, slug="twice"),
    )


def test_a_quota_is_never_upside_down():
    make_delegation()

    assert_refused("quota_maximum_not_below_minimum", lambda: Quota.objects.update(minimum=2, maximum=1))


def test_a_waiver_excuses_somebody_for_a_reason():
    delegation, profiles = make_delegation(), make_profiles()
    facts = {
        "delegation": delegation,
        "profile": profiles["prosecutors"],
        "granted_by": make_staff(),
        "granted_at": NOW,
    }

    assert_refused("waiver_excuses_a_seat", lambda: Waiver.objects.create(seats=0, reason="small", **facts))
    assert_refused("waiver_has_a_reason", lambda: Waiver.objects.create(seats=1, reason="", **facts))


def test_a_country_has_an_iso_code_and_an_organisation_none():
    assert make_organisation().iso_code is None
    assert_refused(
        "country_has_an_iso_code",
        lambda: ParticipatingBody.objects.create(kind="country", slug="nowhere", name_en="Nowhere"),
    )


def test_registration_closes_after_it_opens():
    policy = make_webinar().policy

    assert_refused(
        "registration_closes_after_it_opens",
        lambda: RegistrationPolicy.objects.update(closes_at=policy.opens_at),
    )
    with pytest.raises(ValidationError, match="must close after it opens"):
        RegistrationPolicy(opens_at=NOW, closes_at=NOW, purge_on=date(2027, 1, 1)).clean()


@pytest.mark.parametrize(
    ("after_opening", "is_open"),
    [(-HOUR, False), (timedelta(0), True), (timedelta(days=25) - HOUR, True), (timedelta(days=25), False)],
)
def test_registration_is_open_from_the_opening_to_just_before_the_closing(after_opening, is_open):
    policy = make_webinar().policy

    assert policy.is_open_at(policy.opens_at + after_opening) is is_open


def test_registration_without_an_opening_date_is_never_open():
    policy = make_webinar().policy
    policy.opens_at = None
    policy.full_clean()
    policy.save()

    assert (policy.is_open_at(NOW), policy.has_opened_at(NOW)) == (False, False)


def test_a_focal_point_is_named_once_per_country_and_one_of_them_is_primary():
    body, user = make_country(), make_user()
    first = make_focal_point(body, user, is_primary=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_focal_point(body, user)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_focal_point(body, is_primary=True)

    first.removed_at = NOW
    first.save()
    assert make_focal_point(body, user, is_primary=True).pk != first.pk


def test_one_address_signs_in_as_one_user_whatever_its_case():
    make_user("ana@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="Ana@example.org")


def test_a_user_is_found_by_the_address_in_any_case_and_known_by_name():
    user = make_user("Ana@Example.org", name="Ana Díaz")

    assert User.objects.get_by_natural_key("ANA@example.org") == user
    assert (str(user), str(make_user("luis@example.org"))) == ("Ana Díaz", "luis@example.org")


def test_a_mailbox_has_one_entry_per_session_and_one_message_under_way():
    delegation = make_delegation()
    session = delegation.webinar.sessions.first()
    delegate = make_delegate(delegation)
    facts = {
        "session": session,
        "address": delegate.address,
        "delegate": delegate,
        "release": Release.objects.create(webinar=delegation.webinar, number=1, released_at=NOW, agenda={}),
        "released_sequence": 0,
        "sequence": 0,
        "stamp": NOW,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
    }
    entry = CalendarEntry.objects.create(**facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarEntry.objects.create(**facts)

    owed = {
        "kind": "invitation",
        "webinar": delegation.webinar,
        "session": session,
        "entry": entry,
        "delegate": delegate,
        "email": delegate.email,
        "language": "es",
        "created_at": NOW,
        "due_at": NOW,
    }
    one, other = (Delivery.objects.create(key=key, **owed) for key in ("one", "other"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(key="one", **owed)
    assert_refused("delivery_claimed_under_a_lease", lambda: Delivery.objects.filter(pk=one.pk).update(state="claimed"))
    claimed = {"state": "claimed", "claim_token": uuid4(), "lease_expires_at": NOW}
    Delivery.objects.filter(pk=one.pk).update(**claimed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=other.pk).update(**claimed)


def test_people_with_an_address_are_found_whatever_the_case_and_the_blanks_around_it():
    delegate = make_delegate(make_delegation(), email="Ana@example.org")

    assert list(Delegate.objects.with_address(" ANA@EXAMPLE.ORG ")) == [delegate]


def test_only_the_active_of_an_acceptance_are_admitted():
    delegation = make_delegation()
    admitted = make_delegate(delegation, admitted_at=NOW)
    make_delegate(delegation)
    make_delegate(delegation, admitted_at=NOW, status="withdrawn", withdrawn_at=NOW)

    assert list(Delegate.objects.admitted()) == [admitted]


def test_a_change_is_held_until_just_before_its_instant():
    delegate = make_delegate(make_delegation(), mail_not_before=NOW)

    assert delegate.is_mail_delayed_at(NOW - timedelta(microseconds=1))
    assert not delegate.is_mail_delayed_at(NOW)


def test_a_delegation_is_addressed_by_webinar_and_body():
    delegation = make_delegation(make_webinar("flows"), make_country("HN", slug="honduras"))

    assert delegation.slug == "flows-honduras"


def test_a_single_zone_is_offered_and_several_never():
    one = ParticipatingBody(timezones=["America/Tegucigalpa"])
    several = ParticipatingBody(timezones=["America/Mexico_City", "America/Tijuana"])

    assert (one.single_timezone, several.single_timezone) == ("America/Tegucigalpa", "")


@pytest.mark.parametrize("zones", ["UTC", {"a": 1}, [1], ["Mars/Olympus"], None])
def test_the_zones_of_a_body_are_a_list_of_known_zones(zones):
    validate_zones(["America/Tegucigalpa", "UTC"])

    with pytest.raises(ValidationError):
        validate_zones(zones)


def owe(key: str, *, since=NOW, **fields) -> Delivery:
    return make_message(key, created_at=since, due_at=since, **fields)


def claim(until):
    return {"state": "claimed", "claim_token": uuid4(), "lease_expires_at": until}


def test_the_oldest_is_the_one_owed_first_however_often_it_was_put_off():
    now = NOW + timedelta(hours=1)
    owe("young", since=NOW + SECOND)
    oldest = owe("put off", attempts=4)
    Delivery.objects.filter(pk=oldest.pk).update(due_at=now + timedelta(hours=1))
    owe("sent once more", since=NOW - timedelta(days=9), resent_at=NOW + SECOND)
    owe("sent", since=NOW - SECOND, state="sent")
    owe("at work on", since=NOW - SECOND, **claim(now + SECOND))
    owe("later", since=now + SECOND)

    assert Delivery.objects.waiting(now).first() == oldest


def test_nothing_waits_where_everything_has_left():
    owe("sent", state="sent")

    assert not Delivery.objects.waiting(NOW).exists()


def test_overdue_is_what_waits_too_long_for_the_list_as_for_each_row():
    now = NOW + OVERDUE_AFTER + SECOND
    late = owe("late")
    lost = owe("lost", **claim(now))
    owe("at work on", **claim(now + SECOND))
    owe("in time", since=NOW + SECOND)
    owe("sent once more", resent_at=NOW + SECOND)
    for state in ("sent", "failed", "superseded", "stopped", "bounced", "held"):
        owe(state, state=state)

    overdue = set(Delivery.objects.overdue(now))

    assert overdue == {late, lost}
    assert {one for one in Delivery.objects.all() if one.is_overdue_at(now)} == overdue


def test_a_delivery_has_one_recipient() -> None:
    delegate, user = make_delegate(make_delegation()), make_user()
    delivery = make_message("notice", user=user)

    both = partial(Delivery.objects.filter(pk=delivery.pk).update, delegate=delegate)
    neither = partial(Delivery.objects.filter(pk=delivery.pk).update, user=None)

    assert_refused("delivery_has_one_recipient", both)
    assert_refused("delivery_has_one_recipient", neither)


# A subject that is too much for the kind, or the one that it needs.
WRONG_SUBJECTS = [
    ("invitation", {"session"}),
    ("update", {"entry"}),
    ("cancellation", {"session", "entry", "delegation"}),
    ("reminder", set()),
    ("reminder", {"session", "entry"}),
    ("registration", set()),
    ("gap_notice", {"delegation", "event"}),
    ("receipt", {"event"}),
    ("decision", {"delegation"}),
    ("cannot_come", {"event"}),
    ("clash_alert", {"delegation", "event"}),
    ("bounce_notice", {"delegation"}),
    ("announcement", set()),
    ("links", {"delegation"}),
    ("test", set()),
    ("test", {"announcement", "delegation"}),
]


def test_each_kind_of_delivery_is_refused_with_a_wrong_subject() -> None:
    assert {kind for kind, _subjects in WRONG_SUBJECTS} == set(DeliveryKind.values)


@pytest.mark.parametrize(("kind", "subjects"), WRONG_SUBJECTS)
def test_a_delivery_has_the_subject_of_its_kind_and_no_other(kind: str, subjects: set[str]) -> None:
    delegation = make_delegation()
    session, delegate = delegation.webinar.sessions.first(), make_delegate(delegation)
    make_release(delegation.webinar)
    rows = {
        "session": session,
        "entry": make_entry(delegate, Session.objects.select_related("released__release").get(pk=session.pk)),
        "delegation": delegation,
        "event": delegation.history.create(webinar=delegation.webinar, kind="returned", at=NOW),
        "announcement": make_announcement(delegation.webinar, by=make_user()),
    }
    delivery = make_message("notice", delegation=delegation)
    changes = {name: row if name in subjects else None for name, row in rows.items()}

    assert_refused(
        "delivery_has_the_subject_of_its_family",
        lambda: Delivery.objects.filter(pk=delivery.pk).update(kind=kind, **changes),
    )
