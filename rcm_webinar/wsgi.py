"""The WSGI application that gunicorn serves."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rcm_webinar.settings")


class InUtf8:
    """Lets every request be read as UTF-8, as our pages send it.

    Django would take any codec that Python knows from the Content-Type, before a middleware could refuse it.
    """

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self.inner = inner

    def __call__(self, request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind, *parameters = request.get("CONTENT_TYPE", "").split(";")
        kept = [one for one in parameters if one.partition("=")[0].strip().lower() != "charset"]
        return self.inner(request | {"CONTENT_TYPE": ";".join([kind, *kept])}, start_response)


application = InUtf8(get_wsgi_application())
