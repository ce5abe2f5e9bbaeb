"""The public page for whoever holds a document with a code."""

import re
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client

from registrations.models import Delegation, VerificationCode
from registrations.models.verification_code import ALPHABET, new_code
from registrations.services.delegations import return_delegation, submit_delegation
from registrations.views.rate_limits import MAX_GUESSES
from tests.factories import NOW, make_delegate, make_staff
from tests.registrations.services.deliveries import SOON, released_delegation

pytestmark = pytest.mark.django_db


@pytest.fixture
def code() -> VerificationCode:
    """The code of a delegation that submitted one of eight people."""
    delegation, staff = released_delegation("draft"), make_staff(name="Eva Ejemplo")
    make_delegate(delegation, name="Ana Zapata", institution="Zapata office", email="zapata@example.org")
    submit_delegation(delegation, version=1, by=staff, now=NOW, reason="Zapata alone")
    return VerificationCode.objects.get()


def page_text(answer: HttpResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_whoever_holds_a_code_sees_country_webinar_state_and_counts_and_no_name(client: Client, code) -> None:
    answer = client.get(f"/en/verify/{code.written}/")

    text = page_text(answer)
    for said in (
        code.written,
        "Delegation Country HN",
        "Webinar Mass intra-regional flows",
        "Submitted Mon 26 Oct 2026, 09:00 Tegucigalpa, UTC−06:00",
        "State today",
        "Prosecutors 1 2 Immigration control 0 2",
        "1 person was named in all.",
    ):
        assert said in text
    assert "apata" not in answer.content.decode()
    assert "Eva" not in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_kept_out_of_search_engines_caches_and_referrers(client: Client, code, language: str) -> None:
    for path in (code.written, new_code()):
        headers = client.get(f"/{language}/verify/{path}/").headers

        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Cache-Control"] == "no-store"


def test_a_code_is_read_in_any_case_and_without_its_hyphens(client: Client, code) -> None:
    for written in (code.code, code.written.lower()):
        assert client.get(f"/en/verify/{written}/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda code: code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32],
        lambda code: code[:-1],
        lambda code: code + "2",
        lambda code: code[:-1] + "İ",
        lambda code: code[:-1] + "%00",
        lambda code: "2" * 5_000,
        lambda _code: "%",
    ],
)
def test_a_forged_code_is_not_found(client: Client, code, change) -> None:
    assert client.get(f"/en/verify/{change(code.code)}/").status_code == 404


def test_guesses_are_limited_for_a_network_and_real_codes_are_not(client: Client, code) -> None:
    statuses = [client.get(f"/en/verify/{new_code()}/").status_code for _guess in range(MAX_GUESSES + 2)]

    assert statuses == [404] * MAX_GUESSES + [429] * 2
    assert client.get(f"/en/verify/{code.written}/").status_code == 200


def test_a_code_has_80_random_bits() -> None:
    assert len(set(ALPHABET)) == 32
    assert len({new_code() for _code in range(1000)}) == 1000
    assert len(new_code()) * 5 == 80


def test_an_older_submission_says_that_there_is_a_newer_one(client: Client, code) -> None:
    delegation, staff = Delegation.objects.get(), make_staff()
    return_delegation(delegation, comment="A letter", by=staff, now=SOON)
    assert "submitted again" not in page_text(client.get(f"/en/verify/{code.written}/"))

    version = Delegation.objects.get().version
    submit_delegation(delegation, version=version, by=staff, now=SOON, reason="Still one")

    assert "was submitted again later" in page_text(client.get(f"/en/verify/{code.written}/"))


def test_after_the_purge_the_page_says_that_it_was_issued_and_that_its_details_ended(client: Client, code) -> None:
    VerificationCode.objects.update(facts={})

    text = page_text(client.get(f"/en/verify/{code.written}/"))

    assert "The secretariat issued this acknowledgement. Its details have ended" in text
    assert "Prosecutors" not in text
    assert "State today" not in text


def test_the_page_takes_six_queries_at_most(client: Client, code, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(6):
        client.get(f"/en/verify/{code.written}/")
