import time
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from registrations.models import AttentionReason, Delivery, IncomingKind, MailForAPerson
from registrations.services.inbox.mail_for_a_person import mark_as_dealt_with, record_for_a_person
from registrations.services.inbox.parsing import parse_mail
from tests.factories import (
    NOW,
    make_delegate,
    make_delegation,
    make_incoming_mail,
    make_mail_for_a_person,
    make_staff,
    make_user,
)
from tests.registrations.services.reminding import invited

pytestmark = pytest.mark.django_db


def letter(text: str = "Good morning.", *, html: str = "", sender: str = "Ana Paz <Ana@example.org>") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = sender, "Una pregunta"
    if text:
        message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def sent_to(email: str, at: datetime) -> Delivery:
    person = invited(email=email)
    Delivery.objects.update(sent_at=at)
    return Delivery.objects.filter(delegate=person).latest("pk")


def recorded(content: bytes, reason: str = AttentionReason.WRITTEN_BY_A_PERSON, **fields: object) -> MailForAPerson:
    mail = make_incoming_mail(IncomingKind.FOR_A_PERSON)
    return record_for_a_person(mail, parse_mail(content), AttentionReason(reason), now=NOW, **fields)


def test_what_a_person_wrote_is_listed_with_sender_subject_and_first_lines():
    stored = recorded(letter("Buenos días.\n\n\x07¿Puede venir mi colega?\n"))

    assert (stored.sender_name, stored.sender_address, stored.subject) == ("Ana Paz", "Ana@example.org", "Una pregunta")
    assert stored.excerpt == "Buenos días.\n¿Puede venir mi colega?"


def test_the_first_lines_hold_no_link_and_nothing_that_is_quoted():
    text = "Thanks, see https://example.org/en/my/secret-token/ and\n> Your link: https://example.org/my/token\nBye"

    assert recorded(letter(text)).excerpt == "Thanks, see … and\nBye"


def test_the_first_lines_of_a_letter_in_html_are_plain_text():
    stored = recorded(letter("", html="<style>p{}</style><p>Hello <b>you</b><script>x()</script></p>"))

    assert stored.excerpt == "Hello you"


def test_the_blocks_of_a_letter_in_html_are_lines():
    html = "<div>Buenos&nbsp;d&iacute;as,</div><p>Ana &amp; Bob<br>no pueden</p><table><tr><td>1<td>2</table>"

    assert recorded(letter("", html=html)).excerpt == "Buenos días,\nAna & Bob\nno pueden\n1\n2"


def test_html_that_is_made_to_take_long_is_read_soon():
    content, began = letter("", html="<div>" * 52_000), time.process_time()

    recorded(content)

    assert time.process_time() - began < 0.5


def test_a_long_letter_is_cut():
    assert len(recorded(letter("word " * 5000)).excerpt) == 1000


def test_a_known_person_is_named_and_an_active_one_first():
    gone = make_delegate(make_delegation(), email="ana@example.org", status="withdrawn", withdrawn_at=NOW)
    present = make_delegate(gone.delegation, email="ANA@example.org")

    assert recorded(letter()).delegate == present


def test_an_account_is_named_and_an_unknown_person_is_nobody():
    account = make_user("ana@example.org")

    assert recorded(letter()).user == account
    unknown = recorded(letter(sender="nobody@example.com"))
    assert (unknown.delegate, unknown.user) == (None, None)


@pytest.mark.parametrize(("days", "is_guessed"), [(6, True), (8, False)])
def test_of_a_bounce_only_whom_we_wrote_to_within_seven_days_is_a_guess(days, is_guessed):
    delivery = sent_to("Wrong@example.org", NOW - timedelta(days=days))
    make_delegate(delivery.delegate.delegation, email="ana@example.org")

    stored = recorded(letter("the whole mail"), AttentionReason.UNKNOWN_BOUNCE, failed=["wrong@example.org"])

    assert (stored.delegate, stored.excerpt) == (delivery.delegate if is_guessed else None, "")


def test_a_bounce_that_names_nobody_is_no_guess_about_its_sender():
    sent_to("ana@example.org", NOW)

    stored = recorded(letter(), AttentionReason.UNKNOWN_BOUNCE)

    assert (stored.delegate, stored.user) == (None, None)


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("=?utf-8?q?ana=40example=2Eorg=2C?= <bob@example.com>", "ana@example.org,", "bob@example.com"),
        ("=?utf-8?q?Ana_=3Cana=40example=2Eorg=3E?= <bob@example.com>", "Ana <ana@example.org>", "bob@example.com"),
        ('"Paz, Ana" <ana@example.org>', "Paz, Ana", "ana@example.org"),
        ("ana@example.org, bob@example.com", "ana@example.org, bob@example.com", ""),
        ("ana@example.org <bob@example.com>", "ana@example.org <bob@example.com>", ""),
        ("=?utf-8?b?4oCuQW5h4oCLIFBhesKt?= <bob@example.com>", "Ana Paz", "bob@example.com"),
    ],
)
def test_the_sender_is_who_the_address_says_and_not_who_the_name_says(sender, name, address):
    ana = make_delegate(make_delegation(), email="ana@example.org")

    stored = recorded(f"From: {sender}\nSubject: Hello\n\nHello\n".encode())

    assert (stored.sender_name, stored.sender_address) == (name, address)
    assert stored.delegate == (ana if address == ana.email else None)


def test_long_and_broken_headers_are_cut():
    stored = recorded(b"From: " + b"a" * 500 + b"@example.org\nSubject: " + b"s" * 500 + b"\n\ntext\n")

    assert (len(stored.sender_address), len(stored.subject)) == (320, 200)


def test_mail_is_dealt_with_once():
    staff, first, second = make_staff(), make_mail_for_a_person(), make_mail_for_a_person()

    assert mark_as_dealt_with([first.pk, second.pk], by=staff, now=NOW) == 2
    assert mark_as_dealt_with([first.pk], by=make_staff(), now=NOW) == 0

    assert set(MailForAPerson.objects.values_list("dealt_with_by", flat=True)) == {staff.pk}
    assert not MailForAPerson.objects.open().exists()
