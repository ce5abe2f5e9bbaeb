"""The settings: which are required, and which values stop the start."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import kombu
import pytest
import redis

from rcm_webinar import env
from rcm_webinar.env import DEMO_DEFAULTS, InvalidSetting

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLATION = {
    "DATABASE_URL": "postgres://rcm:sample@db.example.org/rcm",
    "CACHE_URL": "redis://redis.example.org/1",
    "CELERY_BROKER_URL": "redis://redis.example.org/0",
    "EMAIL_URL": "smtp+tls://webinars:sample@smtp.example.org:587",
    "SECRET_KEY": "a-sample-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "MESSAGE_ID_KEY": "another-sample-for-this-test-0123456789-abcdefghijklmnopqrst",
    "ALLOWED_HOSTS": "webinars.example.org",
    "BASE_URL": "https://webinars.example.org",
    "DEFAULT_FROM_EMAIL": "RCM webinars <webinars@example.org>",
    "MEDIA_ROOT": "/srv/rcm-webinar/media",
}

# Each setting with a URL that can hold a password, and the text around the password.
URLS_WITH_A_PASSWORD = {
    "DATABASE_URL": "postgres://rcm:{}@db.example.org:5432/rcm",
    "CACHE_URL": "redis://:{}@redis.example.org:6379/1",
    "CELERY_BROKER_URL": "rediss://rcm:{}@redis.example.org:6379/0",
    "EMAIL_URL": "smtp+tls://webinars:{}@smtp.example.org:587",
    "INBOX_URL": "imaps://webinars:{}@imap.example.org:993/INBOX",
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


def refusal(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> str:
    """Load the settings of an installation with `changed` in this process, and return the error."""
    for name, value in (INSTALLATION | changed).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as refused:
        runpy.run_path(str(ROOT / "rcm_webinar" / "settings.py"))
    return str(refused.value)


def only_line(finished: "subprocess.CompletedProcess[str]") -> str:
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 1
    return line


@pytest.mark.parametrize("name", sorted(INSTALLATION))
def test_a_missing_setting_stops_the_start_and_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"The setting {name} is missing from the environment" in refusal(monkeypatch, **{name: None})


def test_a_blank_setting_counts_as_missing(tmp_path: Path) -> None:
    assert "The setting BASE_URL is missing" in only_line(start(tmp_path, BASE_URL="  "))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"MEDIA_ROOT": "/srv/static/media", "STATIC_ROOT": "/srv/static"}, "MEDIA_ROOT lies within STATIC_ROOT"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters"),
        ({"MESSAGE_ID_KEY": "short"}, "MESSAGE_ID_KEY is shorter than 50 characters"),
        ({"MESSAGE_ID_KEY": INSTALLATION["SECRET_KEY"]}, "MESSAGE_ID_KEY equals SECRET_KEY or an earlier one"),
        (
            {"SECRET_KEY_FALLBACKS": INSTALLATION["MESSAGE_ID_KEY"]},
            "MESSAGE_ID_KEY equals SECRET_KEY or an earlier one",
        ),
        ({"BASE_URL": "https://elsewhere.example.org"}, "BASE_URL names a host that is not in ALLOWED_HOSTS"),
        ({"BASE_URL": "webinars.example.org"}, "BASE_URL must begin with https:// or http://"),
        ({"DEFAULT_FROM_EMAIL": "RCM webinars"}, "DEFAULT_FROM_EMAIL holds no e-mail address"),
        ({"EMAIL_TIMEOUT": "24"}, "DELIVERY_LEASE_SECONDS must be more than 5 times EMAIL_TIMEOUT"),
        ({"PLAN_EVERY_SECONDS": "0"}, "PLAN_EVERY_SECONDS must be from 1 to 60"),
        ({"PLAN_EVERY_SECONDS": "61"}, "PLAN_EVERY_SECONDS must be from 1 to 60"),
        ({"SENDERS_AT_ONCE": "0"}, "SENDERS_AT_ONCE must be 1 or more"),
        ({"EMAIL_TIMEOUT": "soon"}, "EMAIL_TIMEOUT must be a whole number, not 'soon'"),
        ({"DATABASE_URL": "mysql://rcm:sample@db/rcm"}, "DATABASE_URL must begin with postgres://"),
        ({"CACHE_URL": "memcached://cache"}, "CACHE_URL must begin with redis://"),
        ({"CELERY_BROKER_URL": "filesystem://"}, "the broker in files is for the demo alone"),
        ({"EMAIL_URL": "pigeon://loft"}, "EMAIL_URL must begin with smtp+tls://"),
        ({"INBOX_URL": "imap://webinars:sample@imap.example.org"}, "INBOX_URL must begin with imaps:// or maildir:///"),
        ({"INBOX_URL": "maildir://var/mail"}, "INBOX_URL must begin with imaps:// or maildir:///"),
        ({"INBOX_AUTHSERV_ID": "mx.example.org; dmarc=pass"}, "INBOX_AUTHSERV_ID must be a host name"),
        ({"BOUNCE_ADDRESS": "bounces"}, "BOUNCE_ADDRESS must be an address such as"),
        ({"BOUNCE_ADDRESS": "bounces+rcm@example.org"}, "BOUNCE_ADDRESS must be an address such as"),
        ({"BOUNCE_ADDRESS": f"{'b' * 26}@example.org"}, "BOUNCE_ADDRESS must be an address such as"),
        ({"BOUNCE_ADDRESS": "RCM <bounces@example.org>"}, "BOUNCE_ADDRESS must be an address such as"),
        ({"BOUNCE_ADDRESS": "a@example.org, b@example.org"}, "BOUNCE_ADDRESS must be an address such as"),
        ({"SECURITY_CONTACT": "mailto:security@example.org"}, "SECURITY_CONTACT and SECURITY_CONTACT_EXPIRES belong"),
        ({"SECURITY_CONTACT_EXPIRES": "2027-05-31"}, "SECURITY_CONTACT and SECURITY_CONTACT_EXPIRES belong"),
        ({"SECURITY_CONTACT_EXPIRES": "next year"}, "SECURITY_CONTACT_EXPIRES must be a date such as 2027-05-31"),
        ({"SECURITY_CONTACT": "security@example.org"}, "SECURITY_CONTACT must hold addresses that begin with mailto:"),
        ({"SECURITY_CONTACT": "mailto:a@example.org\nExpires: x"}, "SECURITY_CONTACT must hold addresses that begin"),
    ],
)
def test_a_contradiction_stops_the_start(
    changed: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert message in refusal(monkeypatch, **changed)


def test_an_error_of_the_settings_is_one_line(tmp_path: Path) -> None:
    of_the_demo = only_line(start(tmp_path, RCM_DEMO="1", BASE_URL="https://webinars.example.org"))

    assert "RCM_DEMO=1 is for this machine alone" in of_the_demo
    assert "SECRET_KEY is shorter than 50 characters" in only_line(start(tmp_path, SECRET_KEY="short"))


@pytest.mark.parametrize("name", sorted(URLS_WITH_A_PASSWORD))
def test_a_password_that_breaks_its_url_stops_the_start_and_is_not_shown(name: str, tmp_path: Path) -> None:
    line = only_line(start(tmp_path, **{name: URLS_WITH_A_PASSWORD[name].format("hidden/word")}))

    assert line.startswith(f"{name} is not a valid URL")
    assert "%2F for /" in line
    assert "hidden" not in line
    assert "word/" not in line


@pytest.mark.parametrize("name", sorted(URLS_WITH_A_PASSWORD))
@pytest.mark.parametrize(
    "password", ["word/word", "12/34", "word#word", "12#34", "word?word", "12?34", "word[word", "word[x]word", "wo\nrd"]
)
def test_a_password_that_would_be_read_as_another_part_of_its_url_is_refused(
    name: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, URLS_WITH_A_PASSWORD[name].format(password))

    with pytest.raises(InvalidSetting, match=f"^{name} is not a valid URL") as refused:
        read_url(name)

    assert password not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "password"),
    [("CACHE_URL", "12;34"), ("CACHE_URL", "12,34"), ("CACHE_URL", "wo,rd"), ("CELERY_BROKER_URL", "12;34")],
)
def test_a_separator_of_several_urls_is_refused_within_a_password(
    name: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, URLS_WITH_A_PASSWORD[name].format(password))

    with pytest.raises(InvalidSetting, match=f"^{name} is not a valid URL"):
        read_url(name)


@pytest.mark.parametrize("name", sorted(URLS_WITH_A_PASSWORD))
@pytest.mark.parametrize("port", ["secret", "99999", "-1"])
def test_an_invalid_port_is_refused(name: str, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = re.sub(r":\d+", f":{port}", URLS_WITH_A_PASSWORD[name])
    monkeypatch.setenv(name, url.format("word"))

    with pytest.raises(InvalidSetting, match=f"^{name} is not a valid URL"):
        read_url(name)


@pytest.mark.parametrize("name", sorted(URLS_WITH_A_PASSWORD))
@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("%2F%23%3F%5B%5D%40%3A%3B%2C%25%20", "/#?[]@:;,% "),
        ("wo@rd", "wo@rd"),
        ("wo:rd", "wo:rd"),
        ("wo%zzrd", "wo%zzrd"),
        ("$word", "$word"),
        ("palabraseña", "palabraseña"),
    ],
)
def test_a_percent_encoded_password_reaches_the_server_as_it_is(
    name: str, written: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, URLS_WITH_A_PASSWORD[name].format(written))

    assert password_in(read_url(name)) == password


def test_several_servers_of_one_url_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://rcm:word@db1.example.org:5432,db2.example.org:5433/rcm")

    database = env.database_settings()

    assert (database["HOST"], database["PORT"]) == ("db1.example.org,db2.example.org", "5432,5433")


@pytest.mark.parametrize("path", ["sqlite:////srv/r@c#m/db", "filemail:///srv/r@c#m", "maildir:///srv/r@c#m"])
def test_the_path_of_a_url_may_hold_any_character(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", path)

    assert env.url("EMAIL_URL") == path


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"DATABASE_URL": "sqlite://rcm:hidden@db/rcm"}, "DATABASE_URL: three slashes and a path follow sqlite:"),
        ({"CELERY_BROKER_URL": "hidden"}, "CELERY_BROKER_URL must begin with redis:// or rediss://"),
        ({"EMAIL_URL": "smtp+tls://webinars:hidden@:587"}, "EMAIL_URL names no mail server"),
        ({"INBOX_URL": "imaps://hidden@imap.example.org/INBOX"}, "INBOX_URL must be imaps://user:password@host/folder"),
        ({"INBOX_URL": "imaps://webinars:hidden@/INBOX"}, "INBOX_URL must be imaps://user:password@host/folder"),
        ({"INBOX_URL": "imaps://webinars:hidden%0D%0A@imap.example.org"}, "INBOX_URL holds a control character"),
    ],
)
def test_an_invalid_value_is_refused_at_the_start(changed: dict[str, str], message: str, tmp_path: Path) -> None:
    line = only_line(start(tmp_path, **changed))

    assert message in line
    assert "hidden" not in line


@pytest.mark.parametrize("changed", [{"SECRET_KEY": "$" + 60 * "a"}, {"SECRET_KEY_FALLBACKS": "$old, (older"}])
def test_a_key_may_begin_with_a_dollar_sign(changed: dict[str, str], tmp_path: Path) -> None:
    finished = start(tmp_path, "s.SECRET_KEY", "s.SECRET_KEY_FALLBACKS", **changed)

    key = changed.get("SECRET_KEY", INSTALLATION["SECRET_KEY"])
    fallbacks = ["$old", "(older"] if "SECRET_KEY_FALLBACKS" in changed else []
    assert (finished.returncode, finished.stdout) == (0, f"{key}\n{fallbacks}\n")


def read_url(name: str) -> str | dict[str, Any]:
    """Return the setting that is made from the URL in the environment."""
    match name:
        case "DATABASE_URL":
            return env.database_settings()
        case "EMAIL_URL":
            return env.mail_settings()
        case "CACHE_URL":
            return env.cache_url()
        case "INBOX_URL":
            return env.inbox_url()
    return env.broker_url()


def password_in(read: str | dict[str, Any]) -> str | None:
    """Return the password that Django, the cache or the broker would use."""
    if isinstance(read, dict):
        return read["PASSWORD"] if "PASSWORD" in read else read["EMAIL_HOST_PASSWORD"]
    if read.startswith("imaps:"):
        return unquote(urlsplit(read).password or "")
    if read.startswith("rediss:"):
        return kombu.Connection(read).password
    return redis.ConnectionPool.from_url(read).connection_kwargs["password"]


def test_an_installation_starts_with_the_required_settings_alone(tmp_path: Path) -> None:
    finished = start(tmp_path, "s.SESSION_COOKIE_SECURE", "s.SECURE_SSL_REDIRECT", "s.STAFF_NEED_SECOND_FACTOR")

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "True\nTrue\nTrue\n", "")


@pytest.mark.parametrize("demo", ["0", "1"])
def test_no_inbox_is_read_unless_one_is_named(demo: str, tmp_path: Path) -> None:
    changed = {"BASE_URL": "http://localhost", "ALLOWED_HOSTS": "localhost", "RCM_DEMO": demo}

    finished = start(tmp_path, "[s.INBOX_URL, s.INBOX_AUTHSERV_ID, s.BOUNCE_ADDRESS]", **changed)

    assert finished.stdout == "['', '', '']\n"


def test_the_settings_of_an_inbox_are_read(tmp_path: Path) -> None:
    inbox = {"INBOX_URL": "maildir:///srv/mail/To read", "INBOX_AUTHSERV_ID": "mx.example.org"}
    inbox |= {"BOUNCE_ADDRESS": "bounces@example.org"}

    finished = start(tmp_path, *(f"s.{name}" for name in inbox), **inbox)

    assert finished.stdout.splitlines() == list(inbox.values())


COOKIES = ("SESSION", "CSRF", "LANGUAGE")


def cookies(tmp_path: Path, **changed: str) -> list[str]:
    """Return the name of each cookie, and the attributes that browsers require with the prefix __Host-."""
    finished = start(
        tmp_path,
        *(
            f"[getattr(s, f'{cookie}_COOKIE_{{part}}') for part in ('NAME', 'SECURE', 'PATH', 'DOMAIN')]"
            for cookie in COOKIES
        ),
        **changed,
    )
    return finished.stdout.splitlines()


def test_with_https_cookies_have_the_host_prefix(tmp_path: Path) -> None:
    assert cookies(tmp_path) == [
        "['__Host-sessionid', True, '/', None]",
        "['__Host-csrftoken', True, '/', None]",
        "['__Host-django_language', True, '/', None]",
    ]


def test_without_https_cookies_have_no_prefix(tmp_path: Path) -> None:
    assert cookies(tmp_path, BASE_URL="http://webinars.example.org") == [
        "['sessionid', False, '/', None]",
        "['csrftoken', False, '/', None]",
        "['django_language', False, '/', None]",
    ]


def test_the_demo_needs_no_setting(tmp_path: Path) -> None:
    nothing = dict.fromkeys(INSTALLATION)

    finished = start(tmp_path, "s.CELERY_BROKER_URL", "s.STAFF_NEED_SECOND_FACTOR", RCM_DEMO="1", **nothing)

    assert (finished.returncode, finished.stdout) == (0, "filesystem://\nFalse\n")


def test_the_url_of_a_file_backend_names_the_directory(tmp_path: Path) -> None:
    finished = start(tmp_path, "s.EMAIL_FILE_PATH", "s.EMAIL_BACKEND", EMAIL_URL="filemail:///srv/mail")

    assert finished.stdout == "/srv/mail\nrcm_webinar.demo.mail.EmlFileBackend\n"


def test_every_setting_that_is_read_is_documented() -> None:
    read = set(DEMO_DEFAULTS) | {"RCM_DEMO", "RCM_DEMO_DIR"}
    for path in (ROOT / "rcm_webinar").rglob("*.py"):
        read |= set(
            re.findall(
                r"""(?:read\.\w+|integer|bar_separated|environ\.get|required\w*|secret_list|contact_uris|optional_date|matching)\(\s*"([A-Z_]+)\"""",
                path.read_text(),
            )
        )
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))

    assert read == documented
