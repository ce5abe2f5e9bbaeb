"""A page whose saving accepts delegations names them, and how many people are invited, before it is saved (rule 4)."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Delegation, HistoryEvent, Quota, QuotaException, RegistrationPolicy, User
from registrations.services.quotas import make_exception
from sessions_app.models import Webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_quotas, make_webinar

AGREED = {"reason": "Agreed"}


@pytest.fixture(autouse=True)
def it_is_now(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def webinar(db: None) -> Webinar:
    webinar = make_webinar()
    make_quotas(webinar, minimum=1)
    return webinar


@pytest.fixture
def quota(webinar: Webinar) -> Quota:
    """A quota of two, of which each country has one person; every other quota is met."""
    Quota.objects.filter(profile__code="prosecutors").update(minimum=2)
    return Quota.objects.get(profile__code="prosecutors")


def almost_complete(webinar: Webinar, code: str, name: str, **fields: object) -> Delegation:
    delegation = make_delegation(webinar, make_country(code, name_en=name), **{"status": "submitted", **fields})
    for profile in Quota.objects.values_list("profile__code", flat=True):
        make_delegate(delegation, profile)
    return delegation


@pytest.fixture
def honduras(quota: Quota) -> Delegation:
    return almost_complete(quota.webinar, "HN", "Honduras")


def page_text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def status_of(delegation: Delegation) -> str:
    return Delegation.objects.get(pk=delegation.pk).status


def form_data(response: HttpResponse) -> dict[str, str]:
    """Return the form as a browser would submit it again."""
    return {field.name: field.value() or "" for field in response.context["form"]}


SHOWN = "This accepts 1 delegation Honduras 4 people who are not invited yet are then invited."
ACCEPTED = "Now complete and accepted: Honduras; 4 people are invited."
WARNING = "With one more person of “Prosecutors” this delegation is complete: it is then accepted at once, and"


def test_a_lower_quota_names_whom_it_accepts_and_is_saved_when_it_is_sent_again(
    secretariat: Client, staff: User, quota: Quota, honduras: Delegation
) -> None:
    almost_complete(quota.webinar, "PA", "Panama", status="draft")
    url = reverse("admin:registrations_quota_change", args=[quota.pk])

    shown = secretariat.post(url, {"minimum": "1", "maximum": "", **AGREED})
    unsaved = status_of(honduras)
    saved = secretariat.post(url, form_data(shown))

    assert SHOWN in page_text(shown)
    assert unsaved == "submitted"
    assert flash_messages(saved) == ["The quota of Prosecutors is saved.", ACCEPTED]
    assert status_of(honduras) == "accepted"
    assert HistoryEvent.objects.get(delegation=honduras).actor == staff


def test_a_country_returned_between_the_count_and_the_lock_is_not_listed_as_accepted(
    secretariat: Client, quota: Quota, honduras: Delegation
) -> None:
    url = reverse("admin:registrations_quota_change", args=[quota.pk])
    shown = secretariat.post(url, {"minimum": "1", "maximum": "", **AGREED})

    def return_it(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Once the page has counted: where the service begins its transaction."""
        if sql.startswith("SAVEPOINT") and status_of(honduras) == "submitted":
            Delegation.objects.filter(pk=honduras.pk).update(status="returned")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(return_it):
        saved = secretariat.post(url, form_data(shown))

    assert status_of(honduras) == "returned"
    assert flash_messages(saved) == ["The quota of Prosecutors is saved."]


def test_a_country_that_was_not_shown_is_shown_before_it_is_accepted(
    secretariat: Client, quota: Quota, honduras: Delegation
) -> None:
    url = reverse("admin:registrations_quota_change", args=[quota.pk])
    shown = secretariat.post(url, {"minimum": "1", "maximum": "", **AGREED})
    panama = almost_complete(quota.webinar, "PA", "Panama")

    again = secretariat.post(url, form_data(shown))

    assert "This accepts 2 delegations Honduras Panama 8 people" in page_text(again)
    assert (status_of(honduras), status_of(panama)) == ("submitted", "submitted")


def test_an_exception_names_the_country_that_it_accepts(
    secretariat: Client, quota: Quota, honduras: Delegation
) -> None:
    url = reverse("admin:except-quota", args=[quota.pk])
    sent = {"delegation": honduras.slug, "minimum": "1", "maximum": "", **AGREED}

    shown = secretariat.post(url, sent)
    unsaved = status_of(honduras)
    saved = secretariat.post(url, form_data(shown))

    assert SHOWN in page_text(shown)
    assert (unsaved, status_of(honduras)) == ("submitted", "accepted")
    assert flash_messages(saved) == [f"Of Honduras is now asked: at least 1. {ACCEPTED}"]


