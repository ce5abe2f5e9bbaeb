import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from sessions_app.admin.agenda import describe_untranslated
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker
from tests.factories import FIRST_START, make_speaker, make_webinar
from tests.filled_form import filled_form


@pytest.fixture
def session(db: None) -> Session:
    """In San José: 09:00 to 11:00."""
    return make_webinar(sessions=1).sessions.get()


def page(session: Session) -> str:
    return reverse("admin:sessions_app_session_change", args=[session.pk])


def typed(session: Session, *, places: dict[str, str] | None = None, **fields: str) -> dict[str, str]:
    """Return the form of the session as its page shows it, with `fields` changed; `places` maps titles of items."""
    local = "2026-11-16", "09:00"
    data = {
        "title_en": session.title_en,
        "title_es": session.title_es,
        "starts_at_0": local[0],
        "starts_at_1": local[1],
        "duration_minutes": str(session.duration_minutes),
        "room_url": session.room_url,
        "room_opens_minutes": "15",
        "items-TOTAL_FORMS": str(session.items.count()),
        "items-INITIAL_FORMS": str(session.items.count()),
    }
    for number, item in enumerate(session.items.order_by("position")):
        data |= {
            f"items-{number}-id": str(item.pk),
            f"items-{number}-session": str(session.pk),
            f"items-{number}-place": (places or {}).get(item.title_en, str(item.position)),
            f"items-{number}-minutes": str(item.minutes),
            f"items-{number}-kind": item.kind,
            f"items-{number}-title_en": item.title_en,
            f"items-{number}-title_es": item.title_es,
        }
    return data | fields


def new_item(number: int, **fields: str) -> dict[str, str]:
    values = {"id": "", "minutes": "10", "kind": "break", "title_en": "Break", "place": "", **fields}
    return {f"items-{number}-{name}": value for name, value in values.items()}


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_hours_are_read_and_written_in_the_zone_of_the_webinar(secretariat: Client, session: Session) -> None:
    shown = secretariat.get(page(session)).content.decode()
    secretariat.post(page(session), typed(session, starts_at_1="10:30"))
    session.refresh_from_db()

    assert "Hours in America/Costa_Rica" in shown
    assert 'value="09:00:00"' in shown
    assert session.starts_at == datetime(2026, 11, 16, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize("address", ["ftp://rooms.example.org/a", "ftps://rooms.example.org/a"])
def test_a_room_must_be_a_web_address_and_an_error_keeps_the_typed_values(
    secretariat: Client, session: Session, address: str
) -> None:
    answer = secretariat.post(page(session), typed(session, room_url=address))

    assert "This is not an address of the web. It begins with https://." in answer.content.decode()
    assert f'value="{address}"' in answer.content.decode()
    assert Session.objects.get().room_url == session.room_url


def test_each_item_shows_the_hour_that_follows_from_the_items_before_it(secretariat: Client, session: Session) -> None:
    shown = secretariat.get(page(session)).content.decode()

    assert [hour in shown for hour in ('readonly">09:00', 'readonly">09:20')] == [True, True]


def test_items_are_ordered_by_their_places_and_a_new_one_comes_last(secretariat: Client, session: Session) -> None:
    places = {"Opening remarks": "2", "Panel": "1"}
    data = typed(session, places=places) | new_item(2) | {"items-TOTAL_FORMS": "3"}

    secretariat.post(page(session), data)

    assert list(session.items.order_by("position").values_list("position", "title_en")) == [
        (1, "Panel"),
        (2, "Opening remarks"),
        (3, "Break"),
    ]


def order(session: Session) -> list[str]:
    return list(session.items.order_by("position").values_list("title_en", flat=True))


def test_a_button_moves_an_item_and_saves_the_form(secretariat: Client, session: Session) -> None:
    _first, second = session.items.order_by("position")

    up = secretariat.post(page(session), typed(session, title_en="Typed beside") | {"_move": f"up-{second.pk}"})

    assert order(session) == ["Panel", "Opening remarks"]
    assert up.headers["Location"] == f"{page(session)}#items-0"
    session.refresh_from_db()
    assert session.title_en == "Typed beside"
    secretariat.post(page(session), typed(session) | {"_move": f"down-{second.pk}"})
    assert order(session) == ["Opening remarks", "Panel"]


@pytest.mark.parametrize(
    "move", ["up-{first}", "down-{last}", "up-999999", "sideways-{first}", "up-", "up-" + "9" * 40]
)
def test_a_move_that_is_not_possible_changes_nothing(secretariat: Client, session: Session, move: str) -> None:
    first, last = session.items.order_by("position")

    response = secretariat.post(page(session), typed(session) | {"_move": move.format(first=first.pk, last=last.pk)})

    assert response.status_code == 302
    assert order(session) == ["Opening remarks", "Panel"]


def test_no_item_moves_if_the_form_has_errors(secretariat: Client, session: Session) -> None:
    item = session.items.get(position=2)

    response = secretariat.post(page(session), typed(session, title_en="") | {"_move": f"up-{item.pk}"})

    assert response.status_code == 200
    assert order(session) == ["Opening remarks", "Panel"]


def test_the_enter_key_saves_and_moves_nothing(secretariat: Client, session: Session) -> None:
    buttons = re.findall(r'type="submit"[^>]*name="(_\w+)"', secretariat.get(page(session)).content.decode())

    assert (buttons[0], "_move" in buttons) == ("_save", True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "complete"),
        ({"title_es": ""}, "Missing in Spanish: title."),
        ({"points_en": "One\nTwo", "points_es": "Uno\n"}, "Missing in Spanish: points."),
        ({"points_es": "Uno"}, "Missing in English: points."),
        ({"title_es": "", "points_es": "Uno"}, "Missing in English: points. Missing in Spanish: title."),
    ],
)
def test_an_item_names_its_missing_translations(fields: dict[str, str], message: str, session: Session) -> None:
    item = session.items.get(position=1)
    for name, value in fields.items():
        setattr(item, name, value)

    assert (describe_untranslated(item) or "complete") == message


