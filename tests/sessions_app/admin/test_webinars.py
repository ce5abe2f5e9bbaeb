import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from time_machine import TimeMachineFixture

from registrations.models import User
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaItem, Presidency, Release, ReleasedSession, Session, Webinar
from sessions_app.organisers import organisers_of
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_delegates, make_delegation, make_session, make_webinar
from tests.filled_form import filled_form


@pytest.fixture
def webinar(db: None) -> Webinar:
    return make_webinar()


def release_url(webinar: Webinar) -> str:
    return reverse("admin:release-webinar", args=[webinar.pk])


def send(client: Client, webinar: Webinar, **typed: Any) -> Any:
    """Submit the release page as it is shown now."""
    form = client.get(release_url(webinar)).context["form"]
    return client.post(release_url(webinar), {"seen": form["seen"].value(), **typed})


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_a_person_of_the_secretariat_releases_under_their_name(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    response = send(secretariat, webinar, note="First agenda")

    release = Release.objects.get()
    assert (release.number, release.released_by, release.note) == (1, staff, "First agenda")
    assert messages_of(response) == ["Release 1 is public."]


def test_the_page_shows_what_would_change(secretariat: Client, webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    first, second = webinar.sessions.order_by("number")
    first.starts_at += timedelta(hours=1)
    first.save()
    Session.objects.filter(pk=second.pk).update(title_en="Tools", cancelled_at=NOW)

    page = secretariat.get(release_url(webinar)).content.decode()

    assert re.findall(r"<strong>(\d\d:\d\d–\d\d:\d\d)</strong>", page) == ["09:00–11:00", "10:00–12:00"]
    assert [word in page for word in ("moved:", "retitled; it was:", "cancelled", "takes place again")] == [
        True,
        True,
        True,
        False,
    ]
    # The items only moved with the session.
    assert "its items changed" not in page


def test_a_change_of_items_alone_is_mailed_only_if_it_is_ticked(secretariat: Client, webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    AgendaItem.objects.filter(title_en="Panel").update(title_en="Panel of experts")

    send(secretariat, webinar, mail_updates_for=["2"])

    assert dict(ReleasedSession.objects.values_list("number", "sequence")) == {1: 0, 2: 1}


def test_a_release_without_changes_is_refused(secretariat: Client, webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)

    response = send(secretariat, webinar)

    assert "Nothing has changed since the last release." in response.content.decode()
    assert Release.objects.count() == 1


def test_items_longer_than_their_session_are_not_released(secretariat: Client, webinar: Webinar) -> None:
    AgendaItem.objects.filter(session__number=2, title_en="Panel").update(minutes=110)

    response = send(secretariat, webinar)

    assert "Session 2: its items last 10 minutes longer than the session." in response.content.decode()
    assert not Release.objects.exists()


def test_a_changed_draft_is_shown_again_before_it_is_released(secretariat: Client, webinar: Webinar) -> None:
    seen = secretariat.get(release_url(webinar)).context["form"]["seen"].value()
    webinar.sessions.filter(number=1).update(title_en="Changed meanwhile")

    first = secretariat.post(release_url(webinar), {"seen": seen, "note": "kept"})
    second = secretariat.post(release_url(webinar), {"seen": first.context["form"]["seen"].value(), "note": "kept"})

    assert "Someone has changed the agenda" in first.content.decode()
    assert 'value="kept"' in first.content.decode()
    assert second.status_code == 302
    assert Release.objects.get().agenda["sessions"][0]["title"]["en"] == "Changed meanwhile"


def test_the_action_of_the_list_leads_to_the_page_of_one_webinar(secretariat: Client, webinar: Webinar) -> None:
    other = make_webinar("other")
    url = reverse("admin:sessions_app_webinar_changelist")

    one = secretariat.post(url, {"action": "release", "_selected_action": [webinar.pk]})
    two = secretariat.post(url, {"action": "release", "_selected_action": [webinar.pk, other.pk]})

    assert one.headers["Location"] == release_url(webinar)
    assert messages_of(two) == ["Please choose one webinar: each release is looked at by itself."]


def test_a_session_added_to_a_webinar_gets_the_next_number_and_its_hours_in_the_zone_of_the_webinar(
    secretariat: Client, webinar: Webinar
) -> None:
    url = reverse("admin:sessions_app_webinar_change", args=[webinar.pk])
    data = {name: getattr(webinar, name) for name in ("title_en", "title_es", "timezone", "contact_email")}
    data |= {"agenda_visibility": "full", "sessions-TOTAL_FORMS": "3", "sessions-INITIAL_FORMS": "2"}
    data |= {"organisers-TOTAL_FORMS": "0", "organisers-INITIAL_FORMS": "0"}
    for number, session in enumerate(webinar.sessions.order_by("number")):
        data |= {
            f"sessions-{number}-id": session.pk,
            f"sessions-{number}-webinar": webinar.pk,
            f"sessions-{number}-title_en": session.title_en,
            f"sessions-{number}-starts_at_0": f"2026-11-{16 + number}",
            f"sessions-{number}-starts_at_1": "09:00",
            f"sessions-{number}-duration_minutes": "120",
        }
    data |= {
        "sessions-2-webinar": webinar.pk,
        "sessions-2-title_en": "Follow-up",
        "sessions-2-starts_at_0": "2026-11-18",
        "sessions-2-starts_at_1": "09:00",
        "sessions-2-duration_minutes": "60",
    }

    response = secretariat.post(url, data)

    assert response.status_code == 302
    added = webinar.sessions.get(title_en="Follow-up")
    assert (added.number, added.starts_at) == (3, webinar.sessions.get(number=1).starts_at + timedelta(days=2))


def test_the_release_page_takes_the_same_queries_with_many_sessions_as_with_few(
    secretariat: Client, webinar: Webinar, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3, 40):
        make_session(webinar, number=number)

    with django_assert_max_num_queries(14):
        response = secretariat.get(release_url(webinar))

    assert response.status_code == 200


def test_the_page_says_how_many_people_are_mailed_about_each_session(
    secretariat: Client, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    delegation = make_delegation()
    webinar = delegation.webinar
    make_delegates(3, delegation, admitted_at=NOW, mail_not_before=NOW)
    release_webinar(webinar, by=None, now=NOW)
    Session.objects.filter(webinar=webinar, number=1).update(title_en="Tools")
    AgendaItem.objects.filter(session__number=2, title_en="Panel").update(title_en="Panel of experts")

    page = secretariat.get(release_url(webinar)).content.decode()

    assert "3 people are mailed\n" in page
    assert "3 people are mailed only if you choose it" in page
    assert "2. Context and challenges 2 (3 people)" in page
    assert "<strong>3 messages are sent.</strong>" in page


def test_each_input_of_the_table_of_sessions_names_its_row(secretariat: Client, webinar: Webinar) -> None:
    page = secretariat.get(reverse("admin:sessions_app_webinar_change", args=[webinar.pk])).content.decode()

    assert 'aria-label="Title (English), row 2"' in page
    assert 'aria-label="Minutes, row 2"' in page


def organisers_url(webinar: Webinar) -> str:
    return reverse("admin:sessions_app_webinar_change", args=[webinar.pk])


def organiser(number: int, **fields: str) -> dict[str, str]:
    return {f"organisers-{number}-{name}": value for name, value in {"position": "1", **fields}.items()}


def test_organisers_are_added_to_a_webinar_and_are_public_after_a_release(
    secretariat: Client, webinar: Webinar
) -> None:
    data = filled_form(secretariat.get(organisers_url(webinar)).text)
    second = organiser(1, name_en="Second", position="2")
    first = organiser(0, name_en="First", name_es="Primera", acronym_es="P", url="https://example.org")

    response = secretariat.post(organisers_url(webinar), data | {"organisers-TOTAL_FORMS": "2"} | second | first)

    assert response.status_code == 302
    assert [each.name for each in organisers_of(webinar)] == [Bilingual("First", "Primera"), Bilingual("Second")]
    send(secretariat, webinar)
    assert Release.objects.get().agenda["organisers"][0]["url"] == "https://example.org"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name_en": "Office"}, "name_en"),
        ({"name_en": ""}, "name_en"),
        ({"name_en": "Other", "url": "javascript:alert(1)"}, "url"),
        ({"name_en": "Other", "position": "-1"}, "position"),
        ({"name_en": "Zero\u200bwidth"}, "name_en"),
    ],
)
def test_an_impossible_organiser_is_refused_beside_its_field_and_nothing_is_lost(
    secretariat: Client, webinar: Webinar, fields: dict[str, str], name: str
) -> None:
    webinar.organisers.create(name_en="Office")
    data = filled_form(secretariat.get(organisers_url(webinar)).text)
    new = organiser(1, name_es="Escrito", **fields)

    response = secretariat.post(organisers_url(webinar), data | {"organisers-TOTAL_FORMS": "2"} | new)

    formset = response.context["inline_admin_formsets"][0].formset
    assert name in formset.forms[1].errors or formset.non_form_errors()
    assert formset.forms[1]["name_es"].value() == "Escrito"
    assert webinar.organisers.count() == 1


def test_two_people_who_add_the_same_organiser_at_once_get_one_and_a_sentence(
    secretariat: Client, webinar: Webinar
) -> None:
    data = filled_form(secretariat.get(organisers_url(webinar)).text) | {"organisers-TOTAL_FORMS": "1"}
    answers = [secretariat.post(organisers_url(webinar), data | organiser(0, name_en="Office")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 200]
    assert "Someone has added this organiser meanwhile." in answers[1].text
    assert webinar.organisers.count() == 1


def test_the_release_page_names_changed_languages_and_organisers(secretariat: Client, webinar: Webinar) -> None:
    webinar.organisers.create(name_en="Old office")
    release_webinar(webinar, by=None, now=NOW)
    webinar.organisers.update(name_en="New office")
    Session.objects.filter(number=1).update(floor_languages=["es"])

    response = secretariat.get(release_url(webinar))

    text = " ".join(re.sub(r"<[^>]+>", "", response.text).split())
    assert "languages of the floor: none → Spanish" in text
    assert "organisers (English): Old office → New office" in text
    assert [number for number, _label in response.context["form"].fields["mail_updates_for"].choices] == [1]


def test_a_release_of_languages_mails_an_update_only_if_it_is_chosen(secretariat: Client, webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)

    Session.objects.filter(number=1).update(floor_languages=["es"])
    send(secretariat, webinar)
    silent = ReleasedSession.objects.get(number=1).sequence
    Session.objects.filter(number=1).update(floor_languages=["es", "en"])
    send(secretariat, webinar, mail_updates_for=["1"])

    assert (silent, ReleasedSession.objects.get(number=1).sequence) == (0, 1)


def test_the_secretariat_enters_the_presidency_of_a_year_once(secretariat: Client) -> None:
    url = reverse("admin:sessions_app_presidency_add")
    typed = {"year": "2026", "country_en": "Panama", "country_es": "Panamá"}

    answers = [secretariat.post(url, typed), secretariat.post(url, typed), secretariat.post(url, typed | {"year": "0"})]

    assert [answer.status_code for answer in answers] == [302, 200, 200]
    assert [list(answer.context["adminform"].form.errors) for answer in answers[1:]] == [["year"], ["year"]]
    assert messages_of(answers[0])[0].startswith("The public page of a webinar of 2026 names it")
    assert str(Presidency.objects.get()) == "2026: Panama"
