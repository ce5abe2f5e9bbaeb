"""A template tag for the name of a webinar."""

from django import template
from django.utils import timezone

from sessions_app.models import Webinar
from sessions_app.webinar_names import WebinarName, load_name, name_of

register = template.Library()


@register.simple_tag
def webinar_name(webinar: Webinar) -> WebinarName:
    """Return days, title and state of `webinar`. One query, unless the view loaded the webinar `with_names`."""
    return name_of(webinar) if hasattr(webinar, "state") else load_name(webinar, now=timezone.now())
