from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from sessions_app.agenda import agenda_from_release, agenda_from_rows, latest_release
from sessions_app.bilingual import Bilingual
from sessions_app.editing import cancel_session, restore_session
from sessions_app.models import AgendaItem, Presidency, Release, ReleasedSession, Speaker, Webinar, WebinarOrganiser
from sessions_app.organisers import AgendaPresidency
from sessions_app.releases import ReleaseRefused, changes_between, draft_of, release_warnings, release_webinar
from tests.factories import NOW, make_speaker, make_staff, make_webinar

pytestmark = pytest.mark.django_db


def released() -> Webinar:
    webinar = make_webinar()
    release_webinar(webinar, by=make_staff(), now=NOW)
    return webinar


def sequences(webinar: Webinar) -> dict[int, int]:
    return dict(ReleasedSession.objects.filter(session__webinar=webinar).values_list("number", "sequence"))


def edit_session(webinar: Webinar, number: int, **fields: object) -> None:
    webinar.sessions.filter(number=number).update(**fields)


def test_a_release_reads_back_as_the_agenda_it_was_made_from() -> None:
    webinar = released()

    release = latest_release(webinar)

    assert release is not None
    assert agenda_from_release(release).sessions == agenda_from_rows(webinar).sessions
    assert release.number == 1


def test_edits_stay_private_until_they_are_released() -> None:
    webinar = released()
    old = ReleasedSession.objects.get(number=1)

    edit_session(webinar, 1, starts_at=old.starts_at + timedelta(hours=1), title_en="Other")

    old.refresh_from_db()
    assert old.title_en == "Context and challenges 1"


def test_a_moved_session_rises_in_sequence_and_the_untouched_one_does_not() -> None:
    webinar = released()
    start = ReleasedSession.objects.get(number=1).starts_at

    edit_session(webinar, 1, starts_at=start + timedelta(hours=1))
    release_webinar(webinar, by=None, now=NOW)

    assert sequences(webinar) == {1: 1, 2: 0}
    assert ReleasedSession.objects.get(number=1).starts_at == start + timedelta(hours=1)


def test_a_changed_item_is_published_silently_unless_an_update_is_chosen() -> None:
    webinar = released()

    AgendaItem.objects.filter(session__number=1, position=1).update(title_en="Welcome")
    release_webinar(webinar, by=None, now=NOW)
    assert sequences(webinar) == {1: 0, 2: 0}
    AgendaItem.objects.filter(session__number=1, position=1).update(title_en="Opening")
    release_webinar(webinar, by=None, now=NOW, mail_updates_for=frozenset({1}))

    assert sequences(webinar) == {1: 1, 2: 0}


def test_cancelling_and_restoring_a_session_each_rise_in_sequence() -> None:
    webinar = released()
    session = webinar.sessions.get(number=2)

    cancel_session(session, now=NOW)
    release_webinar(webinar, by=None, now=NOW)
    assert ReleasedSession.objects.get(session=session).is_cancelled
    restore_session(session)
    release_webinar(webinar, by=None, now=NOW)

    assert sequences(webinar) == {1: 0, 2: 2}
    assert not ReleasedSession.objects.get(session=session).is_cancelled


def test_cancelling_the_webinar_cancels_every_session_in_one_release() -> None:
    webinar = released()

    Webinar.objects.filter(pk=webinar.pk).update(cancelled_at=NOW)
    release_webinar(webinar, by=None, now=NOW)

    assert ReleasedSession.objects.filter(is_cancelled=True).count() == 2
    assert Release.objects.count() == 2


def test_a_release_without_changes_is_refused_and_leaves_no_trace() -> None:
    webinar = released()

    with pytest.raises(ReleaseRefused, match="Nothing has changed"):
        release_webinar(webinar, by=None, now=NOW)

    assert Release.objects.count() == 1


def test_items_longer_than_their_session_refuse_the_release_and_shorter_ones_warn() -> None:
    webinar = make_webinar(sessions=1)
    AgendaItem.objects.filter(position=2).update(minutes=101)

    with pytest.raises(ReleaseRefused, match="Session 1: its items last 1 minutes longer"):
        release_webinar(webinar, by=None, now=NOW)

    AgendaItem.objects.filter(position=2).update(minutes=90)
    assert release_warnings(agenda_from_rows(webinar)) == ("Session 1: 10 minutes are not filled by any item.",)
    assert not Release.objects.exists()


def test_changes_name_what_was_added_moved_and_retitled() -> None:
    webinar = make_webinar(sessions=2)
    old = agenda_from_rows(webinar)
    start = webinar.sessions.get(number=1).starts_at
    edit_session(webinar, 1, starts_at=start + timedelta(hours=1), title_es="Otro")

    (change,) = changes_between(old, agenda_from_rows(webinar)).sessions

    assert (change.number, change.is_added, change.is_moved, change.is_retitled) == (1, False, True, True)
    assert [each.is_added for each in changes_between(None, old).sessions] == [True, True]


def test_a_cancelled_session_may_be_too_short_for_its_items() -> None:
    webinar = released()
    session = webinar.sessions.get(number=2)
    session.items.filter(position=2).update(minutes=200)

    cancel_session(session, now=NOW)

    assert release_webinar(webinar, by=None, now=NOW).number == 2


def test_a_draft_that_changed_since_it_was_shown_is_not_released() -> None:
    webinar = released()
    edit_session(webinar, 1, title_en="Seen")
    seen = draft_of(webinar).fingerprint
    edit_session(webinar, 1, title_en="Changed meanwhile")

    with pytest.raises(ReleaseRefused, match="Someone has changed the agenda"):
        release_webinar(webinar, by=None, now=NOW, shown_fingerprint=seen)

    assert Release.objects.count() == 1


