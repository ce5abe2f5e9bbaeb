"""What the mail says that asks a focal point to register."""

import re

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import Delegation, RegistrationPolicy, User
from registrations.services.delegations import waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.focal_points import appoint_focal_point
from tests.calendar_client import parse
from tests.factories import NOW, make_delegate, make_profiles, make_staff, make_user
from tests.registrations.services.deliveries import SOON, released_delegation, sent_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def honduras() -> Delegation:
    return released_delegation("draft")


def mail_to(delegation: Delegation, language: str = "en", **fields: object) -> EmailMessage:
    appoint_focal_point(
        delegation.body, email="ana@example.org", **{"name": "Ana Ejemplo", "language": language, **fields}
    )
    plan(now=NOW)
    return next(message for message in sent_by(SOON) if "/invited/" in message.body)


def both_texts(message: EmailMessage) -> list[str]:
    html = next(part for part in parse(message).walk() if part.get_content_type() == "text/html").get_content()
    return [message.body, html]


def link_in(text: str) -> str:
    return re.search(r"http[^\s\"]+/invited/[^\s\"]+", text)[0]


def test_it_has_the_body_the_quotas_the_sessions_and_the_deadline(honduras: Delegation) -> None:
    make_delegate(honduras, name="Luis Muestra", email="luis@example.org")
    waive_seats(
        honduras, profile=make_profiles()["border-control"], seats=1, reason="One is enough", by=make_staff(), now=NOW
    )

    message = mail_to(honduras)

    assert message.subject == "Please register the delegation of Country HN"
    for text in both_texts(message):
        assert "Dear Ana Ejemplo," in text
        assert "Mon 16 Nov, 09:00–11:00" in text
        assert "Tue 17 Nov" in text
        assert "Prosecutors: at least 2" in text
        assert "Border control: at least 1" in text
        assert "11 days left" in text
        assert "(Tegucigalpa, UTC−06:00)" in text
        assert "you need no password" in text
        assert "Luis" not in text
        assert "letter in which" not in text
        assert link_in(text).startswith("http://testserver/en/invited/")


def test_it_is_in_the_language_of_the_recipient(honduras: Delegation) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)

    message = mail_to(honduras, "es")

    assert message.subject == "Por favor, registre la delegación de País HN"
    for text in both_texts(message):
        assert "Estimada/o Ana Ejemplo:" in text
        assert "lun 16 nov, 09:00–11:00" in text
        assert "quedan 11 días" in text.lower()
        assert "/es/invited/" in text
        assert "contraseña" in text
        assert "carta" in text


def test_a_later_focal_point_is_not_asked_to_register_again(honduras: Delegation) -> None:
    Delegation.objects.update(status="accepted")

    message = mail_to(honduras)

    assert message.subject == "Delegation of Country HN: you register for it now"
    for text in both_texts(message):
        assert "is registered already" in text
        assert "at least" not in text


def test_after_closing_it_says_what_can_still_be_done(honduras: Delegation) -> None:
    RegistrationPolicy.objects.update(closes_at=NOW)

    for text in both_texts(mail_to(honduras)):
        assert "Registration has closed; you can still name people into empty seats" in text
        assert "days left" not in text
        assert "Registration closes" not in text


def test_its_link_leads_the_recipient_to_the_delegation(
    honduras: Delegation, client: Client, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(SOON)
    link = link_in(mail_to(honduras).body)
    client.force_login(User.objects.get(email="ana@example.org"))

    assert client.get(link).url == f"/en/delegations/{honduras.slug}/"


def test_a_name_with_markup_stays_text(honduras: Delegation) -> None:
    text, html = both_texts(mail_to(honduras, name="<b>Ana</b>"))

    assert "Dear <b>Ana</b>," in text
    assert "Dear &lt;b&gt;Ana&lt;/b&gt;," in html


def test_an_account_that_nobody_named_is_greeted_politely(honduras: Delegation) -> None:
    make_user("ana@example.org", language="en")

    assert both_texts(mail_to(honduras))[0].startswith("Good day,")
