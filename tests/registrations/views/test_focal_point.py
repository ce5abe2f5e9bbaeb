import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registrations.models import Delegate, DelegateStatus, Delegation, DelegationStatus, RegistrationPolicy, User
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import (
    make_country,
    make_delegate,
    make_delegates,
    make_delegation,
    make_focal_point,
    make_organisation,
    make_profiles,
    make_staff,
    make_user,
)
from tests.registrations.views.delegation_pages import draft_at_present, form_data, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def delegation() -> Delegation:
    return draft_at_present()


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(delegation: Delegation) -> Client:
    return sign_in(make_focal_point(delegation.body).user)


def complete(delegation: Delegation) -> None:
    for code in make_profiles():
        make_delegate(delegation, code)
        make_delegate(delegation, code)


def test_naming_someone_shows_the_name_and_what_is_still_missing(owner, delegation) -> None:
    answer = owner.post(url(delegation, "delegates/new/"), form_data(), follow=True)

    text = answer.content.decode()
    seat = f"delegate-{Delegate.objects.get().pk}"
    assert answer.redirect_chain == [(f"{url(delegation)}?at={seat}&done=in-place-new#{seat}", 302)]
    assert f'id="{seat}" tabindex="-1" autofocus' in text
    assert "Ana Ejemplo is named. Still missing: Prosecutors (1 of 2)" in text
    assert Delegate.objects.get().email == "ana@example.org"


def test_a_focal_point_marks_the_head_of_the_delegation(owner, delegation) -> None:
    owner.post(url(delegation, "delegates/new/"), form_data(is_head_of_delegation="on"))

    page = owner.get(url(delegation)).content.decode()
    second = form_data(name="Luz Ejemplo", email="luz@example.org", is_head_of_delegation="on")
    refused = owner.post(url(delegation, "delegates/new/"), second)

    assert ">Head of delegation</span>" in page
    assert list(refused.context["form"].errors) == ["is_head_of_delegation"]
    assert Delegate.objects.get().is_head_of_delegation


def test_naming_someone_takes_the_same_queries_in_an_empty_as_in_a_large_delegation(owner, delegation) -> None:
    ana, ben = form_data(), form_data(email="ben@example.org")

    with CaptureQueriesContext(connection) as beside_nobody:
        owner.post(url(delegation, "delegates/new/"), ana)
    make_delegates(200, delegation)
    with CaptureQueriesContext(connection) as beside_many:
        owner.post(url(delegation, "delegates/new/"), ben)

    assert Delegate.objects.filter(email__in=[ana["email"], ben["email"]]).count() == 2
    assert len(beside_nobody) == len(beside_many)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": "ana@example.org\nBcc: x@example.org"}, "Enter a valid email address."),
        ({"name": "A" * 300}, "at most 200 characters"),
        ({"name": "Ana\x07"}, "control characters cannot be used here"),
        ({"timezone": "Mars/Olympus"}, "Select a valid choice"),
        ({"profile": 999_999}, "Select a valid choice"),
        ({"email": ""}, "This field is required."),
    ],
)
def test_invalid_input_is_shown_at_its_field_with_what_was_typed(owner, delegation, changes, message) -> None:
    answer = owner.post(url(delegation, "delegates/new/"), form_data(institution="Kept institution", **changes))

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert "Kept institution" in answer.content.decode()
    assert not Delegate.objects.exists()


def test_a_form_sent_twice_names_the_person_once_and_says_so(owner, delegation) -> None:
    owner.post(url(delegation, "delegates/new/"), form_data())

    answer = owner.post(url(delegation, "delegates/new/"), form_data(email="ANA@example.org"))

    assert "Ana Ejemplo is already named in this delegation with this address." in answer.content.decode()
    assert Delegate.objects.count() == 1


def test_an_address_of_another_country_is_refused_without_saying_where_it_is(owner, delegation) -> None:
    other = make_delegation(delegation.webinar, make_country("GT"))
    make_delegate(other, email="ana@example.org", name="Somebody Else")

    text = owner.post(url(delegation, "delegates/new/"), form_data(email="Ana@Example.org")).content.decode()

    assert "could not be registered; the secretariat has been told" in text
    assert "Somebody Else" not in text
    assert "Country GT" not in text


def test_a_form_sent_after_closing_keeps_what_was_typed(owner, delegation) -> None:
    complete(delegation)
    RegistrationPolicy.objects.update(closes_at=timezone.now())

    answer = owner.post(url(delegation, "delegates/new/"), form_data())

    assert answer.status_code == 422
    assert "Registration has closed." in answer.content.decode()
    assert "ana@example.org" in answer.content.decode()


