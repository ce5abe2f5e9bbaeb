"""Admin of gap reminders: choose countries with gaps, preview the mail, confirm the count, follow the sending."""

from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.base import staff_user
from registrations.admin.mail_preview import preview_response
from registrations.admin.mail_states import mail_states
from registrations.admin.stop_sending import stop_page, unsent_deliveries
from registrations.exceptions import RuleBroken
from registrations.forms.announcements import GapReminderForm
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.messages import gap_notice
from registrations.models import Delegation, Delivery, DeliveryKind, GapReminder, User
from registrations.queries.gap_reminders import CountryWithGaps, countries_with_gaps
from registrations.services.gap_reminders import check_gap_reminder, remind_countries, send_test_of_gap_notice
from sessions_app.admin.base import MAX_KEY_LENGTH, ReadOnlyAdmin, change_url
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin
from sessions_app.models import Webinar

# The name of the checkboxes in the form, and of the parameter in an address.
DELEGATION_PARAM = "delegation"


class GapReminderSelection:
    """The countries of `webinar` with gaps, and which of them are selected.

    Selected are the countries whose delegation ids are in `keys`, or all where `keys` is None. `left_out` holds
    delegations in `keys` that cannot be reminded: they lack nothing, wait for a decision or do not attend.
    """

    def __init__(self, webinar: Webinar, keys: list[str] | None) -> None:
        self.countries = countries_with_gaps(webinar)
        present = {country.delegation.pk: country for country in self.countries}
        requested = {int(key) for key in keys or () if key.isdecimal() and len(key) <= MAX_KEY_LENGTH}
        absent = requested - present.keys()
        self.left_out = list(webinar.delegations.filter(pk__in=absent).select_related("body")) if absent else []
        self.selected_ids = set(present) if keys is None else requested & present.keys()
        self.selected = [country for pk, country in present.items() if pk in self.selected_ids]

    @cached_property
    def delegation_ids(self) -> list[int]:
        """Return the ids of all requested delegations: the service then names those that cannot be reminded."""
        return [*self.selected_ids, *(delegation.pk for delegation in self.left_out)]

    @cached_property
    def recipients(self) -> list[tuple[CountryWithGaps, User]]:
        """Return each selected country with each of its focal points."""
        return [(country, user) for country in self.selected for user in country.focal_points]

    @property
    def country_count(self) -> int:
        return sum(bool(country.focal_points) for country in self.selected)

    def was_reminded_within_a_day(self, now: datetime) -> bool:
        return any(country.is_reminded_within_a_day(now) for country in self.selected if country.focal_points)

    def recipient(self, key: str) -> tuple[CountryWithGaps, User] | None:
        """Return the recipient with that key; for an unknown key the first recipient, or None if there is none."""
        matching = (pair for pair in self.recipients if recipient_key(*pair) == key)
        return next(matching, self.recipients[0] if self.recipients else None)


def recipient_key(country: CountryWithGaps, user: User) -> str:
    """Return `<delegation id>-<user id>`."""
    return f"{country.delegation.pk}-{user.pk}"


