"""What the environment says; the one place that reads it.

Every setting is documented in `docs/settings.md`. Embedded defaults apply only with `RCM_DEMO=1`;
otherwise a missing one stops the start with one clear line.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

read = environ.Env()

DEMO: bool = read.bool("RCM_DEMO", default=False)
DEMO_DIR = Path(read.str("RCM_DEMO_DIR", default=str(BASE_DIR / "var" / "demo")))

# Of every sample account; printed at the demo's start and on its first page.
DEMO_PASSWORD = "demo-rcm-2020"

DEMO_DEFAULTS = {
    "DATABASE_URL": f"sqlite:///{DEMO_DIR / 'db.sqlite3'}",
    "CACHE_URL": "database",
    "CELERY_BROKER_URL": "filesystem://",
    "EMAIL_URL": f"filemail://{DEMO_DIR / 'mail'}",
    "SECRET_KEY": "demo-only-not-a-secret-because-it-is-printed-in-the-repository",
    "MESSAGE_ID_KEY": "demo-only-not-a-secret-and-not-that-of-the-links-0123456789",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
    "BASE_URL": "http://127.0.0.1:8000",
    "DEFAULT_FROM_EMAIL": "RCM webinars <webinars@example.org>",
    "MEDIA_ROOT": str(DEMO_DIR / "media"),
}

# Prefixes of URLs that hold only a path: any character is allowed in them.
PATH_URL_PREFIXES = ("sqlite:///", "sqlite://:memory:", "filemail:///")


class StartRefused(SystemExit):
    """A setting is missing or contradicts another: ends the program with one line on stderr and no traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (docs/settings.md has every setting)")


def required(name: str) -> str:
    """The text of the setting `name`.

    Raises StartRefused, naming the setting, where it is missing or blank and this is not the demo.
    """
    # Not by `read`, which takes a text that begins with $ for the name of another setting: a key or password may.
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if DEMO:
        return DEMO_DEFAULTS[name]
    raise StartRefused(
        f"The setting {name} is missing from the environment; `make demo` is for looking around without any settings."
    )


def required_list(name: str) -> list[str]:
    """The comma-separated parts of the setting `name`, blanks removed. Raises as `required` does."""
    return _parts(required(name))


def secret_list(name: str) -> list[str]:
    """As `required_list`; empty where the setting is missing."""
    return _parts(os.environ.get(name, ""))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def url(name: str, *, separator: str = "") -> str:
    """The URL of the setting `name`, or several URLs between which the pattern `separator` matches.

    Raises StartRefused, which shows nothing of the value, where a part of the password would be read as a port, path,
    query or fragment: the libraries would quote it in a traceback, or ask a wrong host.
    """
    text = required(name)
    if text.startswith(PATH_URL_PREFIXES):
        return text
    if not all(_is_valid_url(part) for part in (re.split(separator, text) if separator else [text])):
        raise StartRefused(
            f"{name} is not a valid URL: its port must be a number, and its user name and password percent-encoded, "
            "such as %2F for /, %23 for #, %3F for ?."
        )
    return text


def _is_valid_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # The URL of a PostgreSQL cluster names separator hosts.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        ports = [urlsplit(f"//{host}").port for host in hosts]
    except ValueError:
        return False
    return 0 not in ports and text.isprintable() and not parts.fragment and "@" not in parts.path + parts.query


def number(name: str, *, default: int) -> int:
    """The setting `name` as a whole number of 0 or more. Raises StartRefused."""
    value: str = read.str(name, default="").strip() or str(default)
    if not value.isdecimal():
        raise StartRefused(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def names(name: str, *, default: str) -> list[str]:
    """The parts of the setting `name` between bars, blanks removed; a comma may stand in a part."""
    value: str = read.str(name, default="").strip() or default
    return [part.strip() for part in value.split("|") if part.strip()]


def day(name: str) -> date | None:
    """The setting `name` as a date, such as 2027-05-31; None where it is missing. Raises StartRefused."""
    value: str = read.str(name, default="").strip()
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise StartRefused(f"{name} must be a date such as 2027-05-31.") from None


def contacts(name: str) -> list[str]:
    """The comma-separated URIs of the setting `name` (RFC 9116 section 2.5.3). Raises StartRefused."""
    found = _parts(read.str(name, default=""))
    if not all(re.fullmatch(r"(mailto:|https://|tel:)[!-~]+", uri) for uri in found):
        raise StartRefused(
            f"{name} must hold addresses that begin with mailto:, https:// or tel:, with commas between."
        )
    return found


def database() -> dict[str, Any]:
    """Django's settings of the database of DATABASE_URL. Raises StartRefused."""
    address = url("DATABASE_URL")
    if not address.startswith(("postgres://", "postgresql://", "sqlite://")):
        raise StartRefused("DATABASE_URL must begin with postgres:// (or sqlite://, for a try).")
    if address.startswith("sqlite:") and not address.startswith(PATH_URL_PREFIXES):
        raise StartRefused("DATABASE_URL: three slashes and a path follow sqlite:, which has no host or password.")
    return dict(read.db_url_config(address))


def cache_url() -> str:
    """The URL of the Redis of CACHE_URL, or the word `database`. Raises StartRefused."""
    # Django splits it there.
    address = url("CACHE_URL", separator="[;,]")
    if address != "database" and not address.startswith(("redis://", "rediss://")):
        raise StartRefused("CACHE_URL must begin with redis:// or be the word database.")
    return address


def broker_url() -> str:
    """The URL of the broker of CELERY_BROKER_URL. Raises StartRefused."""
    # Kombu splits it there.
    address = url("CELERY_BROKER_URL", separator=";")
    if address.startswith("filesystem:") and not DEMO:
        raise StartRefused("CELERY_BROKER_URL: the broker in files is for the demo alone.")
    if not address.startswith(("redis://", "rediss://", "filesystem://", "memory://")):
        raise StartRefused("CELERY_BROKER_URL must begin with redis:// or rediss://.")
    return address


def mail() -> dict[str, Any]:
    """Django's settings of the mail server of EMAIL_URL. Raises StartRefused."""
    address = url("EMAIL_URL")
    if address.startswith("filemail://"):
        return {"EMAIL_BACKEND": "rcm_webinar.demo.mail.EmlFiles", "EMAIL_FILE_PATH": urlsplit(address).path}
    if not address.startswith(("smtp://", "smtp+tls://", "smtp+ssl://", "memorymail://")):
        raise StartRefused("EMAIL_URL must begin with smtp+tls://, smtp+ssl:// or smtp://.")
    server = dict(read.email_url_config(address))
    if address.startswith("smtp") and not server["EMAIL_HOST"]:
        raise StartRefused("EMAIL_URL names no mail server.")
    return server