def test_a_stale_form_shows_both_versions_and_is_saved_when_sent_again(owner, delegation) -> None:
    ana = make_delegate(delegation, name="Ana", email="ana@example.org", institution="Instituto")
    Delegate.objects.filter(pk=ana.pk).update(institution="By a colleague", version=2)

    answer = owner.post(
        url(delegation, f"delegates/{ana.pk}/edit/"), form_data(name="Ana", institution="Mine", version=1)
    )
    text = answer.content.decode()
    assert (answer.status_code, "By a colleague" in text, "Mine" in text) == (422, True, True)
    owner.post(url(delegation, f"delegates/{ana.pk}/edit/"), form_data(name="Ana", institution="Mine", version=2))

    assert Delegate.objects.get().institution == "Mine"


def test_replacing_keeps_the_seat_and_withdrawing_below_the_minimum_needs_a_reason(owner, delegation) -> None:
    ana = make_delegate(delegation)
    values = form_data(version=1)
    del values["profile"]
    owner.post(url(delegation, f"delegates/{ana.pk}/replace/"), values)
    newcomer = Delegate.objects.get(email="ana@example.org")
    assert (newcomer.profile, newcomer.replaces) == (ana.profile, ana)

    refused = owner.post(url(delegation, f"delegates/{newcomer.pk}/withdraw/"), {"version": 1, "reason": ""})
    assert "Please give a reason" in refused.content.decode()
    owner.post(url(delegation, f"delegates/{newcomer.pk}/withdraw/"), {"version": 1, "reason": "Ill"})
    newcomer.refresh_from_db()
    assert newcomer.status == DelegateStatus.WITHDRAWN


def test_a_withdrawal_can_be_undone_while_its_mail_is_held_back(owner, delegation) -> None:
    ana = make_delegate(delegation)
    owner.post(url(delegation, f"delegates/{ana.pk}/withdraw/"), {"version": 1, "reason": "By mistake"})

    assert "Undo" in owner.get(url(delegation)).content.decode()
    owner.post(url(delegation, f"delegates/{ana.pk}/restore/"))

    ana.refresh_from_db()
    assert ana.status == DelegateStatus.ACTIVE


def test_submitting_with_gaps_asks_for_the_reason_and_a_complete_delegation_is_accepted(owner, delegation) -> None:
    make_delegate(delegation)
    refused = owner.post(url(delegation, "submit/"), {"version": 1})
    assert "name the missing officials" in refused.content.decode().lower()

    complete(delegation)
    answer = owner.post(url(delegation, "submit/"), {"version": 1}, follow=True)

    assert "The delegation is complete and accepted." in answer.content.decode()
    delegation.refresh_from_db()
    assert delegation.status == DelegationStatus.ACCEPTED


def test_a_delegation_can_be_noted_as_not_attending_and_back(owner, delegation) -> None:
    owner.post(url(delegation, "not-attending/"), {"reason": "Elections"})
    assert "Elections" in owner.get(url(delegation)).content.decode()

    owner.post(url(delegation, "attending-again/"))

    delegation.refresh_from_db()
    assert delegation.status == DelegationStatus.DRAFT


