"""The page that names people of earlier webinars again."""

import pytest
from django.test import Client

from registrations.models import Delegate, Delegation, Quota
from tests.factories import make_country, make_delegate, make_delegation, make_focal_point, make_profiles
from tests.registrations.services.test_carry_over import webinar_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def delegation(clock) -> Delegation:
    return make_delegation(body=make_country("HN"))


@pytest.fixture
def last_year(delegation) -> Delegation:
    return make_delegation(webinar_before("last-year", 365), delegation.body)


@pytest.fixture
def owner(delegation) -> Client:
    client = Client()
    client.force_login(make_focal_point(delegation.body).user)
    return client


def url(delegation: Delegation, rest: str = "earlier/") -> str:
    return f"/en/delegations/{delegation.slug}/{rest}"


def checkboxes(*people: Delegate) -> dict[str, str]:
    return {f"person-{one.pk}": "on" for one in people}


def test_people_are_grouped_by_webinar_and_nobody_is_preselected(owner, delegation, last_year) -> None:
    ana = make_delegate(last_year, name="Ana Ejemplo", institution="Fiscalía")
    here = make_delegate(last_year, name="Luis Muestra", email="luis@example.org")
    make_delegate(delegation, email="luis@example.org")

    text = owner.get(url(delegation)).content.decode()

    assert f'name="person-{ana.pk}"' in text
    assert "checked" not in text
    assert f'name="person-{here.pk}"' not in text
    assert "already in this delegation" in text
    assert "November 2025" in text
    assert "Fiscalía" in text


def test_all_ticked_people_are_named_and_the_message_says_what_is_missing(owner, delegation, last_year) -> None:
    people = [make_delegate(last_year), make_delegate(last_year), make_delegate(last_year, "border-control")]

    answer = owner.post(url(delegation), checkboxes(*people), follow=True)

    assert answer.redirect_chain == [(url(delegation, ""), 302)]
    assert "3 people are named. Still missing: Immigration control (0 of 2), Border" in answer.content.decode()
    assert delegation.delegates.count() == 3


def test_refused_people_stay_ticked_with_the_reason_and_the_others_are_named(owner, delegation, last_year) -> None:
    other = make_delegation(delegation.webinar, make_country("GT"))
    make_delegate(other, email="moved@example.org", name="Somebody Else")
    moved = make_delegate(last_year, name="Moved", email="moved@example.org")
    fine = make_delegate(last_year, name="Fine")

    answer = owner.post(url(delegation), checkboxes(moved, fine))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "1 person is named." in text
    assert text.count("This person could not be registered; the secretariat has been told.") == 2
    assert f'href="#id_person-{moved.pk}"' in text
    assert text.count("checked") == 1
    assert "Somebody Else" not in text
    assert [one.name for one in delegation.delegates.all()] == ["Fine"]


def test_a_person_whose_profile_has_no_quota_needs_another_profile(owner, delegation, last_year) -> None:
    rosa = make_delegate(last_year, "border-control", name="Rosa")
    Quota.objects.filter(webinar=delegation.webinar, profile__code="border-control").delete()

    without = owner.post(url(delegation), checkboxes(rosa))
    answer = owner.post(url(delegation), checkboxes(rosa) | {f"profile-{rosa.pk}": make_profiles()["prosecutors"].pk})

    assert (without.status_code, answer.status_code) == (422, 302)
    assert "Please choose a profile." in without.content.decode()
    assert [one.profile.code for one in delegation.delegates.all()] == ["prosecutors"]


def test_an_empty_selection_is_refused(owner, delegation, last_year) -> None:
    make_delegate(last_year)

    answer = owner.post(url(delegation), {})

    assert answer.status_code == 422
    assert "Please tick the people who come again." in answer.content.decode()


def test_a_form_sent_twice_says_that_everyone_is_named_already(owner, delegation, last_year) -> None:
    ana = make_delegate(last_year)
    owner.post(url(delegation), checkboxes(ana))

    again = owner.post(url(delegation), checkboxes(ana), follow=True)

    assert "Everyone whom you ticked is in the delegation already." in again.content.decode()
    assert delegation.delegates.count() == 1


@pytest.mark.parametrize("value", ["99999999999999999999999", "-1", "x", "\x00", ""])
def test_a_forged_selection_names_nobody(owner, delegation, last_year, value) -> None:
    rosa = make_delegate(last_year, "border-control")
    Quota.objects.filter(webinar=delegation.webinar, profile__code="border-control").delete()

    strange = owner.post(url(delegation), {f"person-{value}": "on"})
    profile = owner.post(url(delegation), checkboxes(rosa) | {f"profile-{rosa.pk}": value})

    assert (strange.status_code, profile.status_code) == (422, 422)
    assert not delegation.delegates.exists()


def test_another_countrys_people_are_neither_shown_nor_named(owner, delegation, last_year) -> None:
    foreign = make_delegate(make_delegation(last_year.webinar, make_country("PA")), name="Of Panama")

    page = owner.get(url(delegation)).content.decode()
    answer = owner.post(url(delegation), checkboxes(foreign))

    assert ("Of Panama" in page, answer.status_code) == (False, 422)
    assert not delegation.delegates.exists()


def test_a_delegation_of_another_country_is_not_found(delegation, last_year) -> None:
    make_delegate(last_year)
    stranger = Client()
    stranger.force_login(make_focal_point(make_country("PA")).user)

    assert stranger.get(url(delegation)).status_code == 404
    assert stranger.post(url(delegation), checkboxes(*last_year.delegates.all())).status_code == 404


def test_before_there_was_any_webinar_the_page_says_so(owner, delegation) -> None:
    assert "Nobody to carry over yet" in owner.get(url(delegation)).content.decode()


def test_a_name_is_escaped_on_the_page(owner, delegation, last_year) -> None:
    make_delegate(last_year, name="<script>alert(1)</script>", institution="<b>x</b>")

    text = owner.get(url(delegation)).content.decode()

    assert "<script>alert" not in text
    assert "<b>x</b>" not in text


def test_the_page_takes_the_same_queries_with_one_person_as_with_many(
    owner, delegation, last_year, django_assert_max_num_queries
) -> None:
    Quota.objects.filter(profile__code="border-control").delete()
    make_delegate(last_year, "border-control")
    owner.get(url(delegation))

    for _ in range(2):
        with django_assert_max_num_queries(10):
            owner.get(url(delegation))
        for _number in range(40):
            make_delegate(last_year, "border-control")


def test_a_delegation_that_does_not_attend_is_offered_nobody(owner, delegation, last_year) -> None:
    ana = make_delegate(last_year, name="Ana Ejemplo")
    Delegation.objects.filter(pk=delegation.pk).update(status="not_attending")

    page = owner.get(url(delegation)).content.decode()
    answer = owner.post(url(delegation), checkboxes(ana))

    assert ("checkbox" in page, answer.status_code) == (False, 422)
    assert "This delegation does not attend." in answer.content.decode()


def test_without_anybody_left_to_name_there_is_no_button(owner, delegation, last_year) -> None:
    make_delegate(last_year, email="ana@example.org")
    make_delegate(delegation, email="ana@example.org")

    text = owner.get(url(delegation)).content.decode()

    assert "Everyone of earlier webinars is in this delegation already." in text
    assert "Name those who are ticked" not in text
