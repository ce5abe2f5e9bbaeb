"""What the environment says; the one place that reads it.

Every setting is documented in `docs/settings.md`. Embedded defaults apply only with `RCM_DEMO=1`;
otherwise a missing one stops the start with one clear line.
"""

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
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
    "BASE_URL": "http://127.0.0.1:8000",
    "DEFAULT_FROM_EMAIL": "RCM webinars <webinars@example.org>",
    "MEDIA_ROOT": str(DEMO_DIR / "media"),
}


class StartRefused(SystemExit):
    """A setting is missing or contradicts another: ends the program with one line on stderr and no traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (docs/settings.md has every setting)")


def required(name: str) -> str:
    """The text of the setting `name`.

    Raises StartRefused, naming the setting, where it is missing or blank and this is not the demo.
    """
    value: str = read.str(name, default="").strip()
    if value:
        return value
    if DEMO:
        return DEMO_DEFAULTS[name]
    raise StartRefused(
        f"The setting {name} is missing from the environment; `make demo` is for looking around without any settings."
    )


def required_list(name: str) -> list[str]:
    """The comma-separated parts of the setting `name`, blanks removed. Raises as `required` does."""
    return [part.strip() for part in required(name).split(",") if part.strip()]


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


def database() -> dict[str, Any]:
    """Django's settings of the database of DATABASE_URL. Raises StartRefused."""
    url = required("DATABASE_URL")
    if not url.startswith(("postgres://", "postgresql://", "sqlite://")):
        raise StartRefused("DATABASE_URL must begin with postgres:// (or sqlite://, for a try).")
    return dict(read.db_url_config(url))


def mail(*, by_smtp: str) -> dict[str, Any]:
    """Django's settings of the mail server of EMAIL_URL, which the backend `by_smtp` talks to. Raises StartRefused."""
    url = required("EMAIL_URL")
    if url.startswith("filemail://"):
        return {"EMAIL_BACKEND": "rcm_webinar.demo.mail.EmlFiles", "EMAIL_FILE_PATH": urlsplit(url).path}
    if not url.startswith(("smtp://", "smtp+tls://", "smtp+ssl://", "memorymail://")):
        raise StartRefused("EMAIL_URL must begin with smtp+tls://, smtp+ssl:// or smtp://.")
    server = dict(read.email_url_config(url))
    return server | {"EMAIL_BACKEND": by_smtp} if url.startswith("smtp") else server
