"""A participant gets from the invitation to the video conference on a telephone, in both languages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from icalendar import Calendar
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Arrival, Delegate, User
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.tokens import Scope, make_token
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW, make_focal_point, make_reminder_rule, make_staff
from tests.journeys.looking import axe_findings
from tests.journeys.mailbox import ReceivedMessage
from tests.registrations.participants import make_participant

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
TELEPHONE = {"width": 390, "height": 844}
OPENING = FIRST_START - timedelta(minutes=15)
WORDS = {
    "en": {
        "yes": "Yes",
        "said_yes": "You said yes to",
        "add": re.compile("Add to calendar"),
        "early": "The room is not open yet.",
        "join_page": "Go to the join page",
        "join_now": "Join now",
        "enter": "Enter the room",
        "again": "press the button again",
        "accepted": "accepted",
    },
    "es": {
        "yes": "Sí",
        "said_yes": "Usted respondió que sí",
        "add": re.compile("Agregar al calendario"),
        "early": "La sala aún no está abierta.",
        "join_page": "Ir a la página de ingreso",
        "join_now": "Ingresar ahora",
        "enter": "Ingresar a la sala",
        "again": "pulse el botón de nuevo",
        "accepted": "aceptó",
    },
}


@dataclass
class VideoConference:
    """The video conference on another origin, which records the requests that it gets."""

    url: str
    requests: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def room() -> Iterator[VideoConference]:
    """Start the video conference at its own name and port, so that it is another site for a browser."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/room/"):
                conference.requests.append(dict(self.headers) | {"path": self.path})
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><title>Room</title><h1>You are in the room</h1>")

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    conference = VideoConference(f"http://127.0.0.1:{server.server_port}/room/flows?pwd=sample&lang=1")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield conference
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Let the clock run from `NOW`; `clock.move_to` changes it."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture(params=["en", "es"])
def participant(
    request: pytest.FixtureRequest,
    live_server: LiveServer,
    settings,
    clock: time_machine.Traveller,
    room: VideoConference,
) -> Delegate:
    """A participant in Panama, one hour from the webinar's clock, who has just been sent both invitations."""
    settings.BASE_URL = live_server.url
    delegate = make_participant(
        name="Ana Ejemplo", email="ana@example.org", language=request.param, timezone="America/Panama"
    )
    Session.objects.update(room_url=room.url)
    make_focal_point(delegate.delegation.body, User.objects.create_user("focal@example.org", language=request.param))
    User.objects.update(privacy_notice=1, privacy_read_at=NOW)
    release_webinar(delegate.webinar, by=None, now=NOW)
    make_reminder_rule(delegate.webinar, 10, "minutes")
    deliver()
    return delegate


def deliver(now: datetime = NOW) -> None:
    plan(now=now)
    send_due(clock=lambda: now + timedelta(minutes=1))


class Telephone:
    """A browser of 390 px that counts taps, and records violations of our content security policy."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0
        self.errors: list[str] = []
        page.context.on("console", self._note)
        page.context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _note(self, said: ConsoleMessage) -> None:
        # A slow machine shows the page without the font, which is optional, and the browser warns about its preload.
        if said.type in ("error", "warning") and "conference-sans.woff2 was preloaded" not in said.text:
            self.errors.append(said.text)

    def tap(self, name: str | re.Pattern[str], role: Literal["button", "link"] = "link") -> None:
        self.taps += 1
        self.page.get_by_role(role, name=name).first.tap()

    def has_no_findings(self) -> bool:
        """Check axe's rules at levels A and AA in light and dark, and that nothing scrolls sideways."""
        found = []
        schemes: list[Literal["light", "dark"]] = ["light", "dark"]
        for scheme in schemes:
            self.page.emulate_media(color_scheme=scheme)
            found += [f"{scheme}: {each}" for each in axe_findings(self.page)]
        self.page.emulate_media(color_scheme="light")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert (found, wide) == ([], TELEPHONE["width"])
        return True


@pytest.fixture
def telephone(browser: Browser, participant: Delegate) -> Iterator[Telephone]:
    context = a_telephone(browser, participant)
    yield Telephone(context.new_page())
    context.close()


@pytest.fixture
def telephone_without_scripts(browser: Browser, participant: Delegate) -> Iterator[Telephone]:
    context = a_telephone(browser, participant, java_script_enabled=False)
    yield Telephone(context.new_page())
    context.close()


def a_telephone(browser: Browser, participant: Delegate, **options: bool) -> BrowserContext:
    context = browser.new_context(
        locale=participant.language,
        viewport=TELEPHONE,
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
        **options,  # type: ignore[arg-type]  # one of its many
    )
    context.set_default_timeout(10_000)
    return context


def messages() -> list[ReceivedMessage]:
    """Return the mail in order of arrival."""
    return [
        ReceivedMessage(message_from_bytes(sent.message().as_bytes(), policy=policy.default)) for sent in mail.outbox
    ]


def invitation(number: int = 1) -> ReceivedMessage:
    """Return the invitation to session `number`."""
    (message,) = [one for one in messages() if one.calendar and str(number) in one.subject.partition(",")[0]]
    return message


def open_its_one_button(telephone: Telephone, message: ReceivedMessage, address: str) -> None:
    """Show the HTML part of the mail as a mail program does, and tap its button."""
    html = message.message.get_body(("html",))
    assert html is not None
    # It is shown outside of our pages, whose content security policy would block the styles of the mail.
    telephone.page.goto("about:blank")
    telephone.page.set_content(html.get_content())
    assert telephone.has_no_findings()
    (button,) = telephone.page.locator("a.button").all()
    telephone.tap(button.inner_text())
    telephone.page.wait_for_url(address)


