import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import icalendar
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from time_machine import TimeMachineFixture

from sessions_app.editing import cancel_session
from sessions_app.models import (
    AgendaItem,
    AgendaItemSpeaker,
    AgendaVisibility,
    Session,
    Speaker,
    SpeakerKind,
    Webinar,
)
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW, make_session, make_user, make_webinar

pytestmark = pytest.mark.django_db

PAGE = "/en/webinars/flows/"
FILE = "/webinars/flows/agenda.ics"


def released(**fields: object) -> Webinar:
    webinar = make_webinar(**fields)
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def text_of(content: bytes) -> str:
    """Return the text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", content.decode()))


def page(client: Client, path: str = PAGE, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return text_of(response.content)


def options(client: Client, path: str = PAGE, **query: str) -> list[tuple[str, str, str]]:
    """Return (zone, " selected" or "", city) of each option."""
    content = client.get(path, query).content.decode()
    return re.findall(r'<option value="([^"]+)"( selected)?>([^<]*)</option>', content)


def test_nothing_is_public_before_the_first_release(client: Client) -> None:
    make_webinar()

    statuses = [client.get(path).status_code for path in (PAGE, "/es/webinars/flows/", FILE, "/en/webinars/none/")]

    assert statuses == [404] * 4
    assert "Mass intra-regional flows" not in page(client, "/en/")


def released_on(start: datetime, slug: str, **titles: str) -> Webinar:
    webinar = make_webinar(slug, sessions=1, **titles)
    webinar.sessions.update(starts_at=start)
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def test_the_home_page_lists_what_is_ahead_first_and_the_past_in_reverse(
    client: Client, time_machine: TimeMachineFixture
) -> None:
    for days, name in ((30, "Tercero"), (5, "Segundo"), (-9, "Cuarto"), (-20, "Quinto")):
        released_on(NOW + timedelta(days=days), name.lower(), title_en=f"{name} in English", title_es=name)
    under_way = released_on(NOW - timedelta(hours=1), "first", title_es="Primero")
    make_webinar("hidden", title_es="Sin publicar")
    time_machine.move_to(NOW)

    words = page(client, "/es/")

    assert under_way.sessions.get().ends_at > NOW
    places = [
        words.index(name) for name in ("Primero", "Segundo", "Tercero", "Seminarios web pasados", "Cuarto", "Quinto")
    ]
    assert places == sorted(places)
    assert "17 oct 2026 Cuarto" in words
    assert "Sin publicar" not in words


def test_the_home_page_says_so_if_everything_is_past(client: Client, time_machine: TimeMachineFixture) -> None:
    released_on(NOW - timedelta(days=9), "past")
    time_machine.move_to(NOW)

    words = page(client, "/en/")

    assert "No webinar lies ahead." in words
    assert "17 Oct 2026 Mass intra-regional flows" in words


def test_the_home_page_has_past_webinars_in_pages_of_ten(client: Client, time_machine: TimeMachineFixture) -> None:
    for number in range(11):
        released_on(NOW - timedelta(days=9 + number), f"past-{number}", title_en=f"Past-{number:02}")
    time_machine.move_to(NOW)

    first, second, last = (page(client, "/en/", page=number) for number in ("1", "2", "999"))

    assert [re.findall(r"Past-\d\d", words)[:1] for words in (first, second, last)] == [
        ["Past-00"],
        ["Past-10"],
        ["Past-10"],
    ]
    assert "Page 1 of 2 Next page" in first
    assert "Previous page Page 2 of 2" in second


@pytest.mark.parametrize("nonsense", ["", "0", "-1", "x", "9" * 30, "9" * 5000, "\0", "²", "٣", "1.5", "last"])
def test_a_page_of_the_home_page_that_does_not_exist_is_no_error(client: Client, nonsense: str) -> None:
    released_on(NOW - timedelta(days=900), "past")

    assert client.get("/en/", {"page": nonsense}).status_code == 200
    assert client.get("/es/", {"page": nonsense}).status_code == 200


def test_a_cancelled_session_does_not_keep_a_webinar_ahead(client: Client, time_machine: TimeMachineFixture) -> None:
    webinar = released_on(NOW - timedelta(days=9), "past")
    later = make_session(webinar, number=2, starts_at=NOW + timedelta(days=9))
    cancel_session(later, now=NOW)
    release_webinar(webinar, by=None, now=NOW)
    time_machine.move_to(NOW)

    assert "No webinar lies ahead." in page(client, "/en/")


def test_the_home_page_takes_three_queries_with_many_webinars(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, time_machine: TimeMachineFixture
) -> None:
    for number in range(15):
        released_on(NOW + timedelta(days=number), f"ahead-{number}")
        released_on(NOW - timedelta(days=9 + number), f"past-{number}")
    time_machine.move_to(NOW)

    with django_assert_num_queries(3):
        client.get("/en/")


def test_edits_after_the_release_do_not_show(client: Client) -> None:
    released()

    Session.objects.filter(number=1).update(title_en="Secret plan")
    AgendaItem.objects.update(title_en="Secret item")

    assert "Secret" not in page(client)


def test_hours_are_the_webinars_until_the_reader_chooses_a_zone(client: Client) -> None:
    released(sessions=1)

    words = page(client)

    assert "Mon 16 Nov, 09:00–11:00 Costa Rica, UTC−06:00" in words
    assert "09:00 –09:20 Costa Rica" in words


def test_both_hours_are_shown_if_the_readers_clock_differs(client: Client) -> None:
    released(sessions=1)

    words = page(client, zone="America/Santo_Domingo")

    assert "Mon 16 Nov, 11:00–13:00 Santo Domingo, UTC−04:00 09:00–11:00 Costa Rica, UTC−06:00" in words
    assert "11:00 –11:20 Santo Domingo 09:00–09:20 Costa Rica" in words


def test_the_webinars_hour_is_left_out_if_the_readers_clock_shows_the_same(client: Client) -> None:
    released(sessions=1)

    words = page(client, zone="America/Tegucigalpa")

    assert "09:00 –09:20 Tegucigalpa Opening remarks" in words


def test_the_zone_of_an_account_is_the_readers(client: Client) -> None:
    released(sessions=1)
    client.force_login(make_user(timezone="America/Panama"))

    assert "10:00–12:00 Panama, UTC−05:00 09:00–11:00 Costa Rica, UTC−06:00" in page(client)


def test_an_unknown_zone_is_reported_and_the_webinars_is_used(client: Client) -> None:
    released(sessions=1)

    words = page(client, zone="Atlantis/<b>Center")

    assert "“Atlantis/&lt;b&gt;Center” is not a time zone that we know." in words
    assert "09:00–11:00 Costa Rica, UTC−06:00" in words


def test_the_choice_of_zones_begins_with_the_region_and_holds_the_chosen_one_once(client: Client) -> None:
    released()

    choices = options(client, "/es/webinars/flows/", zone="America/Mexico_City")

    near = [city for _zone, _selected, city in choices[:19]]
    assert near == sorted(near, key=lambda city: city.replace("á", "a"))
    assert {"Tegucigalpa", "Ciudad de México", "Santo Domingo"} <= set(near)
    assert [each for each in choices if each[1]] == [("America/Mexico_City", " selected", "Ciudad de México")]
    assert len({zone for zone, _selected, _city in choices}) == len(choices)


def test_a_less_usual_name_of_a_zone_stays_selected(client: Client) -> None:
    released()

    chosen = [zone for zone, selected, _city in options(client, zone="US/Eastern") if selected]

    assert chosen == ["US/Eastern"]


def test_the_chosen_zone_is_kept_by_the_links_to_the_other_language(client: Client) -> None:
    released()

    content = client.get(PAGE, {"zone": "America/Panama"}).content.decode()

    assert 'href="/es/webinars/flows/?zone=America/Panama"' in content.replace("%2F", "/")


def test_a_missing_translation_falls_back_and_is_marked_with_its_language(client: Client) -> None:
    webinar = make_webinar(sessions=1, objective_en="Only English")
    AgendaItem.objects.filter(position=1).update(title_es="")
    release_webinar(webinar, by=None, now=NOW)

    content = client.get("/es/webinars/flows/").content.decode()

    assert '<span lang="en">Opening remarks</span> <span class="fallback">' in content
    assert re.search(r'<div lang="en"><p>Only English</p>', content)


def with_speakers(**fields: object) -> Webinar:
    webinar = make_webinar(sessions=1, **fields)
    item = AgendaItem.objects.get(position=2)
    for place, (code, kind) in enumerate((("Ana Paz", SpeakerKind.PERSON), ("UNODC", SpeakerKind.INSTITUTION)), 1):
        speaker = Speaker.objects.create(webinar=webinar, code=code.split()[0], kind=kind, name_en=code)
        AgendaItemSpeaker.objects.create(item=item, speaker=speaker, role="panelist", position=place)
    release_webinar(webinar, by=None, now=NOW)
    return webinar


SHOWN = {
    AgendaVisibility.FULL: {"Ana Paz": True, "UNODC": True, "Opening remarks": True},
    AgendaVisibility.WITHOUT_NAMES: {"Ana Paz": False, "UNODC": True, "Opening remarks": True},
    AgendaVisibility.HIDDEN: {"Ana Paz": False, "UNODC": False, "Opening remarks": False},
}


@pytest.mark.parametrize(("visibility", "shown"), SHOWN.items())
def test_the_agenda_shows_as_much_as_the_webinar_allows(
    client: Client, visibility: str, shown: Mapping[str, bool]
) -> None:
    with_speakers(agenda_visibility=visibility)

    words = page(client)

    assert {name: name in words for name in shown} == shown


def test_a_hidden_agenda_has_no_calendar_file(client: Client) -> None:
    with_speakers(agenda_visibility=AgendaVisibility.HIDDEN)

    assert client.get(FILE).status_code == 404
    assert FILE not in client.get(PAGE).content.decode()


def test_a_cancelled_session_says_so_without_its_items(client: Client) -> None:
    webinar = released(sessions=1)
    cancel_session(webinar.sessions.get(), now=NOW)
    release_webinar(webinar, by=None, now=NOW)

    words = page(client)

    assert "This session has been cancelled." in words
    assert "Opening remarks" not in words


def test_search_engines_are_told_to_stay_away(client: Client) -> None:
    released()

    assert '<meta name="robots" content="noindex">' in client.get(PAGE).content.decode()
    assert client.get(FILE).headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("sessions", [1, 250])
def test_the_agenda_page_takes_two_queries_with_few_items_and_with_a_thousand(
    client: Client, django_assert_max_num_queries, sessions: int
) -> None:
    webinar = make_webinar(sessions=1)
    for number in range(2, sessions + 1):
        session = make_session(webinar, number=number, starts_at=FIRST_START + timedelta(hours=3 * number))
        session.items.all().delete()
        AgendaItem.objects.bulk_create(
            AgendaItem(session=session, position=place, minutes=5, kind="panel", title_en=f"Item {place}")
            for place in range(1, 5)
        )
    release_webinar(webinar, by=None, now=NOW)

    with django_assert_max_num_queries(2):
        response = client.get(PAGE)

    assert response.content.decode().count('class="entry-title"') == 2 + (sessions - 1) * 4


def test_the_calendar_file_holds_every_session_under_its_public_uid(client: Client) -> None:
    webinar = released()

    response = client.get(FILE, {"language": "es"})

    events = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    uids = {str(uid) for uid in webinar.sessions.values_list("public_ical_uid", flat=True)}
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert {str(event["UID"]) for event in events} == uids
    assert [str(event["SUMMARY"]) for event in events] == ["Contexto y desafíos 1", "Contexto y desafíos 2"]
    assert {str(event["URL"]) for event in events} == {"http://testserver/es/webinars/flows/"}
    assert not any("ORGANIZER" in event or "ATTENDEE" in event for event in events)


def test_an_unchanged_calendar_file_is_not_sent_again_and_a_new_release_is(client: Client) -> None:
    webinar = released()
    etag = client.get(FILE).headers["ETag"]

    unchanged = client.get(FILE, headers={"If-None-Match": etag})
    Session.objects.filter(webinar=webinar, number=1).update(starts_at=FIRST_START + timedelta(hours=1))
    release_webinar(webinar, by=None, now=NOW + timedelta(hours=1))
    changed = client.get(FILE, headers={"If-None-Match": etag})

    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", etag)
    assert changed.status_code == 200


def hide_names(webinar: Webinar) -> None:
    Webinar.objects.update(agenda_visibility=AgendaVisibility.WITHOUT_NAMES)


def hide_agenda(webinar: Webinar) -> None:
    Webinar.objects.update(agenda_visibility=AgendaVisibility.HIDDEN)


def change_background(webinar: Webinar) -> None:
    Webinar.objects.update(background_en="New words", background_es="Palabras nuevas")


def release_a_later_hour(webinar: Webinar) -> None:
    webinar.sessions.update(starts_at=FIRST_START + timedelta(hours=3))
    release_webinar(webinar, by=None, now=NOW)


@pytest.mark.parametrize("change", [hide_names, hide_agenda, change_background, release_a_later_hour])
def test_the_page_shows_a_change_to_the_next_reader_in_both_languages(
    client: Client, change: Callable[[Webinar], None]
) -> None:
    webinar = with_speakers()
    paths = (PAGE, "/es/webinars/flows/")
    before = [page(client, path) for path in paths]

    change(webinar)

    assert all(now != then for now, then in zip((page(client, path) for path in paths), before, strict=True))


def test_cached_pages_are_distinguished_by_language_zone_and_webinar(client: Client) -> None:
    released(sessions=1)
    make_webinar("other", sessions=1)
    release_webinar(Webinar.objects.get(slug="other"), by=None, now=NOW)

    for _time in range(2):
        assert "Opening remarks" in page(client)
        assert "Apertura" in page(client, "/es/webinars/flows/")
        assert "10:00–12:00 Panama, UTC−05:00" in page(client, zone="America/Panama")
        assert "10:00–12:00 Panamá, UTC−05:00" in page(client, "/es/webinars/flows/", zone="America/Panama")
        assert "/webinars/other/agenda.ics" in client.get("/en/webinars/other/").content.decode()


def test_an_unknown_zone_that_one_reader_typed_is_not_cached(client: Client) -> None:
    released()

    assert "Atlantis" in page(client, zone="Atlantis")
    assert "Atlantis" not in page(client)


def test_cached_files_are_distinguished_by_language_release_and_link(client: Client, settings) -> None:
    webinar = released(sessions=1)

    def file_contents() -> set[tuple[str, str, str]]:
        files = [client.get(FILE, {"language": language}).content for language in ("en", "es")]
        events = [event for file in files for event in icalendar.Calendar.from_ical(file).events]
        return {(str(event["SUMMARY"]), f"{event.start:%H:%M}", str(event["URL"])) for event in events}

    first = file_contents()
    release_a_later_hour(webinar)
    settings.BASE_URL = "https://webinars.example.org"

    assert first == {
        ("Context and challenges 1", "15:00", "http://testserver/en/webinars/flows/"),
        ("Contexto y desafíos 1", "15:00", "http://testserver/es/webinars/flows/"),
    }
    assert file_contents() == {
        ("Context and challenges 1", "18:00", "https://webinars.example.org/en/webinars/flows/"),
        ("Contexto y desafíos 1", "18:00", "https://webinars.example.org/es/webinars/flows/"),
    }


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_page_and_file_take_one_query(client: Client, django_assert_num_queries, path: str) -> None:
    released()

    for _time in range(2):
        with django_assert_num_queries(1):
            client.get(path)


def test_reading_changes_nothing_and_writing_is_not_offered(client: Client) -> None:
    released()

    assert [client.post(path).status_code for path in ("/en/", PAGE, FILE)] == [405, 405, 405]
