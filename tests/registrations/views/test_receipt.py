"""The receipt of a submission on the page of the delegation."""

from datetime import timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.html import strip_tags
from time_machine import TimeMachineFixture

from registrations.models import Delegation, HistoryKind, User, VerificationCode
from registrations.services.delegations import submit_delegation
from registrations.services.nominations import withdraw_delegate
from tests.factories import NOW, make_delegate, make_delegates, make_focal_point, make_staff, make_user
from tests.registrations.services.deliveries import released_delegation

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rosa() -> User:
    return make_user("rosa@example.org", name="Rosa Ejemplo", language="en", timezone="America/Panama")


@pytest.fixture
def delegation(rosa: User, time_machine: TimeMachineFixture) -> Delegation:
    """A submitted delegation with Ana and Luis of the eight people who are asked for; Luis has left since."""
    time_machine.move_to(NOW + MINUTE, tick=False)
    delegation = released_delegation("draft")
    make_focal_point(delegation.body, rosa)
    make_delegate(delegation, name="Ana Ejemplo")
    luis = make_delegate(delegation, name="Luis Muestra")
    submit_delegation(delegation, version=1, by=rosa, now=NOW, reason="Six posts are vacant")
    withdraw_delegate(luis, version=1, by=make_staff(), now=NOW, reason="Ill")
    return delegation


@pytest.fixture
def owner(client: Client, rosa: User) -> Client:
    client.force_login(rosa)
    return client


def page_text(answer: HttpResponse) -> str:
    return " ".join(unescape(strip_tags(answer.content.decode())).split())


def test_the_page_keeps_what_was_submitted_when_and_by_whom_and_says_what_is_next(owner, delegation) -> None:
    text = page_text(owner.get(f"/en/delegations/{delegation.slug}/"))

    for said in (
        "Acknowledgement of receipt",
        "Submitted: Mon 26 Oct, 10:00 Panama, UTC−05:00 09:00 Costa Rica, UTC−06:00 · Rosa Ejemplo",
        "Prosecutors: 2 of 2 · Ana Ejemplo, Luis Muestra",
        "Immigration control: 0 of 2",
        "Missing at the time: Immigration control (2), Border control (2), Investigation units (2). "
        "Reason given: Six posts are vacant",
        "The secretariat decides and writes to you.",
    ):
        assert said in text


def test_a_draft_has_no_receipt(owner, delegation) -> None:
    VerificationCode.objects.all().delete()
    delegation.history.filter(kind=HistoryKind.SUBMITTED).delete()

    assert "Acknowledgement" not in page_text(owner.get(f"/en/delegations/{delegation.slug}/"))


@pytest.mark.parametrize("is_ended", [True, False], ids=["after the purge", "submitted before codes were issued"])
def test_without_its_facts_the_page_says_only_when_and_by_whom(owner, delegation, is_ended: bool) -> None:
    VerificationCode.objects.update(facts={}) if is_ended else VerificationCode.objects.all().delete()

    text = page_text(owner.get(f"/en/delegations/{delegation.slug}/"))

    assert "UTC−06:00 · Rosa Ejemplo" in text
    assert "Missing at the time" not in text


def test_a_submission_long_ago_is_kept_on_the_page_at_no_further_query(
    owner, delegation, django_assert_max_num_queries
) -> None:
    make_delegates(100, delegation)
    delegation.history.bulk_create(
        [
            delegation.history.model(
                webinar=delegation.webinar, delegation=delegation, kind=HistoryKind.EDITED, at=NOW + MINUTE
            )
            for _number in range(60)
        ]
    )

    with django_assert_max_num_queries(12):
        answer = owner.get(f"/en/delegations/{delegation.slug}/")

    assert "Ana Ejemplo, Luis Muestra" in page_text(answer)
    assert len(answer.context["history"]) == 50
