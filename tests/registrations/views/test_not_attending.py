"""Pages of a delegation that does not attend: nobody is shown as invited, missing or late."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registrations.models import Delegation, RegistrationPolicy, User
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_delegate, make_focal_point, make_staff
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation
from tests.registrations.views.delegation_pages import draft_at_present, url

pytestmark = pytest.mark.django_db

UNTRUE = {
    "en": ["invited once", "on its way", "still missing", "Still missing", "Seat to be filled", "days left",
           "last day", "Register by", "letter is missing", "You can still replace", "quota met"],
    "es": ["cuando se acepte", "se invitará", "se le invitará", "en camino", "falta", "Falta", "Lugar por cubrir",
           "quedan", "último día", "Registre", "Aún puede"],
}  # fmt: skip


@pytest.fixture
def not_attending() -> Delegation:
    """A delegation that does not attend, with two of eight people, one of them admitted, and no letter."""
    delegation = draft_at_present()
    RegistrationPolicy.objects.update(requires_letter=True)
    make_delegate(delegation, name="Ana Nueva")
    make_delegate(delegation, "border-control", name="Luis Admitido", admitted_at=NOW)
    Delegation.objects.update(status="not_attending", status_before="submitted", not_attending_reason="Elections")
    return Delegation.objects.get()


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(not_attending: Delegation) -> Client:
    return sign_in(make_focal_point(not_attending.body).user)


def page_text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") : page.index("</main>")]).split())


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("is_released", [False, True])
def test_the_page_of_the_focal_point_asks_for_nobody_and_promises_no_invitation(
    owner, not_attending, language, is_released
) -> None:
    if is_released:
        release_webinar(not_attending.webinar, by=None, now=NOW)

    page = page_text(owner.get(url(not_attending).replace("/en/", f"/{language}/")).content.decode())

    assert [words for words in UNTRUE[language] if words in page] == []
    said = {"en": "not invited while the delegation does not attend",
            "es": "sin invitación mientras la delegación no asista"}[language]  # fmt: skip
    assert page.count(said) == 2


def test_the_deadline_shown_is_the_one_for_attending_again(owner, not_attending) -> None:
    page = page_text(owner.get(url(not_attending)).content.decode())

    assert "Nobody needs to be named, and no deadline applies. You can take it back until" in page


def test_after_the_closing_no_action_is_offered(owner, not_attending) -> None:
    hours_ago = timezone.now() - timedelta(hours=3)
    RegistrationPolicy.objects.update(closes_at=hours_ago)

    page = page_text(owner.get(url(not_attending)).content.decode())

    assert "Registration closed" in page
    assert "You can still replace" not in page
    assert "You can take it back until" not in page


def test_the_list_of_delegations_names_no_deadline_for_it(owner, not_attending) -> None:
    page = owner.get("/en/delegations/").content.decode()

    assert "Not attending" in page
    assert "Register by" not in page


def test_the_letter_page_requires_no_letter(owner, not_attending) -> None:
    page = page_text(owner.get(url(not_attending, "letter/")).content.decode())

    assert "The letter cannot be changed now." in page
    assert "complete only with the letter" not in page


def test_admin_pages_show_nobody_as_invited_and_nothing_as_missing(not_attending) -> None:
    secretariat = sign_in(make_staff())
    ana = not_attending.delegates.get(name="Ana Nueva")

    pages = {
        name: secretariat.get(reverse(f"admin:{name}", args=args)).content.decode()
        for name, args in {
            "registrations_delegation_change": [not_attending.pk],
            "registrations_delegate_change": [ana.pk],
            "attending-again-delegation": [not_attending.pk],
            "quota-board": [not_attending.webinar.slug],
        }.items()
    }
    listed = secretariat.get(reverse("admin:registrations_delegate_changelist")).content.decode()

    assert pages["registrations_delegation_change"].count("not invited: the delegation does not attend") == 2
    assert "not invited: the delegation does not attend" in pages["registrations_delegate_change"]
    for page in [*pages.values(), listed]:
        for untrue in ("not yet admitted", "not yet invited", "is-none", "is-short", "letter is missing"):
            assert untrue not in page
    assert "Active, but the delegation does not attend" in listed


def test_people_whose_invitations_are_not_cancelled_yet_are_not_shown_as_invited(clock) -> None:
    delegation = released_delegation()
    admitted(delegation)
    plan_and_send()
    Delegation.objects.update(status="not_attending", status_before="accepted")
    client = sign_in(make_focal_point(delegation.body).user)

    page = page_text(client.get(url(delegation)).content.decode())

    assert "not invited while the delegation does not attend" in page
