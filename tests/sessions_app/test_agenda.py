import json
from datetime import timedelta

import pytest

from sessions_app.agenda import Agenda, agenda_from_rows
from sessions_app.bilingual import Bilingual, LocalizedText
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, SpeakerKind, SpeakerRole
from tests.factories import FIRST_START, NOW, make_session, make_webinar

pytestmark = pytest.mark.django_db


def agenda_with_speakers() -> Agenda:
    webinar = make_webinar(sessions=1)
    item = webinar.sessions.get().items.get(position=2)
    for position, (code, kind) in enumerate([("ana", SpeakerKind.PERSON), ("iom", SpeakerKind.INSTITUTION)], 1):
        speaker = Speaker.objects.create(webinar=webinar, code=code, kind=kind, name_en=code)
        AgendaItemSpeaker.objects.create(item=item, speaker=speaker, role=SpeakerRole.PANELIST, position=position)
    return agenda_from_rows(webinar)


def test_the_hour_of_an_item_follows_from_the_start_and_the_items_before_it() -> None:
    webinar = make_webinar(sessions=1)

    hours = [(entry.starts_at, entry.ends_at) for entry in agenda_from_rows(webinar).sessions[0].entries]

    assert hours == [
        (FIRST_START, FIRST_START + timedelta(minutes=20)),
        (FIRST_START + timedelta(minutes=20), FIRST_START + timedelta(minutes=120)),
    ]


def test_points_are_paired_by_line_and_a_missing_translation_is_empty() -> None:
    webinar = make_webinar(sessions=1)
    webinar.sessions.get().items.filter(position=1).update(points_en="One\n\nTwo", points_es="Uno")

    entry = agenda_from_rows(webinar).sessions[0].entries[0]

    assert entry.points == (Bilingual("One", "Uno"), Bilingual("Two", ""))
    assert entry.points[1].render("es").is_fallback


def test_the_names_of_persons_are_left_out_and_institutions_stay() -> None:
    speakers = agenda_with_speakers().without_person_names().sessions[0].entries[1].speakers

    assert [speaker.name.en for speaker in speakers] == ["iom"]


def test_the_snapshot_is_plain_json() -> None:
    agenda = agenda_with_speakers()

    assert json.loads(json.dumps(agenda.to_json()))["sessions"][0]["entries"][1]["speakers"][0]["name"]["en"] == "ana"


def test_reading_takes_the_same_queries_with_one_session_and_with_many(django_assert_num_queries) -> None:
    webinar = make_webinar(sessions=1)
    with django_assert_num_queries(5):
        agenda_from_rows(webinar)
    for number in range(2, 30):
        make_session(webinar, number=number)

    with django_assert_num_queries(5):
        agenda_from_rows(webinar)


def test_a_persons_name_is_the_same_in_both_languages_and_an_institutions_may_be_missing_in_one() -> None:
    webinar = make_webinar(sessions=1)
    person = Speaker.objects.create(webinar=webinar, code="person", name_en="Ana Ejemplo")
    institution = Speaker.objects.create(webinar=webinar, code="body", kind="institution", name_en="Example body")

    shown = [speaker.name.render("es") for speaker in (person, institution)]

    assert shown == [LocalizedText("Ana Ejemplo", "es", False), LocalizedText("Example body", "en", True)]


@pytest.mark.django_db
def test_texts_without_a_language_are_counted_by_item_and_only_where_the_session_takes_place() -> None:
    webinar = make_webinar(sessions=2)
    first, second = webinar.sessions.order_by("number")
    AgendaItem.objects.all().delete()
    AgendaItem.objects.create(
        session=first, position=1, minutes=5, title_en="Panel", title_es="Panel", points_en="A\nB"
    )
    AgendaItem.objects.create(session=first, position=2, minutes=5, title_en="Questions")
    AgendaItem.objects.create(session=second, position=1, minutes=5, title_en="Closing")
    assert agenda_from_rows(webinar).untranslated_count == 3

    Session.objects.filter(pk=second.pk).update(cancelled_at=NOW)
    assert agenda_from_rows(webinar).untranslated_count == 2
