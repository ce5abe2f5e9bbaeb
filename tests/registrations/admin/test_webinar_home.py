"""The home of one webinar: its checklist, its delegations, and what comes next."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registrations.models import DeliveryKind, DeliveryState, Quota, RegistrationPolicy, User
from sessions_app.models import AgendaItem, Session, Webinar, WebinarOrganiser
from sessions_app.releases import release_webinar
from tests.factories import (
    make_bounce,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_message,
    make_quotas,
    make_reminder_rule,
    make_session,
    make_webinar,
)

pytestmark = pytest.mark.django_db

HOME = "/admin/webinars/flows/"


@pytest.fixture
def webinar(db: None) -> Webinar:
    """A webinar in ten days whose registration is open."""
    webinar = make_webinar()
    now = timezone.now()
    Session.objects.filter(webinar=webinar).update(starts_at=now + timedelta(days=10), room_url="")
    RegistrationPolicy.objects.filter(webinar=webinar).update(opens_at=now, closes_at=now + timedelta(days=5))
    return webinar


def checks(client: Client) -> dict[str, tuple[str, str]]:
    """Return (state, text) of each line of the checklist by its label."""
    context = client.get(HOME).context
    return {check.label: (check.state, check.text) for check in (*context["open_checks"], *context["done_checks"])}


def test_a_webinar_with_nothing_set_up_says_what_is_missing(secretariat: Client) -> None:
    webinar = make_webinar(sessions=0, with_policy=False)

    found = checks(secretariat)

    missing = {label for label, (state, _text) in found.items() if state == "missing"}
    assert missing == {"Agenda", "Release", "Countries", "Quotas", "Registration"}
    assert found["Reminders"] == ("warning", "0 reminder rules, 0 gap notice rules")
    assert found["Contact"] == ("done", webinar.contact_email)
    assert "No country is asked yet." in secretariat.get(HOME).text


def test_a_webinar_that_is_set_up_has_nothing_open(secretariat: Client, staff: User, webinar: Webinar) -> None:
    make_quotas(webinar)
    for session in webinar.sessions.all():
        session.room_url = "https://video.example.org/room"
        session.floor_languages = ["es"]
        session.save()
        AgendaItem.objects.filter(session=session).delete()
        AgendaItem.objects.create(
            session=session, position=1, minutes=session.duration_minutes, title_en="Panel", title_es="Panel"
        )
    WebinarOrganiser.objects.create(webinar=webinar, name_en="Example organisation", name_es="Organización de muestra")
    make_reminder_rule(webinar)
    make_gap_notice_rule(webinar)
    focal_point = make_focal_point(make_delegation(webinar, make_country("HN")).body)
    User.objects.filter(pk=focal_point.user_id).update(last_login=timezone.now())
    release_webinar(webinar, by=staff, now=timezone.now())

    page = secretariat.get(HOME)

    assert [check.label for check in page.context["open_checks"]] == []
    assert len(page.context["done_checks"]) == 13


def test_what_keeps_people_away_comes_before_what_is_only_a_warning(secretariat: Client, webinar: Webinar) -> None:
    make_delegation(webinar, make_country("HN"))
    panama = make_delegation(webinar, make_country("PA"))
    make_message("failed", delegation=panama, state=DeliveryState.FAILED)
    person = make_delegate(panama)
    make_bounce(make_message("links", DeliveryKind.LINKS, delegate=person, email=person.email))
    make_focal_point(panama.body)

    context = secretariat.get(HOME).context

    states = [str(check.state) for check in context["open_checks"]]
    assert states == sorted(states, key=["missing", "warning"].index)
    texts = [check.text for check in context["open_checks"]]
    assert "No focal point: Country HN" in texts
    assert "Nobody has signed in yet: Country PA" in texts
    assert "1 message failed" in texts
    assert "1 message came back" in texts
    assert "Session 1 has no address" in texts


def test_the_lines_lead_to_the_pages_that_deal_with_them(secretariat: Client, webinar: Webinar) -> None:
    page = secretariat.get(HOME)

    for check in (*page.context["open_checks"], *page.context["done_checks"]):
        assert secretariat.get(check.url).status_code == 200, check


def test_delegations_stand_by_their_state_with_the_figures_of_the_board(secretariat: Client, webinar: Webinar) -> None:
    make_quotas(webinar, minimum=1)
    make_delegate(make_delegation(webinar, make_country("HN"), status="accepted"), "prosecutors")
    make_delegation(webinar, make_country("PA"))

    page = secretariat.get(HOME)

    assert [(label, [str(each.body) for each in rows]) for _state, label, rows in page.context["states"]] == [
        ("Draft", ["Country PA"]),
        ("Accepted", ["Country HN"]),
    ]
    assert "<b>1 / 8</b>" in page.text


def test_the_page_takes_the_same_queries_with_one_country_as_with_eleven(
    secretariat: Client, webinar: Webinar, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    quotas = make_quotas(webinar)
    make_delegate(make_delegation(webinar, make_country("HN")), "prosecutors")
    with django_assert_num_queries(26) as found:
        secretariat.get(HOME)
    for code in ("PA", "NI", "CR", "SV", "GT", "MX", "BZ", "CA", "US", "DO"):
        make_delegate(make_delegation(webinar, make_country(code)), "prosecutors")
    make_session(webinar, number=3)
    assert Quota.objects.count() == len(quotas)

    with django_assert_num_queries(len(found.captured_queries)):
        secretariat.get(HOME)


def test_the_home_in_spanish(secretariat: Client, webinar: Webinar) -> None:
    make_delegation(webinar, make_country("HN"))

    page = secretariat.get(HOME, headers={"accept-language": "es"})

    assert "Por hacer" in page.text
    assert "La sesión 1 no tiene dirección" in page.text
