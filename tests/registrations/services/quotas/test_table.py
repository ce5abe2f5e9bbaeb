"""What a webinar asks of every profile changes in one step, whole or not at all."""

from datetime import datetime
from typing import Any

import pytest

from registrations.exceptions import ConfirmationRequired, InvalidInput, NotPossibleNow, ReasonRequired
from registrations.models import Delegation, HistoryEvent, ParticipantProfile, Quota, QuotaLimits, User
from registrations.queries.acceptance import Acceptances
from registrations.services.delegations import waive_seats
from registrations.services.quotas import QuotaChange, change_quotas, format_limits, make_exception
from sessions_app.bilingual import Bilingual
from tests.factories import make_country, make_delegate, make_delegation

TWO = format_limits(QuotaLimits(2, None))
ANALYSTS = Bilingual(en="Financial analysts", es="Análisis financiero")


def asked(delegation: Delegation) -> dict[str, tuple[int, int | None]]:
    rows = Quota.objects.filter(webinar=delegation.webinar_id)
    return {quota.profile.code: (quota.minimum, quota.maximum) for quota in rows.select_related("profile")}


def change(
    delegation: Delegation, *changes: QuotaChange, by: User, now: datetime, confirmed: Any = (), reason: str = "Agreed"
) -> Acceptances:
    return change_quotas(delegation.webinar, changes, reason=reason, by=by, now=now, confirmed=confirmed)


def fill(delegation: Delegation, *codes: str, people: int = 2) -> None:
    for code in codes or tuple(asked(delegation)):
        for _number in range(people):
            make_delegate(delegation, code)


def test_limits_change_and_profiles_come_and_go_in_one_step_that_the_history_keeps(delegation, profiles, staff, now):
    changes = [
        QuotaChange(0, profiles["prosecutors"], QuotaLimits(3, 5), TWO),
        QuotaChange(1, profiles["border-control"], None, TWO),
        QuotaChange(2, None, QuotaLimits(1, None), name=ANALYSTS),
    ]

    change(delegation, *changes, by=staff, now=now)

    assert asked(delegation) == {
        "prosecutors": (3, 5),
        "immigration-control": (2, None),
        "investigation-units": (2, None),
        "financial-analysts": (1, None),
    }
    assert ParticipantProfile.objects.get(code="financial-analysts").name_es == "Análisis financiero"
    assert [(event.changes, event.actor, event.reason) for event in HistoryEvent.objects.order_by("pk")] == [
        ({"profile": ["prosecutors", "prosecutors"], "minimum": [2, 3], "maximum": [None, 5]}, staff, "Agreed"),
        ({"profile": ["border-control", ""], "minimum": [2, 0]}, staff, "Agreed"),
        ({"profile": ["", "financial-analysts"], "minimum": [0, 1]}, staff, "Agreed"),
    ]


def test_a_form_that_is_sent_twice_changes_nothing_more(delegation, profiles, staff, now):
    changes = [
        QuotaChange(0, profiles["prosecutors"], QuotaLimits(3, None), TWO),
        QuotaChange(1, profiles["border-control"], None, TWO),
        QuotaChange(2, None, QuotaLimits(1, None), name=ANALYSTS),
    ]
    change(delegation, *changes, by=staff, now=now)

    change(delegation, *changes, by=staff, now=now)

    assert (HistoryEvent.objects.count(), len(asked(delegation))) == (3, 4)


def test_if_one_change_is_refused_none_is_made(delegation, profiles, staff, now):
    make_delegate(delegation, "border-control", status="withdrawn", withdrawn_at=now)
    before = asked(delegation)

    with pytest.raises(InvalidInput) as refused:
        change(
            delegation,
            QuotaChange(0, profiles["prosecutors"], QuotaLimits(3, None), TWO),
            QuotaChange(4, profiles["border-control"], None, TWO),
            by=staff,
            now=now,
        )

    assert refused.value.messages == {
        "quota-4": [
            "People are or were registered with this profile: 1. It cannot be removed; ask for at least 0 instead."
        ]
    }
    assert (asked(delegation), HistoryEvent.objects.count()) == (before, 0)


def test_a_quota_that_someone_changed_since_it_was_shown_is_not_overwritten(delegation, profiles, staff, now):
    Quota.objects.filter(profile__code="prosecutors").update(minimum=4)

    with pytest.raises(InvalidInput, match=r"Someone else has changed this meanwhile. Asked for now: at least 4."):
        change(delegation, QuotaChange(0, profiles["prosecutors"], QuotaLimits(3, None), TWO), by=staff, now=now)

    assert asked(delegation)["prosecutors"] == (4, None)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (QuotaLimits(2, 1), "The maximum cannot be below the minimum. Enter a higher one, or none."),
        (QuotaLimits(1001, None), "Please give a number from 0 to 1000."),
        (QuotaLimits(0, 2), "Country HN has already named 3 people of this profile."),
    ],
)
def test_impossible_limits_are_refused(delegation, profiles, staff, now, limits, message):
    fill(delegation, "prosecutors", people=3)

    with pytest.raises(InvalidInput, match=message) as refused:
        change(delegation, QuotaChange(7, profiles["prosecutors"], limits, TWO), by=staff, now=now)

    assert list(refused.value.messages) == ["quota-7"]
    assert asked(delegation)["prosecutors"] == (2, None)


