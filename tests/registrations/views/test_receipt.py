"""The receipt of a submission on the page of the delegation."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.html import strip_tags
from time_machine import TimeMachineFixture

from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind, User, VerificationCode
from registrations.services.delegations import submit_delegation
from registrations.services.nominations import withdraw_delegate
from sessions_app.models import Webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegates,
    make_delegation,
    make_focal_point,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import released_delegation

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rosa() -> User:
    return make_user("rosa@example.org", name="Rosa Ejemplo", language="en", timezone="America/Panama")


@pytest.fixture
def delegation(rosa: User, time_machine: TimeMachineFixture) -> Delegation:
    """A submitted delegation with Ana and Luis of the eight people who are asked for; Luis has left since."""
    time_machine.move_to(NOW + MINUTE + timedelta(microseconds=5), tick=False)
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


# As a PDF ---------------------------------------------------------------------------------------


def pdf_of(client: Client, delegation: Delegation, language: str = "en") -> HttpResponse:
    event = VerificationCode.objects.latest("pk").event_id
    return client.get(f"/{language}/delegations/{delegation.slug}/receipts/{event}.pdf")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_pdf_is_tagged_and_in_the_language_of_its_address(owner, delegation, language: str) -> None:
    answer = pdf_of(owner, delegation, language)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.content.startswith(b"%PDF-")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in answer.content
    assert f"<rdf:li>{language}</rdf:li>".encode() in answer.content


def pages_of(pdf: bytes) -> int:
    """Return the largest of the numbers of pages in the tree of pages."""
    return max(int(count) for count in re.findall(rb"/Count (\d+)", pdf))


@pytest.mark.parametrize(
    "name", ["#panic(1)", '#read("/etc/passwd")', "#sys.inputs", "*_`$", "[] {} ()", '"', "\\", "<a> @b", "// Ana /*"]
)
def test_what_people_typed_is_text_in_the_pdf_and_never_markup(owner, delegation, name: str) -> None:
    Delegate.objects.update(name=name, institution=f"{name}\n= {name}")
    HistoryEvent.objects.update(reason=f"{name}\n#{name}")
    Webinar.objects.update(title_en=name)

    pdf = pdf_of(owner, delegation).content

    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert pages_of(pdf) == 1


def test_a_name_that_no_font_can_show_still_gets_a_pdf(owner, delegation) -> None:
    Delegate.objects.update(name="Ana 李 😀 \ue000")

    assert pdf_of(owner, delegation).content.startswith(b"%PDF-")


@pytest.mark.parametrize(("people", "pages"), [(20, 1), (40, 1), (300, 4)])
def test_the_pdf_has_one_page_and_continues_for_a_very_large_delegation(
    owner, rosa, people: int, pages: int, delegation
) -> None:
    make_delegates(people, delegation, name="María de los Ángeles Fernández-Villalobos")
    Delegation.objects.update(status="returned", version=2)
    submit_delegation(delegation, version=2, by=rosa, now=NOW, reason="Six posts are vacant")

    assert pages_of(pdf_of(owner, delegation).content) == pages


def test_the_pdf_of_another_country_is_not_found(client, delegation) -> None:
    panama = make_delegation(delegation.webinar, make_country("PA"))
    client.force_login(make_focal_point(panama.body).user)
    event = VerificationCode.objects.get().event_id

    assert pdf_of(client, delegation).status_code == 404
    assert client.get(f"/en/delegations/{panama.slug}/receipts/{event}.pdf").status_code == 404


def test_there_is_no_pdf_after_the_purge_and_of_another_event(owner, delegation) -> None:
    event = delegation.history.exclude(kind=HistoryKind.SUBMITTED).latest("pk")
    assert owner.get(f"/en/delegations/{delegation.slug}/receipts/{event.pk}.pdf").status_code == 404

    VerificationCode.objects.update(facts={})

    assert pdf_of(owner, delegation).status_code == 404
    assert "receipts/" not in owner.get(f"/en/delegations/{delegation.slug}/").content.decode()
