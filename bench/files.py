"""Compares the public agenda and the calendar files with a bare Django view that runs three queries.

The agenda is that of the concept note. All requests run through the WSGI handler with every middleware, as under
gunicorn, without the overhead of the test client. The requirement is a throughput; the table prints the inverse, and
each row states its limit: half the throughput of the bare view is 2.0 times its duration.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from http import HTTPStatus

from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone, translation

from bench.timing import Ratio, compare
from rcm_webinar.management.commands.seed_demo import CONCEPT_NOTE
from registrations.models import Delegate, RegistrationPolicy
from registrations.tokens import Scope, make_token
from sessions_app.definitions import TomlTable, load_agenda, parse_agenda, read_source
from sessions_app.releases import release_webinar
from tests.factories import make_country, make_delegation
from tests.registrations.participants import make_entry, make_participant

ROUNDS = 400
FLOOR = "a bare view with three queries"


@override_settings(ROOT_URLCONF="bench.pages")
def measure() -> Sequence[Ratio]:
    delegate = _make_invited_delegate()
    with translation.override("es"):
        page = reverse("sessions_app:webinar", args=[delegate.webinar.slug])
    file = reverse("sessions_app_files:agenda-ics", args=[delegate.webinar.slug])
    feed = reverse("registrations_files:feed", args=[make_token(delegate, Scope.PAGE)])
    bare = _requests("/bare/")
    answers = (
        ("Public agenda page (at most 2.0)", _requests(page)),
        ("agenda.ics (at most 2.0)", _requests(file)),
        ("agenda.ics, unchanged (at most 2.0)", _requests(file, HTTP_IF_NONE_MATCH=_etag_of(file))),
        ("Feed (at most 2.0)", _requests(feed)),
        ("Feed, unchanged (at most 1.25)", _requests(feed, HTTP_IF_NONE_MATCH=_etag_of(feed))),
    )
    return [compare(what, answer, FLOOR, bare, rounds=ROUNDS) for what, answer in answers]


def _make_invited_delegate() -> Delegate:
    """Create a participant who is invited to both sessions of the concept note's webinar, which lie ahead."""
    now = timezone.now()
    source = read_source(CONCEPT_NOTE)
    start = (now + timedelta(days=14)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
    with transaction.atomic():
        webinar = load_agenda(source, parse_agenda(TomlTable.top(source)), first_start=start, now=now).webinar
    RegistrationPolicy.objects.create(
        webinar=webinar, opens_at=now, closes_at=now + timedelta(days=7), purge_on=(now + timedelta(days=365)).date()
    )
    release_webinar(webinar, by=None, now=now)
    delegate = make_participant(make_delegation(webinar, make_country("GT"), status="accepted"), language="es")
    for session in webinar.sessions.all():
        make_entry(delegate, session)
    return delegate


def _requests(address: str, **environ: str) -> Callable[[], None]:
    """Return a function that does what gunicorn does: call the application, read the response, close it."""
    expected = HTTPStatus.NOT_MODIFIED if environ else HTTPStatus.OK
    handler = WSGIHandler()

    def ask() -> None:
        response = handler(RequestFactory().get(address, **environ).environ, lambda status, headers: None)
        b"".join(response)
        response.close()
        assert response.status_code == expected

    return ask


def _etag_of(address: str) -> str:
    etag: str = Client().get(address).headers["ETag"]
    return etag
