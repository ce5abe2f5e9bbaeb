"""Where a webinar requires the nomination letter, a delegation is complete only with it (rule 4)."""

import pytest

from registrations.exceptions import EditConflict, GapsRemain
from registrations.models import Delegation, HistoryKind, RegistrationPolicy
from registrations.queries import fingerprint_of, lacks_letter, quota_board, seats_of
from registrations.queries.lists import complete_delegations, with_gaps
from registrations.services.delegations import accept_delegation, return_delegation, submit_delegation
from registrations.services.letters import remove_letter
from tests.factories import make_country, make_delegate, make_delegation, make_letter, make_organisation, make_webinar
from tests.registrations.services.delegations.stories import fill, history


@pytest.fixture
def asked(delegation) -> Delegation:
    """A delegation whose quotas are all met, at a webinar that requires the letter."""
    RegistrationPolicy.objects.update(requires_letter=True)
    fill(delegation)
    return Delegation.objects.get()


def test_without_the_letter_submitting_needs_a_reason_as_with_gaps(asked, focal_point, now):
    with pytest.raises(GapsRemain) as refused:
        submit_delegation(asked, version=1, by=focal_point, now=now)

    assert (refused.value.gaps, refused.value.lacks_letter) == ((), True)
    assert str(refused.value.message) == "The nomination letter is missing. Upload it, or give the reason and submit."
    assert Delegation.objects.get().status == "draft"


def test_both_gaps_and_the_missing_letter_are_named(asked, focal_point, now):
    asked.delegates.update(status="withdrawn", withdrawn_at=now)

    with pytest.raises(GapsRemain, match="Some seats are still empty and the nomination letter is missing") as refused:
        submit_delegation(asked, version=1, by=focal_point, now=now)

    assert (len(refused.value.gaps), refused.value.lacks_letter) == (4, True)


def test_without_the_letter_but_with_a_reason_the_secretariat_decides(asked, focal_point, staff, now):
    submitted = submit_delegation(asked, version=1, by=focal_point, now=now, reason="It is being signed.")
    assert (submitted.status, submitted.gap_reason) == ("submitted", "It is being signed.")

    with pytest.raises(GapsRemain, match="Accept with the gap open, or return the delegation"):
        accept_delegation(asked, by=staff, now=now)
    accepted = accept_delegation(asked, by=staff, now=now, with_gap=True)

    assert accepted.status == "accepted"
    assert history()[-1][0] == HistoryKind.ACCEPTED_WITH_GAP


def test_with_the_letter_a_delegation_is_accepted_at_once(asked, focal_point, now):
    make_letter(asked, by=focal_point)

    submitted = submit_delegation(asked, version=1, by=focal_point, now=now)

    assert (submitted.status, submitted.gap_reason) == ("accepted", "")


def test_a_replaced_letter_does_not_count_and_its_successor_does(asked, focal_point, now):
    make_letter(asked, by=focal_point, text="One")
    current = make_letter(asked, by=focal_point, text="Two")
    assert not lacks_letter(asked)

    remove_letter(current, by=focal_point, now=now)

    assert lacks_letter(asked)


def test_the_letter_of_a_draft_submits_nothing(asked, focal_point):
    make_letter(asked, by=focal_point)

    assert Delegation.objects.get().status == "draft"
    assert not asked.delegates.admitted().exists()


def test_a_decision_about_a_letter_that_has_arrived_meanwhile_is_stale(asked, focal_point, staff, now):
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    submitted = submit_delegation(asked, version=1, by=focal_point, now=now, reason="It is being signed.")
    seen = fingerprint_of(submitted, seats_of(submitted), lacks_letter=True)
    make_letter(asked, by=focal_point)

    with pytest.raises(EditConflict):
        return_delegation(asked, comment="Where is the letter?", by=staff, now=now, shown_fingerprint=seen)


def test_an_optional_letter_is_not_required_for_submitting(delegation, focal_point, now):
    fill(delegation)

    assert not lacks_letter(delegation)
    assert submit_delegation(delegation, version=1, by=focal_point, now=now).status == "accepted"


def test_organisations_need_no_letter(asked, staff, now):
    unodc = make_delegation(asked.webinar, make_organisation())
    make_delegate(unodc, None)

    assert not lacks_letter(unodc)
    assert submit_delegation(unodc, version=1, by=staff, now=now).status == "accepted"


def test_board_and_lists_show_which_delegation_lacks_the_letter(asked, focal_point, staff):
    with_letter, away = (
        make_delegation(asked.webinar, make_country("PA")),
        make_delegation(asked.webinar, make_country("BZ"), status="not_attending"),
    )
    fill(with_letter)
    make_letter(with_letter, by=staff)
    make_delegation(asked.webinar, make_organisation())
    elsewhere = make_delegation(make_webinar("other"), with_letter.body)
    everything = Delegation.objects.all()

    board = quota_board(asked.webinar)

    assert [(row.delegation, row.lacks_letter) for row in board.rows] == [
        (asked, True),
        (away, False),
        (with_letter, False),
    ]
    assert board.missing_total == 0
    assert list(with_gaps(everything)) == [asked]
    assert set(complete_delegations(everything)) == {with_letter, elsewhere}
    assert list(with_gaps(everything, profile=asked.webinar.quotas.first().profile)) == []


def test_asking_costs_no_query_where_no_letter_is_required(delegation, django_assert_num_queries):
    row = Delegation.objects.select_related("webinar__policy", "body").get(pk=delegation.pk)

    with django_assert_num_queries(0):
        assert not lacks_letter(row)
