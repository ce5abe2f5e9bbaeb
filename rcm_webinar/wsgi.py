"""The WSGI application that gunicorn serves."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rcm_webinar.settings")


class ForceUTF8:
    """WSGI middleware that removes the charset from the Content-Type, so that Django decodes every form as UTF-8.

    Otherwise Django would use any codec of Python that the client names, before its own middleware runs.
    """

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self.inner = inner

    def __call__(self, request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        media_type, *parameters = request.get("CONTENT_TYPE", "").split(";")
        kept = [parameter for parameter in parameters if parameter.partition("=")[0].strip().lower() != "charset"]
        return self.inner(request | {"CONTENT_TYPE": ";".join([media_type, *kept])}, start_response)


application = ForceUTF8(get_wsgi_application())
