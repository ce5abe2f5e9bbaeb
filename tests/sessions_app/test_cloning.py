from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sessions_app.agenda import AgendaSession, agenda_from_rows
from sessions_app.bilingual import Bilingual
from sessions_app.cloning import CloneRefused, clone_agenda
from sessions_app.editing import cancel_session
from sessions_app.models import AgendaItemSpeaker, Release, ReleasedSession, Session, Speaker, Webinar, WebinarOrganiser
from sessions_app.organisers import organisers_of
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW, make_webinar

pytestmark = pytest.mark.django_db

NEXT = Bilingual("Next webinar", "Próximo webinario")


def clone(webinar: Webinar, starts_on: date = date(2027, 5, 3), *, slug: str = "next") -> Webinar:
    return clone_agenda(webinar, slug=slug, title=NEXT, starts_on=starts_on, now=NOW).webinar


def local_hours(webinar: Webinar) -> list[str]:
    zone = ZoneInfo(webinar.timezone)
    return [f"{each.starts_at.astimezone(zone):%Y-%m-%d %H:%M}" for each in webinar.sessions.order_by("number")]


def contents_of(session: AgendaSession) -> list[tuple[object, ...]]:
    languages = session.floor_languages, session.interpretation_languages
    return [languages] + [
        (each.starts_at - session.starts_at, each.ends_at - each.starts_at, each.kind, each.title, *each.speakers)
        for each in session.entries
    ]


def test_a_clone_has_the_same_agenda_on_other_days_with_new_uids() -> None:
    webinar = make_webinar(objective_en="Objective", agenda_visibility="hidden")
    webinar.sessions.update(floor_languages=["es"], interpretation_languages=["en", "fr"])
    WebinarOrganiser.objects.create(
        webinar=webinar, name_en="Sample Office", acronym_es="OM", url="https://example.org"
    )
    speaker = Speaker.objects.create(webinar=webinar, code="one", name_en="Speaker One", about_es="Jueza")
    item = webinar.sessions.get(number=1).items.get(position=2)
    AgendaItemSpeaker.objects.create(item=item, speaker=speaker, role="panelist")
    release_webinar(webinar, by=None, now=NOW)

    copy = clone(webinar)

    assert (copy.slug, copy.title, copy.objective_en, copy.agenda_visibility) == ("next", NEXT, "Objective", "hidden")
    assert local_hours(copy) == ["2027-05-03 09:00", "2027-05-04 09:00"]
    assert organisers_of(copy) == organisers_of(webinar) != ()
    old, new = agenda_from_rows(webinar).sessions, agenda_from_rows(copy).sessions
    assert [contents_of(each) for each in new] == [contents_of(each) for each in old]
    assert copy.speakers.get() != speaker
    uids = [uid for each in (*old, *new) for uid in (each.ical_uid, each.public_ical_uid)]
    assert len(set(uids)) == 8


def test_nothing_of_a_clone_is_public_and_it_has_no_rooms() -> None:
    webinar = make_webinar()
    Session.objects.update(backup_room_url="https://rooms.example.org/second", uses_backup_room=True)
    release_webinar(webinar, by=None, now=NOW)

    copy = clone(webinar)

    assert set(copy.sessions.values_list("room_url", "backup_room_url", "uses_backup_room")) == {("", "", False)}
    assert Release.objects.filter(webinar=copy).count() == 0
    assert ReleasedSession.objects.filter(session__webinar=copy).count() == 0


def test_local_hours_are_kept_across_a_change_of_the_clocks() -> None:
    webinar = make_webinar(timezone="America/New_York")
    assert local_hours(webinar)[0] == "2026-11-16 10:00"

    copy = clone(webinar, date(2027, 7, 5))

    assert local_hours(copy) == ["2027-07-05 10:00", "2027-07-06 10:00"]
    assert copy.sessions.get(number=1).starts_at == datetime(2027, 7, 5, 14, 0, tzinfo=UTC)


def test_the_first_day_is_a_day_of_the_webinars_zone() -> None:
    webinar = make_webinar()
    # 20:00 in San José is the next day in UTC.
    Session.objects.update(starts_at=FIRST_START + timedelta(hours=11))
    Session.objects.filter(number=2).update(starts_at=FIRST_START + timedelta(days=1, hours=11))

    assert local_hours(clone(webinar)) == ["2027-05-03 20:00", "2027-05-04 20:00"]


