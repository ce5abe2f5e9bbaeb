from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from registrations.models import CalendarEntry, Delegate, Delegation, DelegationStatus, Partstat, RegistrationPolicy
from registrations.services.nominations import edit_delegate, withdraw_delegate
from registrations.services.preferences import choose_language_and_zone
from registrations.tokens import Scope, join_url
from sessions_app.editing import cancel_session
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW, make_delegate, make_details, make_staff
from tests.registrations.participants import make_participant

HOURS = {
    "America/Tegucigalpa": "Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)",
    "America/Panama": "Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00) · 09:00–11:00 (Costa Rica, UTC−06:00)",
    "America/Santo_Domingo": "Mon 16 Nov, 11:00–13:00 (Santo Domingo, UTC−04:00) · 09:00–11:00 (Costa Rica, UTC−06:00)",
}


@pytest.fixture
def feed(client, address_of):
    def get(delegate, **headers):
        return client.get(address_of("registrations_files:feed", delegate), headers=headers)

    return get


@pytest.fixture
def download(client, address_of):
    def get(delegate, number=1, **options):
        return client.get(address_of("registrations_files:session-ics", delegate, number, **options))

    return get


def calendar_of(response):
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(response.content)
    assert [event.errors for event in calendar.events if event.errors] == []
    return calendar


def events_of(response):
    return calendar_of(response).events


def test_the_download_is_the_invitation_as_a_published_calendar_file(participant, download):
    CalendarEntry.objects.filter(session__number=1).update(sequence=7)

    response = download(participant)
    calendar = calendar_of(response)
    (event,) = calendar.events

    assert response.headers["Content-Disposition"] == 'attachment; filename="flows-1.ics"'
    assert "METHOD" not in calendar
    assert str(event["UID"]) == str(Session.objects.get(number=1).ical_uid)
    assert (event.start, event.end) == (FIRST_START, FIRST_START + timedelta(hours=2))
    assert (event["SUMMARY"], event["SEQUENCE"], event["STATUS"]) == ("Context and challenges 1", 7, "CONFIRMED")
    assert event["DTSTAMP"].dt == NOW
    assert event["LOCATION"] == event["URL"] == join_url(participant, 1)
    assert "ORGANIZER" not in event
    assert "ATTENDEE" not in event


@pytest.mark.parametrize(("zone", "hours"), HOURS.items())
def test_a_file_shows_times_in_the_participants_zone_and_stores_the_instant(participant, download, zone, hours):
    Delegate.objects.update(timezone=zone)

    (event,) = events_of(download(participant))

    assert hours in event["DESCRIPTION"].splitlines()
    assert event.start == datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


def test_a_file_is_in_the_language_of_the_participant(participant, download, feed):
    Delegate.objects.update(language="es")

    assert [event["SUMMARY"] for event in events_of(download(participant, 2))] == ["Contexto y desafíos 2"]
    assert [event["SUMMARY"] for event in events_of(feed(participant))] == [
        "Contexto y desafíos 1",
        "Contexto y desafíos 2",
    ]


def test_no_file_holds_the_room_or_another_person(participant, download, feed):
    other = make_participant(participant.delegation)

    for response in (download(participant), feed(participant)):
        text = b"".join(response.content.split(b"\r\n "))
        assert b"rooms.example.org" not in text
        assert other.email.encode() not in text
        assert participant.email.encode() not in text


def test_the_feed_holds_every_released_session_once(participant, feed):
    response = feed(participant)
    calendar = calendar_of(response)

    assert "METHOD" not in calendar
    assert calendar["X-WR-CALNAME"] == "Mass intra-regional flows"
    assert [(str(event["UID"]), event.start) for event in calendar.events] == [
        (str(session.ical_uid), session.starts_at) for session in Session.objects.order_by("number")
    ]
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_a_cancelled_session_stays_in_the_feed_as_cancelled(participant, feed):
    cancel_session(Session.objects.get(number=1), now=NOW)
    release_webinar(participant.webinar, by=None, now=NOW)

    assert [(event["STATUS"], event["SUMMARY"]) for event in events_of(feed(participant))] == [
        ("CANCELLED", "Cancelled: Context and challenges 1"),
        ("CONFIRMED", "Context and challenges 2"),
    ]


