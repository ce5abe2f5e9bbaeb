"""Actions that complete a submitted delegation: the warning before and the message after them (rule 4)."""

from datetime import timedelta

import pytest
from django.test import Client

from registrations.models import Delegate, Delegation, RegistrationPolicy, User
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_profiles,
    make_session,
    make_staff,
    make_upload,
    make_webinar,
)
from tests.registrations.views.delegation_pages import draft_at_present, form_data, url

pytestmark = pytest.mark.django_db

WARNING = "With one more person of “Prosecutors” this delegation is complete: it is then accepted at once, and "
ACCEPTED = "The delegation is complete and accepted. Its delegates are invited once the agenda is released."
WAITS = "The delegation is complete now. The secretariat decides and writes to you."


@pytest.fixture
def almost_complete() -> Delegation:
    """A submitted delegation with seven people, which lacks only one prosecutor."""
    delegation = draft_at_present()
    for code in make_profiles():
        make_delegate(delegation, code)
        make_delegate(delegation, code)
    delegation.delegates.filter(profile__code="prosecutors").first().delete()
    Delegation.objects.update(status="submitted", gap_reason="One is ill.")
    return Delegation.objects.get()


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(almost_complete: Delegation) -> Client:
    return sign_in(make_focal_point(almost_complete.body).user)


@pytest.fixture
def secretariat(almost_complete: Delegation) -> Client:
    return sign_in(make_staff())


def test_naming_the_last_person_says_that_the_delegation_is_complete_and_accepted(owner, almost_complete) -> None:
    answer = owner.post(url(almost_complete, "delegates/new/"), form_data(), follow=True)

    assert f"Ana Ejemplo is named. {ACCEPTED}" in answer.content.decode()
    assert Delegation.objects.get().status == "accepted"
    assert "when it became complete: Registered" in answer.content.decode()


def test_after_a_release_the_message_says_that_people_are_invited_now(owner, almost_complete) -> None:
    release_webinar(almost_complete.webinar, by=None, now=NOW)

    answer = owner.post(url(almost_complete, "delegates/new/"), form_data(), follow=True)

    assert "accepted. Its delegates receive their invitations now." in answer.content.decode()


def test_without_automatic_acceptance_the_message_says_that_the_secretariat_decides(owner, almost_complete) -> None:
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)

    answer = owner.post(url(almost_complete, "delegates/new/"), form_data(), follow=True)

    page = answer.content.decode()
    assert f"Ana Ejemplo is named. {WAITS}" in page
    assert "Every quota is met. The secretariat decides and writes to you." in page
    assert Delegation.objects.get().status == "submitted"


@pytest.mark.parametrize("client", ["owner", "secretariat"])
def test_the_form_warns_that_it_accepts_the_delegation(request, almost_complete, client) -> None:
    browser = request.getfixturevalue(client)
    spare = make_delegate(almost_complete, "border-control")

    naming = browser.get(url(almost_complete, "delegates/new/")).content.decode()
    in_place = browser.get(url(almost_complete, "delegates/new/"), headers={"HX-Request": "true"}).content.decode()
    below_profile = browser.get(f"{url(almost_complete)}?add=prosecutors").content.decode()
    editing = browser.get(url(almost_complete, f"delegates/{spare.pk}/edit/")).content.decode()

    for page in (naming, in_place, below_profile):
        assert f"{WARNING}9 people are invited." in page
    assert f"{WARNING}8 people are invited." in editing


COMPLETE = "The delegation is then complete: it is accepted at once, and "


@pytest.fixture
def complete(almost_complete) -> Delegation:
    """A submitted, complete delegation of eight people, none of them invited, as an upgrade may leave it."""
    make_delegate(almost_complete)
    return almost_complete


@pytest.mark.parametrize("client", ["owner", "secretariat"])
@pytest.mark.parametrize(
    ("step", "count"), [("new", 9), ("edit", 8), ("replace", 8)], ids=["naming", "changing", "replacing"]
)
def test_every_action_on_a_complete_delegation_warns_that_it_is_accepted(
    request, complete, client, step, count
) -> None:
    browser = request.getfixturevalue(client)
    person = complete.delegates.first()
    path = "delegates/new/" if step == "new" else f"delegates/{person.pk}/{step}/"

    whole = browser.get(url(complete, path)).content.decode()
    in_place = browser.get(url(complete, path), headers={"HX-Request": "true"}).content.decode()

    for one in (whole, in_place):
        assert f"{COMPLETE}{count} people are invited." in one


def test_replacing_an_invited_delegate_counts_the_newcomer_as_invited(owner, complete) -> None:
    person = complete.delegates.first()
    Delegate.objects.filter(pk=person.pk).update(admitted_at=NOW)

    page = owner.get(url(complete, f"delegates/{person.pk}/replace/")).content.decode()

    assert f"{COMPLETE}8 people are invited." in page


