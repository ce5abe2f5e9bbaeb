"""Board, lists, export, dashboard and mail show the same figures (rule 2)."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import Delegate, Delegation, DelegationStatus, Partstat, User
from registrations.queries import quota_board
from registrations.services.delegations import revoke_waiver, waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.quotas import change_quota, make_exception
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    PROFILES,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_letter,
    make_organisation,
    make_quotas,
    make_user,
    make_webinar,
)

# The day of the gap notices: registration closes five days later.
DAY_OF_NOTICES = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
# {country: people by profile}
NAMED = {
    "Honduras": (2, 0, 1, 3),
    "Guatemala": (0, 0, 0, 0),
    "Panama": (2, 2, 2, 2),
    "Mexico": (1, 2, 2, 0),
    "Belize": (1, 0, 0, 0),
}


@pytest.fixture
def webinar(staff: User) -> Webinar:
    """People withdrew, declined and were excused, a floor was raised, two countries are asked other numbers, a letter
    is asked for, a country stays away."""
    webinar = make_webinar()
    quotas = make_quotas(webinar)
    webinar.policy.requires_letter = True
    webinar.policy.save()
    release_webinar(webinar, by=staff, now=NOW)
    make_gap_notice_rule(webinar, 5)
    delegations = {}
    for (country, counts), iso_code in zip(NAMED.items(), ("HN", "GT", "PA", "MX", "BZ"), strict=True):
        delegation = delegations[country] = make_delegation(webinar, make_country(iso_code, name_en=country))
        make_focal_point(delegation.body, make_user(f"focal.{iso_code.lower()}@example.org", language="en"))
        for profile, count in zip(PROFILES, counts, strict=True):
            for _person in range(count):
                make_delegate(delegation, profile)
        make_delegate(delegation, "prosecutors", status="withdrawn", withdrawn_at=NOW)
        if country != "Panama":
            make_letter(delegation, by=staff, text=country)
    waive_seats(
        delegations["Mexico"], profile=quotas["investigation-units"].profile, seats=1, reason="x", by=staff, now=NOW
    )
    over = waive_seats(
        delegations["Honduras"], profile=quotas["border-control"].profile, seats=1, reason="x", by=staff, now=NOW
    )
    revoke_waiver(over, reason="x", by=staff, now=NOW)
    change_quota(quotas["prosecutors"], minimum=3, maximum=None, reason="x", by=staff, now=NOW)
    fewer = {"quota": quotas["prosecutors"], "minimum": 1, "maximum": None}
    more = {"quota": quotas["border-control"], "minimum": 5, "maximum": 9}
    make_exception(delegations["Panama"], **fewer, reason="x", by=staff, now=NOW)
    make_exception(delegations["Mexico"], **more, reason="x", by=staff, now=NOW)
    make_delegate(make_delegation(webinar, make_organisation("unodc")), None)
    decline_everything(delegations["Honduras"])
    Delegation.objects.filter(pk=delegations["Belize"].pk).update(
        status=DelegationStatus.NOT_ATTENDING, not_attending_reason="elections"
    )
    return webinar


def decline_everything(delegation: Delegation) -> None:
    """Decline every session for one prosecutor of the delegation."""
    Delegation.objects.filter(pk=delegation.pk).update(status=DelegationStatus.ACCEPTED)
    Delegate.objects.filter(delegation=delegation, status="active").update(admitted_at=NOW)
    plan(now=NOW)
    send_due(clock=lambda: NOW)
    person = Delegate.objects.filter(delegation=delegation, profile__code="prosecutors", status="active")[0]
    person.calendar_entries.update(ical_partstat=Partstat.DECLINED)


def rows_of(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def exported_board(browser: Client) -> dict[str, dict[str, str]]:
    response = browser.post("/admin/quota-board/flows/export/", {"file_format": "csv"})
    return {row["Delegation"]: row for row in rows_of(response)}


def exported_people(browser: Client, url: str) -> int:
    """Return the number of rows in the export of the list at `url`."""
    export = url.replace("/admin/registrations/delegate/", "/admin/registrations/delegate/export/")
    response = browser.post(export, {"columns": ["name"], "file_format": "csv"})
    return len(rows_of(response)) if response.streaming else 0


def missing_text(gaps: dict[str, int], lacks_letter: bool) -> str:
    """Return the text of the “missing” column of the list of delegations."""
    told = [f"{count} {profile}" for profile, count in gaps.items() if count]
    return ", ".join(told + ["the nomination letter"] * lacks_letter) or "nobody"


def test_board_list_export_dashboard_and_mail_show_the_same_figures(
    secretariat: Client, webinar: Webinar, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(DAY_OF_NOTICES, tick=True)
    secretariat.force_login(User.objects.get(email="secretariat@example.org"))
    before = len(mail.outbox)
    plan(now=DAY_OF_NOTICES)
    send_due(clock=lambda: DAY_OF_NOTICES)
    notices = {
        message.subject.split(":")[0]: message.subject
        for message in mail.outbox[before:]
        if "days left" in message.subject
    }

    lines = secretariat.get("/admin/quota-board/flows/").context["rows"]
    export = exported_board(secretariat)
    listed = {
        str(row.body): row
        for row in secretariat.get("/admin/registrations/delegation/?webinar=flows").context["cl"].result_list
    }
    room = secretariat.get("/admin/registrations/delegation/").context["cl"].model_admin
    incomplete = {str(one.delegation.body): one for one in secretariat.get("/admin/").context["today"].incomplete}

    assert {str(line.row.delegation.body) for line in lines} == set(NAMED)
    for line in lines:
        country = str(line.row.delegation.body)
        row = export[country]
        for cell in line.cells:
            seat = cell.seat
            assert exported_people(secretariat, cell.people_url) == seat.named
            told = {figure: row[f"{seat.profile}: {figure}"] for figure in ("named", "asked", "waived", "declined")}
            assert told == {
                "named": str(seat.named), "asked": str(seat.effective_minimum), "waived": str(seat.waived),
                "declined": str(seat.declined),
            }  # fmt: skip
        assert row["Named"] == str(line.row.named) == str(listed[country].named_count)
        assert row["Missing"] == str(line.row.missing)
        gaps = {str(cell.seat.profile): cell.seat.missing for cell in line.cells}
        if line.row.is_attending:
            assert room.missing(listed[country]) == missing_text(gaps, line.row.lacks_letter)
        in_mail = {
            profile: int(floor) - int(named)
            for profile, named, floor in re.findall(r"[:,] (\D+) (\d+) of (\d+)", notices.get(country, ""))
        }
        assert in_mail == {profile.lower(): count for profile, count in gaps.items() if count and line.row.is_attending}
        found = incomplete.get(country)
        on_front_page = (found.missing, found.lacks_letter) if found else (0, False)
        assert on_front_page == (line.row.missing, line.row.lacks_letter)
    assert set(notices) == set(incomplete) == {"Honduras", "Guatemala", "Panama", "Mexico"}
    board = quota_board(webinar)
    total = export["Total, attending countries"]
    assert (total["Named"], total["Missing"]) == (str(board.named_total), str(board.missing_total)) == ("19", "19")
    assert total["Prosecutors: declined"] == "1"
    assert secretariat.get("/admin/quota-board/flows/").context["chart"].named == board.named_total