def test_without_a_calendar_entry_the_files_follow_the_release(participant, download):
    CalendarEntry.objects.all().delete()

    (event,) = events_of(download(participant))

    assert (event["SEQUENCE"], event["DTSTAMP"].dt) == (0, NOW)


def test_the_calendar_entry_of_another_mailbox_is_not_used(participant, feed, download):
    CalendarEntry.objects.update(address="earlier@example.org", sequence=5)

    assert {event["SEQUENCE"] for event in (*events_of(feed(participant)), *events_of(download(participant)))} == {0}


def test_the_feed_has_the_sequence_and_stamp_that_the_mailbox_holds(participant, feed):
    later = NOW + timedelta(hours=2)
    CalendarEntry.objects.filter(session__number=2).update(sequence=7, stamp=later)

    events = [(event["SEQUENCE"], event["DTSTAMP"].dt) for event in events_of(feed(participant))]

    assert events == [(0, NOW), (7, later)]


@pytest.mark.parametrize("choice", [{"language": "es"}, {"timezone": "America/Panama"}], ids=["language", "zone"])
def test_a_change_of_language_or_zone_makes_the_stamp_newer(participant, feed, download, choice):
    chosen_at = NOW + timedelta(hours=3)
    before = {str(event["UID"]): event["LAST-MODIFIED"].dt for event in events_of(feed(participant))}

    kept = {"language": participant.language, "timezone": participant.timezone}
    choose_language_and_zone(participant, **(kept | choice), now=chosen_at)
    events = [*events_of(feed(participant)), *events_of(download(participant, 2))]

    assert set(before.values()) == {NOW}
    assert {(event["LAST-MODIFIED"].dt, event["DTSTAMP"].dt, event["SEQUENCE"]) for event in events} == {
        (chosen_at, chosen_at, 0)
    }


def test_an_earlier_change_of_language_keeps_the_stamp_of_a_later_message(participant, feed):
    choose_language_and_zone(participant, language="es", timezone=participant.timezone, now=NOW)
    later = NOW + timedelta(hours=2)
    CalendarEntry.objects.update(stamp=later)

    assert {event["LAST-MODIFIED"].dt for event in events_of(feed(participant))} == {later}


def test_before_a_release_the_feed_is_empty_and_there_is_no_file(clock, db, feed, download):
    delegate = make_participant()

    assert events_of(feed(delegate)) == []
    assert download(delegate).status_code == 404


@pytest.mark.parametrize("change", [{"admitted_at": None}, {"delegation__status": DelegationStatus.NOT_ATTENDING}])
def test_a_person_who_is_not_invited_has_an_empty_feed_and_no_file(participant, feed, download, change):
    if "admitted_at" in change:
        Delegate.objects.update(admitted_at=None)
    else:
        Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)

    assert events_of(feed(participant)) == []
    assert download(participant).status_code == 404


def test_the_feed_of_a_withdrawn_person_is_empty_until_the_purge_day(participant, feed, download):
    before = feed(participant)

    withdraw_delegate(participant, version=1, by=make_staff(), now=NOW, reason="Ill")
    after = feed(participant)

    assert len(events_of(before)) == 2
    assert events_of(after) == []
    assert after.headers["ETag"] != before.headers["ETag"]
    assert feed(participant, if_none_match=before.headers["ETag"]).status_code == 200
    # Some programs send If-Modified-Since too, and must not get 304 for the earlier copy.
    assert feed(participant, if_modified_since="Tue, 01 Jan 2030 00:00:00 GMT").status_code == 200
    assert "Last-Modified" not in after.headers
    assert download(participant).status_code == 410

    RegistrationPolicy.objects.update(purge_on=NOW.date())
    assert feed(participant).status_code == 404


def test_the_feed_of_an_earlier_address_is_not_found(participant, feed):
    details = make_details(name=participant.name, email="new@example.org")

    edit_delegate(participant, details=details, version=1, by=make_staff(), now=NOW)

    assert feed(participant).status_code == 404


