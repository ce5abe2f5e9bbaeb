"""The page on which the secretariat sets up a webinar from nothing, or from an earlier one."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.forms import Select
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from registrations.forms.new_webinar import NewWebinarForms, new_webinar_forms
from registrations.services.webinar_setup import create_webinar
from sessions_app.cloning import sessions_at_the_time_of
from sessions_app.models import Webinar
from sessions_app.time_zone_context import render_in_zone
from sessions_app.webinar_names import load_name, webinar_choices
from sessions_app.webinar_setup import SetupRefused
from sessions_app.zone_choices import zone_groups
from sessions_app.zones import known_zones

# Sessions that the page shows at once; the others are folded.
OPEN_ROWS = 4


def new_webinar_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Ask for all that a webinar needs and create it on POST. Needs the right to add webinars.

    `?from=<slug>` fills the page in from an earlier webinar. Hours are in the zone that the form names.
    """
    if not site.get_model_admin(Webinar).has_add_permission(request):
        raise PermissionDenied
    earlier = Webinar.objects.filter(slug=request.GET.get("from", "")).first()
    zone = request.POST.get("timezone", "").strip() or (earlier.timezone if earlier is not None else "")
    if zone not in known_zones():
        zone = timezone.get_current_timezone_name()
    return render_in_zone(zone, _page, request, site, earlier)


def _page(request: HttpRequest, site: AdminSite, earlier: Webinar | None) -> HttpResponse:
    newest = Webinar.objects.first()
    forms = new_webinar_forms(
        request.POST if request.method == "POST" else None,
        earlier=earlier,
        contact_email=newest.contact_email if newest is not None else "",
    )
    if request.method == "POST" and forms.is_valid() and (created := _create(site, request, forms, earlier)):
        return redirect("admin:webinar-home", created.slug)
    context = site.each_context(request) | {
        "title": _("New webinar"),
        "form": forms.webinar,
        "sessions": forms.sessions,
        "quotas": forms.quotas,
        "inlines": forms.inlines,
        "earlier": earlier,
        "earlier_webinars": _chooser(earlier),
        "open_rows": OPEN_ROWS,
        "zones": zone_groups(translation.get_language() or "en"),
    }
    return TemplateResponse(request, "admin/webinars/new.html", context)


def _chooser(earlier: Webinar | None) -> str:
    """Return the select of the webinars that can fill the page in, named as in all lists."""
    choices = webinar_choices(now=timezone.now(), value="slug", empty=_("none"))
    return Select(choices=choices).render("from", earlier.slug if earlier is not None else "", {"id": "from"})


def _create(site: AdminSite, request: HttpRequest, forms: NewWebinarForms, earlier: Webinar | None) -> Webinar | None:
    """Return the new webinar; None, with the error in `forms`, where it is refused."""
    setup = forms.setup(earlier=earlier)
    try:
        webinar = create_webinar(setup, now=timezone.now())
    except SetupRefused as refused:
        forms.add_refusal(refused)
        return None
    message = _("From “%(webinar)s” (%(slug)s)") % {"webinar": earlier, "slug": earlier.slug} if earlier else []
    site.get_model_admin(Webinar).log_addition(request, webinar, message or [{"added": {}}])
    messages.success(request, _("The webinar is set up. Nothing is public or mailed before its agenda is released."))
    for session in sessions_at_the_time_of([(plan.starts_at, plan.ends_at) for plan in setup.sessions]):
        if session.webinar_id != webinar.pk:
            other = load_name(session.webinar, now=timezone.now())
            messages.warning(request, _("“%(webinar)s” takes place at the same time.") % {"webinar": other})
    return webinar
