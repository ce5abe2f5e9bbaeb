"""The form that mails a lost link again, without revealing who takes part."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import HistoryEvent, LinkRequest
from registrations.views.rate_limits import MAX_LINK_REQUESTS
from tests.registrations.views.test_participant_page import text_without_tags

PAGE, ASKED = "/en/my/", "/en/my/asked/"


def without_secrets(response) -> str:
    return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_pages_for_missing_links_link_to_the_form(participant, client):
    forged = client.get("/en/my/1.1~nonsense/")
    webinar = client.get(f"/en/webinars/{participant.webinar.slug}/")
    sign_in = client.get("/accounts/login/")

    for page in (forged, webinar, sign_in):
        assert f'href="{PAGE}"' in page.content.decode()
    assert "Send me the link" in text_without_tags(client.get(PAGE))


def test_a_known_and_an_unknown_address_get_the_same_response_with_the_same_queries(participant, client):
    answers = []
    for address in (participant.email, "nobody@example.org"):
        with CaptureQueriesContext(connection) as asked:
            response = client.post(PAGE, {"email": address})
        landed = client.get(response.url)
        statements = [re.sub(r"'[^']*'", "…", query["sql"]) for query in asked.captured_queries]
        answers.append(
            (response.status_code, response.url, dict(response.headers), statements, without_secrets(landed))
        )

    assert answers[0] == answers[1]
    assert answers[0][:2] == (302, ASKED)
    assert sorted(LinkRequest.objects.values_list("address", flat=True)) == ["ana@example.org", "nobody@example.org"]
    assert not HistoryEvent.objects.exists()


def test_the_answer_names_no_address(participant, client):
    response = client.post(PAGE, {"email": participant.email}, follow=True)

    assert "If somebody with this address takes part" in text_without_tags(response)
    assert participant.email not in response.content.decode()


def test_no_log_has_the_address(participant, client, capfd, caplog):
    client.post(PAGE, {"email": participant.email}, follow=True)
    for _time in range(MAX_LINK_REQUESTS + 1):
        client.post(PAGE, {"email": "nobody@example.org"})

    told = caplog.text + "".join(capfd.readouterr())
    assert "registrations:lost-link" in told
    assert "example.org" not in told


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "ana@example.org, luis@example.org",
        "ana@example.org\nBcc: luis@example.org",
        "ana@exam\x00ple.org",
        "a" * 10_000,
        f"{'a' * 250}@example.org",
        "ana\x07@example.org",
        "añá@example.org",
        "<script>@example.org",
    ],
)
def test_an_invalid_address_is_refused_and_shown_again_as_typed(client, db, clock, address):
    response = client.post(PAGE, {"email": address})

    html = response.content.decode()
    assert response.status_code == 422
    assert "Please look at this again:" in text_without_tags(response)
    assert 'href="#id_email"' in html
    assert address.strip()[:20].replace("<", "&lt;").replace(">", "&gt;").partition("\n")[0] in html
    assert not LinkRequest.objects.exists()


def test_an_empty_form_is_refused(client, db, clock):
    assert client.post(PAGE).status_code == 422


def test_an_address_with_a_non_ascii_domain_is_refused(client, db, clock):
    client.post(PAGE, {"email": "ana@CORREO.españa"})

    assert LinkRequest.objects.get().address == "ana@correo.xn--espaa-rta"


def test_too_many_requests_of_one_network_must_wait_and_keep_what_was_typed(client, db, clock):
    statuses = [
        client.post(PAGE, {"email": f"person{number}@example.org"}, REMOTE_ADDR="203.0.113.1").status_code
        for number in range(MAX_LINK_REQUESTS)
    ]
    limited = client.post(PAGE, {"email": "ana@example.org"}, REMOTE_ADDR="203.0.113.1")
    elsewhere = client.post(PAGE, {"email": "ana@example.org"}, REMOTE_ADDR="203.0.113.2")

    assert set(statuses) == {302}
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "300")
    assert "Too many links were asked for from your network." in text_without_tags(limited)
    assert 'value="ana@example.org"' in limited.content.decode()
    assert elsewhere.status_code == 302


def test_requesting_links_does_not_count_as_guessing(client, participant, address_of):
    for number in range(MAX_LINK_REQUESTS + 1):
        client.post(PAGE, {"email": f"person{number}@example.org"})

    assert client.get("/en/my/1.1~nonsense/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_without_a_cache_a_link_can_still_be_requested(client, clock, settings):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["database"], "LOCATION": "no_such_table"}}

    assert client.post(PAGE, {"email": "ana@example.org"}).status_code == 302
    assert LinkRequest.objects.count() == 1


def test_the_page_is_not_cached_and_not_indexed(client, db, clock):
    headers = client.get(PAGE).headers

    assert (headers["Cache-Control"], headers["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")


def test_the_pages_work_in_spanish(client, db, clock):
    assert client.post("/es/my/", {"email": "ana@example.org"}).url == "/es/my/asked/"
