"""Renders a page with every hour in one time zone."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone


def render_in_zone(zone: str, page: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    """Call the view `page` with `zone` as Django's current time zone, and render its response before the zone ends."""
    with timezone.override(zone):
        response = page(*args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        return response
