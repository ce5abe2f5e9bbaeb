"""The list of webinars, and the filter and the choosers that name them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from registrations.models import HistoryEvent, RegistrationPolicy
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_observer, make_quotas, make_webinar

pytestmark = pytest.mark.django_db
LIST = "/admin/webinars/"
PEOPLE = "/admin/registrations/delegate/"


def webinar_in(days: int, slug: str, **fields: object) -> Webinar:
    """Create a webinar whose sessions and deadline are so many days from now."""
    webinar = make_webinar(slug, sessions=1, **fields)
    now = timezone.now()
    Session.objects.filter(webinar=webinar).update(starts_at=now + timedelta(days=days))
    RegistrationPolicy.objects.filter(webinar=webinar).update(closes_at=now + timedelta(days=days, hours=-12))
    return webinar


def slugs(table: object) -> list[str]:
    return [row.name.webinar.slug for row in table.rows]  # type: ignore[attr-defined]  # of a template's context


def test_the_list_shows_what_is_ahead_first_with_its_figures(secretariat: Client) -> None:
    webinar = webinar_in(20, "flows")
    webinar_in(5, "sooner", title_en="Sooner")
    webinar_in(-30, "past")
    make_quotas(webinar, minimum=1)
    make_delegate(make_delegation(webinar, make_country("HN"), status="accepted"), "prosecutors")
    make_delegation(webinar, make_country("PA"))

    page = secretariat.get(LIST)

    tables = page.context["tables"]
    assert (slugs(tables.ahead), slugs(tables.past)) == (["sooner", "flows"], ["past"])
    next_date, *figures = [cell.text for cell in tables.ahead.rows[1].cells]
    # Accepted, missing of four profiles in two countries, people.
    assert figures == ["1 of 2", 7, 1]
    assert re.fullmatch(r"closes \w{3} \d+ \w{3}, \d\d:\d\d \(Costa Rica\)", str(next_date))
    assert '<details class="rcm-past">' in page.text


def test_the_list_searches_the_words_of_a_title_and_then_unfolds_the_past(secretariat: Client) -> None:
    webinar_in(20, "flows")
    webinar_in(-30, "airports", title_en="Risk analysis at airports")

    page = secretariat.get(LIST, {"q": "airports risk"})

    tables = page.context["tables"]
    assert (slugs(tables.ahead), slugs(tables.past)) == ([], ["airports"])
    assert '<details class="rcm-past" open>' in page.text
    assert "No webinar ahead has these words in its title." in page.text


def test_past_webinars_come_in_pages_and_keep_the_search(secretariat: Client) -> None:
    for number in range(12):
        webinar_in(-30 - number, f"past-{number:02}")

    first = secretariat.get(LIST, {"q": "flows"}).context["tables"].past
    second = secretariat.get(LIST + first.next_url).context["tables"].past

    assert first.next_url == "?q=flows&past=2"
    assert (slugs(first)[0], slugs(second)) == ("past-00", ["past-10", "past-11"])
    assert (first.previous_url, second.previous_url, second.next_url) == ("", "?q=flows&past=1", "")


@pytest.mark.parametrize("nonsense", ["0", "-1", "x", "9" * 5000, "9" * 30, "\0", "²", "1;--"])
def test_nonsense_in_the_address_of_the_list_shows_some_page(secretariat: Client, nonsense: str) -> None:
    webinar_in(-30, "past")

    statuses = {secretariat.get(LIST, {name: nonsense}).status_code for name in ("page", "past", "q")}

    assert statuses == {200}


@pytest.mark.parametrize("with_dates", [True, False])
def test_a_webinar_without_registration_dates_says_so(secretariat: Client, with_dates: bool) -> None:
    webinar = webinar_in(20, "flows")
    if with_dates:
        RegistrationPolicy.objects.filter(webinar=webinar).update(opens_at=None)
    else:
        RegistrationPolicy.objects.filter(webinar=webinar).delete()

    (row,) = secretariat.get(LIST).context["tables"].ahead.rows

    assert [cell.text for cell in row.cells] == ["registration has no dates", "–", "–", 0]


def test_the_filter_by_webinar_names_those_ahead_and_folds_the_past_away(secretariat: Client) -> None:
    webinar_in(20, "flows")
    webinar_in(-30, "past")

    page = secretariat.get(PEOPLE).text

    fold = page.index('<details class="rcm-past">')
    assert page.index("?webinar=flows") < fold < page.index("?webinar=past")
    assert re.search(r"\d{4} · Mass intra-regional flows · registration open</a>", page)


def test_a_webinar_that_the_filter_does_not_list_can_still_be_chosen(secretariat: Client) -> None:
    honduras = make_country("HN")

    for number in range(12):
        webinar = webinar_in(-30 - number, f"past-{number:02}")
        make_delegate(make_delegation(webinar, honduras), name=f"Person {number}")

    page = secretariat.get(PEOPLE, {"webinar": "past-11"})

    assert [str(row) for row in page.context["cl"].result_list] == ["Person 11"]
    assert '<details class="rcm-past" open>' in page.text


def test_a_list_of_many_webinars_names_the_webinar_of_each_row(secretariat: Client) -> None:
    webinar = webinar_in(20, "flows")
    release_webinar(webinar, by=None, now=timezone.now())
    make_delegate(make_delegation(webinar))

    everybody, of_one = secretariat.get(PEOPLE), secretariat.get(PEOPLE, {"webinar": "flows"})

    assert "field-webinar_name" in everybody.text
    assert "field-webinar_name" not in of_one.text


def test_pages_about_several_webinars_name_each_with_its_days(
    secretariat: Client, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW)
    webinar = make_webinar()
    delegation = make_delegation(webinar, make_country("HN"), status="submitted", submitted_at=NOW)
    person = make_delegate(delegation)
    HistoryEvent.objects.create(webinar=webinar, delegation=delegation, kind="submitted", at=NOW)
    exported = {"what": [None, "delegates"], "rows": [None, "3"], "file_format": [None, "csv"]}
    HistoryEvent.objects.create(webinar=webinar, kind="exported", at=NOW, changes=exported)

    dated = [
        secretariat.get("/admin/countries/country-hn/?show=history"),
        secretariat.get(f"{PEOPLE}export/"),
    ]
    with_state = [
        secretariat.get("/admin/registrations/delegation/waiting/"),
        secretariat.get(f"/admin/registrations/delegation/several/accept/?delegation={delegation.pk}"),
        secretariat.post("/admin/registrations/registrationpolicy/personal-data/", {"email": person.email}),
    ]

    name = "16–17 Nov 2026 · Mass intra-regional flows"
    assert [name in page.text for page in dated] == [True, True]
    assert [f"{name} · registration open" in page.text for page in with_state] == [True, True, True]


def test_a_select_of_webinars_groups_them_and_names_their_days(secretariat: Client) -> None:
    webinar_in(20, "flows")
    webinar_in(-30, "past")

    page = secretariat.get("/admin/registrations/delegation/add/").text

    groups = re.findall(r'<optgroup label="(\w+)">\s*<option[^>]*>([^<]+)', page)
    assert [label for label, _option in groups] == ["Ahead", "Past"]
    assert all(re.search(r"\d{4} · Mass", option) for _label, option in groups)


def test_the_list_of_all_records_is_sorted_by_the_first_session_and_shows_the_days(secretariat: Client) -> None:
    webinar_in(5, "sooner")
    webinar_in(20, "later")
    make_webinar("empty", sessions=0)

    page = secretariat.get("/admin/sessions_app/webinar/")

    assert [row.slug for row in page.context["cl"].result_list] == ["later", "sooner", "empty"]
    assert "no date yet" in page.text


def test_the_list_leads_to_the_page_that_sets_up_a_webinar_but_not_observers(
    secretariat: Client, client: Client
) -> None:
    webinar_in(5, "flows", short_title_en="Flows in short")

    page = secretariat.get(LIST).content.decode()
    client.force_login(make_observer())
    seen_by_observer = client.get(LIST).content.decode()

    assert ("/admin/webinars/new/" in page, "/admin/webinars/new/" in seen_by_observer) == (True, False)
    assert "Flows in short</a>" in page


def test_a_list_of_several_webinars_names_the_zone_beside_each_hour(secretariat: Client) -> None:
    make_webinar(sessions=1)
    make_webinar("tokyo", sessions=1, timezone="Asia/Tokyo")

    several = secretariat.get("/admin/sessions_app/session/").text
    one = secretariat.get("/admin/sessions_app/session/", {"webinar": "tokyo"}).text

    assert "Mon 16 Nov 2026, 09:00 (Costa Rica)" in several
    assert "Tue 17 Nov 2026, 00:00 (Tokyo)" in several
    # The head of the page names it.
    assert "Tue 17 Nov 2026, 00:00</td>" in one
