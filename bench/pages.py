"""Compares two pages with a bare Django view that runs three queries."""

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from bench.timing import Ratio, compare
from rcm_webinar import urls
from registrations.models import ParticipantProfile, ParticipatingBody
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_quotas,
    make_webinar,
)

ROUNDS = 200


def three_queries(request: HttpRequest) -> HttpResponse:
    rows = [*Webinar.objects.all()[:5], *ParticipatingBody.objects.all()[:11], *ParticipantProfile.objects.all()[:4]]
    return HttpResponse("\n".join(str(row) for row in rows))


urlpatterns = [*urls.urlpatterns, path("bare/", three_queries)]


@override_settings(ROOT_URLCONF="bench.pages")
def measure() -> Sequence[Ratio]:
    webinar = make_webinar("pages")
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    honduras = make_country("HN")
    delegation = make_delegation(webinar, honduras)
    for number in range(8):
        make_delegate(delegation, ("prosecutors", "border-control")[number % 2])
    visitor, focal_point = Client(), Client()
    bare = _opens(visitor, "/bare/")
    focal_point.force_login(make_focal_point(honduras).user)
    agenda = reverse("sessions_app:webinar", args=[webinar.slug])
    own = reverse("registrations:delegation", args=[delegation.slug])
    return [
        compare("Public agenda page", _opens(visitor, agenda), "a bare view with three queries", bare, rounds=ROUNDS),
        compare("Delegation page", _opens(focal_point, own), "a bare view with three queries", bare, rounds=ROUNDS),
    ]


def _opens(client: Client, address: str) -> Callable[[], None]:
    def open_page() -> None:
        assert client.get(address).status_code == 200

    return open_page
