"""Every page names the conference in both languages above its content, and the member countries below it."""

import re
import tomllib

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, RequestFactory
from django.views.defaults import bad_request, server_error

from registrations.members import member_names
from tests.environment import ROOT
from tests.factories import make_staff, make_user

IN_ENGLISH = "Regional Conference on Migration"
IN_SPANISH = "Conferencia Regional sobre Migración"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "nothing/here/", "privacy/"])
@pytest.mark.parametrize(
    ("language", "name", "other", "name_in_other"),
    [("en", IN_ENGLISH, "es", IN_SPANISH), ("es", IN_SPANISH, "en", IN_ENGLISH)],
)
def test_every_page_names_the_conference_in_both_languages_and_the_members_in_its_own(
    client: Client, path: str, language: str, name: str, other: str, name_in_other: str
) -> None:
    page = client.get(f"/{language}/{path}").content.decode()

    assert f'<span class="name">{name}</span>' in page
    assert f'<span class="name-other" lang="{other}">{name_in_other}</span>' in page
    (members,) = re.findall(r'<ul class="members".*?</ul>', page, re.DOTALL)
    assert tuple(re.findall(r"<li>(.*?)</li>", members)) == member_names(language)


def test_the_members_are_the_eleven_countries_of_the_first_webinar_in_the_order_of_the_language() -> None:
    definition = ROOT / "registrations/management/definitions/mass-intra-regional-flows.toml"
    countries = [body["name"] for body in tomllib.loads(definition.read_text())["body"] if "iso_code" in body]

    assert set(member_names("en")) == {name["en"] for name in countries}
    assert set(member_names("es")) == {name["es"] for name in countries}
    assert member_names("es")[3:5] == ("El Salvador", "Estados Unidos")
    assert member_names("es")[-1] == "República Dominicana"
    assert len(member_names("en")) == 11


@pytest.mark.django_db
def test_the_link_to_the_page_that_is_shown_says_so(client: Client) -> None:
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', client.get("/en/").content.decode()) == ["/en/"]
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', client.get("/accounts/login/").content.decode()) == [
        "/accounts/login/"
    ]
    assert 'aria-current="page"' not in client.get("/en/privacy/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "sections"),
    [
        (None, ["Webinars", "Sign in"]),
        (make_user, ["Delegations", "Sign out"]),
        (make_staff, ["Delegations", "Secretariat", "Sign out"]),
    ],
)
def test_the_sections_are_those_that_the_reader_can_open(client: Client, who, sections: list[str]) -> None:
    if who is not None:
        client.force_login(who("someone@example.org"))

    page = client.get("/en/").content.decode()

    (nav,) = re.findall(r'<nav aria-label="Sections">.*?</nav>', page, re.DOTALL)
    assert re.findall(r">([\w ]+)</a>", nav) == sections


@pytest.mark.parametrize("view", [bad_request, server_error])
def test_the_page_of_an_error_needs_no_manifest_of_static_files(view, settings, tmp_path) -> None:
    settings.STATIC_ROOT = tmp_path
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}

    page = view(RequestFactory().get("/"), *([Exception()] if view is bad_request else [])).content.decode()

    assert (IN_ENGLISH in page, IN_SPANISH in page, page.count('lang="es"')) == (True, True, 3)
    linked = re.findall(r'href="/static/([^"]+)"', page)
    assert len(linked) == 4
    assert [path for path in linked if finders.find(path) is None] == []
