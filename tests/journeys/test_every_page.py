"""Every page, in both languages and in light and dark: axe finds nothing, it fits 320 px, and nothing breaks our CSP.

With `RCM_SCREENSHOTS` it keeps pictures in that folder (`make screenshots`).
"""

import gzip
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, Page, Request
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from registrations.models import Delegate, Delegation, ParticipatingBody, Quota, RegistrationPolicy, User, Waiver
from registrations.services.attendance import decline_sessions_ahead
from registrations.services.focal_points import appoint_focal_point, note_privacy_read
from registrations.services.planning import plan
from registrations.services.quotas import make_exception
from registrations.services.sending import send_due
from registrations.services.speakers import link_speaker
from registrations.tokens import Scope, make_invitation_token, make_token
from sessions_app.models import Release, Session, Speaker, Webinar
from tests.journeys.views import (
    CANADA,
    FLOWS,
    LONG_INSTITUTION,
    LONG_NAME,
    NEWCOMER,
    NICARAGUA,
    OBSERVER,
    SECRETARIAT,
    VIEWS,
    View,
)

pytestmark = [pytest.mark.journey, pytest.mark.django_db]
# Two weeks before the webinar.
NOW = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCHEMES = ("light", "dark")
FIRST_VIEW_BYTES = 60_000
WIDE, NARROW, NARROWEST = 1280, 360, 320
SCREENSHOTS = os.environ.get("RCM_SCREENSHOTS", "")


class World:
    """The demo's people, in the test's database, at `NOW`."""

    def __init__(self, url: str) -> None:
        with override_settings(RCM_DEMO=True):
            call_command("seed_demo", stdout=StringIO())
        for user in User.objects.filter(email__in=[SECRETARIAT, OBSERVER]):
            Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "A" * 16})
        Delegate.objects.filter(pk=self._first_of("US").pk).update(name=LONG_NAME, institution=LONG_INSTITUTION)
        RegistrationPolicy.objects.filter(webinar__slug="connection-test").update(closes_at=NOW - timedelta(minutes=1))
        # Of the other webinar, which begins in an hour, the room is open.
        Session.objects.filter(webinar__slug="connection-test").update(room_opens_minutes=120)
        newcomer = appoint_focal_point(self._country("HN"), email=NEWCOMER, name="Sample newcomer")
        note_privacy_read(User.objects.get(email=NICARAGUA), now=NOW)
        plan(now=NOW)
        send_due(clock=lambda: NOW)
        # Who has just said so: the notice to their focal point is still to be planned.
        decline_sessions_ahead(self._first_of("MX"), reason="", now=NOW)
        self.url = url
        submitted = Delegation.objects.get(webinar__slug=FLOWS, status="submitted")
        quota = Quota.objects.get(webinar=submitted.webinar, profile__code="prosecutors")
        reason = "Prosecutors of one office alone take these cases; the ministry has confirmed it."
        staff = User.objects.get(email=SECRETARIAT)
        exception = make_exception(submitted, quota=quota, minimum=1, maximum=3, reason=reason, by=staff, now=NOW)
        speaking = Delegate.objects.get(delegation__body__slug="unodc", role="panelist", webinar__slug=FLOWS)
        entry = Speaker.objects.filter(webinar__slug=FLOWS, kind="person")[0]
        link_speaker(speaking, speaker=entry, version=speaking.version, by=staff, now=NOW)
        # By mistake, as the pages then say.
        Delegate.objects.filter(pk=self._first_of("US").pk).update(speaker=entry)
        self.tokens = {
            "my": make_token(self._first_of("CA"), Scope.PAGE),
            "absent": make_token(self._first_of("MX"), Scope.PAGE),
            "join": make_token(self._first_of("HN", webinar="connection-test"), Scope.JOIN),
            "session": Session.objects.get(webinar__slug=FLOWS, number=1).pk,
            "flows": Webinar.objects.get(slug=FLOWS).pk,
            "release": Release.objects.filter(webinar__slug=FLOWS)[0].pk,
            "submitted": submitted.pk,
            "draft": self._delegation_of("HN").pk,
            "accepted": self._delegation_of("CA").pk,
            "away": self._delegation_of("BZ").pk,
            "waiver": Waiver.objects.filter(delegation=self._delegation_of("PA"))[0].pk,
            "person": self._first_of("HN").pk,
            "quota": quota.pk,
            "exception": exception.pk,
            "speaking": speaking.pk,
            "organisation": speaking.delegation_id,
            "invited": make_invitation_token(newcomer, newcomer.body.delegations.get(webinar__slug=FLOWS)),
        }

    def _country(self, iso_code: str) -> ParticipatingBody:
        return ParticipatingBody.objects.get(iso_code=iso_code)

    def _delegation_of(self, iso_code: str) -> Delegation:
        return Delegation.objects.get(webinar__slug=FLOWS, body__iso_code=iso_code)

    def _first_of(self, iso_code: str, *, webinar: str = FLOWS) -> Delegate:
        people = Delegate.objects.filter(webinar__slug=webinar, delegation__body__iso_code=iso_code, status="active")
        return people.order_by("pk")[0]

    def session_cookie(self, who: str) -> str:
        client = Client()
        client.force_login(User.objects.get(email=who))
        return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=True):
        # Not the fixture `live_server`, which empties the database after each test.
        server = LiveServer("localhost")
        try:
            yield World(server.url)
        finally:
            server.stop()
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(params=["en", "es"])
def context(world: World, browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=world.url, locale=request.param, viewport={"width": WIDE, "height": 900}, reduced_motion="reduce"
    )
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": request.param, "url": world.url}])
    context.set_default_timeout(10_000)
    yield context
    context.close()


