import re
from datetime import timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from registrations.models import Delegate
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.nominations import edit_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from registrations.tokens import join_url, page_url
from sessions_app.editing import cancel_session, restore_session
from sessions_app.releases import release_webinar
from tests.calendar_client import calendar_of, parse
from tests.factories import make_details, make_staff
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    move_session,
    plan_and_send,
    released_delegation,
    rename_session,
)

pytestmark = pytest.mark.django_db


def invited(**fields: object) -> Delegate:
    delegate = admitted(released_delegation(), **{"language": "en", **fields})
    plan_and_send()
    return delegate


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "Only the answer on your page counts, not one given in your calendar."),
        (
            "maildir:///var/mail/webinars",
            "An answer on your page counts, and so does one given in your calendar; the later one counts.",
        ),
    ],
)
def test_an_invitation_says_whether_an_answer_in_the_calendar_counts(
    settings: Settings, address: str, told: str
) -> None:
    settings.INBOX_URL = address

    invited()

    parsed = parse(mail.outbox[0])
    texts = [part.get_content() for part in parsed.walk() if part.get_content_type() in ("text/plain", "text/html")]
    assert [told in text for text in texts] == [True, True]


def test_an_invitation_has_the_parts_in_the_order_that_calendar_programs_read() -> None:
    invited()

    parsed = parse(mail.outbox[0])

    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar_part = next(part for part in parsed.walk() if part.get_content_type() == "text/calendar")
    assert calendar_part["Content-Transfer-Encoding"] == "base64"
    assert calendar_part.get_content_charset() == "utf-8"
    assert calendar_part.get_content_disposition() is None


def test_the_sender_is_the_organizer_and_the_only_recipient_is_the_attendee() -> None:
    ana = invited()

    parsed = parse(mail.outbox[0])
    calendar = calendar_of(parsed)

    assert calendar is not None
    (event,) = calendar.walk("VEVENT")
    assert event["ORGANIZER"] == f"mailto:{parsed['From'].addresses[0].addr_spec}"
    assert event["ATTENDEE"] == f"mailto:{ana.email}"
    assert [parsed["Cc"], parsed["Bcc"], parsed["Auto-Submitted"]] == [None, None, "auto-generated"]


def test_the_mail_says_the_hour_first_and_carries_one_link_to_the_page_and_one_to_join() -> None:
    ana = invited(timezone="America/Panama")

    message = mail.outbox[0]
    (event,) = calendar_of(parse(message)).walk("VEVENT")

    assert message.subject == "Invitation: Context and challenges 1, Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00)"
    assert "Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00)\n09:00–11:00 (Costa Rica, UTC−06:00)" in message.body
    assert page_url(ana) in message.body
    assert event["URL"] == event["LOCATION"] == join_url(ana, 1)
    assert event["DESCRIPTION"].splitlines()[0] == join_url(ana, 1)


def test_the_rooms_address_is_in_no_mail() -> None:
    invited()

    assert "rooms.example.org" not in "".join(message.message().as_string() for message in mail.outbox)
    assert all("rooms.example.org" not in str(calendar_of(parse(message)).to_ical()) for message in mail.outbox)


def test_an_update_says_the_old_hour_and_answers_the_first_message() -> None:
    ana = invited()
    first = parse(mail.outbox[0])

    move_session(ana.webinar, 1, hours=1)
    plan_and_send(SOON + timedelta(minutes=1))
    update = parse(mail.outbox[-1])

    assert (
        "The hour has changed. It was: Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00).\nIt is now:\n\n"
        "Context and challenges 1\nMon 16 Nov, 10:00–12:00 (Tegucigalpa, UTC−06:00)" in mail.outbox[-1].body
    )
    assert "Please answer whether you will come at the new hour" in mail.outbox[-1].body
    assert update["In-Reply-To"] == update["References"] == first["Message-ID"]
    assert update["Message-ID"] != first["Message-ID"]


def test_an_update_has_the_old_title_in_the_language_of_the_recipient() -> None:
    ana = invited(language="es")

    rename_session(ana.webinar, "Opening", "Apertura")
    plan_and_send(SOON + timedelta(minutes=1))

    assert "Contexto y desafíos 1" in mail.outbox[-1].body
    assert mail.outbox[-1].subject == "Modificada: Apertura, lun 16 nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"


