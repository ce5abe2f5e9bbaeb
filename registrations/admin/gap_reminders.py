"""Reminding the countries with gaps: whom, with which text, and how many; then what became of it."""

from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations import mail
from registrations.admin.base import staff_of
from registrations.admin.mail_preview import mail_frame
from registrations.admin.mail_states import mail_states
from registrations.admin.stop_sending import stop_page, stoppable
from registrations.exceptions import RuleBroken
from registrations.forms.announcements import GapReminderForm
from registrations.forms.errors import add_broken_rule, send_again_with
from registrations.models import Delegation, Delivery, DeliveryKind, GapReminder, User
from registrations.queries.gap_reminders import CountryWithGaps, countries_with_gaps
from registrations.services.gap_reminders import check_gap_reminder, remind_countries, send_test_of_gap_notice
from sessions_app.admin.base import MAX_KEY_LENGTH, ReadOnlyAdmin, change_url
from sessions_app.admin.filters import WebinarFilter
from sessions_app.models import Webinar

# The name of the ticks, in the form and in an address.
DELEGATION = "delegation"


class Chosen:
    """The incomplete countries of `webinar`, and which of them are ticked: those of `keys`, or all where it is None.

    `left_out` are the delegations of `keys` that are not reminded: they lack nothing, wait for a decision or do not
    attend.
    """

    def __init__(self, webinar: Webinar, keys: list[str] | None) -> None:
        self.countries = countries_with_gaps(webinar)
        present = {one.delegation.pk: one for one in self.countries}
        asked = {int(key) for key in keys or () if key.isdecimal() and len(key) <= MAX_KEY_LENGTH}
        gone = asked - present.keys()
        self.left_out = list(webinar.delegations.filter(pk__in=gone).select_related("body")) if gone else []
        self.ticked = set(present) if keys is None else asked & present.keys()
        self.chosen = [one for pk, one in present.items() if pk in self.ticked]

    @cached_property
    def ids(self) -> list[int]:
        """The ids of all requested delegations, so that the service names those that cannot be reminded."""
        return [*self.ticked, *(delegation.pk for delegation in self.left_out)]

    @cached_property
    def readers(self) -> list[tuple[CountryWithGaps, User]]:
        return [(one, user) for one in self.chosen for user in one.focal_points]

    @property
    def country_count(self) -> int:
        return sum(bool(one.focal_points) for one in self.chosen)

    def is_told_within_a_day(self, now: datetime) -> bool:
        return any(one.is_told_within_a_day(now) for one in self.chosen if one.focal_points)

    def reader(self, key: str) -> tuple[CountryWithGaps, User] | None:
        """Whom `key`, "<delegation>-<account>", names; else the first one."""
        named = (pair for pair in self.readers if reader_key(*pair) == key)
        return next(named, self.readers[0] if self.readers else None)


def reader_key(country: CountryWithGaps, user: User) -> str:
    return f"{country.delegation.pk}-{user.pk}"