def language_of(context: BrowserContext) -> str:
    (cookie,) = [each for each in context.cookies() if each["name"] == settings.LANGUAGE_COOKIE_NAME]
    return cookie["value"]


def opened(view: View, world: World, context: BrowserContext) -> Page:
    if view.who:
        cookie = {
            "name": settings.SESSION_COOKIE_NAME, "value": world.session_cookie(view.who), "url": world.url
        }  # fmt: skip
        context.add_cookies([cookie])
    page = context.new_page()
    answer = page.goto(view.path.format(language=language_of(context), **world.tokens))
    assert answer is not None
    assert answer.status == view.status
    if view.reach is not None:
        view.reach(page)
    return page


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_axe_finds_nothing_and_it_fits(view: View, world: World, context: BrowserContext) -> None:
    page = opened(view, world, context)
    complaints: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}})
        complaints += [
            f"{scheme}: {violation['id']}: {node['html'][:200]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]
    page.emulate_media(color_scheme="light")
    if SCREENSHOTS and view.is_kept:
        keep(view, page, language_of(context))
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    too_wide = page.evaluate("document.documentElement.scrollWidth") - NARROWEST

    assert complaints == []
    assert too_wide <= 0


def keep(view: View, page: Page, language: str) -> None:
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        page.mouse.move(0, 0)
        size = page.evaluate("({width: innerWidth, height: document.documentElement.scrollHeight})")
        # Playwright itself writes PNG and JPEG alone, several times as large.
        picture = page.context.new_cdp_session(page).send(
            "Page.captureScreenshot",
            {
                "format": "webp", "quality": 45, "captureBeyondViewport": True,
                "clip": {"x": 0, "y": 0, "scale": 1, **size},
            },
        )  # fmt: skip
        path = Path(SCREENSHOTS) / language / f"{view.name}-{width}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(picture["data"]))


def test_nothing_breaks_our_content_security_policy_and_nothing_comes_from_elsewhere(
    world: World, context: BrowserContext
) -> None:
    told: list[str] = []
    context.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    context.on("request", lambda asked: told.append(asked.url) if not asked.url.startswith(world.url) else None)
    for view in VIEWS:
        if view.status == 200 and view.reach is None:
            opened(view, world, context).close()
    assert told == []


def test_the_first_view_of_the_delegation_page_is_small(world: World, context: BrowserContext) -> None:
    (complete,) = [view for view in VIEWS if view.name == "delegation-complete"]
    asked: list[Request] = []
    context.on("requestfinished", lambda request: asked.append(request))
    page = opened(complete, world, context)
    page.wait_for_load_state("networkidle")
    transferred = sum(map(sent_for, asked))
    print(f"\n{len(asked)} requests, {transferred} bytes.")

    assert complete.who == CANADA
    assert len(asked) <= 12
    assert transferred <= FIRST_VIEW_BYTES


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["delegation-complete", "delegation-half", "delegation-long-names", "attendance"])
def test_a_delegation_and_the_attendance_print_on_one_page(
    world: World, context: BrowserContext, name: str, paper: str
) -> None:
    (view,) = [view for view in VIEWS if view.name == name]
    pdf = opened(view, world, context).pdf(format=paper)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_board_prints_on_one_landscape_page(world: World, context: BrowserContext, paper: str) -> None:
    (view,) = [view for view in VIEWS if view.name == "board"]
    pdf = opened(view, world, context).pdf(format=paper, landscape=True)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def sent_for(request: Request) -> int:
    """The bytes of an answer as an installation sends it: WhiteNoise keeps the static files compressed, which the
    test's server does not."""
    sizes, answer = request.sizes(), request.response()
    if answer is None or not request.url.partition("/static/")[1]:
        return sizes["responseHeadersSize"] + sizes["responseBodySize"]
    return sizes["responseHeadersSize"] + len(gzip.compress(answer.body()))
