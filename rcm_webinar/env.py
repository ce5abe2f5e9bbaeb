"""Reads every setting from the environment.

Every setting is documented in `docs/settings.md`. Embedded defaults apply only with `RCM_DEMO=1`; otherwise a missing
setting ends the program with one clear line.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

read = environ.Env()

DEMO: bool = read.bool("RCM_DEMO", default=False)
DEMO_DIR = Path(read.str("RCM_DEMO_DIR", default=str(BASE_DIR / "var" / "demo")))

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

# Prefixes of URLs that hold only a path, in which any character is allowed.
PATH_URL_PREFIXES = ("sqlite:///", "sqlite://:memory:", "filemail:///", "maildir:///")


class InvalidSetting(SystemExit):
    """A setting is missing, invalid or contradicts another; ends the program with one line on stderr, no traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (docs/settings.md has every setting)")


def required(name: str) -> str:
    """Return the text of the setting `name`, or its default in the demo.

    Raises InvalidSetting, which names the setting, if it is missing or blank outside of the demo.
    """
    # django-environ reads a value that begins with $ as the name of another variable; keys and passwords may do so.
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if DEMO:
        return DEMO_DEFAULTS[name]
    raise InvalidSetting(
        f"The setting {name} is missing from the environment; `make demo` is for looking around without any settings."
    )


def required_list(name: str) -> list[str]:
    """Return the comma-separated parts of the setting `name`, stripped. Raises InvalidSetting as `required` does."""
    return _parts(required(name))


def secret_list(name: str) -> list[str]:
    """Return the comma-separated parts of the setting `name`, stripped; empty if it is missing."""
    return _parts(os.environ.get(name, ""))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def url(name: str, *, separator: str = "") -> str:
    """Return the URL of the setting `name`, or several URLs that the pattern `separator` splits.

    Raises InvalidSetting, which does not show the value, if a part of the password would be parsed as port, path, query
    or fragment: libraries would print it in a traceback, or connect to a wrong host.
    """
    return _checked_url(name, required(name), separator)


def _checked_url(name: str, text: str, separator: str = "") -> str:
    if text.startswith(PATH_URL_PREFIXES):
        return text
    if not all(_is_valid_url(part) for part in (re.split(separator, text) if separator else [text])):
        raise InvalidSetting(
            f"{name} is not a valid URL: its port must be a number, and its user name and password percent-encoded, "
            "such as %2F for /, %23 for #, %3F for ?."
        )
    return text


def _is_valid_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # The URL of a PostgreSQL cluster holds several hosts.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        ports = [urlsplit(f"//{host}").port for host in hosts]
    except ValueError:
        return False
    return 0 not in ports and text.isprintable() and not parts.fragment and "@" not in parts.path + parts.query


def integer(name: str, *, default: int) -> int:
    """Return the setting `name` as a whole number of 0 or more. Raises InvalidSetting."""
    value: str = read.str(name, default="").strip() or str(default)
    if not value.isdecimal():
        raise InvalidSetting(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def bar_separated(name: str, *, default: str) -> list[str]:
    """Return the parts of the setting `name` between vertical bars, stripped; a part may contain a comma."""
    value: str = read.str(name, default="").strip() or default
    return [part.strip() for part in value.split("|") if part.strip()]


def matching(name: str, pattern: str, what: str) -> str:
    """Return the setting `name`; empty if it is missing.

    Raises InvalidSetting, which says that it must be `what`, if it does not match the regular expression `pattern`.
    """
    value = os.environ.get(name, "").strip()
    if value and not re.fullmatch(pattern, value):
        raise InvalidSetting(f"{name} must be {what}.")
    return value


def optional_date(name: str) -> date | None:
    """Return the setting `name` as a date, such as 2027-05-31; None if it is missing. Raises InvalidSetting."""
    value: str = read.str(name, default="").strip()
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidSetting(f"{name} must be a date such as 2027-05-31.") from None


def contact_uris(name: str) -> list[str]:
    """Return the comma-separated URIs of the setting `name` (RFC 9116 section 2.5.3). Raises InvalidSetting."""
    found = _parts(read.str(name, default=""))
    if not all(re.fullmatch(r"(mailto:|https://|tel:)[!-~]+", uri) for uri in found):
        raise InvalidSetting(
            f"{name} must hold addresses that begin with mailto:, https:// or tel:, with commas between."
        )
    return found


def database_settings() -> dict[str, Any]:
    """Return Django's database settings for DATABASE_URL. Raises InvalidSetting."""
    address = url("DATABASE_URL")
    if not address.startswith(("postgres://", "postgresql://", "sqlite://")):
        raise InvalidSetting("DATABASE_URL must begin with postgres:// (or sqlite://, for a try).")
    if address.startswith("sqlite:") and not address.startswith(PATH_URL_PREFIXES):
        raise InvalidSetting("DATABASE_URL: three slashes and a path follow sqlite:, which has no host or password.")
    return dict(read.db_url_config(address))


def cache_url() -> str:
    """Return CACHE_URL: the URL of a Redis server, or the word `database`. Raises InvalidSetting."""
    # Django splits CACHE_URL at these characters.
    address = url("CACHE_URL", separator="[;,]")
    if address != "database" and not address.startswith(("redis://", "rediss://")):
        raise InvalidSetting("CACHE_URL must begin with redis:// or be the word database.")
    return address


def broker_url() -> str:
    """Return CELERY_BROKER_URL. Raises InvalidSetting."""
    # Kombu splits CELERY_BROKER_URL at this character.
    address = url("CELERY_BROKER_URL", separator=";")
    if address.startswith("filesystem:") and not DEMO:
        raise InvalidSetting("CELERY_BROKER_URL: the broker in files is for the demo alone.")
    if not address.startswith(("redis://", "rediss://", "filesystem://", "memory://")):
        raise InvalidSetting("CELERY_BROKER_URL must begin with redis:// or rediss://.")
    return address


def mail_settings() -> dict[str, Any]:
    """Return Django's mail settings for EMAIL_URL. Raises InvalidSetting."""
    address = url("EMAIL_URL")
    if address.startswith("filemail://"):
        return {"EMAIL_BACKEND": "rcm_webinar.demo.mail.EmlFileBackend", "EMAIL_FILE_PATH": urlsplit(address).path}
    if not address.startswith(("smtp://", "smtp+tls://", "smtp+ssl://", "memorymail://")):
        raise InvalidSetting("EMAIL_URL must begin with smtp+tls://, smtp+ssl:// or smtp://.")
    server = dict(read.email_url_config(address))
    if address.startswith("smtp") and not server["EMAIL_HOST"]:
        raise InvalidSetting("EMAIL_URL names no mail server.")
    return server


def inbox_url() -> str:
    """Return INBOX_URL; empty if no inbox is read. Raises InvalidSetting, which does not show the value."""
    address = _checked_url("INBOX_URL", os.environ.get("INBOX_URL", "").strip())
    if not address or address.startswith("maildir:///"):
        return address
    parts = urlsplit(address)
    if parts.scheme != "imaps":
        raise InvalidSetting("INBOX_URL must begin with imaps:// or maildir:///.")
    if not (parts.hostname and parts.username and parts.password) or parts.query:
        raise InvalidSetting("INBOX_URL must be imaps://user:password@host/folder.")
    if not unquote(parts.netloc + parts.path).isprintable():
        raise InvalidSetting("INBOX_URL holds a control character.")
    return address