def test_the_end_of_an_exception_names_the_country_that_it_accepts(
    secretariat: Client, staff: User, quota: Quota, honduras: Delegation
) -> None:
    other = Quota.objects.select_related("webinar").get(profile__code="border-control")
    Quota.objects.filter(pk=quota.pk).update(minimum=1)
    make_exception(honduras, quota=other, minimum=3, maximum=None, reason="Large", by=staff, now=NOW)
    url = reverse("admin:end-exception", args=[QuotaException.objects.get().pk])

    shown = secretariat.post(url, AGREED)
    saved = secretariat.post(url, form_data(shown))

    assert SHOWN in page_text(shown)
    assert flash_messages(saved) == [f"Of Honduras is now asked what every country is asked. {ACCEPTED}"]
    assert status_of(honduras) == "accepted"


def policy_as_typed(webinar: Webinar, **changed: str) -> dict[str, str]:
    policy = RegistrationPolicy.objects.get(webinar=webinar)
    # A browser sends "false" for an unticked checkbox.
    sent = {
        "opens_at_0": "2026-10-12", "opens_at_1": "10:00", "closes_at_0": "2026-11-06", "closes_at_1": "10:00",
        "purge_on": "2027-11-17", "seen": "",
        "accepts_complete_at_once": "on" if policy.accepts_complete_at_once else "false",
        "requires_letter": "on" if policy.requires_letter else "false",
    }  # fmt: skip
    return sent | changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"requires_letter": True}, {"requires_letter": "false"}),
        ({"accepts_complete_at_once": False}, {"accepts_complete_at_once": "on"}),
    ],
    ids=["a letter that is no longer required", "nobody has to decide any more"],
)
def test_a_policy_names_whom_it_accepts_and_is_saved_when_it_is_sent_again(
    secretariat: Client, webinar: Webinar, before: dict[str, bool], after: dict[str, str]
) -> None:
    honduras = almost_complete(webinar, "HN", "Honduras")
    RegistrationPolicy.objects.update(**before)
    url = reverse("admin:registrations_registrationpolicy_change", args=[webinar.pk])

    shown = secretariat.post(url, policy_as_typed(webinar, **after))
    unsaved = status_of(honduras), RegistrationPolicy.objects.filter(**before).exists()
    seen = shown.context["adminform"].form["seen"].value()
    saved = secretariat.post(url, policy_as_typed(webinar, **after, seen=seen))

    assert SHOWN in page_text(shown)
    assert unsaved == ("submitted", True)
    assert (saved.status_code, status_of(honduras)) == (302, "accepted")
    assert ACCEPTED in flash_messages(saved)
    assert not RegistrationPolicy.objects.filter(**before).exists()
    history = secretariat.get(reverse("admin:registrations_registrationpolicy_history", args=[webinar.pk]))
    assert "Seen" not in page_text(history)


def test_delegations_that_became_complete_meanwhile_are_shown_before_a_policy_is_saved(
    secretariat: Client, webinar: Webinar
) -> None:
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    url = reverse("admin:registrations_registrationpolicy_change", args=[webinar.pk])
    late: list[Delegation] = []

    def once_the_form_has_looked(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        """The first count of the seats is that of the form; after it somebody else submits."""
        result = execute(sql, params, many, context)
        if "registrations_waiver" in sql and not late:
            # The queries of this block pass here too.
            late.append(Delegation())
            late[0] = almost_complete(webinar, "HN", "Honduras")
        return result

    with connection.execute_wrapper(once_the_form_has_looked):
        shown = secretariat.post(url, policy_as_typed(webinar, accepts_complete_at_once="on"))

    assert SHOWN in page_text(shown)
    assert status_of(late[0]) == "submitted"
    assert not RegistrationPolicy.objects.get().accepts_complete_at_once


def test_a_policy_that_accepts_nobody_is_saved_at_once(
    secretariat: Client, webinar: Webinar, quota: Quota, honduras: Delegation
) -> None:
    url = reverse("admin:registrations_registrationpolicy_change", args=[webinar.pk])

    saved = secretariat.post(url, policy_as_typed(webinar, purge_on="2028-01-01"))

    assert (saved.status_code, RegistrationPolicy.objects.get().purge_on.year) == (302, 2028)


def test_the_bulk_waiver_page_names_the_delegations_that_it_accepts(
    secretariat: Client, quota: Quota, honduras: Delegation
) -> None:
    draft = almost_complete(quota.webinar, "PA", "Panama", status="draft")
    url = f"{reverse('admin:bulk-waive')}?delegation={honduras.pk}&delegation={draft.pk}"

    shown = secretariat.get(url)
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    waiting = secretariat.get(url)

    assert SHOWN in page_text(shown)
    assert "This accepts" not in page_text(waiting)


def test_a_bulk_waiver_that_would_accept_an_unlisted_delegation_waives_nothing(
    secretariat: Client, quota: Quota, honduras: Delegation
) -> None:
    """A colleague makes the webinar accept at once after the page was shown."""
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    url = f"{reverse('admin:bulk-waive')}?delegation={honduras.pk}"
    seen = dict(re.findall(r'name="(seen-\d+)" value="([^"]*)"', secretariat.get(url).content.decode()))
    RegistrationPolicy.objects.update(accepts_complete_at_once=True)

    answer = secretariat.post(url, {**seen, **AGREED})

    assert flash_messages(answer)[0].startswith("Honduras stays as it is")
    assert status_of(honduras) == "submitted"


@pytest.mark.parametrize(
    ("step", "fields", "said"),
    [
        (
            "waive",
            {},
            "If nothing is missing afterwards, the delegation is accepted at once, and 4 people",
        ),
        ("submit", {"status": "draft"}, "The delegation is then complete: it is accepted at once, and 4 people"),
        (
            "attending-again",
            {"status": "not_attending", "status_before": "submitted"},
            "The delegation is then complete: it is accepted at once, and 4 people",
        ),
    ],
)
def test_the_page_of_an_action_says_that_it_accepts_the_delegation(
    secretariat: Client, quota: Quota, honduras: Delegation, step: str, fields: dict[str, str], said: str
) -> None:
    if fields:
        Quota.objects.update(minimum=1)
        Delegation.objects.update(**fields)
    url = reverse(f"admin:{step}-delegation", args=[honduras.pk])

    shown = page_text(secretariat.get(url))
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)

    assert said in shown
    assert said not in page_text(secretariat.get(url))


