from dataclasses import replace
from datetime import timedelta

import pytest

from sessions_app.agenda import Agenda, agenda_from_release, agenda_from_rows
from sessions_app.cancelling import cancel_webinar
from sessions_app.editing import cancel_session
from sessions_app.models import (
    AgendaItem,
    AgendaItemSpeaker,
    Presidency,
    Release,
    Session,
    Speaker,
    Webinar,
    WebinarOrganiser,
)
from sessions_app.releases import ReleaseRefused, draft_of, release_webinar
from sessions_app.restoring import preview_restoration, restore_release
from tests.factories import NOW, make_session, make_speaker, make_webinar

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> Release:
    """The first release of a webinar with an organiser, in which a person and an institution speak."""
    webinar = make_webinar()
    webinar.sessions.update(floor_languages=["es", "en"], interpretation_languages=["en", "es"])
    WebinarOrganiser.objects.create(
        webinar=webinar, name_en="Sample Office", acronym_en="SO", url="https://example.org"
    )
    Presidency.objects.create(year=2026, country_en="Panama")
    person = Speaker.objects.create(
        webinar=webinar, code="one", name_en="Speaker One", position_en="Prosecutor", about_en="One"
    )
    office = Speaker.objects.create(
        webinar=webinar, code="office", kind="institution", name_en="Sample Office", name_es="Oficina de muestra"
    )
    panel = AgendaItem.objects.get(session__number=1, position=2)
    panel.points_en, panel.points_es = "Routes\n\nTools", "Rutas\nRedes\n"
    panel.save()
    AgendaItemSpeaker.objects.create(item=panel, speaker=office, role="moderator", position=1)
    AgendaItemSpeaker.objects.create(item=panel, speaker=person, role="panelist", position=2)
    return release_webinar(webinar, by=None, now=NOW)


def draft_agenda(webinar: Webinar) -> Agenda:
    return agenda_from_rows(Webinar.objects.get(pk=webinar.pk))


def released_agenda(release: Release) -> Agenda:
    return replace(agenda_from_release(release), release_number=None, released_at=None)


def change_everything(webinar: Webinar) -> None:
    Webinar.objects.update(title_en="Other", timezone="America/Panama", contact_email="other@example.org")
    session = webinar.sessions.get(number=1)
    Session.objects.filter(pk=session.pk).update(
        title_en="Other", title_es="", starts_at=session.starts_at + timedelta(days=1), duration_minutes=60
    )
    Session.objects.update(floor_languages=[], interpretation_languages=["fr"])
    WebinarOrganiser.objects.update(name_en="Other")
    session.items.get(position=1).delete()
    AgendaItem.objects.filter(session=session).update(title_en="Other", points_en="Other", kind="dialogue", minutes=5)
    AgendaItemSpeaker.objects.filter(role="panelist").delete()
    Speaker.objects.filter(code="one").delete()
    Speaker.objects.update(position_en="Other", institution_en="Other", about_en="Other")
    AgendaItem.objects.filter(session__number=2, position=2).update(minutes=90)
    AgendaItem.objects.create(session=webinar.sessions.get(number=2), position=9, minutes=5, kind="break", title_en="X")


def test_a_release_is_put_back_whole_and_public_only_with_the_next_one(first: Release) -> None:
    change_everything(first.webinar)
    second = release_webinar(first.webinar, by=None, now=NOW)

    restore_release(first, now=NOW)

    assert draft_agenda(first.webinar) == released_agenda(first)
    assert Release.objects.latest("number") == second
    assert release_webinar(first.webinar, by=None, now=NOW).agenda == first.agenda


def test_restoring_a_release_writes_exactly_what_was_shown(first: Release) -> None:
    change_everything(first.webinar)
    release_webinar(first.webinar, by=None, now=NOW)
    webinar = Webinar.objects.get()
    restoration = preview_restoration(Release.objects.get(number=1))

    restore_release(first, now=NOW, shown_fingerprint=restoration.fingerprint)

    assert draft_agenda(webinar) == restoration.agenda
    assert draft_of(Webinar.objects.get()).changes == restoration.to_public
    assert [each.number for each in restoration.to_public.sessions] == [1, 2]