def test_replacing_warns_of_nothing_if_a_seat_stays_empty_or_the_secretariat_decides(owner, complete) -> None:
    path = url(complete, f"delegates/{complete.delegates.first().pk}/replace/")
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    waits = owner.get(path).content.decode()
    RegistrationPolicy.objects.update(accepts_complete_at_once=True)
    complete.delegates.last().delete()

    assert [COMPLETE in page for page in (waits, owner.get(path).content.decode())] == [False, False]


def test_uploading_a_second_letter_warns_that_a_complete_delegation_is_accepted(owner, complete) -> None:
    owner.post(url(complete, "letter/"), {"file": make_upload()})
    Delegation.objects.update(status="submitted")
    RegistrationPolicy.objects.update(requires_letter=True)
    Delegate.objects.update(admitted_at=None)

    assert f"{COMPLETE}8 people are invited." in owner.get(url(complete, "letter/")).content.decode()


def test_there_is_no_warning_if_two_are_missing_or_the_secretariat_decides_or_for_a_draft(
    owner, almost_complete
) -> None:
    def page() -> str:
        return owner.get(url(almost_complete, "delegates/new/")).content.decode()

    Delegation.objects.update(status="draft")
    draft = page()
    Delegation.objects.update(status="submitted")
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    waits = page()
    RegistrationPolicy.objects.update(accepts_complete_at_once=True)
    Delegate.objects.filter(profile__code="prosecutors").delete()

    assert [WARNING in one for one in (draft, waits, page())] == [False, False, False]


def test_the_page_of_a_submitted_delegation_says_what_happens_when_it_is_complete(owner, almost_complete) -> None:
    assert (
        "As soon as nothing is missing, the delegation is accepted, and 7 people named so far are invited."
        in owner.get(url(almost_complete)).content.decode()
    )


def test_an_import_warns_of_the_acceptance_and_then_confirms_it(owner, almost_complete) -> None:
    rows = (
        "Name\tE-mail address\tInstitution\tProfile\tLanguage\tTime zone\n"
        "Ana\tana@example.org\tFiscalía\tProsecutors\tes\tAmerica/Tegucigalpa"
    )

    check = owner.post(url(almost_complete, "import/"), {"table": rows})
    saved = owner.post(url(almost_complete, "import/save/"), {"table": rows}, follow=True)

    assert "it is accepted at once, and 8 people are invited." in check.content.decode()
    assert f"1 person is named. {ACCEPTED}" in saved.content.decode()


def test_the_letter_page_warns_of_the_acceptance_and_then_confirms_it(owner, almost_complete) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)
    make_delegate(almost_complete)

    before = owner.get(url(almost_complete, "letter/"))
    after = owner.post(url(almost_complete, "letter/"), {"file": make_upload()}, follow=True)

    assert "it is accepted at once, and 8 people are invited." in before.content.decode()
    assert f"The letter is uploaded. The secretariat can read it now. {ACCEPTED}" in after.content.decode()


def test_the_page_of_earlier_webinars_warns_that_it_may_accept_the_delegation(owner, almost_complete) -> None:
    last_year = make_webinar("last-year", sessions=0)
    make_session(last_year, starts_at=NOW - timedelta(days=365))
    make_delegate(make_delegation(last_year, almost_complete.body, status="accepted"))

    page = owner.get(url(almost_complete, "earlier/")).content.decode()

    assert "If nothing is missing afterwards, the delegation is accepted at once, and 7 people named so far" in page


@pytest.mark.parametrize(
    ("stood", "is_complete", "waits", "said"),
    [
        ("submitted", True, False, True),
        ("draft", True, False, False),
        ("submitted", False, False, False),
        ("submitted", True, True, False),
    ],
)
def test_the_button_to_attend_again_warns_that_the_delegation_is_accepted(
    owner, almost_complete, stood, is_complete, waits, said, django_assert_max_num_queries
) -> None:
    if is_complete:
        make_delegate(almost_complete)
    RegistrationPolicy.objects.update(accepts_complete_at_once=not waits)
    Delegation.objects.update(status="not_attending", status_before=stood)

    with django_assert_max_num_queries(12):
        page = owner.get(url(almost_complete)).content.decode()

    assert "It attends after all" in page
    assert (f"{COMPLETE}8 people are invited." in page) is said
    assert (COMPLETE in page) is said


def test_the_button_to_attend_again_warns_of_nothing_while_the_letter_is_missing(owner, almost_complete) -> None:
    make_delegate(almost_complete)
    Delegation.objects.update(status="not_attending", status_before="submitted")
    RegistrationPolicy.objects.update(requires_letter=True)

    assert COMPLETE not in owner.get(url(almost_complete)).content.decode()


def test_attending_again_says_that_the_delegation_is_accepted(owner, almost_complete) -> None:
    make_delegate(almost_complete)
    Delegation.objects.update(status="not_attending", status_before="submitted")

    answer = owner.post(url(almost_complete, "attending-again/"), follow=True)

    assert f"The delegation takes part again. {ACCEPTED}" in answer.content.decode()
