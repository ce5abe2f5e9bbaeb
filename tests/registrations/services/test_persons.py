"""What one person may ask for: everything that is kept of them, and its erasure."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, DelegateStatus, Delegation, Delivery, HistoryEvent, HistoryKind, User
from registrations.queries import quota_board
from registrations.services.delivering.plan import plan
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
)
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.personal_data.erasing import ErasureResult, erase_person
from registrations.services.personal_data.persons import find_person
from registrations.services.personal_data.registry import REGISTRY, KeepPolicy
from registrations.services.personal_data.subject_access import export_person
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_focal_point,
    make_quotas,
    make_user,
    make_webinar,
)
from tests.registrations.services.test_purging import everything_held

ADDRESS, TYPED = "ximena@zapata.example.org", "Ximena@zapata.example.org"
DETAILS = {
    "name": "Ximena Zapata",
    "email": TYPED,
    "institution": "Zapata office",
    "position": "Zapata chief",
    "phone": "+504 1234",
    "needs": "wheelchair",
}
SECRETS = ("Ximena", ADDRESS, TYPED, "Zapata", "+504 1234", "wheelchair")
OVER = NOW + timedelta(days=60)


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def accepted(staff: User) -> Delegation:
    """The accepted delegation of a country, at a released webinar."""
    webinar = make_webinar()
    make_quotas(webinar)
    release_webinar(webinar, by=staff, now=NOW)
    return make_delegation(webinar, make_country(), status="accepted")


@pytest.fixture
def ximena(accepted: Delegation, staff: User) -> Delegate:
    return register_delegate(accepted, details=make_details(**DETAILS), by=staff, now=NOW)


def sent_all() -> None:
    Delivery.objects.filter(state="due").update(
        state="sent", sent_at=NOW, attempted_at=NOW, may_have_arrived=True, attempts=1
    )


def found() -> set[str]:
    held = everything_held()
    return {secret for secret in SECRETS if secret.lower() in held.lower()}


# Giving out ---------------------------------------------------------------------------------------


def test_subject_access_exports_everything_stored_about_a_person(ximena: Delegate, staff: User) -> None:
    plan(now=NOW)

    given = export_person(ADDRESS, by=staff, now=NOW)

    (registration,) = given["registrations"]
    personal = {name for name, fate in REGISTRY["registrations.Delegate"].items() if not isinstance(fate, KeepPolicy)}
    assert personal <= set(registration)
    assert {name: registration[name] for name in DETAILS} == DETAILS
    assert (registration["webinar"], registration["body"]) == (str(ximena.webinar), "Country HN")
    assert [entry["address"] for entry in registration["calendar"]] == [ADDRESS, ADDRESS]
    assert [step["what"] for step in registration["history"]] == ["registered"]
    assert [message["kind"] for message in given["messages"]] == ["invitation", "invitation"]
    assert json.loads(json.dumps(given, cls=DjangoJSONEncoder))["address"] == ADDRESS


def test_subject_access_exports_no_other_person_and_no_token(ximena: Delegate, staff: User) -> None:
    other = make_details(name="Quirina Other", email="quirina@example.org")
    newcomer = replace_delegate(ximena, details=other, version=1, by=staff, now=NOW)
    restore_delegate(ximena, by=staff, now=NOW)
    plan(now=NOW)

    given = json.dumps(export_person(ADDRESS, by=staff, now=NOW), cls=DjangoJSONEncoder)

    assert newcomer.name not in given
    assert "quirina" not in given.lower()
    assert not {"token_version", "message_id", "claim_token", "password"} & set(given.replace('"', " ").split())


def test_subject_access_exports_the_account(db: None, staff: User) -> None:
    account = make_focal_point(make_country(), make_user(ADDRESS, name="Ximena")).user
    UserSession.objects.create(user=account, ip="192.0.2.1", session_key="x" * 32, user_agent="Browser")

    given = export_person(ADDRESS, by=staff, now=NOW)["account"]

    assert (given["email"], given["name"]) == (ADDRESS, "Ximena")
    assert given["registers_for"] == [{"body": "Country HN", "is_primary": False, "removed_at": None}]
    assert [(one["ip"], one["user_agent"]) for one in given["sign_ins"]] == [("192.0.2.1", "Browser")]
    assert "password" not in given


def test_subject_access_is_recorded_in_the_history(ximena: Delegate, staff: User) -> None:
    export_person(ADDRESS, by=staff, now=NOW)

    event = HistoryEvent.objects.get(kind=HistoryKind.PERSON_EXPORTED)
    assert (event.delegate, event.actor, event.at, event.changes) == (ximena, staff, NOW, {})


def test_of_an_unknown_address_nothing_is_found(db: None) -> None:
    assert not find_person("nobody@example.org").is_known


# Erasing ------------------------------------------------------------------------------------------


def test_erasing_first_withdraws_the_person_and_sends_the_cancellations(ximena: Delegate, staff: User) -> None:
    plan(now=NOW)
    sent_all()

    first = erase_person(ADDRESS, by=staff, now=NOW)
    plan(now=NOW)
    unsent = erase_person(ADDRESS, by=staff, now=NOW)
    cancels = list(Delivery.objects.filter(kind="cancellation").values_list("email", "state"))
    sent_all()
    last = erase_person(ADDRESS, by=staff, now=NOW)

    assert (first, unsent, last) == (ErasureResult(1, False), ErasureResult(0, False), ErasureResult(0, True))
    assert cancels == [(TYPED, "due")] * 2
    assert found() == set()
    ximena.refresh_from_db()
    assert (ximena.status, ximena.anonymised_at) == (DelegateStatus.WITHDRAWN, NOW)


def test_a_person_who_was_never_mailed_is_erased_at_once(accepted: Delegation, staff: User) -> None:
    Delegation.objects.filter(pk=accepted.pk).update(status="draft")
    register_delegate(accepted, details=make_details(**DETAILS), by=staff, now=NOW)

    outcome = erase_person(ADDRESS, by=staff, now=NOW)

    assert outcome == ErasureResult(withdrawn=1, is_done=True)
    assert found() == set()


def test_after_the_webinar_the_figures_stay_as_they_were(ximena: Delegate, accepted: Delegation, staff: User) -> None:
    plan(now=NOW)
    sent_all()
    before = quota_board(accepted.webinar).profile_totals

    outcome = erase_person(ADDRESS, by=staff, now=OVER)

    assert outcome == ErasureResult(withdrawn=0, is_done=True)
    assert quota_board(accepted.webinar).profile_totals == before
    assert found() == set()
    event = HistoryEvent.objects.get(kind=HistoryKind.PERSON_ERASED)
    assert (event.delegate, event.actor, event.at, event.reason) == (ximena, staff, OVER, "")


def test_erasing_removes_the_person_from_the_history_of_other_people(
    ximena: Delegate, accepted: Delegation, staff: User
) -> None:
    quirina = make_details(name="Quirina Other", email="quirina@example.org")
    quirina = replace_delegate(ximena, details=quirina, version=1, by=staff, now=NOW)
    register_delegate(accepted, details=make_details(**DETAILS | {"name": "Ximena Z."}), by=staff, now=NOW)
    held = make_delegate(accepted, email="typo@example.org")
    typo = make_details(name=held.name, email="other@example.org")
    edit_delegate(held, details=typo, version=1, by=staff, now=NOW)
    edited = HistoryEvent.objects.get(kind="edited")
    HistoryEvent.objects.filter(pk=edited.pk).update(changes={"email": [ADDRESS, "other@example.org"]})

    erase_person(ADDRESS, by=staff, now=OVER)

    assert found() == set()
    quirina.refresh_from_db()
    edited.refresh_from_db()
    assert quirina.name == "Quirina Other"
    assert HistoryEvent.objects.get(delegate=quirina, kind="registered").changes == {"replaces": ["", ""]}
    assert edited.changes == {"email": ["", "other@example.org"]}


def test_erasing_empties_the_clashes_of_other_countries(ximena: Delegate, accepted: Delegation, staff: User) -> None:
    other = make_delegation(accepted.webinar, make_country("PA"))
    HistoryEvent.objects.create(
        webinar=other.webinar,
        delegation=other,
        delegate=ximena,
        kind=HistoryKind.ADDRESS_CLASH,
        at=NOW,
        changes={"name": ["", "X. Zapata"], "email": ["", ADDRESS]},
    )

    erase_person(ADDRESS, by=staff, now=OVER)

    assert found() == set()


def test_erasing_changes_no_other_person_of_the_delegation(ximena: Delegate, accepted: Delegation, staff: User) -> None:
    other = make_delegate(accepted, name="Quirina Other", email="quirina@example.org", admitted_at=NOW)
    plan(now=NOW)
    sent_all()

    erase_person(ADDRESS, by=staff, now=OVER)

    other.refresh_from_db()
    assert (other.name, other.anonymised_at) == ("Quirina Other", None)
    assert Delivery.objects.filter(email="quirina@example.org").count() == 2


def test_a_person_of_a_delegation_that_does_not_attend_can_be_erased(ximena: Delegate, staff: User) -> None:
    Delegation.objects.filter(pk=ximena.delegation_id).update(status="not_attending", status_before="draft")

    outcome = erase_person(ADDRESS, by=staff, now=NOW)

    ximena.refresh_from_db()
    assert (outcome.is_done, ximena.status) == (True, DelegateStatus.WITHDRAWN)
    assert found() == set()


def test_an_erased_person_cannot_be_restored(ximena: Delegate, staff: User) -> None:
    withdraw_delegate(ximena, version=1, by=staff, now=NOW, reason="Ill")
    erase_person(ADDRESS, by=staff, now=NOW)

    with pytest.raises(NotPossibleNow):
        restore_delegate(ximena, by=staff, now=NOW)


def test_the_same_person_can_be_named_again_after_it(ximena: Delegate, accepted: Delegation, staff: User) -> None:
    erase_person(ADDRESS, by=staff, now=NOW)

    again = register_delegate(accepted, details=make_details(**DETAILS), by=staff, now=NOW)

    assert [one.pk for one in find_person(ADDRESS).delegates] == [again.pk]


def test_erasing_twice_changes_nothing(ximena: Delegate, staff: User) -> None:
    erase_person(ADDRESS, by=staff, now=OVER)
    once = everything_held()

    erase_person(ADDRESS, by=staff, now=OVER)

    assert everything_held() == once


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_observer": True}, {"is_superuser": True}])
def test_an_account_with_rights_is_closed_first(db: None, staff: User, fields: dict[str, bool]) -> None:
    make_user(ADDRESS, **fields)

    with pytest.raises(NotPossibleNow):
        erase_person(ADDRESS, by=staff, now=NOW)


def test_a_present_focal_point_is_removed_first(db: None, staff: User) -> None:
    focal_point = make_focal_point(make_country(), make_user(ADDRESS, name="Ximena"))

    with pytest.raises(NotPossibleNow, match="Country HN"):
        erase_person(ADDRESS, by=staff, now=NOW)
    focal_point.removed_at = NOW
    focal_point.save()
    erase_person(ADDRESS, by=staff, now=NOW)

    assert found() == set()
    assert not User.objects.get(pk=focal_point.user_id).is_active
