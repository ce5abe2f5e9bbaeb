from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from icalendar import Calendar

from sessions_app.agenda import agenda_from_release
from sessions_app.ical import (
    Attendee,
    CalendarSession,
    Method,
    build_invitation,
    build_vevent,
    render_agenda,
    render_download,
    render_feed,
)
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_webinar
from tests.hostile_text import hostile_texts
from tests.plain_mail import plain_calendar

SESSION = CalendarSession(
    uid=UUID("5b1c7d1e-5d3f-4b7e-9c2a-1f0e8d6c4b3a"),
    sequence=3,
    stamp=datetime(2026, 10, 26, 15, 0, 0, 123, tzinfo=UTC),
    starts_at=datetime(2026, 11, 16, 15, 0, tzinfo=UTC),
    ends_at=datetime(2026, 11, 16, 17, 0, tzinfo=UTC),
    summary="Context, challenges; and more",
    description="https://rcm.example.org/join\nMon 16 Nov, 09:00 (Tegucigalpa)",
    link="https://rcm.example.org/join",
)
# The shortest time zone by RFC 5545 §3.6.5.
ONLY_A_ZONE = (
    b"BEGIN:VTIMEZONE\r\nTZID:Etc/UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    b"TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
)
ANA = Attendee(name='Ana "Anita" Paz, Fiscal', email="ana@example.org")


# A file that is not a message must not have these: PUBLISH requires an ORGANIZER (RFC 5546 §3.2.1), which a calendar
# without attendees must not have (RFC 5545 §3.8.4.3).
GROUP_SCHEDULING = {"METHOD", "ORGANIZER", "ATTENDEE"}


def invitation(method: Method = Method.REQUEST, session: CalendarSession = SESSION) -> Calendar:
    return Calendar.from_ical(build_invitation(session, method=method, organizer="webinars@example.org", attendee=ANA))


def test_an_invitation_holds_one_event_with_what_a_request_requires() -> None:
    calendar = invitation()
    (event,) = calendar.walk("VEVENT")

    assert event.errors == []
    assert calendar["METHOD"] == "REQUEST"
    assert event["UID"] == str(SESSION.uid)
    assert event["SEQUENCE"] == 3
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (SESSION.starts_at, SESSION.ends_at)
    assert event["DTSTAMP"].dt == datetime(2026, 10, 26, 15, 0, tzinfo=UTC)
    assert event["SUMMARY"] == SESSION.summary
    assert event["LOCATION"] == event["URL"] == SESSION.link
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == "mailto:webinars@example.org"


def test_the_only_attendee_is_the_recipient_and_double_quotes_in_the_name_are_replaced() -> None:
    (event,) = invitation().walk("VEVENT")

    assert event["ATTENDEE"] == "mailto:ana@example.org"
    assert dict(event["ATTENDEE"].params) == {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
        "CN": "Ana 'Anita' Paz, Fiscal",
    }


@given(
    summary=hostile_texts,
    description=hostile_texts,
    name=hostile_texts,
    link=st.sampled_from(["", "https://rcm.example.org/join", f"https://rcm.example.org/{'n%C3%B1' * 90}", "here"]),
    method=st.sampled_from([Method.REQUEST, Method.CANCEL]),
    is_cancelled=st.booleans(),
    sequence=st.integers(min_value=0, max_value=99),
    partstat=st.sampled_from(["NEEDS-ACTION", "ACCEPTED", "DECLINED"]),
)
@settings(deadline=None, max_examples=300)
def test_every_invitation_equals_the_output_of_icalendar_byte_by_byte(
    summary: str,
    description: str,
    name: str,
    link: str,
    method: Method,
    is_cancelled: bool,
    sequence: int,
    partstat: str,
) -> None:
    session = replace(
        SESSION, summary=summary, description=description, link=link, is_cancelled=is_cancelled, sequence=sequence
    )
    attendee = Attendee(name=name, email="ana@example.org", partstat=partstat)

    written = build_invitation(session, method=method, organizer="webinars@example.org", attendee=attendee)

    assert written == plain_calendar(session, method=method, organizer="webinars@example.org", attendee=attendee)


def test_two_invitations_to_one_session_share_no_personal_data() -> None:
    luis = Attendee(name="Luis Muestra", email="luis@example.org")
    other = replace(SESSION, description="https://rcm.example.org/other", link="https://rcm.example.org/other")

    texts = [
        build_invitation(session, method=Method.REQUEST, organizer="o@example.org", attendee=attendee).decode()
        for session, attendee in [(SESSION, ANA), (other, luis), (SESSION, ANA)]
    ]

    assert texts[0] == texts[2]
    assert [("Ana" in text, "/join" in text) for text in texts] == [(True, True), (False, False), (True, True)]
    assert [("Luis" in text, "/other" in text) for text in texts] == [(False, False), (True, True), (False, False)]


def test_hours_are_written_in_utc_without_a_zone() -> None:
    text = build_invitation(SESSION, method=Method.REQUEST, organizer="o@example.org", attendee=ANA).decode()

    assert "DTSTART:20261116T150000Z" in text
    assert "VTIMEZONE" not in text


