"""What every template may rely on."""

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, object]:
    """`is_demo`, and `other_languages`: (code, name, the same page's path) of each language but the present."""
    return {"is_demo": settings.RCM_DEMO}
