"""A webinar without sessions and delegations: each page opens, and links to what must be added first."""

import pytest
from django.test import Client
from django.urls import reverse

from sessions_app.models import Webinar
from tests.factories import make_observer, make_webinar

pytestmark = pytest.mark.django_db
FIRST_DELEGATION = "/admin/registrations/delegation/add/?webinar="
FIRST_COUNTRIES = 'registration/">Add countries</a>'
FIRST_SESSION = "/change/#sessions-group"


@pytest.fixture
def webinar() -> Webinar:
    return make_webinar(sessions=0)


@pytest.mark.parametrize(
    ("page_name", "by_pk", "leads_to"),
    [
        ("quota-board", False, {FIRST_COUNTRIES}),
        ("attendance", False, {FIRST_COUNTRIES, FIRST_SESSION}),
        ("write-gap-reminder", True, {FIRST_COUNTRIES}),
        ("release-webinar", True, {FIRST_SESSION}),
        ("preview-public", True, set()),
        ("preview-delegate", True, set()),
        ("cancel-webinar", True, set()),
    ],
)
def test_a_page_of_an_empty_webinar_links_to_the_first_thing_to_add(
    secretariat: Client, webinar: Webinar, page_name: str, by_pk: bool, leads_to: set[str]
) -> None:
    answer = secretariat.get(reverse(f"admin:{page_name}", args=[webinar.pk if by_pk else webinar.slug]))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert {link for link in (FIRST_COUNTRIES, FIRST_SESSION) if link in page} == leads_to


@pytest.mark.parametrize("list_of", ["announcement/add", "delegate/export", "delegation", "delegate", "gapreminder"])
def test_a_list_of_an_empty_webinar_opens(secretariat: Client, webinar: Webinar, list_of: str) -> None:
    answer = secretariat.get(f"/admin/registrations/{list_of}/", {"webinar": webinar.slug})

    assert answer.status_code == 200


def test_the_link_to_add_a_delegation_preselects_its_webinar(secretariat: Client, webinar: Webinar) -> None:
    make_webinar("another")

    form = secretariat.get(f"{FIRST_DELEGATION}{webinar.pk}").context["adminform"].form

    assert form["webinar"].value() == str(webinar.pk)


def test_an_observer_gets_no_link_to_add_countries(client: Client, webinar: Webinar) -> None:
    client.force_login(make_observer())

    page = client.get(reverse("admin:quota-board", args=[webinar.slug])).content.decode()

    assert "Nobody is asked to this webinar yet." in page
    assert FIRST_COUNTRIES not in page
