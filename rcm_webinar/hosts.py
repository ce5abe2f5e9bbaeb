"""Handles requests for a host that is not allowed, and checks the settings that can cause them."""

from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.core import checks
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request

log = structlog.get_logger(__name__)


def handle_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400; for a host that is not allowed, also log a hint and show a page of its own.

    Neither quotes the host, which a client can choose. The page needs no context, since the language is not chosen yet
    when Django checks the host.
    """
    if not isinstance(exception, DisallowedHost):
        return bad_request(request, exception)
    log.warning(
        "host_not_allowed",
        setting="ALLOWED_HOSTS",
        hint="The name that was asked for is not in it, or the proxy does not pass the Host header on.",
    )
    return HttpResponse(render_to_string("400_host.html"), status=400)


def check_trusted_proxy_count(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn that every request would be redirected to itself because X-Forwarded-Proto is ignored."""
    if not settings.IS_HTTPS or settings.TRUSTED_PROXY_COUNT:
        return []
    return [
        checks.Warning(
            "TRUSTED_PROXY_COUNT is 0 and BASE_URL begins with https://. X-Forwarded-Proto is ignored, so behind a "
            "proxy every page redirects to itself.",
            hint="Set TRUSTED_PROXY_COUNT to the number of proxies in front, unless gunicorn itself serves https.",
            id="rcm_webinar.W001",
        )
    ]
