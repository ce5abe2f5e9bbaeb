import pytest

from registrations.exceptions import InvalidInput, ReasonRequired
from registrations.models import HistoryEvent, Quota, Waiver
from registrations.queries import seats_of
from registrations.services.delegations import revoke_waiver, waive_seats
from tests.factories import make_delegation, make_organisation
from tests.registrations.services.delegations.stories import LATER, history


@pytest.fixture
def waive(delegation, profiles, staff, now):
    def waive_some(code: str = "prosecutors", seats: int = 1, reason: str = "small unit") -> Waiver:
        return waive_seats(delegation, profile=profiles[code], seats=seats, reason=reason, by=staff, now=now)

    return waive_some


def test_a_waiver_lowers_the_effective_minimum_and_records_reason_author_and_time(delegation, staff, now, waive):
    waiver = waive()

    assert (waiver.seats, waiver.reason, waiver.granted_by, waiver.granted_at) == (1, "small unit", staff, now)
    seat = seats_of(delegation)[0]
    assert (seat.minimum, seat.waived, seat.effective_minimum) == (2, 1, 1)
    event = HistoryEvent.objects.get()
    assert (event.kind, event.reason) == ("waived", "small unit")
    assert event.changes == {"profile": ["", "prosecutors"], "seats": [0, 1]}


def test_waivers_add_up_to_the_floor_and_no_further(delegation, waive):
    waive()
    waive()

    with pytest.raises(InvalidInput, match="Of this profile, 0 seats can be waived"):
        waive()
    assert seats_of(delegation)[0].effective_minimum == 0


@pytest.mark.parametrize("seats", [0, -1, 3])
def test_no_other_number_of_seats_can_be_waived(delegation, waive, seats):
    with pytest.raises(InvalidInput) as refused:
        waive(seats=seats)

    assert refused.value.messages == {"seats": ["Of this profile, 2 seats can be waived. Enter no more than that."]}


def test_a_waiver_needs_a_reason(delegation, waive):
    with pytest.raises(ReasonRequired):
        waive(reason=" ")

    assert not Waiver.objects.exists()


def test_an_organisation_has_nothing_to_waive(delegation, profiles, staff, now):
    unodc = make_delegation(delegation.webinar, make_organisation())

    with pytest.raises(InvalidInput):
        waive_seats(unodc, profile=profiles["prosecutors"], seats=1, reason="none", by=staff, now=now)


def test_a_waiver_survives_a_change_of_the_minimum(delegation, waive):
    waive()

    Quota.objects.update(minimum=3)

    seat = seats_of(delegation)[0]
    assert (seat.waived, seat.effective_minimum) == (1, 2)


def test_revoking_a_waiver_restores_the_minimum(delegation, staff, now, waive):
    waiver = waive(seats=2)

    revoked = revoke_waiver(waiver, reason="They found one", by=staff, now=now + LATER)

    assert (revoked.revoked_by, revoked.revoked_at) == (staff, now + LATER)
    assert seats_of(delegation)[0].effective_minimum == 2
    event = HistoryEvent.objects.order_by("pk").last()
    assert (event.kind, event.reason) == ("waiver_revoked", "They found one")
    assert event.changes == {"profile": ["prosecutors", ""], "seats": [2, 0]}


def test_revoking_needs_a_reason_and_a_second_time_changes_nothing(delegation, staff, now, waive):
    waiver = waive()
    with pytest.raises(ReasonRequired):
        revoke_waiver(waiver, reason="", by=staff, now=now)
    revoke_waiver(waiver, reason="They found one", by=staff, now=now)

    again = revoke_waiver(waiver, reason="Again", by=staff, now=now + LATER)

    assert again.revoked_at == now
    assert len(history()) == 2