@admin.register(GapReminder)
class GapReminderAdmin(ReadOnlyAdmin[GapReminder]):
    list_display = ["confirmed_at", "webinar", "body_count", "confirmed_count", "confirmed_by"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar", "confirmed_by"]
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [
            path("of/<int:pk>/", view(self.gap_reminder_page), name="write-gap-reminder"),
            path("of/<int:pk>/mail/", view(self.mail_page), name="gap-reminder-mail"),
            path("<int:pk>/stop/", view(self.stop_step), name="stop-gap-reminder"),
            path("of/<int:pk>/test/", view(self.test_step), name="test-gap-reminder"),
            *super().get_urls(),
        ]

    def gap_reminder_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Whom it would reach, with which text; sent by confirming the number that stands there.

        Opened without a choice, all are ticked. Posted with `show`, it counts what is ticked and sends nothing.
        """
        webinar = get_object_or_404(Webinar, pk=pk)
        now = timezone.now()
        asked = request.POST if request.method == "POST" else request.GET
        is_choice = request.method == "POST" or DELEGATION in asked
        chosen = Chosen(webinar, asked.getlist(DELEGATION) if is_choice else None)
        typed = request.POST if request.method == "POST" and "show" not in request.POST else None
        count = len(chosen.readers)
        is_again = chosen.is_told_within_a_day(now)
        form: Any = GapReminderForm(typed, is_told_within_a_day=is_again, initial={"count": count})
        if typed is not None and form.is_valid():
            self._check_writer(request)
            gap_reminder = self._remind(request, form, webinar, chosen, now)
            if gap_reminder is not None:
                return redirect(change_url(gap_reminder))
            send_again_with(form, count=str(count))
        reader = chosen.reader(asked.get("reader", ""))
        context = self._context(
            request,
            title=_("Remind the countries with gaps"),
            webinar=webinar,
            form=form,
            why_not=_why_not(webinar, now),
            countries=[(one, one.delegation.pk in chosen.ticked) for one in chosen.countries],
            is_anybody_asked=bool(chosen.countries) or webinar.delegations.exists(),
            chosen=chosen,
            count=count,
            is_again=is_again,
            readers=[(reader_key(*pair), *pair) for pair in chosen.readers],
            reader=reader,
            reader_key=reader_key(*reader) if reader else "",
            can_write=self._can_write(request),
        )
        return TemplateResponse(request, "admin/registrations/gapreminder/write.html", context)

    def _remind(
        self, request: HttpRequest, form: Any, webinar: Webinar, chosen: Chosen, now: datetime
    ) -> GapReminder | None:
        typed = form.cleaned_data
        try:
            gap_reminder = remind_countries(
                webinar,
                delegations=chosen.ids,
                count=typed["count"],
                is_meant_again=typed.get("again", False),
                by=staff_of(request),
                now=now,
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return None
        self.log_addition(request, gap_reminder, [{"added": {}}])
        said = ngettext("%(count)s mail goes out now.", "%(count)s mails go out now.", gap_reminder.confirmed_count)
        messages.success(request, said % {"count": gap_reminder.confirmed_count})
        return gap_reminder

    def mail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The notice as `?reader=` would get it now, for the frame on the page."""
        reader = Chosen(get_object_or_404(Webinar, pk=pk), None).reader(request.GET.get("reader", ""))
        if reader is None:
            return HttpResponse()
        country, user = reader
        delivery = Delivery(
            kind=DeliveryKind.GAP_NOTICE,
            email=user.email,
            language=user.language,
            user=user,
            delegation=_loaded(country.delegation.pk),
            created_at=timezone.now(),
        )
        return mail_frame(request, mail.build_gap_notice(delivery))

    def test_step(self, request: HttpRequest, pk: int) -> HttpResponse:
        webinar = get_object_or_404(Webinar, pk=pk)
        keys = request.POST.getlist(DELEGATION)
        if request.method == "POST":
            self._check_writer(request)
            reader = Chosen(webinar, keys).reader(request.POST.get("reader", ""))
            if reader is None:
                messages.warning(request, _("None of these countries has a focal point who can be written to."))
            else:
                delegation = _loaded(reader[0].delegation.pk)
                count = send_test_of_gap_notice(delegation, by=staff_of(request), now=timezone.now())
                said = ngettext("%(count)s test goes to %(email)s now.", "%(count)s tests go to %(email)s now.", count)
                messages.success(request, said % {"count": count, "email": staff_of(request).email})
        # An empty one says that nothing is ticked.
        query = urlencode([(DELEGATION, key) for key in keys or [""]])
        return redirect(f"{reverse('admin:write-gap-reminder', args=[pk])}?{query}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of one."""
        if request.method == "POST":
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        listed = f"{reverse('admin:registrations_delivery_changelist')}?gap_reminder__id__exact={found.pk}"
        context = self._context(
            request,
            title=_("Countries with gaps, reminded"),
            gap_reminder=found,
            webinar=found.webinar,
            states=mail_states(found.deliveries.all(), listed=listed),
            deliveries_url=listed,
            stoppable=self._can_write(request) and stoppable(found.deliveries.all()).count(),
        )
        return TemplateResponse(request, "admin/registrations/gapreminder/page.html", context)

    def stop_step(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._check_writer(request)
        gap_reminder = get_object_or_404(GapReminder, pk=pk)
        return stop_page(self.admin_site, request, gap_reminder, gap_reminder.deliveries.all())

    # What they share --------------------------------------------------------------------------------

    def _can_write(self, request: HttpRequest) -> bool:
        """The list is to be read alone; a new one is made on a page of its own, by who may change delegations."""
        return request.user.has_perm("registrations.change_delegation")

    def _check_writer(self, request: HttpRequest) -> None:
        if not self._can_write(request):
            raise PermissionDenied

    def _context(self, request: HttpRequest, **more: object) -> dict[str, object]:
        return self.admin_site.each_context(request) | {"opts": self.opts, **more}


def _loaded(pk: int) -> Delegation:
    return Delegation.objects.select_related("body", "webinar__policy").get(pk=pk)


def _why_not(webinar: Webinar, now: datetime) -> str:
    try:
        check_gap_reminder(webinar, now=now)
    except RuleBroken as broken:
        return str(broken.message)
    return ""