def text_for(who: User, browser: Browser, live_server: LiveServer, path: str) -> str:
    """Return the text of a page for a signed-in user with a wide window."""
    client = Client()
    client.force_login(who)
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    cookie = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": cookie, "value": client.cookies[cookie].value, "url": live_server.url}])
    page = context.new_page()
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    text = page.locator("main").inner_text()
    context.close()
    return text


def test_an_invitation_leads_to_the_room_with_few_taps(
    participant: Delegate,
    telephone: Telephone,
    browser: Browser,
    live_server: LiveServer,
    clock: time_machine.Traveller,
    room: VideoConference,
    tmp_path: Path,
) -> None:
    page, words, language = telephone.page, WORDS[participant.language], participant.language
    message = invitation()

    # One tap on the button of the mail opens the page, which shows the hour of the mail and of the calendar.
    open_its_one_button(telephone, message, f"**/{language}/my/*/")
    assert telephone.taps == 1
    assert message.starts_in("America/Panama").strftime("%H:%M") == "10:00"
    expect(page.locator(".next-session")).to_contain_text("10:00–12:00")
    assert telephone.has_no_findings()

    # A second tap answers, and the focal point and the secretariat see the answer.
    telephone.tap(words["yes"], "button")
    expect(page.get_by_role("status")).to_contain_text(words["said_yes"])
    assert telephone.taps == 2
    assert telephone.has_no_findings()
    focal_point, delegation = User.objects.get(email="focal@example.org"), participant.delegation
    staff = make_staff("secretariat@example.org")
    path = f"/{language}/delegations/{delegation.slug}/"
    assert words["accepted"] in text_for(focal_point, browser, live_server, path)
    path = f"/admin/registrations/delegation/{delegation.pk}/change/"
    assert "accepted" in text_for(staff, browser, live_server, path)

    # A third tap downloads the calendar file, which is the entry of the invitation and links to the join page.
    with page.expect_download() as download:
        telephone.tap(words["add"])
    assert telephone.taps == 3
    download.value.save_as(tmp_path / "session.ics")
    (event,) = Calendar.from_ical((tmp_path / "session.ics").read_bytes()).events
    assert (event["UID"], event.start) == (message.event["UID"], message.event.start)
    join_page = str(event["LOCATION"])
    assert join_page == message.event["LOCATION"]
    assert make_token(participant, Scope.JOIN) in join_page

    # A calendar program reads the feed at the URL that the page offers for copying.
    feed = page.request.get(page.locator(".feed-address").inner_text())
    subscribed = Calendar.from_ical(feed.body())
    assert [each["UID"] for each in subscribed.events] == [message.event["UID"], invitation(2).event["UID"]]
    assert page.request.get(feed.url, headers={"If-None-Match": feed.headers["etag"]}).status == 304

    # Before the room opens, the join page says when, and shows no address of the room.
    telephone.tap(words["join_page"])
    expect(page.locator("main")).to_contain_text(words["early"])
    expect(page.locator(".room-opens")).to_contain_text("09:45")
    assert telephone.has_no_findings()
    assert room.url not in page.content()

    # On the day, one tap on the button of the reminder and one on that of the page show the link to the room.
    clock.move_to(FIRST_START - timedelta(minutes=10))
    deliver(FIRST_START - timedelta(minutes=10))
    telephone.taps = 0
    open_its_one_button(telephone, messages()[-1], join_page)
    assert telephone.has_no_findings()
    telephone.tap(words["join_now"], "button")
    expect(page.get_by_role("link", name=words["enter"])).to_have_attribute("href", room.url)
    assert telephone.taps == 2
    assert telephone.has_no_findings()
    assert list(Arrival.objects.values_list("delegate", "session__number")) == [(participant.pk, 1)]

    # The video conference is another site, and gets no Referer.
    telephone.tap(words["enter"])
    expect(page.get_by_role("heading")).to_have_text("You are in the room")
    (headers,) = room.requests
    assert room.url.endswith(headers["path"])
    assert "Referer" not in headers
    assert telephone.errors == []
    # A participant whose connection breaks can return the same way, and one whose room is full has the button again.
    page.go_back()
    expect(page.get_by_role("link", name=words["enter"])).to_be_visible()
    telephone.tap(words["again"])
    expect(page.get_by_role("button", name=words["join_now"])).to_be_visible()


def test_a_participant_answers_and_joins_without_javascript(
    participant: Delegate, telephone_without_scripts: Telephone, clock: time_machine.Traveller, room: VideoConference
) -> None:
    telephone, words = telephone_without_scripts, WORDS[participant.language]
    message = invitation()

    telephone.page.goto(message.links[0])
    telephone.tap(words["yes"], "button")
    expect(telephone.page.get_by_role("status")).to_contain_text(words["said_yes"])
    clock.move_to(OPENING)
    telephone.page.goto(str(message.event["LOCATION"]))
    telephone.tap(words["join_now"], "button")
    telephone.tap(words["enter"])

    expect(telephone.page.get_by_role("heading")).to_have_text("You are in the room")
    (headers,) = room.requests
    assert "Referer" not in headers
    assert telephone.errors == []
    assert Arrival.objects.count() == 1