def test_registering_the_last_delegate_warns_of_the_acceptance_and_then_confirms_it(
    secretariat: Client, honduras: Delegation
) -> None:
    url = reverse("admin:register-delegate", args=[honduras.pk])
    profile = Quota.objects.get(profile__code="prosecutors").profile_id
    person = {"name": "Ana Muestra", "email": "ana@example.org", "institution": "Fiscalía", "profile": profile,
              "role": "delegate", "language": "es", "timezone": "America/Tegucigalpa"}  # fmt: skip

    shown = secretariat.get(url)
    saved = secretariat.post(url, person)

    assert f"{WARNING} 5 people are invited." in page_text(shown)
    assert flash_messages(saved) == ["Ana Muestra is named for Honduras. The delegation is complete now, and accepted."]
    assert status_of(honduras) == "accepted"


def test_restoring_or_moving_a_delegate_into_the_last_seat_warns_of_the_acceptance(
    secretariat: Client, honduras: Delegation
) -> None:
    left = make_delegate(honduras, status="withdrawn", withdrawn_at=NOW)
    spare = make_delegate(honduras, "border-control")

    back = secretariat.get(reverse("admin:restore-delegate", args=[left.pk]))
    edit = secretariat.get(reverse("admin:registrations_delegate_change", args=[spare.pk]))

    assert f"{WARNING} 6 people are invited." in page_text(back)
    assert f"{WARNING} 5 people are invited." in page_text(edit)


@pytest.mark.parametrize(("step", "count"), [("register", 5), ("person", 4), ("replace", 4), ("restore", 5)])
def test_every_action_on_a_complete_delegation_warns_that_it_is_accepted(
    secretariat: Client, honduras: Delegation, step: str, count: int
) -> None:
    Quota.objects.update(minimum=1)
    person = honduras.delegates.first()
    left = make_delegate(honduras, status="withdrawn", withdrawn_at=NOW)
    pages = {
        "register": reverse("admin:register-delegate", args=[honduras.pk]),
        "person": reverse("admin:registrations_delegate_change", args=[person.pk]),
        "replace": reverse("admin:replace-delegate", args=[person.pk]),
        "restore": reverse("admin:restore-delegate", args=[left.pk]),
    }

    shown = page_text(secretariat.get(pages[step]))
    of_who_left = page_text(secretariat.get(reverse("admin:registrations_delegate_change", args=[left.pk])))

    assert f"The delegation is then complete: it is accepted at once, and {count} people are invited." in shown
    assert "accepted at once" not in of_who_left


def test_the_successor_of_a_restored_delegate_is_not_counted_as_invited(
    secretariat: Client, honduras: Delegation
) -> None:
    Quota.objects.update(minimum=1)
    left = make_delegate(honduras, status="replaced", withdrawn_at=NOW, replaced_by=honduras.delegates.first())
    url = reverse("admin:restore-delegate", args=[left.pk])

    complete = page_text(secretariat.get(url))
    Quota.objects.filter(profile__code="border-control").update(minimum=2)

    assert "it is accepted at once, and 4 people are invited." in complete
    assert "accepted at once" not in page_text(secretariat.get(url))


def test_registering_one_of_two_missing_people_warns_of_no_acceptance(
    secretariat: Client, honduras: Delegation
) -> None:
    Quota.objects.update(minimum=2)

    assert WARNING not in page_text(secretariat.get(reverse("admin:register-delegate", args=[honduras.pk])))


def test_the_history_of_the_delegation_says_why_it_was_accepted(
    secretariat: Client, staff: User, quota: Quota, honduras: Delegation
) -> None:
    url = reverse("admin:registrations_quota_change", args=[quota.pk])
    secretariat.post(url, form_data(secretariat.post(url, {"minimum": "1", "maximum": "", **AGREED})))

    page = page_text(secretariat.get(reverse("admin:registrations_delegation_change", args=[honduras.pk])))

    assert f"Accepted Mon 26 Oct 2026, 09:00 · automatically, when it became complete: Quota changed, {staff}" in page