@pytest.mark.parametrize(("minutes", "message"), [(100, "0 minutes"), (95, "5 minutes"), (130, "30 minutes too long")])
def test_a_session_shows_the_minutes_that_no_item_fills(
    secretariat: Client, session: Session, minutes: int, message: str
) -> None:
    session.items.filter(position=2).update(minutes=minutes)

    assert f'readonly">{message}<' in secretariat.get(page(session)).content.decode()


def test_a_deleted_item_leaves_no_gap(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session) | {"items-0-DELETE": "on"})

    assert list(session.items.values_list("position", "title_en")) == [(1, "Panel")]


def test_items_that_last_too_long_are_saved_with_a_warning(secretariat: Client, session: Session) -> None:
    response = secretariat.post(page(session), typed(session) | {"items-1-minutes": "200"})

    assert AgendaItem.objects.get(title_en="Panel").minutes == 200
    assert "Session 1: its items last 100 minutes longer than the session." in messages_of(response)


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration_minutes": "0"},
        {"duration_minutes": "100000"},
        {"starts_at_0": "soon"},
        {"title_en": ""},
        {"title_en": "x" * 251},
        {"room_url": "javascript:alert(1)"},
        {"items-0-minutes": "-5"},
        {"items-0-place": "0"},
        {"items-0-kind": "unknown"},
    ],
)
def test_an_invalid_value_is_refused_and_changes_nothing(
    wrong: dict[str, str], secretariat: Client, session: Session
) -> None:
    before = list(Session.objects.values()), list(AgendaItem.objects.values())

    response = secretariat.post(page(session), typed(session) | wrong)

    assert (response.status_code, "error-summary" in response.content.decode()) == (200, True)
    assert (list(Session.objects.values()), list(AgendaItem.objects.values())) == before


