import pytest

from registrations.exceptions import AddressTakenHere, EditConflict, NotPossibleNow, QuotaFull, ReasonRequired
from registrations.models import Delegate, Quota
from registrations.services.nominations import edit_delegate
from tests.factories import make_delegate
from tests.registrations.services.nominations.stories import HELD, SOON, details_of, history


def test_an_edit_keeps_the_old_and_the_new_values_in_the_history(delegation, focal_point, profiles, now):
    delegate = make_delegate(delegation, "prosecutors", name="Ana Diaz", institution="Fiscalia")
    details = details_of(delegate, name="Ana Díaz", profile=profiles["border-control"])

    edited = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="moved")

    assert details_of(Delegate.objects.get(pk=delegate.pk)) == details
    assert (edited.version, edited.token_version, edited.mail_not_before) == (2, 1, now + HELD)
    assert history(delegate) == [
        ("edited", "moved", {"name": ["Ana Diaz", "Ana Díaz"], "profile": ["prosecutors", "border-control"]})
    ]


def test_a_new_address_ends_the_links_sent_to_the_old_one(delegation, focal_point, now):
    delegate = make_delegate(delegation, email="old@example.org")

    edited = edit_delegate(
        delegate, details=details_of(delegate, email="new@example.org"), version=1, by=focal_point, now=now
    )

    assert (edited.email, edited.token_version) == ("new@example.org", 2)


def test_the_same_address_in_another_case_keeps_the_links(delegation, focal_point, now):
    delegate = make_delegate(delegation, email="ana@example.org")

    edited = edit_delegate(
        delegate, details=details_of(delegate, email="Ana@example.org"), version=1, by=focal_point, now=now
    )

    assert (edited.email, edited.token_version, edited.version) == ("Ana@example.org", 1, 2)


def test_a_stale_edit_shows_what_is_stored_now_and_changes_nothing(delegation, focal_point, staff, now):
    delegate = make_delegate(delegation, name="Ana Diaz")
    edit_delegate(delegate, details=details_of(delegate, name="Ana Díaz"), version=1, by=staff, now=now)

    with pytest.raises(EditConflict) as refused:
        edit_delegate(delegate, details=details_of(delegate, name="Ana D."), version=1, by=focal_point, now=now)

    assert (refused.value.current.name, refused.value.current.version) == ("Ana Díaz", 2)
    assert Delegate.objects.get().name == "Ana Díaz"


def test_the_same_details_again_change_nothing_whatever_the_version(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    details = details_of(delegate, name="Ana Díaz")
    edit_delegate(delegate, details=details, version=1, by=focal_point, now=now)

    again = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now + SOON)

    assert (again.version, again.mail_not_before) == (2, now + HELD)
    assert len(history(delegate)) == 1


def test_an_edit_obeys_the_maximum_of_the_new_profile(delegation, focal_point, profiles, now):
    Quota.objects.filter(profile__code="border-control").update(minimum=0, maximum=0)
    delegate = make_delegate(delegation, "prosecutors")
    details = details_of(delegate, profile=profiles["border-control"])

    with pytest.raises(QuotaFull):
        edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="moved")

    assert Delegate.objects.get().profile == profiles["prosecutors"]


def test_an_edit_that_opens_a_gap_needs_a_reason(delegation, focal_point, profiles, now):
    delegate, _ = make_delegate(delegation, "prosecutors"), make_delegate(delegation, "prosecutors")
    details = details_of(delegate, profile=profiles["border-control"])

    with pytest.raises(ReasonRequired):
        edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="  ")

    edited = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="moved")
    assert edited.profile == profiles["border-control"]


def test_an_edit_to_the_address_of_a_colleague_names_the_colleague(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    make_delegate(delegation, name="Luis Paz", email="luis@example.org")

    with pytest.raises(AddressTakenHere, match="Luis Paz"):
        edit_delegate(
            delegate, details=details_of(delegate, email="LUIS@example.org"), version=1, by=focal_point, now=now
        )


def test_someone_who_left_cannot_be_edited(delegation, staff, now):
    delegate = make_delegate(delegation, name="Ana Díaz", status="withdrawn", withdrawn_at=now)

    with pytest.raises(NotPossibleNow, match="Ana Díaz has already been withdrawn"):
        edit_delegate(delegate, details=details_of(delegate, name="A"), version=1, by=staff, now=now)
