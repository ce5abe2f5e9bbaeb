"""The list of answers from calendar programs: those that nobody could prove are confirmed or dismissed here."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.base import staff_user
from registrations.admin.filters import WaitingFilter
from registrations.models import AnswerState, CalendarAnswer, ParticipatingBody
from registrations.services.inbox.calendar_answers import confirm_answers, dismiss_answers
from sessions_app.admin.base import ReadOnlyAdmin, change_url, link
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin


class AnswerWebinarFilter(WebinarFilter):
    path = "entry__session__webinar"


class AnswerStateFilter(WaitingFilter):
    """Answers to confirm, at first; those that count, were dismissed or are ignored."""

    title = gettext_lazy("state")
    parameter_name = "state"
    label_of_waiting = AnswerState.TO_CONFIRM.label

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in AnswerState.choices if value != AnswerState.TO_CONFIRM]

    def waiting(self, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        return rows.filter(state=AnswerState.TO_CONFIRM)

    def filter_rows(self, rows: "QuerySet[Any]", value: str) -> "QuerySet[Any]":
        return rows.filter(state=value)


@admin.register(CalendarAnswer)
class CalendarAnswerAdmin(WebinarColumnMixin, ReadOnlyAdmin[CalendarAnswer]):
    """Answers from calendars; a service confirms or dismisses them."""

    list_display = [
        "person", "body", "webinar_name", "session", "ical_partstat", "comment", "from_address", "received_at",
        "outcome",
    ]  # fmt: skip
    list_display_links = None
    list_filter = [AnswerStateFilter, AnswerWebinarFilter, "ical_partstat"]
    list_select_related = ["delegate__delegation__body", "entry__session", "decided_by"]
    search_fields = ["delegate__name", "delegate__email", "from_address"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["confirm", "dismiss"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CalendarAnswer]":
        return super().get_queryset(request).annotate(webinar_id=F("entry__session__webinar"))

    @admin.display(description=gettext_lazy("person"), ordering="delegate__name")
    def person(self, answer: CalendarAnswer) -> SafeString:
        return link(change_url(answer.delegate), answer.delegate)

    @admin.display(description=gettext_lazy("country or organisation"))
    def body(self, answer: CalendarAnswer) -> ParticipatingBody:
        return answer.delegate.delegation.body

    @admin.display(description=gettext_lazy("session"), ordering="entry__session__number")
    def session(self, answer: CalendarAnswer) -> int:
        return answer.entry.session.number

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def outcome(self, answer: CalendarAnswer) -> str:
        """Return the state, with the reason or the account that decided."""
        more = answer.get_ignored_because_display() if answer.ignored_because else str(answer.decided_by or "")
        return f"{answer.get_state_display()}: {more}" if more else answer.get_state_display()

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Every account that may see the list may confirm and dismiss."""
        return self.has_view_permission(request)

    @admin.action(description=gettext_lazy("Confirm: the person answered so"), permissions=["act"])
    def confirm(self, request: HttpRequest, answers: "QuerySet[CalendarAnswer]") -> None:
        _confirm(request, list(answers.order_by().values_list("pk", flat=True)))

    @admin.action(description=gettext_lazy("Dismiss: it is not the person's answer"), permissions=["act"])
    def dismiss(self, request: HttpRequest, answers: "QuerySet[CalendarAnswer]") -> None:
        _dismiss(request, list(answers.order_by().values_list("pk", flat=True)))

    # One --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/confirm/", view(self.confirm_one), name="confirm-answer"),
            path("<int:pk>/dismiss/", view(self.dismiss_one), name="dismiss-answer"),
            *super().get_urls(),
        ]

    def confirm_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        answer = _get_answer(pk)
        if request.method == "POST":
            _confirm(request, [answer.pk])
        return _redirect_back(request, answer)

    def dismiss_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        answer = _get_answer(pk)
        if request.method == "POST":
            _dismiss(request, [answer.pk])
        return _redirect_back(request, answer)


def _get_answer(pk: int) -> CalendarAnswer:
    return get_object_or_404(CalendarAnswer.objects.select_related("delegate__delegation__body"), pk=pk)


def _confirm(request: HttpRequest, chosen: list[int]) -> None:
    count = confirm_answers(chosen, by=staff_user(request), now=timezone.now())
    text = ngettext("%(count)s answer counts now.", "%(count)s answers count now.", count)
    _add_messages(request, text, done=count, left=len(chosen) - count)


def _dismiss(request: HttpRequest, chosen: list[int]) -> None:
    count = dismiss_answers(chosen, by=staff_user(request), now=timezone.now())
    text = ngettext("%(count)s answer is dismissed.", "%(count)s answers are dismissed.", count)
    _add_messages(request, text, done=count, left=len(chosen) - count)


def _add_messages(request: HttpRequest, text: str, *, done: int, left: int) -> None:
    if done:
        messages.success(request, text % {"count": done})
    if left:
        warning = ngettext(
            "%(count)s answer was not to be confirmed any more, or cannot count: the list says why.",
            "%(count)s answers were not to be confirmed any more, or cannot count: the list says why.",
            left,
        )
        messages.warning(request, warning % {"count": left})


def _redirect_back(request: HttpRequest, answer: CalendarAnswer) -> HttpResponse:
    """Redirect to the page that the button was on: Today, the country's page or, without a name, the person's."""
    back = request.POST.get("back")
    if back == "today":
        return redirect("admin:index")
    if back == "country":
        return redirect("admin:country", answer.delegate.delegation.body.slug)
    return redirect(change_url(answer.delegate))
