from datetime import timedelta

import pytest

from registrations.exceptions import AddressTakenHere, NotPossibleNow, QuotaFull
from registrations.models import Delegation, DelegationStatus, Delivery, DeliveryKind, Quota
from registrations.queries.recent_changes import recent_changes_of
from registrations.services.delegations import mark_attending_again, mark_not_attending
from registrations.services.nominations import edit_delegate, withdraw_delegate
from registrations.services.nominations.undoing import undo_edit
from tests.factories import make_delegate
from tests.registrations.services.nominations.stories import HELD, SOON, details_of, history

HOUR = timedelta(hours=1)


def test_everything_is_as_before_the_links_included(delegation, focal_point, profiles, now):
    delegate = make_delegate(delegation, name="Ana Díaz", email="ana@example.org", token_version=4)
    details = details_of(
        delegate, name="Anna Dias", email="anna@example.org", profile=profiles["border-control"], phone="+504 2222 0000"
    )
    edited = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="a mistake")

    undone = undo_edit(delegate, version=2, by=focal_point, now=now + SOON)

    assert (edited.token_version, undone.token_version) == (5, 4)
    assert (undone.name, undone.email, undone.phone) == ("Ana Díaz", "ana@example.org", "")
    assert (undone.profile, undone.version) == (profiles["prosecutors"], 3)
    assert undone.mail_not_before == now + SOON + HELD
    assert [kind for kind, _, _ in history(delegate)] == ["edited", "edit_undone"]
    assert history(delegate)[-1][2]["name"] == ["Anna Dias", "Ana Díaz"]


def test_the_link_stays_where_the_address_did(delegation, focal_point, now):
    delegate = make_delegate(delegation, token_version=4)
    edit_delegate(delegate, details=details_of(delegate, name="Ana"), version=1, by=focal_point, now=now)

    assert undo_edit(delegate, version=2, by=focal_point, now=now).token_version == 4


def test_of_two_edits_the_last_is_taken_back(delegation, focal_point, now):
    delegate = make_delegate(delegation, email="ana@example.org", token_version=1)
    edit_delegate(delegate, details=details_of(delegate, email="anna@example.org"), version=1, by=focal_point, now=now)
    delegate.refresh_from_db()
    edit_delegate(delegate, details=details_of(delegate, position="Judge"), version=2, by=focal_point, now=now)

    undone = undo_edit(delegate, version=3, by=focal_point, now=now)

    assert (undone.email, undone.position, undone.token_version) == ("anna@example.org", "", 2)


def test_an_undo_is_not_undone(delegation, focal_point, now):
    """Else the link of a corrected address could come back under a number that an earlier one had."""
    delegate = make_delegate(delegation)
    edit_delegate(delegate, details=details_of(delegate, email="b@example.org"), version=1, by=focal_point, now=now)
    undo_edit(delegate, version=2, by=focal_point, now=now)

    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=3, by=focal_point, now=now)


@pytest.mark.parametrize(("after", "version"), [(HELD, 2), (timedelta(0), 1), (timedelta(0), 3)])
def test_undoing_an_edit_too_late_or_of_another_version_is_refused(delegation, focal_point, now, after, version):
    delegate = make_delegate(delegation, name="Ana Díaz")
    edit_delegate(delegate, details=details_of(delegate, name="Anna"), version=1, by=focal_point, now=now)

    with pytest.raises(NotPossibleNow, match=r"can no longer be undone\. Edit Anna again"):
        undo_edit(delegate, version=version, by=focal_point, now=now + after)

    delegate.refresh_from_db()
    assert (delegate.name, delegate.version) == ("Anna", 2)


def test_an_edit_by_staff_cannot_be_undone(delegation, focal_point, staff, now):
    delegate = make_delegate(delegation)
    edit_delegate(delegate, details=details_of(delegate, name="Anna"), version=1, by=staff, now=now)

    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=2, by=focal_point, now=now)


@pytest.mark.parametrize("by_staff", [True, False])
def test_an_old_edit_stays_also_where_a_step_of_the_delegation_holds_all_mail(
    delegation, focal_point, staff, now, by_staff
):
    """Else the link of a corrected address, mailed long ago, would come back to life under the next change."""
    delegate, by = make_delegate(delegation), staff if by_staff else focal_point
    edit_delegate(delegate, details=details_of(delegate, email="b@example.org"), version=1, by=by, now=now - HOUR)
    mark_not_attending(delegation, reason="budget", by=focal_point, now=now)
    mark_attending_again(delegation, by=focal_point, now=now)

    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=2, by=focal_point, now=now + SOON)


def test_an_edit_cannot_be_undone_after_links_were_mailed_to_the_new_address(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    edit_delegate(delegate, details=details_of(delegate, email="b@example.org"), version=1, by=focal_point, now=now)
    Delivery.objects.create(
        key="links:b@example.org",
        kind=DeliveryKind.LINKS,
        webinar=delegate.webinar,
        delegate=delegate,
        email="b@example.org",
        language="es",
        created_at=now + SOON,
        due_at=now + SOON,
    )

    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=2, by=focal_point, now=now + SOON)


def test_an_undone_edit_brings_nobody_to_the_board(delegation, focal_point, now):
    delegate = make_delegate(delegation, registered_at=now - timedelta(days=3))
    edit_delegate(delegate, details=details_of(delegate, name="Anna"), version=1, by=focal_point, now=now)
    undo_edit(delegate, version=2, by=focal_point, now=now)

    assert recent_changes_of(delegation.webinar, now=now).changes.get(delegation.pk) is None


def test_someone_new_or_withdrawn_has_no_edit_to_undo(delegation, focal_point, now):
    delegate = make_delegate(delegation, mail_not_before=now + HELD)
    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=1, by=focal_point, now=now)
    edit_delegate(delegate, details=details_of(delegate, name="Anna"), version=1, by=focal_point, now=now)
    withdraw_delegate(delegate, version=2, by=focal_point, now=now, reason="ill")

    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=3, by=focal_point, now=now)


def test_a_seat_that_was_taken_meanwhile_is_not_taken_back(delegation, focal_point, profiles, now):
    Quota.objects.filter(profile=profiles["prosecutors"]).update(minimum=0, maximum=1)
    delegate = make_delegate(delegation, profile="prosecutors")
    details = details_of(delegate, profile=profiles["border-control"])
    edit_delegate(delegate, details=details, version=1, by=focal_point, now=now)
    make_delegate(delegation, profile="prosecutors")

    with pytest.raises(QuotaFull):
        undo_edit(delegate, version=2, by=focal_point, now=now)


def test_an_address_that_was_taken_meanwhile_is_named(delegation, focal_point, now):
    delegate = make_delegate(delegation, email="ana@example.org")
    edit_delegate(delegate, details=details_of(delegate, email="b@example.org"), version=1, by=focal_point, now=now)
    make_delegate(delegation, email="ana@example.org")

    with pytest.raises(AddressTakenHere):
        undo_edit(delegate, version=2, by=focal_point, now=now)


def test_a_delegation_that_does_not_attend_is_left_alone(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    edit_delegate(delegate, details=details_of(delegate, name="Anna"), version=1, by=focal_point, now=now)
    Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)

    with pytest.raises(NotPossibleNow):
        undo_edit(delegate, version=2, by=focal_point, now=now)
