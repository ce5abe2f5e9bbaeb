"""Compares adding delegates by the form, several at once, with a view that only inserts the row.

One gunicorn with the production configuration answers both, over connections that stay open. Both views run behind the
same middleware, CSRF check and signed-in session.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from django.utils import timezone, translation

from bench.timing import Ratio, compare_at_once
from rcm_webinar import urls
from registrations.models import Delegate, Delegation, HistoryEvent, ParticipantProfile, RegistrationPolicy, User
from sessions_app.models import Session
from tests.environment import ROOT
from tests.factories import (
    make_country,
    make_delegation,
    make_focal_point,
    make_profiles,
    make_quotas,
    make_user,
    make_webinar,
)
from tests.servers import accepts, free_port, wait_until

AT_ONCE = 8
CALLS = 10
ROUNDS = 15
A_DAY = timedelta(days=1)
COUNTRIES = ("AR", "BO", "BR", "CL", "CO", "EC", "PE", "UY")
FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]*)"')


@login_required
def insert_one_row(request: HttpRequest, delegation: int, profile: int) -> HttpResponse:
    now = timezone.now()
    with transaction.atomic():
        Delegate.objects.create(
            webinar_id=int(request.POST["webinar"]),
            delegation_id=delegation,
            profile_id=profile,
            name=request.POST["name"],
            email=request.POST["email"],
            institution=request.POST["institution"],
            position=request.POST["position"],
            timezone=request.POST["timezone"],
            registered_at=now,
            mail_not_before=now,
        )
    return HttpResponse(status=302, headers={"Location": "/"})


urlpatterns = [*urls.urlpatterns, path("bare/<int:delegation>/<int:profile>/", insert_one_row)]


def measure() -> Sequence[Ratio]:
    webinar = make_webinar("adding")
    # Views use the present time, so registration must be open now.
    now = timezone.now()
    RegistrationPolicy.objects.filter(webinar=webinar).update(opens_at=now - A_DAY, closes_at=now + A_DAY)
    Session.objects.filter(webinar=webinar).update(starts_at=now + 2 * A_DAY)
    make_quotas(webinar)
    delegations = [make_delegation(webinar, make_country(code)) for code in COUNTRIES]
    one_per_country = [(each, make_focal_point(each.body).user) for each in delegations]
    same_delegation = [
        (delegations[0], make_focal_point(delegations[0].body, make_user()).user) for _ in range(AT_ONCE)
    ]
    bare_delegation = make_delegation(make_webinar("bare"), make_country("PY"))
    floor = "a bare view that inserts the row"
    with _server() as port:
        return [
            _compared(
                f"Adding a delegate, {AT_ONCE} countries at once, p95", one_per_country, floor, bare_delegation, port
            ),
            _compared(
                f"The same, {AT_ONCE} people in one delegation, p95", same_delegation, floor, bare_delegation, port
            ),
        ]


def _compared(
    what: str, people: Sequence[tuple[Delegation, User]], floor: str, bare_delegation: Delegation, port: int
) -> Ratio:
    profile = make_profiles()["prosecutors"]
    with ExitStack() as stack:
        clients = [
            FocalPoint(stack.enter_context(closing(HTTPConnection("127.0.0.1", port))), user, delegation, profile)
            for delegation, user in people
        ]
        return compare_at_once(
            what,
            [client.add for client in clients],
            floor,
            [client.insert_into(bare_delegation) for client in clients],
            rounds=ROUNDS,
            calls=CALLS,
            before_each=lambda: _reset(clients),
        )


class FocalPoint:
    """A signed-in user with an open form and a connection to the server."""

    numbers = count(1)

    def __init__(
        self, to_server: HTTPConnection, user: User, delegation: Delegation, profile: ParticipantProfile
    ) -> None:
        self.to_server = to_server
        self.profile = profile
        client = Client()
        client.force_login(user)
        session = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        with translation.override("es"):
            self.form = reverse("registrations:register-delegate", args=[delegation.slug])
        to_server.request("GET", self.form, headers={"Cookie": session})
        answer = to_server.getresponse()
        token = FORM_TOKEN.search(answer.read().decode())
        secret = re.search(rf"{settings.CSRF_COOKIE_NAME}=\w+", answer.headers["Set-Cookie"])
        assert token is not None
        assert secret is not None
        self.token = token[1]
        self.headers = {
            "Cookie": f"{session}; {secret[0]}",
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
        }

    def add(self) -> None:
        self._post(self.form, profile=self.profile.pk)

    def insert_into(self, delegation: Delegation) -> Callable[[], None]:
        def insert() -> None:
            self._post(f"/bare/{delegation.pk}/{self.profile.pk}/", webinar=delegation.webinar_id)

        return insert

    def _post(self, address: str, **fields: object) -> None:
        number = next(self.numbers)
        typed = {
            "csrfmiddlewaretoken": self.token,
            "name": f"María de los Ángeles Ejemplo {number}",
            "email": f"adding{number}@example.org",
            "institution": "Instituto de ejemplo",
            "position": "Fiscal",
            "language": "es",
            "timezone": "America/Tegucigalpa",
        }
        self.to_server.request("POST", address, urlencode(typed | fields), self.headers)
        answer = self.to_server.getresponse()
        answer.read()
        assert answer.status == 302


def _reset(clients: Sequence[FocalPoint]) -> None:
    """Reconnect, since the server closes idle connections, and delete the delegates, so that delegations stay small."""
    for client in clients:
        client.to_server.close()
        client.to_server.connect()
    HistoryEvent.objects.filter(webinar__slug="adding").delete()
    Delegate.objects.filter(webinar__slug__in=["adding", "bare"]).delete()


@contextmanager
def _server() -> Iterator[int]:
    """Start gunicorn with its own configuration on this database, with a broker; yield its port."""
    base, redis = os.environ["DATABASE_URL"].rpartition("/")[0], settings.CACHE_URL.rpartition("/")[0]
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
        "CELERY_BROKER_URL": f"{redis}/0",
        "DJANGO_SETTINGS_MODULE": "bench.server_settings",
        "GUNICORN_BIND": f"127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:rcm_webinar.gunicorn", "rcm_webinar.wsgi"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_until(lambda: accepts(port), server)
            yield port
        finally:
            server.terminate()
