"""What the mails of reminders and gap notices say, and what they must not."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    ParticipantProfile,
    ParticipatingBody,
    Partstat,
    Quota,
    RegistrationPolicy,
    ReminderRule,
    User,
)
from registrations.services.delegations import waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.tokens import join_url, page_url
from sessions_app.models import Webinar
from tests.calendar_client import calendar_of, parse
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation, sent_by
from tests.registrations.services.reminding import HOUR, HOUR_BEFORE, MINUTE, invited, remind

pytestmark = pytest.mark.django_db
NAMES = ("Ana Ejemplo", "Luis Muestra")
SUNDAY_AT_NINE = NOW + timedelta(days=6)


def reminder(rule: ReminderRule, *, late: timedelta = timedelta()) -> EmailMessage:
    at = rule.due_at_for(Webinar.objects.get().sessions.get(number=1).released)
    (message,) = sent_by(at + late)
    return message


def whole(message: EmailMessage) -> str:
    """All that its reader gets to see."""
    parsed = parse(message)
    texts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(parsed["Subject"]), str(parsed["To"]), *texts])


def html_of(message: EmailMessage) -> str:
    return next(part for part in parse(message).walk() if part.get_content_type() == "text/html").get_content()


@pytest.mark.parametrize(("minutes", "says_open"), [(16, False), (15, True), (5, True)])
def test_a_reminder_says_that_the_room_is_open_once_it_is(minutes: int, says_open: bool) -> None:
    invited()

    message = reminder(remind(minutes, "minutes", scope="first"))

    for text in (message.body, html_of(message)):
        assert ("The room is open." in text, "The room opens 15 minutes before" in text) == (says_open, not says_open)


# To delegates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "late", "words"),
    [
        ((2, "days"), timedelta(), "The session is in 2 days:"),
        ((1, "days"), 5 * HOUR, "The session is in 1 day:"),
        ((1, "hours"), timedelta(), "The session begins in 1 hour:"),
        ((1, "hours"), 3 * MINUTE, "The session begins in 1 hour:"),
        ((36, "hours"), timedelta(), "The session begins in 36 hours:"),
        ((12, "hours"), 5 * HOUR, "The session begins in 7 hours:"),
        ((30, "minutes"), timedelta(seconds=20), "The session begins in 30 minutes:"),
        ((90, "minutes"), timedelta(), "The session begins in 90 minutes:"),
    ],
)
def test_a_reminder_says_how_far_the_session_is(rule: tuple[int, str], late: timedelta, words: str) -> None:
    invited()

    message = reminder(remind(*rule), late=late)

    assert words in message.body
    assert words in html_of(message)


@pytest.mark.parametrize(
    ("rule", "waited", "words"),
    [
        ((1, "days"), 23 * HOUR, "begins in 1 hour:"),
        ((1, "hours"), 40 * MINUTE, "begins in 20 minutes:"),
        ((5, "minutes"), timedelta(minutes=4, seconds=50), "begins in 1 minute:"),
    ],
)
def test_a_reminder_that_the_mail_server_kept_waiting_says_what_is_left(
    rule: tuple[int, str], waited: timedelta, words: str, mailoutbox: list[EmailMessage]
) -> None:
    invited()
    at = remind(*rule).due_at_for(Webinar.objects.get().sessions.get(number=1).released)
    plan(now=at)

    send_due(clock=lambda: at + waited)

    assert words in mailoutbox[-1].body


def test_a_reminder_links_to_the_room_and_to_the_page_of_the_recipient() -> None:
    ana = invited()

    message = reminder(remind())

    assert f"Join here:\n{join_url(ana, 1)}" in message.body
    assert page_url(ana) in message.body
    assert "You have not answered" not in message.body
    assert calendar_of(parse(message)) is None


def test_a_person_without_an_answer_is_asked_for_it() -> None:
    ana = invited()

    message = reminder(remind(recipients="unanswered"))

    assert "You have not answered yet whether you will come." in message.body
    assert f"Answer here:\n{page_url(ana)}" in message.body
    html = html_of(message)
    assert html.index(page_url(ana)) < html.index("Answer on your page") < html.index(join_url(ana, 1))


def test_the_mail_after_a_session_has_thanks_and_the_page_and_no_join_link() -> None:
    ana = invited()

    message = reminder(remind(moment="after"))

    assert message.subject == "Thank you: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    assert "This session has ended. Thank you for your interest." in message.body
    assert page_url(ana) in message.body
    assert "/join/" not in whole(message)


# To focal points --------------------------------------------------------------------------------


@pytest.fixture
def honduras() -> Delegation:
    """Five invited people of Honduras, who answered differently, and one more in a draft of Panama."""
    delegation = released_delegation()
    partstats = [Partstat.ACCEPTED, Partstat.ACCEPTED, Partstat.TENTATIVE, Partstat.DECLINED, Partstat.NEEDS_ACTION]
    people = [admitted(delegation, name=NAMES[number % 2]) for number in range(5)]
    make_delegate(make_delegation(delegation.webinar, make_country("PA")), name="Rosa Modelo")
    make_focal_point(delegation.body, make_user("focal@example.org", language="en", timezone="America/Panama"))
    plan_and_send()
    for partstat, person in zip(partstats, people, strict=True):
        CalendarEntry.objects.filter(delegate=person).update(ical_partstat=partstat)
    return delegation


@pytest.mark.parametrize(
    ("moment", "subject", "sentence"),
    [
        (
            "before",
            "Reminder: Context and challenges 1, Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00)",
            "The session begins in 1 hour:",
        ),
        (
            "after",
            "Thank you: Context and challenges 1, Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00)",
            "This session has ended. Thank you for preparing your delegation.",
        ),
    ],
)
def test_a_focal_point_reads_the_answers_of_their_delegation_as_numbers(
    honduras: Delegation, moment: str, subject: str, sentence: str
) -> None:
    message = reminder(remind(recipients="focal_points", moment=moment))

    assert message.subject == subject
    assert sentence in message.body
    assert (
        "Country HN, the answers of those invited:\n- accepted: 2\n- maybe: 1\n- declined: 1\n- no answer yet: 1\n"
        in message.body
    )
    assert f"/en{honduras.get_absolute_url()[3:]}" in message.body
    assert "10:00–12:00 (Panama, UTC−05:00)\n09:00–11:00 (Costa Rica, UTC−06:00)" in message.body


@pytest.mark.usefixtures("honduras")
def test_the_reminder_to_a_focal_point_names_nobody_and_joins_nothing() -> None:
    text = whole(reminder(remind(recipients="focal_points")))

    people = Delegate.objects.values_list("email", flat=True)
    assert [word for word in (*NAMES, *people, "Rosa Modelo", "Country PA", "/my/") if word in text] == []


def test_one_person_for_two_delegations_reads_of_both_in_one_mail(honduras: Delegation) -> None:
    panama = Delegation.objects.get(body__iso_code="PA")
    Delegate.objects.filter(delegation=panama).update(admitted_at=NOW)
    make_focal_point(panama.body, honduras.body.focal_points.get().user)
    plan_and_send(HOUR_BEFORE - MINUTE)

    text = reminder(remind(recipients="focal_points")).body

    assert text.index("Country HN, the answers") < text.index("Country PA, the answers")


# Gap notices ------------------------------------------------------------------------------------


@pytest.fixture
def incomplete() -> Delegation:
    delegation = released_delegation("draft")
    make_delegate(delegation, "border-control", name=NAMES[0], email="ana@example.org")
    make_focal_point(delegation.body, make_user("focal@example.org", language="en", timezone="America/Panama"))
    make_gap_notice_rule(delegation.webinar, 5)
    return delegation


def test_a_gap_notice_says_what_is_missing_until_when_and_where_to_name_it(incomplete: Delegation) -> None:
    (message,) = sent_by(SUNDAY_AT_NINE)

    line = (
        "Country HN: prosecutors 0 of 2, immigration control 0 of 2, border control 1 of 2, "
        "investigation units 0 of 2; 5 days left"
    )
    assert message.subject == line
    assert message.body.startswith(f"Good day,\n\n{line}\n\nPlease name the officials who are missing, and then submit")
    assert "Registration closes: Fri 6 Nov, 10:00 (Panama, UTC−05:00) · 09:00 (Costa Rica, UTC−06:00)" in message.body
    assert f"/en{incomplete.get_absolute_url()[3:]}\n" in message.body
    assert "<li>border control: 1 of 2</li>" in html_of(message)


def test_a_delegation_that_is_accepted_need_not_be_submitted_again(incomplete: Delegation) -> None:
    Delegation.objects.update(status="accepted")

    (message,) = sent_by(SUNDAY_AT_NINE)

    assert "Please name the officials who are missing.\n" in message.body


def test_a_gap_notice_names_the_letter_among_what_is_missing(incomplete: Delegation) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)

    (message,) = sent_by(SUNDAY_AT_NINE)

    assert message.subject.endswith(", investigation units 0 of 2, the nomination letter; 5 days left")
    assert "upload the nomination letter, and then submit the delegation." in message.body
    assert "The nomination letter is still missing." in html_of(message)


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        ("draft", "Please upload the nomination letter, and then submit the delegation.\n"),
        ("accepted", "Please upload the nomination letter.\n"),
    ],
)
def test_where_only_the_letter_is_missing_only_the_letter_is_asked_for(
    incomplete: Delegation, status: str, asked: str
) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)
    Delegation.objects.update(status=status)
    Quota.objects.update(minimum=0)

    (message,) = sent_by(SUNDAY_AT_NINE)

    assert message.body.startswith(f"Good day,\n\nCountry HN: the nomination letter; 5 days left\n\n{asked}")


def test_a_gap_notice_names_nobody(incomplete: Delegation) -> None:
    (message,) = sent_by(SUNDAY_AT_NINE)

    assert [word for word in ("Ana", "Ejemplo", "ana@example.org") if word in whole(message)] == []


def test_a_gap_notice_is_in_the_language_of_the_recipient(incomplete: Delegation) -> None:
    User.objects.update(language="es")

    (message,) = sent_by(SUNDAY_AT_NINE)

    assert message.subject.startswith("País HN: prosecutors (es) 0 ")
    assert "/es/delegations/" in message.body


@pytest.mark.usefixtures("incomplete")
def test_an_abbreviation_and_a_sign_stay_as_they_are_written() -> None:
    ParticipatingBody.objects.update(name_en="Trinidad & Tobago")
    ParticipantProfile.objects.filter(code="prosecutors").update(name_en="IOM & UNODC liaison")

    (message,) = sent_by(SUNDAY_AT_NINE)

    assert message.subject.startswith("Trinidad & Tobago: IOM & UNODC liaison 0 of 2, ")
    assert "<li>IOM &amp; UNODC liaison: 0 of 2</li>" in html_of(message)


def test_the_days_that_a_notice_says_are_those_of_the_delegations_page(
    incomplete: Delegation, client: Client, time_machine: TimeMachineFixture
) -> None:
    RegistrationPolicy.objects.update(closes_at=NOW + timedelta(days=11, hours=8))
    client.force_login(User.objects.get(email="focal@example.org"))
    time_machine.move_to(SUNDAY_AT_NINE, tick=False)

    (message,) = sent_by(SUNDAY_AT_NINE)
    page = client.get(f"/en{incomplete.get_absolute_url()[3:]}").content.decode()

    assert ("5 days left" in message.subject, "5 days left" in page) == (True, True)


def test_the_mail_about_a_waiver_has_its_seats(db: None) -> None:
    delegation = released_delegation("submitted")
    make_focal_point(delegation.body, make_user("focal@example.org", name="Rosa Ejemplo", language="en"))
    prosecutors = ParticipantProfile.objects.get(code="prosecutors")
    waive_seats(delegation, profile=prosecutors, seats=1, reason="small unit", by=make_staff(), now=SOON)

    (message,) = sent_by(SOON)

    assert message.body.startswith("Dear Rosa Ejemplo,\n\nThe secretariat has waived seats")
    assert "Waived seats:\n- Prosecutors: 1\n" in message.body
    assert "Still missing:\n- Prosecutors: 1\n" in message.body
    assert message.body.rstrip().endswith("Questions: secretariat@example.org")
    assert ("Dear Rosa Ejemplo," in html_of(message), "<li>Prosecutors: 1</li>" in html_of(message)) == (True, True)