def test_an_update_has_the_last_hour_that_was_sent_as_the_old_one() -> None:
    ana = invited()
    move_session(ana.webinar, 1, hours=1)
    plan(now=SOON + timedelta(minutes=1))

    move_session(ana.webinar, 1, hours=1, now=SOON + timedelta(minutes=1))
    plan_and_send(SOON + timedelta(minutes=2))

    assert len(mail.outbox) == 3
    assert "It was: Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)." in mail.outbox[-1].body
    assert "Mon 16 Nov, 11:00–13:00 (Tegucigalpa, UTC−06:00)" in mail.outbox[-1].body


def test_a_message_planned_before_a_new_release_is_not_sent_with_the_old_hour() -> None:
    ana = admitted(released_delegation(), language="en")
    plan(now=SOON)

    move_session(ana.webinar, 1, hours=1)
    send_due(clock=lambda: SOON)

    assert [message.subject for message in mail.outbox] == [
        "Invitation: Context and challenges 2, Tue 17 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    ]
    plan_and_send(SOON + timedelta(minutes=1))
    assert [message.subject for message in mail.outbox[1:]] == [
        "Invitation: Context and challenges 1, Mon 16 Nov, 10:00–12:00 (Tegucigalpa, UTC−06:00)"
    ]


def test_a_session_that_takes_place_after_all_comes_back_with_its_new_hour() -> None:
    ana = invited()
    session = ana.webinar.sessions.get(number=1)
    cancel_session(session, now=SOON)
    release_webinar(ana.webinar, by=None, now=SOON)
    plan_and_send(SOON + timedelta(minutes=1))

    restore_session(session)
    move_session(ana.webinar, 1, hours=1, now=SOON + timedelta(minutes=2))
    plan_and_send(SOON + timedelta(minutes=3))

    assert "This session has been cancelled:" in mail.outbox[-2].body
    assert (
        "The hour has changed. It was: Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00).\n"
        "This session takes place after all:" in mail.outbox[-1].body
    )


def test_a_person_registered_again_reads_that_the_session_is_back_and_not_that_it_was_cancelled() -> None:
    ana = invited()
    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    plan_and_send(SOON + timedelta(minutes=1))

    ana.refresh_from_db()
    restore_delegate(ana, by=make_staff(), now=SOON + timedelta(minutes=2))
    plan_and_send(SOON + timedelta(minutes=3))

    assert "This session is in your calendar again:" in mail.outbox[-1].body


def test_a_title_that_changed_asks_for_no_new_answer() -> None:
    ana = invited()

    rename_session(ana.webinar, "Opening", "Apertura")
    plan_and_send(SOON + timedelta(minutes=1))

    assert "Please answer" not in mail.outbox[-1].body


def test_another_language_and_zone_change_the_next_mail_and_no_calendar() -> None:
    ana = invited(language="en")
    before = len(mail.outbox)

    details = make_details(email=ana.email, name=ana.name, language="es", timezone="America/Panama")
    edit_delegate(ana, details=details, version=1, by=make_staff(), now=SOON)
    plan_and_send(SOON + timedelta(minutes=1))
    assert len(mail.outbox) == before
    move_session(ana.webinar, 1, hours=1)
    plan_and_send(SOON + timedelta(minutes=2))

    assert mail.outbox[-1].subject == "Modificada: Contexto y desafíos 1, lun 16 nov, 11:00–13:00 (Panamá, UTC−05:00)"
    first, update = (calendar_of(parse(mail.outbox[place])).walk("VEVENT")[0] for place in (0, -1))
    assert first["UID"] == update["UID"]


@pytest.mark.parametrize(
    "title",
    [
        "Apertura\r\nBcc: other@example.org",
        'The "large" <b>flows</b> & \\; , {{ name }} {% now %}',
        "Fronteras 🛂 \u202e\x07\u2028 y más",
        "ñ" * 250,
    ],
)
def test_whatever_a_title_holds_arrives_unharmed_and_heads_nothing(title: str) -> None:
    delegation = released_delegation()
    ana = admitted(delegation, language="es")

    rename_session(delegation.webinar, title, title)
    plan_and_send()

    parsed = [parse(message) for message in mail.outbox]
    assert [(each["To"].addresses[0].addr_spec, each["Bcc"]) for each in parsed] == [(ana.email, None)] * 2
    summaries = {str(calendar_of(each).walk("VEVENT")[0]["SUMMARY"]) for each in parsed}
    wanted = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", title).replace("\r\n", "\n")
    assert summaries == {wanted, "Contexto y desafíos 2"}
    html = parsed[0].get_body(("html",)).get_content() + parsed[1].get_body(("html",)).get_content()
    assert "<b>" not in html


def whole(message: mail.EmailMessage) -> str:
    """All that a reader of the message gets to see, the calendar included."""
    parsed = parse(message)
    texts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(parsed["To"]), *texts, calendar_of(parsed).to_ical().decode().replace("\r\n ", "")])


