from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from tests.factories import make_staff, make_user

INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example.org//rcm-webinar//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:4f9c@example.org
SEQUENCE:3
DTSTAMP:20261101T120000Z
DTSTART:20261116T150000Z
DTEND:20261116T170000Z
STATUS:CONFIRMED
SUMMARY:Context and challenges
DESCRIPTION:Join: https://webinars.example.org/en/my/t/join/1/
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.rcm_webinar.demo.urls")]


def send(subject: str = "Invitación: contexto", to: str = "ana@example.org", *, ics: str = INVITATION) -> None:
    message = EmailMultiAlternatives(subject, "Únase: https://webinars.example.org/es/my/t/", to=[to])
    message.attach_alternative('<p onclick="x()">Únase <script>x()</script></p>', "text/html")
    if ics:
        message.attach_alternative(ics, "text/calendar; method=REQUEST")
    message.send()


def only_stem(folder: Path) -> str:
    (path,) = folder.iterdir()
    return path.stem


def test_the_first_page_names_every_account_and_the_password(client: Client) -> None:
    make_user("focal.hn@example.org", name="Focal point of Honduras")
    make_staff("secretariat@example.org", name="Secretariat")

    page = client.get("/demo/").content.decode()

    for told in ("focal.hn@example.org", "Focal point of Honduras", "secretariat@example.org", "demo-rcm-2020"):
        assert told in page


def test_the_newest_message_comes_first_and_an_address_filters_the_list(client: Client, mail_folder: Path) -> None:
    send("First", "ana@example.org")
    send("Second", "luis@example.org")

    everything = client.get("/demo/mail/").content.decode()
    of_ana = client.get("/demo/mail/?to=ANA@example.org").content.decode()

    assert everything.index("Second") < everything.index("First")
    assert "First" in of_ana
    assert "Second" not in of_ana


def test_the_page_says_that_there_is_no_mail_yet(client: Client, mail_folder: Path) -> None:
    assert "No message yet" in client.get("/demo/mail/").content.decode()


def test_a_message_shows_its_calendar_part_at_the_hours_of_several_cities(client: Client, mail_folder: Path) -> None:
    send()

    response = client.get(f"/demo/mail/{only_stem(mail_folder)}/")

    mail = response.context["mail"]
    assert (mail.ical_method, mail.links) == ("REQUEST", ("https://webinars.example.org/es/my/t/",))
    (event,) = mail.events
    assert (event.uid, event.sequence, event.status) == ("4f9c@example.org", 3, "CONFIRMED")
    hours = {hour.city: (hour.starts_at.strftime("%H:%M"), hour.ends_at.strftime("%H:%M")) for hour in event.hours}
    assert hours == {
        "UTC": ("15:00", "17:00"),
        "Costa Rica": ("09:00", "11:00"),
        "Tegucigalpa": ("09:00", "11:00"),
        "Panama": ("10:00", "12:00"),
        "Santo Domingo": ("11:00", "13:00"),
        "Mexico City": ("09:00", "11:00"),
        "Toronto": ("10:00", "12:00"),
    }


def test_the_html_part_can_neither_run_scripts_nor_load_anything(client: Client, mail_folder: Path) -> None:
    send()
    stem = only_stem(mail_folder)

    page = client.get(f"/demo/mail/{stem}/").content.decode()
    body = client.get(f"/demo/mail/{stem}/body.html")

    policy = body.headers["Content-Security-Policy"]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "<script>x()" not in page
    assert "<script>x()" in body.content.decode()
    assert {part.strip() for part in policy.split(";")} == {
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    }


def test_the_calendar_part_is_downloaded_as_it_was_sent(client: Client, mail_folder: Path) -> None:
    send()

    response = client.get(f"/demo/mail/{only_stem(mail_folder)}/calendar.ics")

    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8; method=REQUEST"
    assert response.content.decode().splitlines() == INVITATION.splitlines()


def test_a_message_without_a_calendar_has_none_to_download(client: Client, mail_folder: Path) -> None:
    send(ics="")

    assert client.get(f"/demo/mail/{only_stem(mail_folder)}/calendar.ics").status_code == 404


@pytest.mark.parametrize("stem", ["20261116T150000000000-00000000", "..%2Fsecret", "x"])
def test_a_message_that_does_not_exist_is_404(stem: str, client: Client, mail_folder: Path) -> None:
    mail_folder.mkdir()
    (mail_folder.parent / "secret.eml").write_text("Subject: no\n\nno")

    assert client.get(f"/demo/mail/{stem}/").status_code == 404


@pytest.mark.urls("rcm_webinar.urls")
def test_the_pages_exist_only_in_the_demo(client: Client) -> None:
    assert [client.get(path).status_code for path in ("/demo/", "/demo/mail/")] == [404, 404]
