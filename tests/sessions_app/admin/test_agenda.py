from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker
from tests.factories import FIRST_START, make_webinar


@pytest.fixture
def session(db: None) -> Session:
    """In San José: 09:00 to 11:00."""
    return make_webinar(sessions=1).sessions.get()


def page(session: Session) -> str:
    return reverse("admin:sessions_app_session_change", args=[session.pk])


def typed(session: Session, *, places: dict[str, str] | None = None, **fields: str) -> dict[str, str]:
    """The form of the session as its page shows it, with `fields` changed; `places` by the title of an item."""
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


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_hours_are_read_and_written_in_the_zone_of_the_webinar(secretariat: Client, session: Session) -> None:
    shown = secretariat.get(page(session)).content.decode()
    secretariat.post(page(session), typed(session, starts_at_1="10:30"))
    session.refresh_from_db()

    assert "Hours in America/Costa_Rica" in shown
    assert 'value="09:00:00"' in shown
    assert session.starts_at == datetime(2026, 11, 16, 16, 30, tzinfo=UTC)


def test_each_item_shows_the_hour_that_follows_from_what_stands_before_it(
    secretariat: Client, session: Session
) -> None:
    shown = secretariat.get(page(session)).content.decode()

    assert [hour in shown for hour in ('readonly">09:00', 'readonly">09:20')] == [True, True]


def test_items_follow_their_places_and_a_new_one_comes_last(secretariat: Client, session: Session) -> None:
    places = {"Opening remarks": "2", "Panel": "1"}
    data = typed(session, places=places) | new_item(2) | {"items-TOTAL_FORMS": "3"}

    secretariat.post(page(session), data)

    assert list(session.items.order_by("position").values_list("position", "title_en")) == [
        (1, "Panel"),
        (2, "Opening remarks"),
        (3, "Break"),
    ]


def test_a_deleted_item_leaves_no_gap(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session) | {"items-0-DELETE": "on"})

    assert list(session.items.values_list("position", "title_en")) == [(1, "Panel")]


def test_items_that_last_too_long_are_said_at_once_and_kept(secretariat: Client, session: Session) -> None:
    response = secretariat.post(page(session), typed(session) | {"items-1-minutes": "200"})

    assert AgendaItem.objects.get(title_en="Panel").minutes == 200
    assert "Session 1: its items last 100 minutes longer than the session." in told(response)


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
def test_what_cannot_be_is_refused_and_changes_nothing(
    wrong: dict[str, str], secretariat: Client, session: Session
) -> None:
    before = list(Session.objects.values()), list(AgendaItem.objects.values())

    response = secretariat.post(page(session), typed(session) | wrong)

    assert (response.status_code, "errornote" in response.content.decode()) == (200, True)
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


def test_no_session_is_deleted_or_added_beside_its_webinar(secretariat: Client, session: Session) -> None:
    add = secretariat.get(reverse("admin:sessions_app_session_add"))
    delete = secretariat.post(reverse("admin:sessions_app_session_delete", args=[session.pk]), {"post": "yes"})

    assert (add.status_code, delete.status_code) == (403, 403)
    assert Session.objects.get().starts_at == FIRST_START