def test_a_cancelled_session_is_not_cloned() -> None:
    webinar = make_webinar(sessions=3)
    cancel_session(webinar.sessions.get(number=2), now=NOW)

    copy = clone(webinar)

    assert local_hours(copy) == ["2027-05-03 09:00", "2027-05-05 09:00"]
    assert list(copy.sessions.values_list("number", flat=True)) == [1, 2]


def test_a_cancelled_webinar_can_be_cloned() -> None:
    webinar = make_webinar(cancelled_at=NOW)

    copy = clone(webinar)

    assert (copy.cancelled_at, copy.sessions.count()) == (None, 2)


@pytest.mark.parametrize(
    ("starts_on", "why"),
    [
        (date(2026, 10, 26), "still to come"),
        (date(2020, 1, 1), "still to come"),
        (date(2026, 11, 15), "takes place at the same time"),
        (date(2026, 11, 16), "takes place at the same time"),
        (date(2026, 11, 17), "takes place at the same time"),
        (date(9999, 12, 31), "year"),
        (date(1, 1, 1), "year"),
        (date(2199, 12, 31), "year"),
    ],
)
def test_an_impossible_day_is_refused_and_nothing_is_created(starts_on: date, why: str) -> None:
    webinar = make_webinar()

    with pytest.raises(CloneRefused, match=why) as refused:
        clone(webinar, starts_on)

    assert refused.value.field == "starts_on"
    assert (Webinar.objects.count(), Session.objects.count()) == (1, 2)


def test_a_clone_may_overlap_a_cancelled_webinar() -> None:
    webinar = make_webinar(cancelled_at=NOW)

    assert local_hours(clone(webinar, date(2026, 11, 16))) == ["2026-11-16 09:00", "2026-11-17 09:00"]


@pytest.mark.parametrize("slug", ["flows", "", "two words", "x" * 61, "ñandú"])
def test_a_taken_or_invalid_slug_is_refused(slug: str) -> None:
    webinar = make_webinar()

    with pytest.raises(CloneRefused) as refused:
        clone(webinar, slug=slug)

    assert refused.value.field == "slug"
    assert Webinar.objects.count() == 1


def test_a_local_hour_that_does_not_exist_is_refused() -> None:
    webinar = make_webinar(sessions=1, timezone="America/New_York")
    Session.objects.update(starts_at=datetime(2026, 11, 16, 7, 30, tzinfo=UTC))

    with pytest.raises(CloneRefused, match="hour that does not exist"):
        clone(webinar, date(2027, 3, 14))


def test_a_webinar_without_sessions_is_refused() -> None:
    with pytest.raises(CloneRefused, match="no session"):
        clone(make_webinar(sessions=0))


@pytest.mark.parametrize(
    ("title", "field"),
    [
        (Bilingual(en="Mass intra-regional flows", es="Otro"), "title_en"),
        (Bilingual(en="Another", es=" flujos  masivos INTRARREGIONALES"), "title_es"),
    ],
)
def test_a_title_of_the_original_is_refused_in_each_language(title: Bilingual, field: str) -> None:
    webinar = make_webinar()

    with pytest.raises(CloneRefused, match="has this title too") as refusal:
        clone_agenda(webinar, slug="next", title=title, starts_on=date(2027, 5, 3), now=NOW)

    assert refusal.value.field == field
    assert Webinar.objects.count() == 1


def test_a_missing_translation_may_be_missing_in_the_clone_too() -> None:
    webinar = make_webinar(title_es="")

    title = Bilingual(en="Another")
    copy = clone_agenda(webinar, slug="next", title=title, starts_on=date(2027, 5, 3), now=NOW).webinar

    assert (copy.title_en, copy.title_es) == ("Another", "")


def test_a_clone_can_be_cloned() -> None:
    first = clone(make_webinar())

    third = Bilingual(en="The third", es="El tercero")
    again = clone_agenda(first, slug="third", title=third, starts_on=date(2028, 5, 1), now=NOW).webinar

    assert local_hours(again) == ["2028-05-01 09:00", "2028-05-02 09:00"]
    assert replace(agenda_from_rows(again).sessions[0], entries=()).title == first.sessions.get(number=1).title
