"""Addresses of filtered lists, which several pages link to."""

from urllib.parse import urlencode

from django.urls import reverse

from sessions_app.models import Webinar


def people_url(webinar: Webinar, **filters: str) -> str:
    """Return the address of the list of active people of `webinar`, filtered by `filters`."""
    query = urlencode({"webinar": webinar.slug, "status__exact": "active", **filters})
    return f"{reverse('admin:registrations_delegate_changelist')}?{query}"
