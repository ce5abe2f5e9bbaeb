"""The quota board: its figures, their links, and its constant number of queries."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registrations.models import (
    BodyKind,
    Delegate,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    ParticipatingBody,
    User,
    Waiver,
)
from registrations.queries import quota_board
from sessions_app.models import Session, Webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_staff,
    make_webinar,
)

BOARD = "/admin/quota-board/flows/"


@pytest.fixture
def webinar(db: None) -> Webinar:
    webinar = make_webinar()
    make_quotas(webinar)
    return webinar


def name(delegation: Delegation, profile: str, people: int, **fields: object) -> None:
    for _number in range(people):
        make_delegate(delegation, profile, **fields)


def named_country(webinar: Webinar, iso_code: str, country: str, **fields: object) -> Delegation:
    return make_delegation(webinar, make_country(iso_code, name_en=country), **fields)


def waive(delegation: Delegation, profile: str, seats: int) -> None:
    Waiver.objects.create(
        delegation=delegation,
        profile=ParticipantProfile.objects.get(code=profile),
        seats=seats,
        reason="No such unit",
        granted_by=User.objects.first() or make_staff(),
        granted_at=NOW,
    )


def page_text(html: str) -> str:
    """Return the text of a page with single blanks."""
    main = html[html.index('id="content-main"') :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def links_of(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', html[html.index('id="content-main"') :])]


def test_the_headline_counts_quotas_of_accepted_delegations_and_says_what_else_is_met(
    secretariat: Client, webinar: Webinar
) -> None:
    accepted = named_country(webinar, "HN", "Honduras", status=DelegationStatus.ACCEPTED)
    draft = named_country(webinar, "GT", "Guatemala")
    named_country(webinar, "BZ", "Belize", status=DelegationStatus.NOT_ATTENDING, not_attending_reason="elections")
    name(accepted, "prosecutors", 3, is_working_group_member=True)
    name(accepted, "border-control", 2)
    name(draft, "prosecutors", 2)
    name(draft, "border-control", 1)

    words = page_text(secretariat.get(BOARD).content.decode())

    assert words.startswith(
        'id="content-main"> 2 of 8 quotas met in accepted delegations, and 1 met but not yet accepted '
        "16 asked · 8 named · 3 Working Group · 9 missing"
    )


def test_rows_are_ordered_by_gap_then_name_and_organisations_have_a_table_of_their_own(
    secretariat: Client, webinar: Webinar
) -> None:
    full = named_country(webinar, "HN", "Honduras")
    named_country(webinar, "PA", "Panama")
    named_country(webinar, "GT", "Guatemala")
    make_delegation(webinar, make_organisation("unodc"))
    name(full, "prosecutors", 2)

    board = secretariat.get(BOARD).context

    assert [str(line.row.delegation.body) for line in board["rows"]] == ["Guatemala", "Panama", "Honduras"]
    assert [str(line.row.delegation.body) for line in board["organisations"]] == ["UNODC"]


def test_a_state_is_shown_by_shape_and_text(secretariat: Client, webinar: Webinar) -> None:
    honduras = named_country(webinar, "HN", "Honduras")
    named_country(webinar, "BZ", "Belize", status=DelegationStatus.NOT_ATTENDING, not_attending_reason="elections")
    name(honduras, "prosecutors", 2)
    name(honduras, "immigration-control", 1)
    waive(honduras, "investigation-units", 2)

    words = page_text(secretariat.get(BOARD).content.decode())

    assert "Honduras ● 2 of 2 , Honduras, Prosecutors met ◐ 1 of 2 , Honduras, Immigration control 1 short" in words
    assert "○ 0 of 2 , Honduras, Border control nobody yet" in words
    assert "◇ 0 of 0 , Honduras, Investigation units 2 seats waived" in words
    assert "Belize – not attending: “elections” Not attending" in words


def test_every_figure_links_to_exactly_the_people_it_counts(secretariat: Client, webinar: Webinar) -> None:
    honduras = named_country(webinar, "HN", "Honduras", status=DelegationStatus.ACCEPTED)
    belize = named_country(webinar, "BZ", "Belize", status=DelegationStatus.NOT_ATTENDING)
    unodc = make_delegation(webinar, make_organisation("unodc"))
    other_webinar = make_webinar("other")
    name(honduras, "prosecutors", 3)
    name(honduras, "border-control", 1, is_working_group_member=True)
    name(honduras, "border-control", 1, status="withdrawn", withdrawn_at=NOW)
    name(belize, "prosecutors", 1)
    make_delegate(unodc, None)
    make_delegate(make_delegation(other_webinar, honduras.body), "prosecutors")

    context = secretariat.get(BOARD).context
    (line,) = [line for line in context["rows"] if line.row.delegation == honduras]
    (prosecutors_url,) = [people for total, people, _ in context["totals"] if total.profile.code == "prosecutors"]
    found = {
        **{cell.seat.profile.code: count_at(secretariat, cell.people_url) for cell in line.cells},
        "honduras": count_at(secretariat, line.people_url),
        "honduras, working group": count_at(secretariat, line.working_group_url),
        "unodc": count_at(secretariat, context["organisations"][0].people_url),
        "total, prosecutors": count_at(secretariat, prosecutors_url),
        "total": count_at(secretariat, context["named_url"]),
        "total, working group": count_at(secretariat, context["working_group_url"]),
    }

    assert found == {
        "prosecutors": 3,
        "immigration-control": 0,
        "border-control": 1,
        "investigation-units": 0,
        "honduras": 4,
        "honduras, working group": 1,
        "unodc": 1,
        "total, prosecutors": 3,
        "total": 4,
        "total, working group": 1,
    }
    assert (context["board"].named_total, context["board"].working_group_total) == (4, 1)


def count_at(browser: Client, url: str) -> int:
    response = browser.get(url)
    assert response.status_code == 200
    return int(response.context["cl"].result_count)


def test_the_missing_seats_of_a_profile_link_to_the_countries_with_that_gap(
    secretariat: Client, webinar: Webinar
) -> None:
    full = named_country(webinar, "HN", "Honduras")
    lacking = named_country(webinar, "GT", "Guatemala")
    name(full, "border-control", 2)
    name(lacking, "border-control", 1)

    context = secretariat.get(BOARD).context
    (url,) = [lacking for total, _people, lacking in context["totals"] if total.profile.code == "border-control"]

    assert [row.body.name_en for row in secretariat.get(url).context["cl"].result_list] == ["Guatemala"]


def test_the_row_of_a_submitted_delegation_links_to_the_decision(secretariat: Client, webinar: Webinar) -> None:
    submitted = named_country(webinar, "HN", "Honduras", status=DelegationStatus.SUBMITTED, submitted_at=NOW)
    named_country(webinar, "GT", "Guatemala")

    html = secretariat.get(BOARD).content.decode()

    assert page_text(html).count("Decide : Honduras") == 1
    assert page_text(html).count("Open : Guatemala") == 1
    assert reverse("admin:registrations_delegation_change", args=[submitted.pk]) in links_of(html)


def test_the_board_has_no_rows_without_delegations(secretariat: Client, webinar: Webinar) -> None:
    assert "Nobody is asked to this webinar yet." in secretariat.get(BOARD).content.decode()


@pytest.mark.parametrize("people", [1, 1000])
def test_the_board_costs_eight_queries_with_one_delegate_and_with_a_thousand(
    secretariat: Client, webinar: Webinar, people: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    delegations = [named_country(webinar, f"{letter}{letter}", f"Country {letter}") for letter in "ABCDEFGHIJK"]
    profiles = list(make_profiles().values())
    for delegation in delegations:
        HistoryEvent.objects.create(webinar=webinar, delegation=delegation, kind="registered", at=timezone.now())
        waive(delegation, "border-control", 1)
    Delegate.objects.bulk_create(
        Delegate(
            webinar=webinar,
            delegation=delegations[number % len(delegations)],
            profile=profiles[number % len(profiles)],
            name=f"Delegate {number}",
            email=f"{number}@example.org",
            institution="Institution",
            timezone="America/Tegucigalpa",
            registered_at=NOW,
            mail_not_before=NOW,
        )
        for number in range(people)
    )

    with django_assert_max_num_queries(8):
        response = secretariat.get(BOARD)

    assert response.context["board"] == quota_board(webinar)
    assert response.context["board"].named_total == people


def test_the_list_of_boards_links_to_each(secretariat: Client, webinar: Webinar) -> None:
    make_webinar("other")

    assert {"/admin/quota-board/flows/", "/admin/quota-board/other/"} <= set(
        links_of(secretariat.get("/admin/quota-board/").content.decode())
    )


def test_the_list_of_boards_counts_the_delegations_that_can_still_be_decided(
    secretariat: Client, webinar: Webinar
) -> None:
    over = make_webinar("over")
    Session.objects.filter(webinar=webinar).update(starts_at=timezone.now() + timedelta(days=1))
    Session.objects.filter(webinar=over).update(starts_at=timezone.now() - timedelta(days=9))
    honduras, panama = make_country("HN", name_en="Honduras"), make_country("PA", name_en="Panama")
    make_delegation(webinar, honduras, status="submitted")
    make_delegation(webinar, panama, status="draft")
    make_delegation(over, honduras, status="submitted")

    tables = secretariat.get("/admin/quota-board/").context["tables"]

    listed = [
        {row.name.webinar.slug: [cell.text for cell in row.cells] for row in table.rows}
        for table in (tables.ahead, tables.past)
    ]
    # Delegations, then those that wait.
    assert listed == [{"flows": [2, 1]}, {"over": [1, 0]}]


def test_the_board_has_no_inline_style_or_script(secretariat: Client, webinar: Webinar) -> None:
    named_country(webinar, "HN", "Honduras")

    html = secretariat.get(BOARD).content.decode()

    assert re.findall(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", html) == []


def test_bodies_without_a_delegation_are_not_on_the_board(secretariat: Client, webinar: Webinar) -> None:
    named_country(webinar, "HN", "Honduras")
    ParticipatingBody.objects.create(kind=BodyKind.COUNTRY, iso_code="CA", slug="canada", name_en="Canada")

    assert [str(line.row.delegation.body) for line in secretariat.get(BOARD).context["rows"]] == ["Honduras"]


@pytest.fixture
def four_countries(webinar: Webinar) -> list[Delegation]:
    """Honduras lacks 3 people, Guatemala 8 and Panama 7, of different profiles; Belize does not attend."""
    honduras = named_country(webinar, "HN", "Honduras", status=DelegationStatus.ACCEPTED)
    guatemala = named_country(webinar, "GT", "Guatemala")
    panama = named_country(webinar, "PA", "Panama", status=DelegationStatus.SUBMITTED, submitted_at=NOW)
    belize = named_country(webinar, "BZ", "Belize", status=DelegationStatus.NOT_ATTENDING, not_attending_reason="x")
    for profile, people in (("prosecutors", 2), ("immigration-control", 2), ("border-control", 1)):
        name(honduras, profile, people)
    name(panama, "border-control", 1)
    return [honduras, guatemala, panama, belize]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Guatemala", "Panama", "Honduras", "Belize"]),
        ("?sort=gap", ["Guatemala", "Panama", "Honduras", "Belize"]),
        ("?sort=name", ["Belize", "Guatemala", "Honduras", "Panama"]),
        ("?state=accepted", ["Honduras"]),
        ("?state=not_attending", ["Belize"]),
        ("?lacks=anything", ["Guatemala", "Panama", "Honduras"]),
        ("?lacks=prosecutors&sort=name", ["Guatemala", "Panama"]),
        ("?lacks=prosecutors&state=accepted", []),
        ("?profile=prosecutors", ["Guatemala", "Panama", "Honduras", "Belize"]),
        # An unknown value shows an error and the whole board.
        ("?state=unknown", ["Guatemala", "Panama", "Honduras", "Belize"]),
        ("?lacks=%00&sort=down&profile=%27", ["Guatemala", "Panama", "Honduras", "Belize"]),
    ],
)
def test_the_board_is_ordered_and_filtered_by_the_query_string(
    secretariat: Client, four_countries: list[Delegation], query: str, shown: list[str]
) -> None:
    response = secretariat.get(f"{BOARD}{query}")

    assert [str(line.row.delegation.body) for line in response.context["rows"]] == shown
    # A filter hides rows and changes no total.
    assert response.context["board"].missing_total == 3 + 8 + 7
    assert ("Please look at this again" in response.content.decode()) == ("unknown" in query or "%00" in query)


def test_a_filter_by_profile_shows_one_column(secretariat: Client, four_countries: list[Delegation]) -> None:
    context = secretariat.get(f"{BOARD}?profile=border-control").context

    assert {tuple(cell.seat.profile.code for cell in line.cells) for line in context["rows"]} == {("border-control",)}
    assert [total.profile.code for total, _people, _lacking in context["totals"]] == ["border-control"]


def test_each_row_shows_what_changed_since_yesterday(secretariat: Client, four_countries: list[Delegation]) -> None:
    honduras, *_others, belize = four_countries
    now = timezone.now()
    for delegation, kind, hours in (
        (honduras, HistoryKind.REGISTERED, 3),
        (honduras, HistoryKind.REGISTERED, 2),
        (honduras, HistoryKind.WITHDRAWN, 2),
        (honduras, HistoryKind.SUBMITTED, 1),
        (belize, HistoryKind.REGISTERED, 30),
    ):
        HistoryEvent.objects.create(
            webinar=delegation.webinar, delegation=delegation, kind=kind, at=now - timedelta(hours=hours)
        )

    lines = secretariat.get(BOARD).context["rows"]

    assert {str(line.row.delegation.body): line.changes for line in lines if line.changes} == {
        "Honduras": ("+2 named", "−1 left", "Submitted")
    }


def test_the_chart_ends_at_the_headline_figure_and_has_the_same_figures_as_a_table(
    secretariat: Client, four_countries: list[Delegation]
) -> None:
    response = secretariat.get(BOARD)

    plot = response.context["chart"]
    assert plot.named == response.context["board"].named_total == 6
    assert (plot.asked, plot.path[:1], plot.first) == (24, "M", NOW.date() - timedelta(days=1))
    words = page_text(response.content.decode())
    assert "6 named of 24 asked, attending countries; days in America/Costa_Rica." in words
    assert "The same as a table Day Came Left Named Mon 26 Oct 2026 6 0 6" in words


def test_a_waiver_is_shown_also_where_a_seat_is_still_missing(secretariat: Client, webinar: Webinar) -> None:
    waive(named_country(webinar, "HN", "Honduras"), "border-control", 1)

    words = page_text(secretariat.get(BOARD).content.decode())

    assert "0 of 1 , Honduras, Border control nobody yet, 1 seat waived" in words