ADDRESSES = [
    "",
    "submit/",
    "not-attending/",
    "delegates/new/",
    "delegates/{pk}/edit/",
    "delegates/{pk}/replace/",
    "delegates/{pk}/withdraw/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_another_countrys_pages_do_not_exist_and_a_colleague_and_staff_see_them(delegation, address) -> None:
    ana = make_delegate(delegation)
    target = url(delegation, address.format(pk=ana.pk))
    colleague = make_focal_point(delegation.body).user
    removed = make_focal_point(delegation.body, removed_at=timezone.now()).user
    outsider = make_focal_point(make_country("GT")).user

    codes = [
        sign_in(user).get(target).status_code for user in (colleague, make_staff(), outsider, removed, make_user())
    ]

    assert codes == [200, 200, 404, 404, 404]
    assert Client().get(target).url == f"/accounts/login/?next={target}"


@pytest.mark.parametrize("action", ["edit", "replace", "withdraw", "restore"])
def test_a_person_of_another_delegation_cannot_be_reached_through_ones_own(owner, delegation, action) -> None:
    stranger = make_delegate(make_delegation(delegation.webinar, make_country("GT")))

    answer = owner.post(url(delegation, f"delegates/{stranger.pk}/{action}/"), form_data(version=1, reason="x"))

    assert answer.status_code == 404
    stranger.refresh_from_db()
    assert stranger.status == DelegateStatus.ACTIVE


def test_a_get_of_a_post_action_changes_nothing(owner, delegation) -> None:
    ana = make_delegate(delegation)

    codes = [
        owner.get(url(delegation, rest)).status_code for rest in (f"delegates/{ana.pk}/restore/", "attending-again/")
    ]

    assert codes == [405, 405]


def test_the_page_takes_the_same_queries_with_one_delegate_and_with_a_thousand(
    owner, delegation, django_assert_max_num_queries
) -> None:
    make_delegate(delegation)
    with django_assert_max_num_queries(12):
        owner.get(url(delegation))
    profile = make_profiles()["border-control"]
    Delegate.objects.bulk_create(
        Delegate(
            webinar=delegation.webinar,
            delegation=delegation,
            profile=profile,
            name=f"D {number}",
            email=f"many{number}@example.org",
            institution="I",
            timezone="America/Tegucigalpa",
            registered_at=timezone.now(),
            mail_not_before=timezone.now(),
        )
        for number in range(1000)
    )

    with django_assert_max_num_queries(12):
        assert owner.get(url(delegation)).status_code == 200


def test_the_page_is_translated_into_spanish(owner, delegation) -> None:
    answer = owner.get(f"/es/delegations/{delegation.slug}/")

    assert '<html lang="es">' in answer.content.decode()
    assert "Flujos masivos intrarregionales" in answer.content.decode()


def test_the_list_shows_ones_own_delegations_only(owner, delegation) -> None:
    make_delegation(delegation.webinar, make_country("GT"))

    text = owner.get("/en/delegations/").content.decode()

    assert ("Country HN" in text, "Country GT" in text) == (True, False)


def test_staff_without_a_second_factor_see_no_delegation(delegation, settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    without, with_one = sign_in(make_staff(has_second_factor=False)), sign_in(make_staff())

    answers = [without.get(path) for path in (url(delegation), "/en/delegations/")]

    assert [(answer.status_code, answer.url) for answer in answers] == [(302, reverse("mfa_index"))] * 2
    assert with_one.get(url(delegation)).status_code == 200


def test_changing_or_replacing_someone_of_an_organisation_keeps_their_role(delegation) -> None:
    unodc = make_delegation(delegation.webinar, make_organisation("unodc"))
    focal_point = sign_in(make_focal_point(unodc.body).user)
    panelist = make_delegate(unodc, None, role="panelist")
    details = {name: value for name, value in form_data().items() if name != "profile"}

    edited = focal_point.post(url(unodc, f"delegates/{panelist.pk}/edit/"), details | {"version": 1, "phone": "1"})
    replaced = focal_point.post(
        url(unodc, f"delegates/{panelist.pk}/replace/"), details | {"version": 2, "email": "luis@example.org"}
    )

    assert (edited.status_code, replaced.status_code) == (302, 302)
    assert set(Delegate.objects.values_list("role", "status")) == {("panelist", "replaced"), ("panelist", "active")}


@pytest.mark.parametrize(
    ("is_released", "is_cancelled", "words"),
    [
        (False, False, "invited once the agenda is released"),
        (True, False, "the invitation is on its way"),
        (True, True, "every session is cancelled"),
    ],
)
def test_the_page_says_what_an_admitted_person_is_waiting_for(
    owner, delegation, is_released, is_cancelled, words
) -> None:
    make_delegate(delegation, admitted_at=timezone.now())
    if is_cancelled:
        Session.objects.update(cancelled_at=timezone.now())
    if is_released:
        release_webinar(delegation.webinar, by=None, now=timezone.now())

    assert words in owner.get(url(delegation)).content.decode()


def test_before_a_release_the_page_says_when_the_people_of_an_accepted_delegation_are_invited(
    owner, delegation
) -> None:
    complete(delegation)

    page = owner.post(url(delegation, "submit/"), {"version": 1, "reason": ""}, follow=True).content.decode()

    assert "Its delegates are invited once the agenda is released." in page


def test_a_stale_withdrawal_is_refused_once_and_accepted_when_sent_again(owner, delegation) -> None:
    delegate = make_delegate(delegation, version=2)

    stale = owner.post(url(delegation, f"delegates/{delegate.pk}/withdraw/"), {"version": 1, "reason": "Ill"})
    shown = {field.name: field.value() for field in stale.context["form"]}
    again = owner.post(url(delegation, f"delegates/{delegate.pk}/withdraw/"), shown)

    assert (stale.status_code, shown, again.status_code) == (422, {"version": "2", "reason": "Ill"}, 302)


def test_without_an_opening_date_the_page_says_so_and_nobody_can_be_named(owner, delegation) -> None:
    RegistrationPolicy.objects.update(opens_at=None)

    page = owner.get(url(delegation)).content.decode()
    owner.post(url(delegation, "delegates/new/"), form_data())

    assert "<dt>Registration opens</dt><dd>not decided yet</dd>" in page
    assert not Delegate.objects.exists()
