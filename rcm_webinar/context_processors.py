"""The project's context processors."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language

from registrations.members import member_names

# Each name is in its own language, so that its readers recognise it.
LANGUAGE_NAMES = {"es": "Español", "en": "English"}


def of_every_page(request: HttpRequest) -> dict[str, object]:
    """Add `is_demo`, `members` and `languages`.

    `members` are the names of the member countries. Each language has its code and name, and `path`: the URL of this
    page in it, or empty for the present language and if the URL has no language prefix. A form then sets a cookie.
    """
    path = request.get_full_path()
    current = next((code for code in LANGUAGE_NAMES if path.startswith(f"/{code}/")), "")
    languages = [
        {"code": code, "name": name, "path": translate_url(path, code) if current and code != current else ""}
        for code, name in LANGUAGE_NAMES.items()
    ]
    return {
        "is_demo": settings.RCM_DEMO,
        "languages": languages,
        "members": member_names(get_language() or settings.LANGUAGE_CODE),
    }
