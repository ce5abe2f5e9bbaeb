import re

import pytest
from django.test import Client

from registrations.models import User
from sessions_app.models import Webinar
from tests.factories import make_delegation, make_webinar

URL = "/admin/current-webinar/"


@pytest.fixture
def webinar(db: None) -> Webinar:
    make_webinar("other")
    return make_delegation().webinar


def header_links(client: Client, path: str = "/admin/registrations/delegation/") -> list[str]:
    """Return the links in the header of a page."""
    nav = re.search(r'<nav class="rcm-nav".*?</nav>', client.get(path).content.decode(), re.S)
    assert nav is not None
    return re.findall(r'href="([^"]+)"', nav[0])


def test_the_current_webinar_is_chosen_once_and_stored_with_the_account(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    response = secretariat.post(URL, {"webinar": "flows"})

    assert response.headers["Location"] == "/admin/quota-board/flows/"
    staff.refresh_from_db()
    assert staff.current_webinar == webinar
    again = Client()
    again.force_login(staff)
    assert header_links(again) == [
        "/admin/",
        "/admin/webinars/",
        "/admin/quota-board/flows/",
        "/admin/countries/",
        "/admin/registrations/delegation/?webinar=flows",
        "/admin/registrations/delegate/?webinar=flows",
        "/admin/attendance/",
        "/admin/registrations/delivery/",
        "/admin/registrations/announcement/",
        f"/admin/sessions_app/webinar/{webinar.pk}/change/",
        URL,
    ]
    assert {again.get(path).status_code for path in header_links(again)} == {200}


def test_without_a_current_webinar_the_header_links_to_all_webinars(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    secretariat.post(URL, {"webinar": "flows"})
    response = secretariat.post(URL, {"webinar": ""})

    staff.refresh_from_db()
    assert (response.headers["Location"], staff.current_webinar) == ("/admin/", None)
    assert "/admin/registrations/delegation/" in header_links(secretariat)


@pytest.mark.parametrize("slug", ["unknown", "a\0b", "x" * 1000])
def test_an_unknown_webinar_is_refused(secretariat: Client, staff: User, webinar: Webinar, slug: str) -> None:
    response = secretariat.post(URL, {"webinar": slug})

    assert list(response.context["form"].errors) == ["webinar"]
    staff.refresh_from_db()
    assert staff.current_webinar is None


def test_deleting_a_webinar_clears_it_as_current_webinar(secretariat: Client, staff: User, webinar: Webinar) -> None:
    secretariat.post(URL, {"webinar": "other"})

    Webinar.objects.get(slug="other").sessions.all().delete()
    Webinar.objects.get(slug="other").delete()

    staff.refresh_from_db()
    assert staff.current_webinar is None
    assert secretariat.get("/admin/").status_code == 200