def test_only_speakers_of_the_same_webinar_are_offered(secretariat: Client, session: Session) -> None:
    own = Speaker.objects.create(webinar=session.webinar, code="own", name_en="Own speaker")
    Speaker.objects.create(webinar=make_webinar("other"), code="other", name_en="Other speaker")
    item = session.items.order_by("position")[0]
    url = reverse("admin:sessions_app_agendaitem_change", args=[item.pk])

    shown = secretariat.get(url).content.decode()
    secretariat.post(
        url,
        {
            "minutes": "20",
            "kind": "opening",
            "title_en": "Opening remarks",
            "item_speakers-TOTAL_FORMS": "1",
            "item_speakers-INITIAL_FORMS": "0",
            "item_speakers-0-item": str(item.pk),
            "item_speakers-0-speaker": str(own.pk),
            "item_speakers-0-role": "moderator",
            "item_speakers-0-position": "1",
        },
    )

    assert ("Own speaker" in shown, "Other speaker" in shown) == (True, False)
    assert AgendaItemSpeaker.objects.get().speaker == own


def test_no_session_is_deleted_or_added_outside_of_its_webinar(secretariat: Client, session: Session) -> None:
    add = secretariat.get(reverse("admin:sessions_app_session_add"))
    delete = secretariat.post(reverse("admin:sessions_app_session_delete", args=[session.pk]), {"post": "yes"})

    assert (add.status_code, delete.status_code) == (403, 403)
    assert Session.objects.get().starts_at == FIRST_START


def test_languages_are_ticked_in_any_order_and_kept_in_that_of_the_list(secretariat: Client, session: Session) -> None:
    shown = filled_form(secretariat.get(page(session)).text)

    response = secretariat.post(page(session), shown | {"floor_languages": ["es", "quc"]})

    session.refresh_from_db()
    assert (response.status_code, session.floor_languages, session.interpretation_languages) == (302, ["es", "quc"], [])


def test_all_languages_can_be_unticked(secretariat: Client, session: Session) -> None:
    Session.objects.update(floor_languages=["es"], interpretation_languages=["en"])
    shown = filled_form(secretariat.get(page(session)).text)
    del shown["floor_languages"]

    secretariat.post(page(session), shown)

    session.refresh_from_db()
    assert (session.floor_languages, session.interpretation_languages) == ([], ["en"])


def test_languages_that_another_user_ticked_meanwhile_are_kept(secretariat: Client, session: Session) -> None:
    older = filled_form(secretariat.get(page(session)).text)
    Session.objects.update(floor_languages=["es"])

    secretariat.post(page(session), older | {"title_en": "Corrected"})

    session.refresh_from_db()
    assert (session.title_en, session.floor_languages) == ("Corrected", ["es"])


def test_a_request_without_languages_keeps_them(secretariat: Client, session: Session) -> None:
    Session.objects.update(floor_languages=["es"])

    secretariat.post(page(session), typed(session, title_en="Corrected"))

    session.refresh_from_db()
    assert (session.title_en, session.floor_languages) == ("Corrected", ["es"])


def test_a_language_that_is_not_in_the_list_is_refused_beside_the_field(secretariat: Client, session: Session) -> None:
    shown = filled_form(secretariat.get(page(session)).text)

    response = secretariat.post(page(session), shown | {"floor_languages": ["xx"], "title_en": "Typed"})

    form = response.context["adminform"].form
    assert (list(form.errors), form["title_en"].value()) == (["floor_languages"], "Typed")


def test_the_short_text_about_a_speaker_has_600_characters_at_most(secretariat: Client, session: Session) -> None:
    speaker = make_speaker(session.webinar, "Speaker One")
    url = reverse("admin:sessions_app_speaker_change", args=[speaker.pk])
    shown = filled_form(secretariat.get(url).text)

    too_long = secretariat.post(url, shown | {"about_es": "ñ" * 601})
    just_right = secretariat.post(url, shown | {"about_es": "ñ" * 600})

    speaker.refresh_from_db()
    assert list(too_long.context["adminform"].form.errors) == ["about_es"]
    assert (just_right.status_code, speaker.about) == (302, Bilingual(es="ñ" * 600))
