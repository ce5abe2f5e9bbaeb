"""Every page of one webinar has its head: its days and state, links to its pages, and hours in its zone."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from registrations.models import Delegate, User
from sessions_app.models import Session, Webinar
from tests.factories import (
    NOW,
    make_announcement,
    make_country,
    make_delegate,
    make_delegation,
    make_gap_notice_rule,
    make_gap_reminder,
    make_message,
    make_observer,
    make_quotas,
    make_reminder_rule,
    make_speaker,
    make_webinar,
)

pytestmark = pytest.mark.django_db

LABELS = ["Overview", "Agenda", "Registration", "Board", "People", "Messages", "Attendance", "History"]


@pytest.fixture
def webinar(db: None) -> Webinar:
    return make_webinar(timezone="Asia/Tokyo", short_title_en="Shared posts")


@pytest.fixture
def delegate(webinar: Webinar) -> Delegate:
    make_quotas(webinar)
    return make_delegate(make_delegation(webinar, make_country("HN")), "prosecutors")


def links_of(html: str) -> dict[str, str]:
    """Return the label of each link to a page of the webinar with its attributes; empty without a head."""
    found = re.search(r'<nav class="rcm-tabs".*?</nav>', html, re.DOTALL)
    return {label: attributes for attributes, label in re.findall(r"<a ([^>]*)>([^<]*)</a>", found[0])} if found else {}


def current_page(html: str) -> str:
    (label,) = [label for label, attributes in links_of(html).items() if "aria-current" in attributes]
    return label


def pages(delegate: Delegate, staff: User) -> dict[str, str]:
    """Return the address of a page of each kind with the label of the link that is current on it."""
    webinar = delegate.webinar
    session = Session.objects.filter(webinar=webinar).first()
    quota = webinar.quotas.first()
    assert session is not None
    assert quota is not None
    rows = {
        f"sessions_app/webinar/{webinar.pk}/change/": "Agenda",
        f"sessions_app/webinar/{webinar.pk}/history/": "Agenda",
        f"sessions_app/webinar/{webinar.pk}/release/": "Agenda",
        f"sessions_app/webinar/{webinar.pk}/cancel/": "Agenda",
        f"sessions_app/session/{session.pk}/change/": "Agenda",
        f"sessions_app/speaker/{make_speaker(webinar, 'Ana Muestra').pk}/change/": "Agenda",
        f"registrations/registrationpolicy/{webinar.pk}/change/": "Registration",
        f"registrations/quota/{quota.pk}/change/": "Registration",
        f"registrations/quota/{quota.pk}/exception/": "Registration",
        f"registrations/reminderrule/{make_reminder_rule(webinar).pk}/change/": "Registration",
        f"registrations/reminderrule/add/?webinar={webinar.pk}": "Registration",
        f"registrations/gapnoticerule/{make_gap_notice_rule(webinar).pk}/change/": "Registration",
        f"registrations/delegation/{delegate.delegation_id}/change/": "Board",
        f"registrations/delegation/{delegate.delegation_id}/waive/": "Board",
        f"registrations/delegation/?webinar={webinar.slug}": "Board",
        f"registrations/delegate/{delegate.pk}/change/": "People",
        f"registrations/delegate/register/{delegate.delegation_id}/": "People",
        f"registrations/delegate/?webinar={webinar.slug}": "People",
        f"registrations/announcement/{make_announcement(webinar, by=staff).pk}/change/": "Messages",
        f"registrations/announcement/add/?webinar={webinar.slug}": "Messages",
        f"registrations/gapreminder/{make_gap_reminder(webinar, by=staff).pk}/change/": "Messages",
        f"registrations/gapreminder/of/{webinar.pk}/": "Messages",
        f"registrations/delivery/?webinar={webinar.slug}": "Messages",
        f"webinars/{webinar.slug}/": "Overview",
        f"webinars/{webinar.slug}/agenda/": "Agenda",
        f"webinars/{webinar.slug}/agenda/1/table/": "Agenda",
        f"quota-board/{webinar.slug}/": "Board",
        f"quota-board/{webinar.slug}/history/": "History",
        f"attendance/{webinar.slug}/": "Attendance",
        f"attendance/{webinar.slug}/1/": "Attendance",
    }
    return {f"/admin/{address}": label for address, label in rows.items()}


def test_each_page_of_a_webinar_shows_its_head_and_its_zone(
    secretariat: Client, staff: User, delegate: Delegate
) -> None:
    for address, label in pages(delegate, staff).items():
        html = secretariat.get(address).text

        assert list(links_of(html)) == LABELS, address
        assert current_page(html) == label, address
        assert "Shared posts" in html, address
        assert "Hours in Asia/Tokyo" in html, address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "webinars/",
        "webinars/new/",
        "countries/",
        "countries/country-hn/",
        "registrations/delegate/",
        "registrations/delegate/?webinar=unknown",
        "registrations/delegate/?webinar=%00",
        "registrations/reminderrule/add/?webinar=999999999999999999",
        "registrations/delivery/",
    ],
)
def test_a_page_of_no_webinar_has_no_head_and_the_readers_zone(
    secretariat: Client, staff: User, delegate: Delegate, address: str
) -> None:
    User.objects.filter(pk=staff.pk).update(timezone="America/Managua")

    response = secretariat.get(f"/admin/{address}", follow=True)

    assert response.status_code == 200
    assert links_of(response.text) == {}
    assert "Hours in America/Managua" in response.text


def test_hours_typed_on_a_page_of_a_webinar_are_hours_of_its_zone(secretariat: Client, delegate: Delegate) -> None:
    policy = delegate.webinar.policy

    secretariat.post(
        f"/admin/registrations/registrationpolicy/{policy.pk}/change/",
        {
            "opens_at_0": "2026-10-01",
            "opens_at_1": "09:00",
            "closes_at_0": "2026-11-02",
            "closes_at_1": "17:00",
            "accepts_complete_at_once": "on",
            "purge_on": "2027-12-24",
        },
    )

    policy.refresh_from_db()
    assert policy.closes_at.isoformat() == "2026-11-02T08:00:00+00:00"


def test_an_observer_sees_the_links_to_the_pages_of_observers_and_no_home(client: Client, delegate: Delegate) -> None:
    client.force_login(make_observer())

    html = client.get(f"/admin/quota-board/{delegate.webinar.slug}/").text

    assert list(links_of(html)) == ["Agenda", "Board", "People", "Attendance", "History"]
    assert client.get(f"/admin/webinars/{delegate.webinar.slug}/").status_code == 403


def test_the_head_costs_one_query(
    secretariat: Client, delegate: Delegate, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Both ask for a webinar; the first one asks for none that exists.
    with django_assert_num_queries(6):
        secretariat.get("/admin/registrations/reminderrule/add/?webinar=999999999999999999")
    with django_assert_num_queries(6):
        secretariat.get(f"/admin/registrations/reminderrule/add/?webinar={delegate.webinar_id}")
    with django_assert_num_queries(5):
        secretariat.get("/admin/registrations/reminderrule/add/")


def test_only_administrators_open_all_records(secretariat: Client, staff: User) -> None:
    assert secretariat.get("/admin/records/").status_code == 403
    assert "All records" not in secretariat.get("/admin/webinars/").text

    User.objects.filter(pk=staff.pk).update(is_superuser=True)

    page = secretariat.get("/admin/records/")
    assert "/admin/registrations/quota/" in page.text
    assert "All records" in secretariat.get("/admin/webinars/").text


def test_the_state_in_the_head_follows_the_webinar(secretariat: Client, delegate: Delegate) -> None:
    Webinar.objects.filter(pk=delegate.webinar_id).update(cancelled_at=NOW)
    make_message("unsent", delegation=delegate.delegation)

    html = secretariat.get(f"/admin/webinars/{delegate.webinar.slug}/").text

    assert '<span class="rcm-state is-cancelled">cancelled</span>' in html
