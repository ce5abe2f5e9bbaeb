import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from sessions_app.models import AgendaItemSpeaker, AgendaVisibility, Release, Session, Speaker, Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegation, make_webinar


@pytest.fixture
def webinar(db: None) -> Webinar:
    """A webinar that was released once; its draft has another title and other hours."""
    webinar = make_webinar()
    release_webinar(webinar, by=None, now=NOW)
    Session.objects.filter(number=1).update(title_en="New title of the draft")
    return webinar


def url(name: str, row: Webinar | Release) -> str:
    return reverse(f"admin:{name}", args=[row.pk])


def test_the_draft_is_previewed_on_the_template_of_the_public_page_and_stays_private(
    secretariat: Client, webinar: Webinar
) -> None:
    response = secretariat.get(url("preview-public", webinar))

    page = response.content.decode()
    assert "public/webinar.html" in [template.name for template in response.templates]
    assert "New title of the draft" in page
    assert "The draft as the public would see it. Nobody else sees this page." in page
    assert "agenda.ics" not in page
    assert "New title of the draft" not in Client().get("/en/webinars/flows/").content.decode()
    assert Client().get(url("preview-public", webinar)).status_code == 302


def test_the_preview_shows_the_hours_of_the_city_that_is_chosen(secretariat: Client, webinar: Webinar) -> None:
    page = secretariat.get(url("preview-delegate", webinar), {"zone": "America/New_York"}).content.decode()

    assert "10:00–12:00" in page
    assert "09:00–11:00" in page


def test_the_preview_offers_the_countries_of_the_webinar_with_their_zones(secretariat: Client) -> None:
    webinar = make_delegation(body=make_country("HN")).webinar
    make_delegation(webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"]))
    make_country("PA")

    page = secretariat.get(url("preview-delegate", webinar), {"zone": "America/Tijuana"})

    offered = re.findall(r'<option value="([^"]+)"( selected)?>(Country[^<]+)<', page.content.decode())
    assert offered == [
        ("America/Tegucigalpa", "", "Country HN"),
        ("America/Mexico_City", "", "Country MX (Mexico City)"),
        ("America/Tijuana", " selected", "Country MX (Tijuana)"),
    ]


def test_names_that_are_not_public_are_previewed_only_for_a_delegate(secretariat: Client, webinar: Webinar) -> None:
    speaker = Speaker.objects.create(webinar=webinar, code="one", name_en="Speaker One")
    item = webinar.sessions.get(number=1).items.get(position=2)
    AgendaItemSpeaker.objects.create(item=item, speaker=speaker, role="panelist")

    seen = {}
    for visibility in AgendaVisibility.values:
        Webinar.objects.update(agenda_visibility=visibility)
        pages = [
            secretariat.get(url(f"preview-{reader}", webinar)).content.decode() for reader in ("public", "delegate")
        ]
        seen[visibility] = ["Speaker One" in page for page in pages]

    assert seen == {"full": [True, True], "without_names": [False, True], "hidden": [False, True]}


def test_a_webinar_without_a_session_has_a_preview(secretariat: Client) -> None:
    webinar = make_webinar("empty", sessions=0)

    assert secretariat.get(url("preview-public", webinar)).status_code == 200


def test_an_earlier_release_is_shown_as_it_was(secretariat: Client, webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    first = Release.objects.get(number=1)

    row = secretariat.get(url("sessions_app_release_change", first)).content.decode()
    page = secretariat.get(url("preview-release", first)).content.decode()

    assert [url(name, first) in row for name in ("preview-release", "restore-release")] == [True, True]
    assert "Context and challenges 1" in page
    assert "New title of the draft" not in page
    assert "The agenda as it was with Release 1." in page


def test_a_release_is_put_back_after_a_confirmation_and_then_released(secretariat: Client, webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    first = Release.objects.get(number=1)

    page = secretariat.get(url("restore-release", first))
    response = secretariat.post(url("restore-release", first), {"seen": page.context["form"]["seen"].value()})

    assert "<del>New title of the draft</del>" in page.content.decode()
    assert response.headers["Location"] == url("release-webinar", webinar)
    assert Session.objects.get(number=1).title_en == "Context and challenges 1"
    assert Release.objects.count() == 2
    assert LogEntry.objects.get().change_message == "Release 1 put back into the draft"


def test_the_confirmation_warns_of_unreleased_changes_that_are_overwritten(
    secretariat: Client, webinar: Webinar
) -> None:
    page = secretariat.get(url("restore-release", Release.objects.get())).content.decode()

    assert "Changes of the draft that were never released are overwritten." in page


def test_a_changed_draft_is_shown_again_before_a_release_is_put_back(secretariat: Client, webinar: Webinar) -> None:
    release = Release.objects.get()
    seen = secretariat.get(url("restore-release", release)).context["form"]["seen"].value()
    Session.objects.filter(number=2).update(title_en="Changed meanwhile")

    first = secretariat.post(url("restore-release", release), {"seen": seen})
    second = secretariat.post(url("restore-release", release), {"seen": first.context["form"]["seen"].value()})

    assert "Someone has changed the agenda" in first.content.decode()
    assert second.status_code == 302


def test_the_latest_release_is_not_put_back_into_an_equal_draft(secretariat: Client) -> None:
    webinar = make_webinar()
    release = release_webinar(webinar, by=None, now=NOW)
    seen = secretariat.get(url("restore-release", release)).context["form"]["seen"].value()

    response = secretariat.post(url("restore-release", release), {"seen": seen})

    assert "The agenda is as it was in this release already." in response.content.decode()
