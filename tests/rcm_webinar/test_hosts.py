"""Requests for a host that is not allowed, for example because a proxy does not pass the Host header on."""

import pytest
from django.core import checks
from django.test import Client

from tests.logged import warnings_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_https", [False, True])
def test_a_wrong_host_gets_a_page_of_its_own_in_both_languages(is_https: bool, settings) -> None:
    # With https Django checks the host earlier, for the redirect.
    settings.SECURE_SSL_REDIRECT = is_https
    settings.ALLOWED_HOSTS = ["webinars.example.org"]

    answer = Client().get("/es/", headers={"host": "127.0.0.1:8000"})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "This address is not known here" in page
    assert "Esta dirección no se conoce aquí" in page
    assert "too large" not in page
    assert "127.0.0.1" not in page


def test_a_request_that_is_too_large_keeps_its_own_page() -> None:
    answer = Client().post("/en/my/", {f"field{number}": "" for number in range(2_001)})

    assert answer.status_code == 400
    assert "too large or not whole" in answer.content.decode()


def test_a_wrong_host_is_a_warning_that_names_the_setting_and_not_the_host(caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/en/", headers={"host": "elsewhere.example.org"})

    (line,) = warnings_in(caplog)
    assert (line["event"], line["setting"]) == ("host_not_allowed", "ALLOWED_HOSTS")
    assert "Host" in str(line["hint"])
    assert "elsewhere" not in caplog.text


@pytest.mark.parametrize(
    ("base_url_is_https", "proxies", "warned"), [(True, 0, True), (True, 1, False), (False, 0, False)]
)
def test_https_without_a_trusted_proxy_is_a_warning_of_the_checks(
    base_url_is_https: bool, proxies: int, warned: bool, settings
) -> None:
    settings.IS_HTTPS, settings.TRUSTED_PROXY_COUNT = base_url_is_https, proxies

    found = [message for message in checks.run_checks() if message.id == "rcm_webinar.W001"]

    assert bool(found) == warned
    for message in found:
        assert isinstance(message, checks.Warning)
        assert "TRUSTED_PROXY_COUNT is 0" in message.msg
