"""People of organisations are linked to their entry on the agenda."""

from datetime import timedelta

import pytest

from registrations.exceptions import EditConflict, InvalidInput, NotPossibleNow, WebinarOver
from registrations.models import Delegate, HistoryEvent, User
from registrations.queries.speakers import (
    Appearance,
    have_no_word_in_common,
    speakers_among,
    unlinked_speakers_with_appearances,
)
from registrations.services.nominations import replace_delegate, withdraw_delegate
from registrations.services.personal_data.erasing import erase_person
from registrations.services.speakers import link_speaker
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Speaker, Webinar
from tests.factories import (
    NOW,
    make_delegate,
    make_delegation,
    make_details,
    make_organisation,
    make_quotas,
    make_speaker,
    make_webinar,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Delegate:
    """Of an organisation."""
    webinar = make_webinar()
    make_quotas(webinar)
    return make_delegate(make_delegation(webinar, make_organisation()), None, name="Ana Muestra")


@pytest.fixture
def speaker(person: Delegate) -> Speaker:
    """Who speaks in the second item of the first session."""
    return make_speaker(person.webinar, "Ána MUESTRA de Ejemplo")


def link(person: Delegate, speaker: Speaker | None, staff: User, *, version: int | None = None) -> Delegate:
    version = person.version if version is None else version
    return link_speaker(person, speaker=speaker, version=version, by=staff, now=NOW)


def unregistered(webinar: Webinar) -> list[Speaker]:
    return [one.speaker for one in unlinked_speakers_with_appearances(webinar.pk)]


def test_a_link_is_kept_with_who_when_and_what_and_raises_the_version(
    person: Delegate, speaker: Speaker, staff: User
) -> None:
    linked = link(person, speaker, staff)
    link(linked, speaker, staff)
    link(linked, None, staff)

    events = HistoryEvent.objects.order_by("pk").values_list("kind", "delegate", "actor", "at", "changes")
    assert list(events) == [
        ("edited", person.pk, staff.pk, NOW, {"speaker": ["", "Ána MUESTRA de Ejemplo"]}),
        ("edited", person.pk, staff.pk, NOW, {"speaker": ["Ána MUESTRA de Ejemplo", ""]}),
    ]
    assert (linked.speaker, linked.version) == (speaker, person.version + 1)
    assert Delegate.objects.get().speaker is None


def test_only_a_person_on_the_agenda_of_the_same_webinar_is_linked(person: Delegate, staff: User) -> None:
    office = make_speaker(person.webinar, "UNODC", kind="institution")
    elsewhere = make_speaker(make_webinar("next"), "Ana Muestra")

    for wrong in (office, elsewhere):
        with pytest.raises(InvalidInput) as refused:
            link(person, wrong, staff)
        assert refused.value.messages == {"speaker": ["Please choose a person on the agenda of this webinar."]}


def test_a_stale_form_a_person_who_left_and_a_past_webinar_are_refused(
    person: Delegate, speaker: Speaker, staff: User
) -> None:
    with pytest.raises(EditConflict):
        link(person, speaker, staff, version=person.version + 1)
    with pytest.raises(WebinarOver):
        link_speaker(person, speaker=speaker, version=1, by=staff, now=NOW + timedelta(days=60))
    withdraw_delegate(person, version=person.version, reason="Ill", by=staff, now=NOW)
    with pytest.raises(NotPossibleNow):
        link(person, speaker, staff)


def test_speakers_are_listed_with_the_time_of_each_item(person: Delegate, speaker: Speaker, staff: User) -> None:
    linked = link(person, speaker, staff)

    (one,) = speakers_among([linked])

    item = AgendaItem.objects.select_related("session").get(session__number=1, position=2)
    starts_at = item.session.starts_at + timedelta(minutes=20)
    assert one.appearances == (Appearance(item.session, item, "panelist", starts_at),)
    assert (one.speaker, one.delegate, one.has_another_name) == (speaker, linked, False)
    assert unregistered(person.webinar) == []


def test_a_speaker_is_without_a_person_until_somebody_active_is_linked(
    person: Delegate, speaker: Speaker, staff: User
) -> None:
    make_speaker(person.webinar, "UNODC", kind="institution")
    make_speaker(make_webinar("next"), "Eva Prueba")
    Speaker.objects.create(webinar=person.webinar, code="silent", name_en="In no item")
    before = unregistered(person.webinar)

    linked = link(person, speaker, staff)
    with_person = unregistered(person.webinar)
    replace_delegate(linked, details=make_details(None), version=linked.version, by=staff, now=NOW)

    assert (before, with_person, unregistered(person.webinar)) == ([speaker], [], [speaker])


def test_a_speaker_of_cancelled_sessions_only_is_not_listed_as_unlinked(person: Delegate, speaker: Speaker) -> None:
    person.webinar.sessions.filter(number=1).update(cancelled_at=NOW)

    assert unregistered(person.webinar) == []


def test_an_entry_that_is_deleted_leaves_the_person(person: Delegate, speaker: Speaker, staff: User) -> None:
    link(person, speaker, staff)

    AgendaItemSpeaker.objects.all().delete()
    speaker.delete()

    assert Delegate.objects.get().speaker is None


def test_erasing_a_person_removes_the_link_to_the_speaker(person: Delegate, speaker: Speaker, staff: User) -> None:
    link(person, speaker, staff)

    erase_person(person.email, by=staff, now=NOW + timedelta(days=60))

    assert Delegate.objects.get().speaker is None
    assert HistoryEvent.objects.get(kind="edited").changes == {"speaker": ["", ""]}


@pytest.mark.parametrize(
    ("name", "other", "differ"),
    [
        ("Ana Muestra", "ANA MUESTRA", False),
        ("Raúl Ejemplo", "Raul Ejemplo Prueba", False),
        ("Dra. Ana Muestra-Prueba", "Prueba, Ana", False),
        ("Ana Muestra", "Eva Prueba", True),
        ("Ana de la Cruz", "Eva de la Torre", True),
        ("李明", "李明", False),
    ],
)
def test_names_without_a_word_in_common_differ_greatly(name: str, other: str, differ: bool) -> None:
    assert have_no_word_in_common(name, other) is differ
