"""Admin pages that link delegates to speakers of the agenda."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Delegate, User
from registrations.services.speakers import link_speaker
from sessions_app.models import AgendaItemSpeaker, Speaker
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_quotas,
    make_speaker,
    make_webinar,
)

pytestmark = pytest.mark.django_db
MISSED = "Speakers without a registered person"


@pytest.fixture(autouse=True)
def on_the_day(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=True)


@pytest.fixture
def person() -> Delegate:
    webinar = make_webinar()
    make_quotas(webinar)
    return make_delegate(make_delegation(webinar, make_organisation()), None, name="Ana Muestra")


@pytest.fixture
def speaker(person: Delegate) -> Speaker:
    return make_speaker(person.webinar, "Eva Prueba", institution_en="UNODC")


def page_of(person: Delegate, name: str = "registrations_delegate_change") -> str:
    return reverse(f"admin:{name}", args=[person.pk])


def test_a_delegate_is_linked_to_a_speaker_on_a_page_of_its_own(
    secretariat: Client, person: Delegate, speaker: Speaker, staff: User
) -> None:
    make_speaker(person.webinar, "UNODC", kind="institution")
    url = page_of(person, "speaker-of-delegate")

    leads_there = url in secretariat.get(page_of(person)).text
    choices = secretariat.get(url).context["form"].fields["speaker"].choices
    saved = secretariat.post(url, {"speaker": speaker.pk, "version": person.version})

    assert leads_there
    assert [str(label) for _value, label in choices] == ["does not speak", "Eva Prueba, UNODC"]
    assert [str(one) for one in get_messages(saved.wsgi_request)] == ["Ana Muestra is Eva Prueba on the agenda."]
    person.refresh_from_db()
    assert (person.speaker, person.version) == (speaker, 2)


def test_a_country_is_offered_the_link_only_for_speaking_roles(secretariat: Client, person: Delegate) -> None:
    country = make_delegation(person.webinar, make_country())
    panelist, delegate = make_delegate(country, role="panelist"), make_delegate(country)

    offered = [
        page_of(one, "speaker-of-delegate") in secretariat.get(page_of(one)).text for one in (panelist, delegate)
    ]

    assert offered == [True, False]


def test_the_page_says_when_they_speak_and_warns_of_another_name(
    secretariat: Client, person: Delegate, speaker: Speaker, staff: User
) -> None:
    link_speaker(person, speaker=speaker, version=1, by=staff, now=NOW)

    for url in (page_of(person), reverse("admin:registrations_delegation_change", args=[person.delegation_id])):
        page = secretariat.get(url).text
        assert "session 1, <time" in page
        assert "Panel (Panelist)" in page
        assert "Registered as Ana Muestra: is this the same person?" in page
        assert MISSED not in page


def test_the_page_of_an_organisation_lists_speakers_without_a_delegate(
    secretariat: Client, person: Delegate, speaker: Speaker
) -> None:
    country = make_delegation(person.webinar, make_country())

    of_organisation = secretariat.get(reverse("admin:registrations_delegation_change", args=[person.delegation_id]))
    of_country = secretariat.get(reverse("admin:registrations_delegation_change", args=[country.pk]))

    assert MISSED in of_organisation.text
    assert "Eva Prueba" in of_organisation.text
    assert MISSED not in of_country.text


def test_the_board_lists_speakers_without_a_delegate_beside_the_organisations(
    secretariat: Client, person: Delegate, speaker: Speaker, staff: User
) -> None:
    before = secretariat.get("/admin/quota-board/flows/").text
    link_speaker(person, speaker=speaker, version=1, by=staff, now=NOW)

    assert "1 speaker has nobody who gets the invitation: Eva Prueba." in before
    assert "gets the invitation" not in secretariat.get("/admin/quota-board/flows/").text


@pytest.mark.parametrize("typed", [{"speaker": "999999"}, {"speaker": "x"}, {"speaker": "\x00"}])
def test_an_unknown_speaker_is_refused(
    secretariat: Client, person: Delegate, speaker: Speaker, typed: dict[str, str]
) -> None:
    response = secretariat.post(page_of(person, "speaker-of-delegate"), {**typed, "version": person.version})

    assert response.context["form"].errors.keys() == {"speaker"}


def test_a_stale_form_says_so_and_is_saved_when_sent_again(
    secretariat: Client, person: Delegate, speaker: Speaker
) -> None:
    url = page_of(person, "speaker-of-delegate")

    stale = secretariat.post(url, {"speaker": speaker.pk, "version": "7"})
    secretariat.post(url, {field.name: field.value() for field in stale.context["form"]})

    assert "Someone else has changed this person meanwhile" in stale.text
    person.refresh_from_db()
    assert person.speaker == speaker


def test_two_delegates_of_one_speaker_are_named_on_both_pages(
    secretariat: Client, person: Delegate, speaker: Speaker, staff: User
) -> None:
    country = make_delegation(person.webinar, make_country("PA", name_en="Panama"))
    second = make_delegate(country, role="panelist", name="Eva Prueba")
    left = make_delegate(country, role="panelist", name="Eva Ida", status="withdrawn", withdrawn_at=NOW)
    Delegate.objects.filter(pk=left.pk).update(speaker=speaker)
    link_speaker(person, speaker=speaker, version=1, by=staff, now=NOW)
    alone = secretariat.get(page_of(person)).text
    link_speaker(second, speaker=speaker, version=1, by=staff, now=NOW)

    assert "is linked to this entry too" not in alone
    for one, said in ((person, "Eva Prueba (Panama) is linked"), (second, "Ana Muestra (UNODC) is linked")):
        for url in (page_of(one), reverse("admin:registrations_delegation_change", args=[one.delegation_id])):
            page = secretariat.get(url).text
            assert f"{said} to this entry too: only one of them can be right." in page
            assert page.count("is linked to this entry too") == 1


def test_the_page_that_deletes_a_speaker_names_the_linked_delegates(
    secretariat: Client, person: Delegate, speaker: Speaker, staff: User
) -> None:
    link_speaker(person, speaker=speaker, version=1, by=staff, now=NOW)
    AgendaItemSpeaker.objects.all().delete()
    url = reverse("admin:sessions_app_speaker_delete", args=[speaker.pk])

    asked = secretariat.get(url).text
    secretariat.post(url, {"post": "yes"})

    assert f'Stays, and loses this entry: <a href="{page_of(person)}">Ana Muestra</a>' in asked
    person.refresh_from_db()
    assert person.speaker is None
    assert not Speaker.objects.exists()
