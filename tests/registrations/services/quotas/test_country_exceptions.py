from datetime import timedelta

import pytest

from registrations.exceptions import InvalidInput, MaximumTooLow, NotPossibleNow, QuotaFull, ReasonRequired, WebinarOver
from registrations.models import Delegation, HistoryEvent, Quota, QuotaException, QuotaLimits
from registrations.queries import history_of, quota_board, seats_of, seats_of_webinar
from registrations.queries.lists import seats_of_delegations, with_gaps
from registrations.services.delegations import waive_seats
from registrations.services.nominations import register_delegate
from registrations.services.quotas import change_quota, end_exception, exception_preview, make_exception
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_organisation,
    make_quotas,
    make_webinar,
)

ONE = {"minimum": 1, "maximum": None, "reason": "One unit in the country"}


@pytest.fixture
def quota(delegation) -> Quota:
    """Two prosecutors of each country."""
    return Quota.objects.get(profile__code="prosecutors")


def test_an_exception_rules_for_its_country_and_profile_alone(delegation, quota, staff, now):
    other = make_delegation(delegation.webinar, make_country("PA"))

    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)

    exception = QuotaException.objects.get()
    assert (exception.made_by, exception.made_at, exception.reason) == (staff, now, "One unit in the country")
    assert [(seat.effective_minimum, seat.default_limits) for seat in seats_of(delegation)] == [
        (1, QuotaLimits(2, None)),
        *[(2, None)] * 3,
    ]
    assert [(seat.effective_minimum, seat.default_limits) for seat in seats_of(other)] == [(2, None)] * 4


def test_one_delegation_the_webinar_and_a_list_count_the_same_seats(delegation, quota, staff, now):
    other = make_delegation(delegation.webinar, make_country("PA"))
    elsewhere = make_webinar("next")
    quotas = make_quotas(elsewhere, minimum=7)
    there = make_delegation(elsewhere, delegation.body)
    make_exception(there, quota=quotas["prosecutors"], minimum=5, maximum=9, reason="Large", by=staff, now=now)
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)
    make_exception(other, quota=quota, minimum=4, maximum=4, reason="Large", by=staff, now=now)
    for _ in range(2):
        waive_seats(other, profile=quota.profile, seats=1, reason="Ill", by=staff, now=now)
    make_delegate(other)

    alone = {one.pk: seats_of(one) for one in (delegation, other, there)}
    assert seats_of_webinar(delegation.webinar) | seats_of_webinar(elsewhere) == alone
    assert seats_of_delegations([delegation, other, there]) == alone
    assert [(seats[0].effective_minimum, seats[0].waived, seats[0].named) for seats in alone.values()] == [
        (1, 0, 0),
        (2, 2, 1),
        (5, 0, 0),
    ]


def test_a_waiver_excuses_seats_of_the_exception(delegation, quota, staff, now):
    make_exception(delegation, quota=quota, minimum=3, maximum=None, reason="Large", by=staff, now=now)
    waive_seats(delegation, profile=quota.profile, seats=1, reason="Ill", by=staff, now=now)

    seat = seats_of(delegation)[0]

    assert (seat.minimum, seat.waived, seat.effective_minimum) == (3, 1, 2)


def test_a_delegation_that_meets_its_exception_has_no_gap(delegation, quota, staff, now):
    make_delegate(delegation)
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)

    assert list(with_gaps(Delegation.objects.all(), profile=quota.profile)) == []
    board = quota_board(delegation.webinar)
    assert (board.effective_minimum_total, board.missing_total, board.rows[0].missing) == (7, 6, 6)


def test_the_maximum_of_an_exception_holds_where_the_quota_has_none(delegation, quota, staff, now):
    make_exception(delegation, quota=quota, minimum=0, maximum=1, reason="Small room", by=staff, now=now)
    register_delegate(delegation, details=make_details(), by=staff, now=now)

    with pytest.raises(QuotaFull):
        register_delegate(delegation, details=make_details(), by=staff, now=now)


def test_an_exception_lifts_the_maximum_of_the_quota(delegation, quota, staff, now):
    change_quota(quota, minimum=0, maximum=1, reason="Small room", by=staff, now=now)
    make_exception(delegation, quota=quota, minimum=0, maximum=None, reason="The host", by=staff, now=now)

    for _ in range(3):
        register_delegate(delegation, details=make_details(), by=staff, now=now)

    assert seats_of(delegation)[0].named == 3


def test_a_maximum_below_the_present_count_is_refused(delegation, quota, staff, now):
    for _ in range(3):
        make_delegate(delegation)

    with pytest.raises(MaximumTooLow) as refused:
        make_exception(delegation, quota=quota, minimum=1, maximum=2, reason="Small", by=staff, now=now)

    assert "Country HN has already named 3 people" in str(refused.value.message)
    assert not QuotaException.objects.exists()


def test_an_exception_does_not_end_while_more_are_named_than_the_quota_allows(delegation, quota, staff, now):
    change_quota(quota, minimum=0, maximum=1, reason="Small room", by=staff, now=now)
    make_exception(delegation, quota=quota, minimum=0, maximum=None, reason="The host", by=staff, now=now)
    make_delegate(delegation)
    make_delegate(delegation)

    with pytest.raises(MaximumTooLow):
        end_exception(delegation, quota=quota, reason="Over", by=staff, now=now)

    assert QuotaException.objects.exists()