@pytest.mark.parametrize("what", ["exception", "waiver"])
def test_a_profile_with_an_exception_or_a_waiver_is_not_removed(delegation, profiles, staff, now, what):
    profile = profiles["border-control"]
    if what == "waiver":
        waive_seats(delegation, profile=profile, seats=1, reason="Small", by=staff, now=now)
    else:
        quota = Quota.objects.select_related("webinar").get(profile=profile)
        make_exception(delegation, quota=quota, minimum=1, maximum=None, reason="Small", by=staff, now=now)

    with pytest.raises(InvalidInput, match=r"A country has an exception or a waiver for this profile. End it first."):
        change(delegation, QuotaChange(0, profile, None, TWO), by=staff, now=now)


def test_the_last_profile_of_a_webinar_that_is_to_open_stays(delegation, profiles, staff, now):
    changes = [QuotaChange(row, profile, None, TWO) for row, profile in enumerate(profiles.values())]

    with pytest.raises(NotPossibleNow, match="Keep one profile"):
        change(delegation, *changes, by=staff, now=now)

    assert len(asked(delegation)) == 4


def test_a_change_or_a_removal_needs_a_reason_and_an_addition_does_not(delegation, profiles, staff, now):
    for wanted in (None, QuotaLimits(3, None)):
        with pytest.raises(ReasonRequired):
            change(delegation, QuotaChange(0, profiles["prosecutors"], wanted, TWO), by=staff, now=now, reason=" ")

    change(delegation, QuotaChange(0, None, QuotaLimits(1, None), name=ANALYSTS), by=staff, now=now, reason="")

    assert asked(delegation)["financial-analysts"] == (1, None)


def test_delegations_that_become_incomplete_are_named_before_anything_is_saved(delegation, profiles, staff, now):
    fill(delegation)
    half = make_delegation(delegation.webinar, make_country("PA"))
    fill(half, "prosecutors")
    make_delegation(delegation.webinar, make_country("GT"))
    away = make_delegation(delegation.webinar, make_country("SV"), status="not_attending")
    fill(away)
    raised = QuotaChange(0, profiles["prosecutors"], QuotaLimits(3, None), TWO)
    added = QuotaChange(1, None, QuotaLimits(1, None), name=ANALYSTS)

    with pytest.raises(ConfirmationRequired) as of_one:
        change(delegation, raised, by=staff, now=now)
    with pytest.raises(ConfirmationRequired) as of_new:
        change(delegation, added, by=staff, now=now)

    assert set(of_one.value.preview.opened) == {delegation, half}
    assert of_new.value.preview.opened == (delegation,)
    assert (len(asked(delegation)), asked(delegation)["prosecutors"]) == (4, (2, None))
    assert not ParticipantProfile.objects.filter(code="financial-analysts").exists()

    change(delegation, raised, by=staff, now=now, confirmed=of_one.value.preview.confirmations)

    assert asked(delegation)["prosecutors"] == (3, None)


def test_what_several_changes_accept_together_is_named_confirmed_and_accepted(delegation, profiles, staff, now):
    fill(delegation, "prosecutors", "immigration-control")
    Delegation.objects.update(status="submitted")
    changes = [
        QuotaChange(0, profiles["border-control"], QuotaLimits(0, None), TWO),
        QuotaChange(1, profiles["investigation-units"], None, TWO),
    ]
    with pytest.raises(ConfirmationRequired) as shown:
        change(delegation, *changes, by=staff, now=now)
    seen = shown.value.preview

    accepted = change(delegation, *changes, by=staff, now=now, confirmed=seen.confirmations)

    assert (accepted, accepted.people) == (seen.accepted, 4)
    delegation.refresh_from_db()
    assert delegation.status == "accepted"
    assert delegation.delegates.admitted().count() == 4


def test_a_confirmation_does_not_cover_more_than_was_shown(delegation, profiles, staff, now):
    fill(delegation)
    raised = QuotaChange(0, profiles["prosecutors"], QuotaLimits(3, None), TWO)
    with pytest.raises(ConfirmationRequired) as shown:
        change(delegation, raised, by=staff, now=now)
    fill(make_delegation(delegation.webinar, make_country("PA")), "prosecutors")

    with pytest.raises(ConfirmationRequired):
        change(delegation, raised, by=staff, now=now, confirmed=shown.value.preview.confirmations)

    assert asked(delegation)["prosecutors"] == (2, None)
