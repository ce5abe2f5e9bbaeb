"""The project's context processors."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url

# Each name is in its own language, so that its readers recognise it.
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


def demo_and_languages(request: HttpRequest) -> dict[str, object]:
    """Add `is_demo`, and `languages`: the code and name of each, and `path`, the URL of this page in that language.

    `path` is empty for the present language, and if the URL has no language prefix: a form then sets a cookie.
    """
    path = request.get_full_path()
    current = next((code for code in LANGUAGE_NAMES if path.startswith(f"/{code}/")), "")
    languages = [
        {"code": code, "name": name, "path": translate_url(path, code) if current and code != current else ""}
        for code, name in LANGUAGE_NAMES.items()
    ]
    return {"is_demo": settings.RCM_DEMO, "languages": languages}
