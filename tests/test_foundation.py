"""The ground everything else stands on."""

import importlib.util

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_psycopg_3_is_not_installed_because_django_would_silently_prefer_it() -> None:
    assert importlib.util.find_spec("psycopg") is None


@pytest.mark.django_db
def test_the_health_addresses_answer(client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json()["database"] == {"status": "ok"}