@admin.register(GapReminder)
class GapReminderAdmin(WebinarColumnMixin, ReadOnlyAdmin[GapReminder]):
    """Gap reminders: the list of sent ones, and the page on which a new one is confirmed and sent."""

    list_display = ["confirmed_at", "webinar_name", "body_count", "confirmed_count", "confirmed_by"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar", "confirmed_by"]
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [
            path("of/<int:pk>/", view(self.gap_reminder_page), name="write-gap-reminder"),
            path("of/<int:pk>/mail/", view(self.mail_page), name="gap-reminder-mail"),
            path("<int:pk>/stop/", view(self.stop_sending), name="stop-gap-reminder"),
            path("of/<int:pk>/test/", view(self.test_send), name="test-gap-reminder"),
            *super().get_urls(),
        ]

    def gap_reminder_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show recipients and mail of a gap reminder; a POST sends it, if the number of mails is still what was shown.

        Without a selection in the address, all countries are selected. A POST with `show` only updates the page.
        """
        webinar = get_object_or_404(Webinar, pk=pk)
        now = timezone.now()
        params = request.POST if request.method == "POST" else request.GET
        has_selection = request.method == "POST" or DELEGATION_PARAM in params
        selection = GapReminderSelection(webinar, params.getlist(DELEGATION_PARAM) if has_selection else None)
        data = request.POST if request.method == "POST" and "show" not in request.POST else None
        count = len(selection.recipients)
        is_repeated = selection.was_reminded_within_a_day(now)
        form: Any = GapReminderForm(data, is_repeated=is_repeated, initial={"count": count})
        if data is not None and form.is_valid():
            self._require_change_permission(request)
            gap_reminder = self._remind(request, form, webinar, selection, now)
            if gap_reminder is not None:
                return redirect(change_url(gap_reminder))
            update_hidden_values(form, count=str(count))
        recipient = selection.recipient(params.get("reader", ""))
        context = self._context(
            request,
            title=_("Remind the countries with gaps"),
            webinar=webinar,
            form=form,
            refusal=_refusal_message(webinar, now),
            countries=[(country, country.delegation.pk in selection.selected_ids) for country in selection.countries],
            has_delegations=bool(selection.countries) or webinar.delegations.exists(),
            selection=selection,
            count=count,
            recipients=[(recipient_key(*pair), *pair) for pair in selection.recipients],
            recipient=recipient,
            recipient_key=recipient_key(*recipient) if recipient else "",
            can_write=self._may_send(request),
        )
        return TemplateResponse(request, "admin/registrations/gapreminder/write.html", context)

    def _remind(
        self, request: HttpRequest, form: Any, webinar: Webinar, selection: GapReminderSelection, now: datetime
    ) -> GapReminder | None:
        try:
            gap_reminder = remind_countries(
                webinar,
                delegations=selection.delegation_ids,
                count=form.cleaned_data["count"],
                is_meant_again=form.cleaned_data.get("again", False),
                by=staff_user(request),
                now=now,
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return None
        self.log_addition(request, gap_reminder, [{"added": {}}])
        text = ngettext("%(count)s mail goes out now.", "%(count)s mails go out now.", gap_reminder.confirmed_count)
        messages.success(request, text % {"count": gap_reminder.confirmed_count})
        return gap_reminder

    def mail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the HTML of the mail to the recipient `?reader=`, for the iframe on the page."""
        webinar = get_object_or_404(Webinar, pk=pk)
        recipient = GapReminderSelection(webinar, None).recipient(request.GET.get("reader", ""))
        if recipient is None:
            return HttpResponse()
        country, user = recipient
        delivery = Delivery(
            kind=DeliveryKind.GAP_NOTICE,
            webinar=country.delegation.webinar,
            email=user.email,
            language=user.language,
            user=user,
            delegation=_get_delegation(country.delegation.pk),
            created_at=timezone.now(),
        )
        return preview_response(request, gap_notice.build(delivery))

    def test_send(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the mail to the user as a test on POST, and lead back to the page with the same selection."""
        webinar = get_object_or_404(Webinar, pk=pk)
        keys = request.POST.getlist(DELEGATION_PARAM)
        if request.method == "POST":
            self._require_change_permission(request)
            recipient = GapReminderSelection(webinar, keys).recipient(request.POST.get("reader", ""))
            if recipient is None:
                messages.warning(request, _("None of these countries has a focal point who can be written to."))
            else:
                delegation = _get_delegation(recipient[0].delegation.pk)
                count = send_test_of_gap_notice(delegation, by=staff_user(request), now=timezone.now())
                text = ngettext("%(count)s test goes to %(email)s now.", "%(count)s tests go to %(email)s now.", count)
                messages.success(request, text % {"count": count, "email": staff_user(request).email})
        # An empty parameter says that nothing is selected.
        query = urlencode([(DELEGATION_PARAM, key) for key in keys or [""]])
        return redirect(f"{reverse('admin:write-gap-reminder', args=[pk])}?{query}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a sent gap reminder with the states of its deliveries."""
        if request.method == "POST":
            raise PermissionDenied
        found = self.get_object_or_404(request, object_id)
        deliveries_url = f"{reverse('admin:registrations_delivery_changelist')}?gap_reminder__id__exact={found.pk}"
        context = self._context(
            request,
            title=_("Countries with gaps, reminded"),
            gap_reminder=found,
            webinar=found.webinar,
            states=mail_states(found.deliveries.all(), listed=deliveries_url),
            deliveries_url=deliveries_url,
            unsent_count=self._may_send(request) and unsent_deliveries(found.deliveries.all()).count(),
        )
        return TemplateResponse(request, "admin/registrations/gapreminder/page.html", context)

    def stop_sending(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the unsent deliveries of a gap reminder after confirmation."""
        self._require_change_permission(request)
        gap_reminder = get_object_or_404(GapReminder, pk=pk)
        return stop_page(self.admin_site, request, gap_reminder, gap_reminder.deliveries.all())

    # Shared by these pages --------------------------------------------------------------------------------

    def _may_send(self, request: HttpRequest) -> bool:
        """Return whether the user may send gap reminders: whoever may change delegations may."""
        return request.user.has_perm("registrations.change_delegation")

    def _require_change_permission(self, request: HttpRequest) -> None:
        if not self._may_send(request):
            raise PermissionDenied

    def _context(self, request: HttpRequest, **extra: object) -> dict[str, object]:
        return self.admin_site.each_context(request) | {"opts": self.opts, **extra}


def _get_delegation(pk: int) -> Delegation:
    return Delegation.objects.select_related("body", "webinar__policy").get(pk=pk)


def _refusal_message(webinar: Webinar, now: datetime) -> str:
    """Return why no gap reminder can be sent now; an empty string if one can."""
    try:
        check_gap_reminder(webinar, now=now)
    except RuleBroken as broken:
        return str(broken.message)
    return ""
