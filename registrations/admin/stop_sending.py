"""The page that asks for confirmation before the unsent mails of an announcement or gap reminder are stopped."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.base import staff_user
from registrations.models import Announcement, Delivery, GapReminder
from registrations.services.deliveries import UNSENT, stop_deliveries
from sessions_app.admin.base import change_url


def unsent_deliveries(owed: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    """Return those of `owed` that are unsent: they wait, have failed, or are claimed and not begun."""
    return owed.filter(UNSENT)


def stop_page(
    site: AdminSite, request: HttpRequest, row: Announcement | GapReminder, owed: "QuerySet[Delivery]"
) -> HttpResponse:
    """Show how many deliveries of `row` are unsent; on a POST, stop them."""
    waiting = unsent_deliveries(owed)
    if request.method == "POST":
        ids = waiting.values_list("pk", flat=True)
        stopped = stop_deliveries(ids, by=staff_user(request), now=timezone.now())
        said = ngettext("%(count)s delivery is stopped.", "%(count)s deliveries are stopped.", stopped)
        messages.success(request, said % {"count": stopped})
        return redirect(change_url(row))
    count = waiting.count()
    lead = ngettext(
        "%(count)s mail has not been sent: it waits, or did not get through. It is stopped; each one can be sent "
        "again from its own page. Those that have been sent cannot be taken back.",
        "%(count)s mails have not been sent: they wait, or did not get through. They are stopped; each one can be sent "
        "again from its own page. Those that have been sent cannot be taken back.",
        count,
    )
    context = site.each_context(request) | {
        "opts": row._meta,
        "row": row,
        "back": change_url(row),
        "title": _("Stop what has not been sent"),
        "lead": lead % {"count": count},
        "verb": _("Stop it"),
        "form": Form(),
    }
    return TemplateResponse(request, "admin/sessions_app/confirm.html", context)
