from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from registrations.exceptions import AddressTakenElsewhere, AddressTakenHere, TooManyClashes
from registrations.models import Delegate, HistoryEvent
from registrations.services.nominations import edit_delegate, register_delegate, replace_delegate
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_quotas,
    make_user,
    make_webinar,
)

DAY = timedelta(days=1)


@pytest.fixture
def holder(delegation) -> Delegate:
    """Someone of another country."""
    return make_delegate(
        make_delegation(delegation.webinar, make_country("PA")), name="Luis Paz", email="luis@example.org"
    )


def clash(delegation, by, now):
    return register_delegate(
        delegation, details=make_details(name="L. Paz", email=" Luis@Example.org "), by=by, now=now
    )


def test_a_clash_with_another_country_is_refused_without_naming_it_and_the_secretariat_is_told(
    delegation, focal_point, holder, now
):
    with pytest.raises(AddressTakenElsewhere) as refused:
        clash(delegation, focal_point, now)

    assert str(refused.value.message) == "This person could not be registered; the secretariat has been told."
    assert refused.value.field == "email"
    assert list(Delegate.objects.all()) == [holder]
    event = HistoryEvent.objects.get()
    assert (event.kind, event.delegation, event.delegate) == ("address_clash", delegation, holder)
    assert (event.actor, event.at) == (focal_point, now)
    assert event.changes == {"name": ["", "L. Paz"], "email": ["", "Luis@example.org"]}


def test_a_clash_in_a_replacement_or_an_edit_undoes_the_rest_and_keeps_the_alert(delegation, focal_point, holder, now):
    delegate = make_delegate(delegation)

    for step in (replace_delegate, edit_delegate):
        with pytest.raises(AddressTakenElsewhere):
            step(delegate, details=make_details(email="LUIS@example.org"), version=1, by=focal_point, now=now)

    stored = Delegate.objects.get(pk=delegate.pk)
    assert (stored.status, stored.version, stored.email) == ("active", 1, delegate.email)
    assert list(HistoryEvent.objects.values_list("kind", flat=True)) == ["address_clash", "address_clash"]


def test_staff_see_who_has_the_address_and_cause_no_alert(delegation, staff, holder, now):
    with pytest.raises(AddressTakenElsewhere) as refused:
        clash(delegation, staff, now)

    assert str(refused.value.message) == "Luis Paz is registered with this address for Country PA."
    assert not HistoryEvent.objects.exists()


def test_after_the_day_s_clashes_no_address_can_be_tried_any_more(delegation, focal_point, holder, now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 2
    for _ in range(2):
        with pytest.raises(AddressTakenElsewhere):
            clash(delegation, focal_point, now)

    with pytest.raises(TooManyClashes):
        clash(delegation, focal_point, now)
    with pytest.raises(TooManyClashes):
        register_delegate(delegation, details=make_details(), by=focal_point, now=now)

    assert HistoryEvent.objects.count() == 2
    assert Delegate.objects.count() == 1


def test_the_limit_of_clashes_is_one_person_s_and_one_day_s(delegation, focal_point, holder, now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 1
    with pytest.raises(AddressTakenElsewhere):
        clash(delegation, focal_point, now)

    with pytest.raises(TooManyClashes):
        clash(delegation, focal_point, now + DAY - timedelta(seconds=1))
    with pytest.raises(AddressTakenElsewhere):
        clash(delegation, make_user(), now)
    with pytest.raises(AddressTakenElsewhere):
        clash(delegation, focal_point, now + DAY)


def test_past_the_limit_details_can_still_be_corrected(delegation, focal_point, now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 0
    delegate = make_delegate(delegation)

    edited = edit_delegate(delegate, details=make_details(email=delegate.email), version=1, by=focal_point, now=now)

    assert edited.version == 2


def test_one_s_own_clash_is_named_even_past_the_limit(delegation, focal_point, now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 0
    delegate = make_delegate(delegation)

    with pytest.raises(AddressTakenHere):
        register_delegate(delegation, details=make_details(email=delegate.email), by=focal_point, now=now)


def test_one_address_may_be_active_at_two_webinars(delegation, focal_point, now):
    webinar = make_webinar("next")
    make_quotas(webinar)
    earlier = make_delegate(make_delegation(webinar, delegation.body))

    assert register_delegate(delegation, details=make_details(email=earlier.email), by=focal_point, now=now).pk


@pytest.mark.django_db(transaction=True)
def test_the_event_of_a_clash_is_committed_although_the_attempt_is_not(delegation, focal_point, holder, now):
    with pytest.raises(AddressTakenElsewhere):
        clash(delegation, focal_point, now)

    assert not transaction.get_connection().in_atomic_block
    assert HistoryEvent.objects.count() == 1


def test_naming_a_person_takes_as_many_statements_beside_two_hundred_as_beside_nobody(delegation, focal_point, now):
    def statements() -> int:
        details = make_details()
        with CaptureQueriesContext(connection) as captured:
            register_delegate(delegation, details=details, by=focal_point, now=now)
        return len(captured)

    beside_nobody = statements()
    for _ in range(200):
        make_delegate(delegation)

    assert statements() == beside_nobody
