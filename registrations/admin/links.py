"""Links that several pages share: to filtered lists of people and of deliveries, and to the page of a maximum."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from registrations.exceptions import QuotaFull
from registrations.models import Delegation, Quota
from sessions_app.admin.base import change_url
from sessions_app.models import Webinar


def people_url(webinar: Webinar, **filters: str) -> str:
    """Return the address of the list of active people of `webinar`, filtered by `filters`."""
    query = urlencode({"webinar": webinar.slug, "status__exact": "active", **filters})
    return f"{reverse('admin:registrations_delegate_changelist')}?{query}"


def deliveries_url(webinar: Webinar, **filters: str) -> str:
    """Return the address of the list of the deliveries of `webinar`, filtered by `filters`."""
    query = urlencode({"webinar": webinar.slug, **filters})
    return f"{reverse('admin:registrations_delivery_changelist')}?{query}"


def message_with_link_to_maximum(full: QuotaFull, delegation: Delegation) -> SafeString:
    """Return the message of `full` with a link to the page on which the maximum is changed. One query."""
    quota = Quota.objects.get(webinar=delegation.webinar_id, profile=full.seat.profile)
    if full.seat.default_limits is None:
        return format_html('{} <a href="{}">{}</a>', full.message, change_url(quota), _("Change the quota"))
    url = f"{reverse('admin:except-quota', args=[quota.pk])}?{urlencode({'country': delegation.slug})}"
    return format_html('{} <a href="{}">{}</a>', full.message, url, _("Change the exception"))
