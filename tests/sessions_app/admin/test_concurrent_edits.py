"""Two people of the secretariat have the same page of the agenda open."""

from datetime import timedelta

import pytest
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse

from sessions_app.editing import move_item, order_items
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar
from tests.factories import make_speaker, make_webinar
from tests.filled_form import filled_form

pytestmark = pytest.mark.django_db
MOVED_ROOM = "https://rooms.example.org/moved"


def form_of(client: Client, url: str) -> dict[str, str]:
    return filled_form(client.get(url).content.decode())


def test_saving_a_session_keeps_the_changes_of_another_user(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    first, second = session.items.order_by("position")
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    older = form_of(secretariat, url)
    later = form_of(secretariat, url) | {
        "room_url": MOVED_ROOM,
        "starts_at_1": "10:00:00",
        "items-0-minutes": "30",
        "items-1-title_es": "Panel de fiscales",
    }
    secretariat.post(url, later)
    move_item(session, first.pk, steps=1)

    answer = secretariat.post(url, older | {"title_en": "Corrected", "items-1-minutes": "80"})

    starts_at = session.starts_at
    session.refresh_from_db()
    items = {item.pk: item for item in session.items.all()}
    assert answer.status_code == 302
    assert (session.title_en, session.room_url) == ("Corrected", MOVED_ROOM)
    assert session.starts_at == starts_at + timedelta(hours=1)
    assert [(items[pk].minutes, items[pk].position) for pk in (first.pk, second.pk)] == [(30, 2), (80, 1)]
    assert items[second.pk].title_es == "Panel de fiscales"


def test_fields_missing_from_the_request_keep_their_values(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    item = session.items.order_by("position")[0]
    item.points_es = "Puntos"
    item.save()
    Session.objects.update(room_url=MOVED_ROOM, title_es="Contexto")
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    left_out = ("title_es", "room_url", "items-0-points_es")
    typed = {
        name: value
        for name, value in (form_of(secretariat, url) | {"title_en": "Corrected"}).items()
        if not name.removeprefix("initial-").endswith(left_out)
    }

    answer = secretariat.post(url, typed)

    session.refresh_from_db()
    item.refresh_from_db()
    assert answer.status_code == 302
    assert (session.title_en, session.title_es, session.room_url) == ("Corrected", "Contexto", MOVED_ROOM)
    assert item.points_es == "Puntos"


def test_the_same_holds_for_a_webinar_its_table_of_sessions_and_a_speaker(secretariat: Client) -> None:
    webinar = make_webinar(sessions=1)
    speaker = make_speaker(webinar, "Ana Ejemplo")
    pages = {
        reverse("admin:sessions_app_webinar_change", args=[webinar.pk]): (
            {"title_en": "Of one", "sessions-0-title_en": "Of one"},
            {"title_es": "De otra", "sessions-0-title_es": "De otra"},
        ),
        reverse("admin:sessions_app_speaker_change", args=[speaker.pk]): (
            {"name_en": "Of one"},
            {"institution_es": "De otra"},
        ),
    }
    for url, (one, other) in pages.items():
        older = form_of(secretariat, url)
        assert secretariat.post(url, form_of(secretariat, url) | one).status_code == 302
        assert secretariat.post(url, older | other).status_code == 302

    webinar, session = Webinar.objects.get(), Session.objects.get()
    speaker.refresh_from_db()
    assert (webinar.title_en, webinar.title_es) == ("Of one", "De otra")
    assert (session.title_en, session.title_es) == ("Of one", "De otra")
    assert (speaker.name_en, speaker.institution_es) == ("Of one", "De otra")


def test_saving_keeps_a_text_and_an_order_that_another_user_changed(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    first, second = session.items.order_by("position")
    older = form_of(secretariat, url)
    AgendaItem.objects.filter(pk=first.pk).update(points_en="One\ntwo")
    new = AgendaItem.objects.create(session=session, position=99, minutes=5, kind="panel", title_en="Theirs")
    order_items(session, [new.pk, first.pk, second.pk])

    secretariat.post(url, older | {"title_en": "Corrected"})

    assert list(session.items.order_by("position").values_list("pk", "points_en")) == [
        (new.pk, ""), (first.pk, "One\ntwo"), (second.pk, "")
    ]  # fmt: skip


def test_saving_an_item_keeps_the_speakers_that_another_user_chose(secretariat: Client) -> None:
    webinar = make_webinar(sessions=1)
    ana, luz = make_speaker(webinar, "Ana Ejemplo"), make_speaker(webinar, "Luz Ejemplo")
    row = AgendaItemSpeaker.objects.get(speaker=ana)
    AgendaItemSpeaker.objects.filter(speaker=luz).delete()
    url = reverse("admin:sessions_app_agendaitem_change", args=[row.item_id])
    older = form_of(secretariat, url)
    place = next(name for name in older if name.endswith("-0-position") and not name.startswith("initial-"))
    AgendaItemSpeaker.objects.filter(pk=row.pk).update(speaker=luz)

    assert secretariat.post(url, older | {place: "7"}).status_code == 302

    row.refresh_from_db()
    assert (row.position, row.speaker) == (7, luz)


def test_a_conflict_with_the_change_of_another_user_is_an_error_of_the_form(secretariat: Client) -> None:
    speaker = make_speaker(make_webinar(sessions=1), "Ana Ejemplo")
    url = reverse("admin:sessions_app_speaker_change", args=[speaker.pk])
    older = form_of(secretariat, url)
    other = make_webinar("other")
    Speaker.objects.create(webinar=other, code="taken", name_en="Luz Ejemplo")
    Speaker.objects.filter(pk=speaker.pk).update(webinar=other)

    answer = secretariat.post(url, older | {"code": "taken"})

    assert answer.status_code == 200
    assert answer.context["errors"]
    speaker.refresh_from_db()
    assert (speaker.webinar, speaker.code == "taken") == (other, False)


@pytest.mark.parametrize("page", ["webinar", "session"])
def test_a_new_hour_survives_an_error_elsewhere_on_the_page(secretariat: Client, page: str) -> None:
    webinar = make_webinar(sessions=1)
    session = webinar.sessions.get()
    row, hour = (session, "starts_at_1") if page == "session" else (webinar, "sessions-0-starts_at_1")
    url = reverse(f"admin:sessions_app_{page}_change", args=[row.pk])
    refused = secretariat.post(url, form_of(secretariat, url) | {"title_en": "", hour: "10:00:00"})

    assert refused.status_code == 200
    secretariat.post(url, filled_form(refused.content.decode()) | {"title_en": "Corrected"})

    starts_at = session.starts_at
    session.refresh_from_db()
    assert session.starts_at == starts_at + timedelta(hours=1)


def test_the_same_change_by_two_users_is_in_the_history_once(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    older = form_of(secretariat, url)
    Session.objects.update(title_en="Theirs")

    secretariat.post(url, older | {"title_en": "Theirs", "title_es": "Corregido"})

    (entry,) = secretariat.get(reverse("admin:sessions_app_session_history", args=[session.pk])).context["action_list"]
    assert [difference[2] for change in entry.changes for difference in change.differences] == ["Corregido"]


def test_a_page_with_errors_still_knows_which_fields_were_changed(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    refused = secretariat.post(url, form_of(secretariat, url) | {"title_en": "", "title_es": "Corregido"})
    Session.objects.update(room_url=MOVED_ROOM)
    AgendaItem.objects.filter(session=session, position=1).update(minutes=33)

    secretariat.post(url, filled_form(refused.content.decode()) | {"title_en": "Corrected"})

    session.refresh_from_db()
    assert (session.title_en, session.title_es, session.room_url) == ("Corrected", "Corregido", MOVED_ROOM)
    assert session.items.get(position=1).minutes == 33


@pytest.mark.parametrize("page", ["session", "agendaitem"])
def test_a_row_that_is_deleted_during_saving_is_validated_again(secretariat: Client, page: str) -> None:
    session = make_webinar(sessions=1).sessions.get()
    item = session.items.get(position=1)
    row, field = (session, "items-0-minutes") if page == "session" else (item, "minutes")
    url = reverse(f"admin:sessions_app_{page}_change", args=[row.pk])
    older = form_of(secretariat, url)

    def deleted(**_signal: object) -> None:
        # Only the first time: the failed save is rolled back, and the form is validated again without the row.
        pre_save.disconnect(deleted, sender=AgendaItem)
        AgendaItem.objects.filter(pk=item.pk).delete()

    pre_save.connect(deleted, sender=AgendaItem)
    try:
        answer = secretariat.post(url, older | {field: "25"})
    finally:
        pre_save.disconnect(deleted, sender=AgendaItem)

    assert answer.status_code == 302
    assert session.items.get(position=1).minutes == 25
