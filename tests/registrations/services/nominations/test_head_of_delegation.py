"""One person of a delegation at most is marked as its head, and whoever leaves gives the mark up."""

import pytest
from django.db import IntegrityError

from registrations.exceptions import HeadTaken
from registrations.models import Delegate, Delegation
from registrations.services.nominations import edit_delegate, register_delegate, replace_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate, undo_edit
from tests.factories import make_country, make_delegate, make_delegation, make_details
from tests.registrations.services.nominations.stories import HELD, SOON, details_of, history

MARKED, UNMARKED = {"is_head_of_delegation": [False, True]}, {"is_head_of_delegation": [True, False]}


@pytest.fixture
def head(delegation: Delegation) -> Delegate:
    return make_delegate(delegation, name="Ana Paz", is_head_of_delegation=True)


def heads(delegation: Delegation) -> list[Delegate]:
    return list(Delegate.objects.filter(delegation=delegation, is_head_of_delegation=True))


def test_a_head_is_marked_and_unmarked_and_the_history_records_it(delegation, focal_point, now):
    person = make_delegate(delegation)

    for number, is_head in enumerate([True, False], start=1):
        details = details_of(person, is_head_of_delegation=is_head)
        edit_delegate(person, details=details, version=number, by=focal_point, now=now)
        person.refresh_from_db()

    assert history(person) == [("edited", "", MARKED), ("edited", "", UNMARKED)]
    assert heads(delegation) == []


def test_a_second_head_is_refused_by_name_wherever_one_is_marked(delegation, head, focal_point, now):
    other = make_delegate(delegation)
    details = make_details(is_head_of_delegation=True)
    refused = "Ana Paz is marked as the head of this delegation"

    with pytest.raises(HeadTaken, match=refused):
        register_delegate(delegation, details=details, by=focal_point, now=now)
    with pytest.raises(HeadTaken, match=refused):
        replace_delegate(other, details=details, version=1, by=focal_point, now=now)
    marked = details_of(other, is_head_of_delegation=True)
    with pytest.raises(HeadTaken, match=refused) as raised:
        edit_delegate(other, details=marked, version=1, by=focal_point, now=now)

    other.refresh_from_db()
    assert raised.value.field == "is_head_of_delegation"
    assert (heads(delegation), other.status, Delegate.objects.count()) == ([head], "active", 2)


def test_each_delegation_has_its_own_head(delegation, head, staff, now):
    guatemala = make_delegation(delegation.webinar, make_country("GT"))

    person = register_delegate(guatemala, details=make_details(is_head_of_delegation=True), by=staff, now=now)

    assert (heads(delegation), heads(guatemala)) == ([head], [person])


def test_other_details_of_the_head_are_edited(head, focal_point, now):
    edited = edit_delegate(head, details=details_of(head, name="Ana Luz"), version=1, by=focal_point, now=now)

    assert (edited.name, edited.is_head_of_delegation) == ("Ana Luz", True)


def test_whoever_is_withdrawn_gives_the_mark_up_and_gets_it_back_by_an_undo(delegation, head, focal_point, now):
    withdraw_delegate(head, version=1, by=focal_point, now=now, reason="ill")
    without = heads(delegation)

    restore_delegate(head, by=focal_point, now=now + SOON)

    assert (without, heads(delegation)) == ([], [head])
    assert [changes for _kind, _reason, changes in history(head)] == [
        UNMARKED,
        {"status": ["withdrawn", "active"], **MARKED},
    ]


def test_an_undo_of_a_withdrawal_leaves_the_mark_with_a_newer_head(delegation, head, focal_point, now):
    withdraw_delegate(head, version=1, by=focal_point, now=now, reason="ill")
    newer = register_delegate(delegation, details=make_details(is_head_of_delegation=True), by=focal_point, now=now)

    restored = restore_delegate(head, by=focal_point, now=now + SOON)

    assert (restored.is_active, heads(delegation)) == (True, [newer])


def test_a_person_whom_staff_bring_back_later_is_no_head(delegation, head, staff, now):
    withdraw_delegate(head, version=1, by=staff, now=now, reason="ill")

    restored = restore_delegate(head, by=staff, now=now + HELD)

    assert (restored.is_active, heads(delegation)) == (True, [])


def test_a_replacement_takes_the_mark_only_if_it_is_given_to_them(delegation, head, focal_point, now):
    newcomer = replace_delegate(
        head, details=make_details(is_head_of_delegation=True), version=1, by=focal_point, now=now
    )
    marked = heads(delegation)

    restore_delegate(head, by=focal_point, now=now + SOON)

    assert (marked, heads(delegation)) == ([newcomer], [head])
    assert history(newcomer)[-1] == ("withdrawn", "", UNMARKED)


def test_an_undone_edit_takes_the_mark_back(delegation, focal_point, now):
    person = make_delegate(delegation)
    marked = details_of(person, is_head_of_delegation=True)
    edit_delegate(person, details=marked, version=1, by=focal_point, now=now)

    undo_edit(person, version=2, by=focal_point, now=now + SOON)

    assert heads(delegation) == []


def test_an_edit_that_took_the_mark_away_is_not_undone_once_another_is_head(delegation, head, focal_point, now):
    edit_delegate(head, details=details_of(head, is_head_of_delegation=False), version=1, by=focal_point, now=now)
    newer = register_delegate(delegation, details=make_details(is_head_of_delegation=True), by=focal_point, now=now)

    with pytest.raises(HeadTaken):
        undo_edit(head, version=2, by=focal_point, now=now + SOON)

    assert heads(delegation) == [newer]


def test_the_database_refuses_a_second_active_head(delegation, head):
    make_delegate(delegation, is_head_of_delegation=True, status="withdrawn", withdrawn_at=head.registered_at)

    with pytest.raises(IntegrityError):
        make_delegate(delegation, is_head_of_delegation=True)
