"""Pages on which every hour is of one zone."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone


def in_zone(zone: str, page: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    """What `page` answers, with every hour read and written in `zone`; the page is rendered before the zone ends."""
    with timezone.override(zone):
        response = page(*args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        return response
