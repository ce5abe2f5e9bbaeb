from registrations.models import Delegation, Waiver
from registrations.queries import SeatCount, seats_of, seats_of_webinar
from registrations.queries.lists import with_gaps
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_user,
    make_webinar,
)
from tests.registrations.queries.mailboxes import make_entry, make_release


def test_a_seat_count_says_what_is_missing():
    profile = "border control"
    short = SeatCount(profile, minimum=3, maximum=None, waived=1, named=1, declined=0)
    met = SeatCount(profile, minimum=2, maximum=2, waived=0, named=2, declined=1)
    excused = SeatCount(profile, minimum=2, maximum=None, waived=5, named=0, declined=0)

    assert (short.effective_minimum, short.missing, short.is_met, short.is_full) == (2, 1, False, False)
    assert (met.effective_minimum, met.missing, met.is_met, met.is_full) == (2, 0, True, True)
    assert (excused.effective_minimum, excused.missing, excused.is_met, excused.is_full) == (0, 0, True, False)


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


def test_people_who_declined_every_session_count_as_named_and_as_declined(delegation):
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


def test_a_cancelled_invitation_does_not_count_for_declining(delegation):
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