def test_an_invitation_has_one_alarm_and_a_cancellation_or_feed_none() -> None:
    feed = Calendar.from_ical(render_feed([SESSION], name="RCM"))

    assert len(invitation().walk("VALARM")) == 1
    assert invitation(Method.CANCEL).walk("VALARM") == []
    assert feed.walk("VALARM") == []


def test_a_cancellation_has_the_status_cancelled_only_if_the_session_is_cancelled() -> None:
    (one_person,) = invitation(Method.CANCEL).walk("VEVENT")
    (session,) = invitation(Method.CANCEL, replace(SESSION, is_cancelled=True)).walk("VEVENT")

    assert "STATUS" not in one_person
    assert session["STATUS"] == "CANCELLED"
    assert one_person["SEQUENCE"] == 3


def test_a_download_has_the_uid_of_the_invitation_and_no_properties_of_group_scheduling() -> None:
    calendar = Calendar.from_ical(render_download(SESSION))
    (event,) = calendar.walk("VEVENT")

    assert event["UID"] == str(SESSION.uid)
    assert GROUP_SCHEDULING.isdisjoint(calendar)
    assert GROUP_SCHEDULING.isdisjoint(event)


@settings(deadline=None, max_examples=60)
@given(
    summary=hostile_texts,
    description=hostile_texts,
    name=hostile_texts,
    link=st.sampled_from(["", "https://rcm.example.org/join/%7E", "https://rcm.example.org/" + "j" * 300]),
    is_cancelled=st.booleans(),
    sequence=st.integers(0, 2**31 - 1),
)
def test_a_feed_equals_the_output_of_icalendar_for_each_session(
    summary: str, description: str, name: str, link: str, is_cancelled: bool, sequence: int
) -> None:
    first = replace(
        SESSION, summary=summary, description=description, link=link, is_cancelled=is_cancelled, sequence=sequence
    )
    sessions = [first, replace(first, sequence=0, stamp=first.ends_at), SESSION]

    written = render_feed(sessions, name=name)

    events = []
    for each in sessions:
        events.append(build_vevent(each).to_ical())
    empty = render_feed([], name=name)
    head, zone, end = empty.partition(b"BEGIN:VTIMEZONE\r\n")
    assert zone + end == ONLY_A_ZONE
    assert written == head + b"".join(events) + b"END:VCALENDAR\r\n"


def test_a_feed_without_sessions_holds_a_time_zone() -> None:
    calendar = Calendar.from_ical(render_feed([], name="RCM"))

    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]
    assert calendar.events == []


def test_a_feed_has_neither_method_nor_organizer() -> None:
    calendar = Calendar.from_ical(render_feed([SESSION], name="RCM"))
    (event,) = calendar.walk("VEVENT")

    assert GROUP_SCHEDULING.isdisjoint(calendar)
    assert GROUP_SCHEDULING.isdisjoint(event)


def test_the_name_of_a_calendar_is_escaped() -> None:
    feed = render_feed([SESSION], name=r"Flows, routes; and C:\more")

    assert [line for line in feed.decode().splitlines() if "NAME" in line.partition(":")[0]] == [
        r"NAME:Flows\, routes\; and C:\\more",
        r"X-WR-CALNAME:Flows\, routes\; and C:\\more",
    ]


def test_a_feed_keeps_a_cancelled_session_and_has_a_refresh_interval() -> None:
    text = render_feed([replace(SESSION, is_cancelled=True)], name="RCM").decode()

    assert "STATUS:CANCELLED" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in text
    assert "X-PUBLISHED-TTL:PT1H" in text


@pytest.mark.parametrize(
    "instant",
    [SESSION.starts_at.replace(tzinfo=None), SESSION.starts_at.astimezone(timezone(timedelta(hours=-6)))],
)
def test_a_floating_hour_or_a_fixed_offset_is_refused(instant: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        build_vevent(replace(SESSION, starts_at=instant))


def test_control_characters_never_reach_a_calendar() -> None:
    event = build_vevent(replace(SESSION, summary="Context\x07\x00 and\x1b"))

    assert event["SUMMARY"] == "Context and"


@pytest.mark.django_db
def test_the_public_file_has_uids_of_its_own_and_no_people() -> None:
    webinar = make_webinar()
    agenda = agenda_from_release(release_webinar(webinar, by=None, now=NOW))

    data = render_agenda(agenda, language="es", link="https://rcm.example.org/es/webinars/flows/")

    calendar = Calendar.from_ical(data)
    events = calendar.walk("VEVENT")
    assert [event["UID"] for event in events] == [str(each.public_ical_uid) for each in agenda.sessions]
    assert [event["SUMMARY"] for event in events] == ["Contexto y desafíos 1", "Contexto y desafíos 2"]
    assert GROUP_SCHEDULING.isdisjoint(calendar)
    assert all(GROUP_SCHEDULING.isdisjoint(event) for event in events)
    assert render_agenda(agenda, language="es", link="https://rcm.example.org/es/webinars/flows/") == data
