"""The secretariat reminds one of seven countries, with and without JavaScript."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Delivery, RegistrationPolicy
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    make_country,
    make_delegation,
    make_focal_point,
    make_quotas,
    make_staff,
    make_user,
    make_webinar,
)

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
COUNTRIES = ("HN", "PA", "SV", "GT", "MX", "CR", "BZ")


@pytest.fixture
def webinar() -> Webinar:
    """A webinar with seven countries that have a focal point and no delegates."""
    webinar, now = make_webinar(), timezone.now()
    make_quotas(webinar)
    Session.objects.update(starts_at=now + timedelta(days=20))
    RegistrationPolicy.objects.update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=5), purge_on=(now + timedelta(days=400)).date()
    )
    release_webinar(webinar, by=None, now=now)
    for code in COUNTRIES:
        delegation = make_delegation(webinar, make_country(code))
        make_focal_point(delegation.body, make_user(f"{code.lower()}@example.org"))
    return webinar


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def has_scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def page(has_scripts: bool, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    client = Client()
    client.force_login(make_staff())
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(base_url=live_server.url, locale="en-GB", java_script_enabled=has_scripts)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    context.set_default_timeout(10_000)

    yield context.new_page()
    context.close()


def test_only_the_country_that_stays_ticked_is_reminded(page: Page, webinar: Webinar, has_scripts: bool) -> None:
    page.goto(f"/admin/registrations/gapreminder/of/{webinar.pk}/")
    expect(page.locator("#rcm-count")).to_contain_text("7 mails to focal points, of 7 countries.")

    for code in COUNTRIES[:-1]:
        page.get_by_label(f"Country {code}").uncheck()
    if not has_scripts:
        # The page shows an old number: nothing is sent before the new number was shown.
        page.get_by_role("button", name="Send 7 mails").click()
        assert not Delivery.objects.filter(kind="gap_notice").exists()
    expect(page.locator("#rcm-count")).to_contain_text("1 mail to a focal point, of 1 country.")
    expect(page.get_by_label("As it is read by").locator("option")).to_have_count(1)
    page.get_by_role("button", name="Send 1 mail").click()
    expect(page.locator("#content-main")).to_contain_text("They concern 1 country.")

    sent = Delivery.objects.filter(kind="gap_notice").values_list("email", flat=True)
    assert list(sent) == ["bz@example.org"]
