"""What the environment says; the one place that reads it.

Every setting is documented in `docs/settings.md`. Embedded defaults apply only with `RCM_DEMO=1`;
otherwise a missing one stops the start with one clear line.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

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


def required(name: str) -> str:
    """The text of the setting `name`.

    Raises ImproperlyConfigured, naming the setting, where it is missing or blank and this is not the demo.
    """
    value: str = read.str(name, default="").strip()
    if value:
        return value
    if DEMO:
        return DEMO_DEFAULTS[name]
    raise ImproperlyConfigured(
        f"The setting {name} is missing from the environment: see docs/settings.md, "
        f"or run `make demo` to look around without any settings."
    )


def required_list(name: str) -> list[str]:
    """The comma-separated parts of the setting `name`, blanks removed. Raises as `required` does."""
    return [part.strip() for part in required(name).split(",") if part.strip()]