def test_moving_a_session_does_not_count_as_a_change_of_its_items() -> None:
    webinar = released()
    for session in webinar.sessions.all():
        edit_session(webinar, session.number, starts_at=session.starts_at + timedelta(hours=1))
    webinar.sessions.get(number=2).items.filter(position=1).update(minutes=15)

    changes = draft_of(webinar).changes.sessions

    assert [(each.is_moved, each.has_changed_items) for each in changes] == [(True, False), (True, True)]


@pytest.fixture
def public() -> Webinar:
    """A released webinar with languages, an organiser and the short text of a speaker; Panama presides in 2026."""
    webinar = make_webinar(sessions=1)
    webinar.sessions.update(floor_languages=["es"], interpretation_languages=["en"])
    WebinarOrganiser.objects.create(webinar=webinar, name_en="Sample Office", name_es="Oficina de muestra")
    make_speaker(webinar, "Speaker One", about_en="Judge", about_es="Jueza")
    Presidency.objects.create(year=2026, country_en="Panama", country_es="Panamá")
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def differences(webinar: Webinar) -> list[tuple[str, str, str, str]]:
    """Return the differences of the draft, first those of its sessions."""
    changes = draft_of(webinar).changes
    found = [each for change in changes.sessions for each in change.differences] + list(changes.differences)
    return [astuple(each) for each in found]


def test_languages_organisers_presidency_and_short_texts_are_part_of_a_release(public: Webinar) -> None:
    release = latest_release(public)
    assert release is not None

    agenda = agenda_from_release(release)

    (session,) = agenda.sessions
    assert (session.floor_languages, session.interpretation_languages) == (("es",), ("en",))
    assert [each.about for each in session.entries[1].speakers] == [Bilingual("Judge", "Jueza")]
    assert [each.name for each in agenda.organisers] == [Bilingual("Sample Office", "Oficina de muestra")]
    assert agenda.presidency == AgendaPresidency(2026, Bilingual("Panama", "Panamá"))
    assert not draft_of(public).changes


@pytest.mark.parametrize(
    ("language", "labels", "names"),
    [
        ("en", ("languages of the floor", "interpretation into"), ("Spanish", "Spanish, Portuguese", "English")),
        ("es", ("idiomas de las intervenciones", "interpretación a"), ("español", "español, portugués", "inglés")),
    ],
)
def test_changed_languages_are_named_in_the_language_of_the_reader(
    public: Webinar, language: str, labels: tuple[str, str], names: tuple[str, str, str]
) -> None:
    edit_session(public, 1, floor_languages=["es", "pt"], interpretation_languages=[])

    with override(language):
        found = differences(public)

    assert found == [(labels[0], names[0], names[1], ""), (labels[1], names[2], "", "")]


def test_a_changed_short_text_is_shown_in_each_language_in_which_it_differs(public: Webinar) -> None:
    Speaker.objects.update(about_es="Jueza de paz")

    (change,) = draft_of(public).changes.sessions

    assert differences(public) == [("about Speaker One (Spanish)", "Jueza", "Jueza de paz", "es")]
    assert (change.has_changed_items, change.always_mails) == (False, False)


def test_a_change_of_organisers_and_presidency_changes_no_session(public: Webinar) -> None:
    WebinarOrganiser.objects.create(
        webinar=public, name_en="Other", name_es="Otra", acronym_en="OO", url="https://example.org", position=2
    )
    Presidency.objects.update(country_en="Belize", country_es="Belice")

    with override("es"):
        found = differences(public)

    assert draft_of(public).changes.sessions == ()
    assert found == [
        ("organizadores (inglés)", "Sample Office", "Sample Office; Other (OO), https://example.org", "en"),
        ("organizadores (español)", "Oficina de muestra", "Oficina de muestra; Otra, https://example.org", "es"),
        ("Presidencia Pro Témpore (inglés)", "Panama (2026)", "Belize (2026)", "en"),
        ("Presidencia Pro Témpore (español)", "Panamá (2026)", "Belice (2026)", "es"),
    ]


def test_they_are_published_silently_and_what_is_about_a_session_is_mailed_if_chosen(public: Webinar) -> None:
    edit_session(public, 1, floor_languages=["en"])
    Speaker.objects.update(about_en="Prosecutor")
    WebinarOrganiser.objects.all().delete()

    release_webinar(public, by=None, now=NOW)
    assert sequences(public) == {1: 0}
    edit_session(public, 1, floor_languages=["fr"])
    release_webinar(public, by=None, now=NOW, mail_updates_for=frozenset({1}))

    assert sequences(public) == {1: 1}
    assert latest_release(public).number == 3  # type: ignore[union-attr]  # it has releases


def test_a_webinar_that_uses_none_of_them_is_stored_as_before() -> None:
    webinar = make_webinar(sessions=1)
    make_speaker(webinar, "Speaker One")

    agenda = agenda_from_rows(webinar).to_json()

    (session,) = agenda["sessions"]
    assert set(agenda) == {"slug", "title", "timezone", "contact_email", "is_cancelled", "sessions"}
    assert not {"floor_languages", "interpretation_languages"} & set(session)
    assert set(session["entries"][1]["speakers"][0]) == {"kind", "role", "name", "position", "institution"}


def test_the_presidency_is_that_of_the_year_in_the_zone_of_the_webinar() -> None:
    webinar = make_webinar(sessions=1)
    # 20:00 on New Year's Eve in San José.
    edit_session(webinar, 1, starts_at=datetime(2027, 1, 1, 2, tzinfo=UTC))
    for year, country in ((2026, "Panama"), (2027, "Belize")):
        Presidency.objects.create(year=year, country_en=country)

    assert agenda_from_rows(webinar).presidency == AgendaPresidency(2026, Bilingual("Panama"))