def test_an_unchanged_feed_answers_304_without_a_body(participant, feed):
    first = feed(participant)
    etag = first.headers["ETag"]

    again = feed(participant, if_none_match=f'"other", {etag}')

    assert not etag.startswith("W/")
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert feed(participant, if_none_match='"other"').status_code == 200
    assert feed(participant).content == first.content


def rename_the_webinar(delegate):
    Webinar.objects.update(title_en="Another title")


def change_the_contact(delegate):
    Webinar.objects.update(contact_email="office@example.org")


def change_zone(delegate):
    details = make_details(
        name=delegate.name, email=delegate.email, timezone="America/Panama", institution=delegate.institution
    )
    edit_delegate(delegate, details=details, version=1, by=make_staff(), now=NOW)


def release_a_new_hour(delegate):
    Session.objects.filter(number=2).update(starts_at=FIRST_START + timedelta(days=1, hours=1))
    release_webinar(delegate.webinar, by=None, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    "change",
    [
        change_zone,
        release_a_new_hour,
        lambda delegate: CalendarEntry.objects.filter(session__number=1).update(sequence=1),
        lambda delegate: CalendarEntry.objects.update(stamp=NOW + timedelta(hours=1)),
        lambda delegate: Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING),
        lambda delegate: Delegate.objects.update(admitted_at=None),
        lambda delegate: Delegate.objects.update(language="es"),
        lambda delegate: Delegate.objects.update(timezone="America/Panama"),
        rename_the_webinar,
        change_the_contact,
    ],
    ids=[
        *("zone", "release", "sequence", "stamp", "not attending", "not admitted", "language", "zone alone"),
        *("title", "contact"),
    ],
)
def test_whatever_changes_the_feed_changes_its_etag(participant, feed, change):
    before = feed(participant)

    change(participant)
    after = feed(participant, if_none_match=before.headers["ETag"])

    assert after.status_code == 200
    assert after.content != before.content


def test_a_new_secret_changes_the_etag_because_the_links_inside_change(participant, feed, address_of, client, settings):
    before, path = feed(participant), address_of("registrations_files:feed", participant)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a-new-secret"

    after = client.get(path, headers={"if-none-match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.content != before.content


def test_an_answer_does_not_change_the_feed(participant, feed):
    etag = feed(participant).headers["ETag"]

    CalendarEntry.objects.update(ical_partstat=Partstat.ACCEPTED, answered_at=NOW)

    assert feed(participant, if_none_match=etag).status_code == 304


def test_each_person_has_a_feed_of_their_own(participant, feed):
    other = make_participant(participant.delegation)

    assert feed(participant).headers["ETag"] != feed(other).headers["ETag"]


def test_a_join_link_opens_no_file(participant, download, client, address_of):
    assert download(participant, scope=Scope.JOIN).status_code == 404
    assert client.get(address_of("registrations_files:feed", participant, scope=Scope.JOIN)).status_code == 404


@pytest.mark.parametrize("number", [0, 3, 10**30])
def test_a_session_that_does_not_exist_has_no_file(participant, download, number):
    assert download(participant, number).status_code == 404


def test_files_are_only_read(participant, client, address_of):
    before = list(CalendarEntry.objects.order_by("pk").values()), list(Delegate.objects.values())
    paths = [
        address_of("registrations_files:feed", participant),
        address_of("registrations_files:session-ics", participant, 1),
    ]

    for path in paths:
        assert client.get(path).status_code == client.head(path).status_code == 200
        assert client.post(path).status_code == 405

    assert (list(CalendarEntry.objects.order_by("pk").values()), list(Delegate.objects.values())) == before


@pytest.mark.parametrize("people", [1, 1000])
def test_the_feed_takes_four_queries_and_two_when_nothing_changed(participant, feed, django_assert_num_queries, people):
    for number in range(1, people):
        make_delegate(participant.delegation, email=f"other{number}@example.org")

    with django_assert_num_queries(4):
        etag = feed(participant).headers["ETag"]
    with django_assert_num_queries(2):
        feed(participant, if_none_match=etag)
