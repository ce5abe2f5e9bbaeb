"""What every template may rely on."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url

# Each in its own language: that is what its readers look for.
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


def product(request: HttpRequest) -> dict[str, object]:
    """`is_demo`, and `languages`: code, name, and `path` of this page in the other one.

    `path` is empty where the address has no language: there the choice is kept in a cookie, by a form.
    """
    here = request.get_full_path()
    own = next((code for code in LANGUAGE_NAMES if here.startswith(f"/{code}/")), "")
    languages = [
        {"code": code, "name": name, "path": translate_url(here, code) if own and code != own else ""}
        for code, name in LANGUAGE_NAMES.items()
    ]
    return {"is_demo": settings.RCM_DEMO, "languages": languages}
