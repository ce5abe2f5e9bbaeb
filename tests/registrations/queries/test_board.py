import pytest
from django.utils import translation

from registrations.models import Delegate, Delegation
from registrations.queries import quota_board
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_webinar,
)
from tests.registrations.queries.mailboxes import make_row


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
    assert (board.cells, board.met_in_accepted, board.met_not_yet_accepted) == (8, 2, 1)
    assert (board.effective_minimum_total, board.named_total, board.missing_total, board.working_group_total) == (
        16,
        8,
        9,
        2,
    )
    assert [
        (total.profile.code, total.named, total.effective_minimum, total.missing, total.met)
        for total in board.profile_totals
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

    assert (board.cells, board.effective_minimum_total, board.named_total, board.missing_total) == (44, 88, 0, 88)


def test_countries_that_lack_equally_many_stand_in_the_order_of_their_names_as_read(delegation):
    webinar = delegation.webinar
    germany = make_delegation(webinar, make_country("DE", name_en="Germany", name_es="Alemania"))
    chile = make_delegation(webinar, make_country("CL", name_en="Chile", name_es="Chile"))

    with translation.override("en"):
        assert [row.delegation for row in quota_board(webinar).rows] == [chile, delegation, germany]
    with translation.override("es"):
        assert [row.delegation for row in quota_board(webinar).rows] == [germany, chile, delegation]


def test_the_board_always_costs_three_queries(delegation, django_assert_num_queries):
    webinar = delegation.webinar
    with django_assert_num_queries(3):
        quota_board(webinar)
    profiles = list(make_profiles().values())
    delegations = [make_delegation(webinar, make_country(f"{a}{b}")) for a in "QR" for b in "0123456789"]
    Delegate.objects.bulk_create(
        make_row(delegations[number % 20], profiles[number % 4], number) for number in range(1000)
    )

    with django_assert_num_queries(3):
        board = quota_board(webinar)

    assert board.named_total == 1000