def test_a_cancellation_carries_no_link() -> None:
    ana = invited()

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    plan_and_send(SOON + timedelta(minutes=1))

    assert mail.outbox[-1].subject.startswith("No longer registered: Context and challenges")
    assert "You are no longer registered for this session" in mail.outbox[-1].body
    assert "/my/" not in whole(mail.outbox[-1])


def test_a_cancelled_session_says_so_in_its_subject() -> None:
    ana = invited(language="es")

    cancel_session(ana.webinar.sessions.get(number=1), now=SOON)
    release_webinar(ana.webinar, by=None, now=SOON)
    plan_and_send(SOON + timedelta(minutes=1))

    assert (
        mail.outbox[-1].subject == "Cancelada: Contexto y desafíos 1, lun 16 nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    )


def test_a_cancellation_has_the_hour_and_title_that_were_last_sent() -> None:
    ana = invited()
    rename_session(ana.webinar, "Opening", "Apertura")
    move_session(ana.webinar, 1, hours=1)

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    plan_and_send(SOON + timedelta(minutes=1))

    assert sorted(message.subject for message in mail.outbox[2:]) == [
        "No longer registered: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)",
        "No longer registered: Context and challenges 2, Tue 17 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)",
    ]


def test_the_cancellation_to_an_earlier_address_has_neither_link_nor_name() -> None:
    wrong = invited(email="somebody.else@example.org", name="Ana Ejemplo")
    details = make_details(wrong.profile, name="Ana Ejemplo de la Muestra", email="ana@example.org", language="en")

    edit_delegate(wrong, details=details, version=1, by=make_staff(), now=SOON)
    plan_and_send(SOON + timedelta(minutes=1))
    by_reader = {message.to[0]: whole(message) for message in mail.outbox[-4:]}

    (to_the_wrong,) = [text for reader, text in by_reader.items() if "somebody.else" in reader]
    (to_ana,) = [text for reader, text in by_reader.items() if "ana@" in reader]
    assert "METHOD:CANCEL" in to_the_wrong
    assert "This address is no longer used for this session" in to_the_wrong
    assert ("/my/" in to_the_wrong, "Ejemplo" in to_the_wrong) == (False, False)
    assert ("/my/" in to_ana, "Ana Ejemplo de la Muestra" in to_ana) == (True, True)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_mail_names_only_its_recipient(language: str) -> None:
    delegation = released_delegation()
    ana = admitted(delegation, name="Ana Ejemplo", language=language)
    admitted(delegation, name="Luis Muestra", language=language)

    plan_and_send()

    for message in mail.outbox:
        text = message.message().as_string() + message.body + calendar_of(parse(message)).to_ical().decode()
        is_anas = ana.email in message.to[0]
        assert ("Ana Ejemplo" in text, "Luis Muestra" in text) == (is_anas, not is_anas)


def test_a_name_with_markup_or_a_comma_stays_text_and_one_recipient() -> None:
    ana = invited(name='Paz, <b>Ana</b> "A."')

    parsed = parse(mail.outbox[0])
    html = next(part for part in parsed.walk() if part.get_content_type() == "text/html").get_content()

    assert [address.addr_spec for address in parsed["To"].addresses] == [ana.email]
    assert parsed["To"].addresses[0].display_name == 'Paz, <b>Ana</b> "A."'
    assert "<b>Ana</b>" not in html


def test_nothing_in_the_html_is_loaded_from_anywhere() -> None:
    invited()

    html = next(part for part in parse(mail.outbox[0]).walk() if part.get_content_type() == "text/html").get_content()

    assert "<img" not in html
    assert "<link" not in html
    assert "prefers-color-scheme" in html


def test_building_a_message_sends_nothing() -> None:
    admitted(released_delegation())
    plan(now=SOON)

    assert mail.outbox == []
    assert send_due(clock=lambda: SOON).sent == 2


@pytest.mark.parametrize(("name", "is_shown"), [("María de los Ángeles " * 9, True), ("😀" * 200, False)])
def test_a_name_too_long_for_a_header_is_left_out_of_it_and_stays_in_the_mail(name: str, is_shown: bool) -> None:
    ana = invited(name=name.strip())

    message = mail.outbox[0]

    assert (bool(parse(message)["To"].addresses[0].display_name), ana.name in message.body) == (is_shown, True)
    assert max(len(line) for line in message.message().as_bytes().splitlines()) <= 998
