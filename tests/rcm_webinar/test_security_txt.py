"""/.well-known/security.txt follows RFC 9116."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone

# On SQLite the checks of Django 6.1 ask the database.
pytestmark = pytest.mark.django_db
PATH = "/.well-known/security.txt"


@pytest.fixture
def contact(settings) -> date:
    """Set a contact that expires at the end of today, and return that day."""
    settings.SECURITY_CONTACT = ["mailto:security@example.org", "https://example.org/report"]
    settings.SECURITY_CONTACT_EXPIRES = timezone.now().date()
    settings.BASE_URL = "https://webinars.example.org"
    return settings.SECURITY_CONTACT_EXPIRES


def expired() -> list[str]:
    return [message.msg for message in run_checks() if message.id == "rcm_webinar.W002"]


def test_without_its_settings_the_file_does_not_exist() -> None:
    assert Client().get(PATH).status_code == 404
    assert expired() == []


def test_the_file_holds_the_fields_that_the_rfc_requires(contact: date) -> None:
    answer = Client().get(PATH)

    fields = [line.split(": ", 1) for line in answer.content.decode().splitlines()]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert fields == [
        ["Contact", "mailto:security@example.org"],
        ["Contact", "https://example.org/report"],
        ["Expires", f"{contact.isoformat()}T23:59:59Z"],
        ["Preferred-Languages", "en, es"],
        ["Canonical", f"https://webinars.example.org{PATH}"],
    ]
    assert datetime.fromisoformat(fields[2][1]) > datetime.now(UTC)
    assert expired() == []


@pytest.mark.usefixtures("contact")
def test_an_expired_contact_is_not_published(settings) -> None:
    settings.SECURITY_CONTACT_EXPIRES -= timedelta(days=1)

    assert Client().get(PATH).status_code == 404
    assert expired() == ["SECURITY_CONTACT_EXPIRES has passed: /.well-known/security.txt answers 404."]