def test_sessions_keep_their_numbers_rooms_and_calendars(first: Release) -> None:
    kept = "number", "ical_uid", "public_ical_uid", "room_url"
    before = list(first.webinar.sessions.values_list("pk", *kept))
    change_everything(first.webinar)

    restore_release(first, now=NOW)

    assert list(first.webinar.sessions.values_list("pk", *kept)) == before


def test_restoring_cancels_a_session_that_was_added_later(first: Release) -> None:
    make_session(first.webinar, number=3)
    release_webinar(first.webinar, by=None, now=NOW)

    restore_release(first, now=NOW)

    added = first.webinar.sessions.get(number=3)
    assert (added.cancelled_at, added.items.count()) == (NOW, 2)
    assert draft_agenda(first.webinar).sessions[:2] == released_agenda(first).sessions


def test_restoring_restores_a_session_that_was_cancelled_since(first: Release) -> None:
    cancel_session(first.webinar.sessions.get(number=2), now=NOW)
    cancel_webinar(first.webinar, by=None, now=NOW, reason="Postponed")

    restore_release(first, now=NOW)

    assert draft_agenda(first.webinar) == released_agenda(first)


def test_the_release_of_a_cancelled_webinar_is_restored_as_cancelled(first: Release) -> None:
    cancelled = cancel_webinar(first.webinar, by=None, now=NOW, reason="Postponed")
    assert cancelled is not None
    Webinar.objects.update(cancelled_at=None)
    release_webinar(first.webinar, by=None, now=NOW)

    restore_release(cancelled, now=NOW)

    assert draft_agenda(first.webinar) == released_agenda(cancelled)
    # If the cancellation is undone, the sessions take place.
    assert not first.webinar.sessions.filter(cancelled_at__isnull=False).exists()


def test_restoring_into_an_equal_draft_is_refused(first: Release) -> None:
    with pytest.raises(ReleaseRefused, match="already"):
        restore_release(first, now=NOW)


def test_a_draft_that_changed_since_it_was_shown_is_not_overwritten(first: Release) -> None:
    Session.objects.filter(number=1).update(title_en="Other")
    seen = preview_restoration(Release.objects.get()).fingerprint
    Session.objects.filter(number=1).update(title_en="Changed meanwhile")

    with pytest.raises(ReleaseRefused, match="Someone has changed the agenda"):
        restore_release(first, now=NOW, shown_fingerprint=seen)

    assert Session.objects.get(number=1).title_en == "Changed meanwhile"


def test_restoring_keeps_two_speakers_of_the_same_name_apart(first: Release) -> None:
    webinar = first.webinar
    item = AgendaItem.objects.get(session__number=2, position=2)
    other = Speaker.objects.create(webinar=webinar, code="speaker-one", name_en="Speaker One", position_en="Judge")
    AgendaItemSpeaker.objects.create(item=item, speaker=other, role="panelist")
    second = release_webinar(webinar, by=None, now=NOW)
    AgendaItemSpeaker.objects.all().delete()
    Speaker.objects.filter(code="one").delete()

    restore_release(second, now=NOW)

    assert draft_agenda(webinar) == released_agenda(second)
    assert Speaker.objects.filter(name_en="Speaker One").count() == 2


def test_a_short_text_that_was_written_later_is_removed(first: Release) -> None:
    Speaker.objects.filter(code="office").update(about_en="Written later")

    restore_release(first, now=NOW)

    assert set(Speaker.objects.values_list("code", "about_en")) == {("one", "One"), ("office", "")}


def test_the_presidency_is_not_restored(first: Release) -> None:
    Session.objects.update(title_en="Other")
    Presidency.objects.update(country_en="Belize")
    restoration = preview_restoration(first)

    restore_release(first, now=NOW)

    assert str(Presidency.objects.get()) == "2026: Belize"
    assert draft_agenda(first.webinar) == restoration.agenda


def test_a_release_from_before_these_texts_existed_is_read_and_restored() -> None:
    webinar = make_webinar(sessions=1)
    make_speaker(webinar, "Speaker One")
    earlier = release_webinar(webinar, by=None, now=NOW)
    Session.objects.update(floor_languages=["es"])
    Speaker.objects.update(about_en="Judge")
    WebinarOrganiser.objects.create(webinar=webinar, name_en="Sample Office")
    release_webinar(webinar, by=None, now=NOW)

    restore_release(earlier, now=NOW)

    assert draft_agenda(webinar) == released_agenda(earlier)
    assert not WebinarOrganiser.objects.exists()
