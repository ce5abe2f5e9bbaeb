"""How the product starts, or refuses to: each case is a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rcm_webinar.env import DEMO_DEFAULTS

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLATION = {
    "DATABASE_URL": "postgres://rcm:sample@db.example.org/rcm",
    "CACHE_URL": "redis://redis.example.org/1",
    "CELERY_BROKER_URL": "redis://redis.example.org/0",
    "EMAIL_URL": "smtp+tls://webinars:sample@smtp.example.org:587",
    "SECRET_KEY": "a-sample-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "webinars.example.org",
    "BASE_URL": "https://webinars.example.org",
    "DEFAULT_FROM_EMAIL": "RCM webinars <webinars@example.org>",
    "MEDIA_ROOT": "/srv/rcm-webinar/media",
}


def start(tmp_path: Path, *expressions: str, **changed: str | None) -> "subprocess.CompletedProcess[str]":
    """Load the settings of an installation with `changed` (None removes one), and print `expressions` of them."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RCM_DEMO_DIR": str(tmp_path)}
    environment |= {name: value for name, value in (INSTALLATION | changed).items() if value is not None}
    program = "import django; from django.conf import settings as s; s.DATABASES; " + "; ".join(
        f"print({expression})" for expression in expressions
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "rcm_webinar.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


def only_line(finished: "subprocess.CompletedProcess[str]") -> str:
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 1
    return line


@pytest.mark.parametrize("name", sorted(INSTALLATION))
def test_a_missing_setting_stops_the_start_and_is_named(name: str, tmp_path: Path) -> None:
    assert f"The setting {name} is missing from the environment" in only_line(start(tmp_path, **{name: None}))


def test_a_blank_setting_is_a_missing_one(tmp_path: Path) -> None:
    assert "The setting BASE_URL is missing" in only_line(start(tmp_path, BASE_URL="  "))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"MEDIA_ROOT": "/srv/static/media", "STATIC_ROOT": "/srv/static"}, "MEDIA_ROOT lies within STATIC_ROOT"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters"),
        ({"BASE_URL": "https://elsewhere.example.org"}, "BASE_URL names a host that is not in ALLOWED_HOSTS"),
        ({"BASE_URL": "webinars.example.org"}, "BASE_URL must begin with https:// or http://"),
        ({"DEFAULT_FROM_EMAIL": "RCM webinars"}, "DEFAULT_FROM_EMAIL holds no e-mail address"),
        ({"EMAIL_TIMEOUT": "24"}, "DELIVERY_LEASE_SECONDS must be more than 5 times EMAIL_TIMEOUT"),
        ({"RCM_DEMO": "1", "BASE_URL": "https://webinars.example.org"}, "RCM_DEMO=1 is for this machine alone"),
        ({"PLAN_EVERY_SECONDS": "0"}, "PLAN_EVERY_SECONDS must be from 1 to 60"),
        ({"PLAN_EVERY_SECONDS": "61"}, "PLAN_EVERY_SECONDS must be from 1 to 60"),
        ({"SENDERS_AT_ONCE": "0"}, "SENDERS_AT_ONCE must be 1 or more"),
        ({"EMAIL_TIMEOUT": "soon"}, "EMAIL_TIMEOUT must be a whole number, not 'soon'"),
        ({"DATABASE_URL": "mysql://rcm:sample@db/rcm"}, "DATABASE_URL must begin with postgres://"),
        ({"CACHE_URL": "memcached://cache"}, "CACHE_URL must begin with redis://"),
        ({"CELERY_BROKER_URL": "filesystem://"}, "the broker in files is for the demo alone"),
        ({"EMAIL_URL": "pigeon://loft"}, "EMAIL_URL must begin with smtp+tls://"),
    ],
)
def test_a_contradiction_stops_the_start_with_one_clear_line(
    changed: dict[str, str], told: str, tmp_path: Path
) -> None:
    assert told in only_line(start(tmp_path, **changed))


def test_an_installation_starts_with_the_required_settings_alone(tmp_path: Path) -> None:
    finished = start(tmp_path, "s.SESSION_COOKIE_SECURE", "s.SECURE_SSL_REDIRECT", "s.STAFF_NEED_SECOND_FACTOR")

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "True\nTrue\nTrue\n", "")


def test_the_demo_needs_no_setting(tmp_path: Path) -> None:
    nothing = dict.fromkeys(INSTALLATION)

    finished = start(tmp_path, "s.CELERY_BROKER_URL", "s.STAFF_NEED_SECOND_FACTOR", RCM_DEMO="1", **nothing)

    assert (finished.returncode, finished.stdout) == (0, "filesystem://\nFalse\n")


def test_mail_into_files_goes_to_the_directory_of_the_address(tmp_path: Path) -> None:
    finished = start(tmp_path, "s.EMAIL_FILE_PATH", "s.EMAIL_BACKEND", EMAIL_URL="filemail:///srv/mail")

    assert finished.stdout == "/srv/mail\nrcm_webinar.demo.mail.EmlFiles\n"


def test_every_setting_that_is_read_is_documented() -> None:
    read = set(DEMO_DEFAULTS) | {"RCM_DEMO", "RCM_DEMO_DIR"}
    for path in (ROOT / "rcm_webinar").rglob("*.py"):
        read |= set(
            re.findall(r"""(?:read\.\w+|number|names|environ\.get|required\w*)\(\s*"([A-Z_]+)\"""", path.read_text())
        )
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))

    assert read == documented