def test_a_higher_minimum_opens_a_gap_and_revokes_nothing(delegation, quota, staff, now):
    Delegation.objects.update(status="accepted")
    make_delegate(delegation, admitted_at=now)
    make_delegate(delegation, admitted_at=now)

    make_exception(delegation, quota=quota, minimum=4, maximum=None, reason="Large", by=staff, now=now)

    assert seats_of(delegation)[0].missing == 2
    assert Delegation.objects.get().status == "accepted"
    assert delegation.delegates.admitted().count() == 2


def test_an_exception_that_opens_a_gap_needs_a_confirmation(delegation, quota, staff, now):
    make_delegate(delegation)
    make_delegate(delegation)
    seat = seats_of(delegation)[0]
    more = {"quota": quota, "minimum": 3, "maximum": None, "reason": "Large", "by": staff, "now": now}

    three = exception_preview(delegation, seat, QuotaLimits(3, None))
    assert (three.opened, three.confirmations) == ((delegation,), {"3-None", delegation.slug})
    assert not exception_preview(delegation, seat, QuotaLimits(2, None)).confirmations
    assert not exception_preview(Delegation(status="not_attending"), seat, QuotaLimits(3, None)).confirmations
    for seen in (set(), {delegation.slug}, {delegation.slug, "4-None"}):
        with pytest.raises(NotPossibleNow):
            make_exception(delegation, **more, confirmed=seen)
    make_exception(delegation, **more, confirmed=three.confirmations)
    assert QuotaException.objects.get().minimum == 3


def test_replacing_an_exception_needs_a_confirmation_of_its_present_values(delegation, quota, staff, now):
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)
    seen = exception_preview(
        delegation, None, QuotaLimits(0, None), replaced=QuotaException.objects.get()
    ).confirmations
    make_exception(
        delegation, quota=quota, **ONE | {"maximum": 3}, by=staff, now=now + timedelta(seconds=1), confirmed=seen
    )

    with pytest.raises(NotPossibleNow):
        make_exception(delegation, quota=quota, **ONE | {"maximum": 5}, by=staff, now=now, confirmed=seen)

    assert QuotaException.objects.get().maximum == 3


def test_ending_an_exception_restores_the_quota_and_needs_a_confirmation_of_gaps(delegation, quota, staff, now):
    make_delegate(delegation)
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)

    with pytest.raises(NotPossibleNow):
        end_exception(delegation, quota=quota, reason="Over", by=staff, now=now, confirmed=set())
    end_exception(delegation, quota=quota, reason="Over", by=staff, now=now, confirmed={delegation.slug, "2-None"})

    seat = seats_of(delegation)[0]
    assert (seat.effective_minimum, seat.missing, seat.default_limits) == (2, 1, None)


def test_changing_a_quota_does_not_change_its_exceptions(delegation, quota, staff, now):
    make_delegate(delegation)
    make_delegate(delegation)
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)

    change_quota(quota, minimum=0, maximum=1, reason="Agreed", by=staff, now=now, confirmed=set())
    change_quota(quota, minimum=5, maximum=None, reason="Agreed", by=staff, now=now, confirmed=set())

    assert seats_of(delegation)[0].effective_minimum == 1


def test_exceptions_are_recorded_for_the_secretariat_only(delegation, quota, staff, now):
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)
    make_exception(delegation, quota=quota, **ONE | {"maximum": 3}, by=staff, now=now)
    end_exception(delegation, quota=quota, reason="Over", by=staff, now=now)
    end_exception(delegation, quota=quota, reason="Over", by=staff, now=now)

    kept = HistoryEvent.objects.order_by("pk").values_list("kind", "actor", "at", "reason", "changes")
    profile = {"profile": ["", "prosecutors"]}
    assert list(kept) == [
        ("exception_made", staff.pk, now, ONE["reason"], {**profile, "minimum": [2, 1]}),
        ("exception_made", staff.pk, now, ONE["reason"], {**profile, "maximum": [None, 3]}),
        ("exception_ended", staff.pk, now, "Over", {**profile, "minimum": [1, 2], "maximum": [3, None]}),
    ]
    assert list(history_of(delegation)) == []


def test_impossible_limits_are_refused(delegation, quota, staff, now):
    organisation = make_delegation(delegation.webinar, make_organisation())
    elsewhere = make_delegation(make_webinar("next"), delegation.body)

    with pytest.raises(InvalidInput):
        make_exception(delegation, quota=quota, minimum=2, maximum=1, reason="x", by=staff, now=now)
    with pytest.raises(ReasonRequired):
        make_exception(delegation, quota=quota, minimum=1, maximum=None, reason=" ", by=staff, now=now)
    with pytest.raises(WebinarOver):
        make_exception(delegation, quota=quota, **ONE, by=staff, now=now + timedelta(days=60))
    for stranger in (organisation, elsewhere):
        with pytest.raises(NotPossibleNow):
            make_exception(stranger, quota=quota, **ONE, by=staff, now=now)
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)
    with pytest.raises(ReasonRequired):
        end_exception(delegation, quota=quota, reason=" ", by=staff, now=now)


def test_one_delegation_is_counted_in_the_same_number_of_queries(
    delegation, quota, staff, now, django_assert_num_queries
):
    make_exception(delegation, quota=quota, **ONE, by=staff, now=now)

    with django_assert_num_queries(3):
        seats_of(delegation)
    with django_assert_num_queries(3):
        seats_of_webinar(delegation.webinar)
