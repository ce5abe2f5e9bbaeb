"""Changelist filters of delegations, delegates and deliveries."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import (
    Announcement,
    BodyKind,
    Bounce,
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    GapReminder,
    ParticipantProfile,
    ParticipatingBody,
    Partstat,
)
from registrations.queries.lists import complete_delegations, with_answer, with_gaps
from sessions_app.admin.base import MAX_KEY_LENGTH
from sessions_app.admin.filters import KnownValuesFilter

if TYPE_CHECKING:
    Rows = QuerySet[Any]

NO_PROFILE = "none"
ALL = "all"


class BodyFilter(KnownValuesFilter):
    title = gettext_lazy("country or organisation")
    parameter_name = "body"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(body.slug, str(body)) for body in ParticipatingBody.objects.all()]

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        if rows.model is Delivery:
            # A delivery concerns a delegation, or a person of one.
            delegations = Delegation.objects.filter(body__slug=value).values("pk")
            return rows.filter(Q(delegation__in=delegations) | Q(delegate__delegation__in=delegations))
        lookup = "delegation__body__slug" if rows.model is Delegate else "body__slug"
        return rows.filter(**{lookup: value})


class ProfileFilter(KnownValuesFilter):
    title = gettext_lazy("profile")
    parameter_name = "profile"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        profiles = [(profile.code, str(profile)) for profile in ParticipantProfile.objects.all()]
        return [*profiles, (NO_PROFILE, _("none (organisations)"))]

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(profile=None) if value == NO_PROFILE else rows.filter(profile__code=value)


class AnswerFilter(KnownValuesFilter):
    title = gettext_lazy("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(value.lower(), str(label)) for value, label in Partstat.choices]

    def filter_rows(self, rows: "QuerySet[Delegate]", value: str) -> "QuerySet[Delegate]":
        return with_answer(rows, Partstat(value.upper()))


class AdmittedFilter(KnownValuesFilter):
    title = gettext_lazy("admitted")
    parameter_name = "admitted"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(admitted_at__isnull=value == "no")


class KindFilter(KnownValuesFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in BodyKind.choices]

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(**{"delegation__body__kind" if rows.model is Delegate else "body__kind": value})


class AttendingFilter(KnownValuesFilter):
    title = gettext_lazy("delegation attends")
    parameter_name = "attending"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def filter_rows(self, rows: "QuerySet[Delegate]", value: str) -> "QuerySet[Delegate]":
        is_absent = Q(delegation__status=DelegationStatus.NOT_ATTENDING)
        return rows.exclude(is_absent) if value == "yes" else rows.filter(is_absent)


class ReturnedMailFilter(KnownValuesFilter):
    """People whose mail came back from their present address."""

    title = gettext_lazy("mail")
    parameter_name = "mail"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("returned", _("Came back"))]

    def filter_rows(self, rows: "QuerySet[Delegate]", value: str) -> "QuerySet[Delegate]":
        returned = Bounce.objects.current().filter(delivery__delegate__isnull=False)
        return rows.filter(pk__in=returned.order_by().values("delivery__delegate"))


class LackingFilter(KnownValuesFilter):
    """Delegations that lack people of one profile."""

    title = gettext_lazy("who is missing")
    parameter_name = "lacks"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(profile.code, str(profile)) for profile in ParticipantProfile.objects.all()]

    def filter_rows(self, rows: "QuerySet[Delegation]", value: str) -> "QuerySet[Delegation]":
        return with_gaps(rows, profile=ParticipantProfile.objects.get(code=value))


class CompleteFilter(KnownValuesFilter):
    title = gettext_lazy("complete")
    parameter_name = "complete"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _("Complete")), ("no", _("Incomplete"))]

    def filter_rows(self, rows: "QuerySet[Delegation]", value: str) -> "QuerySet[Delegation]":
        return complete_delegations(rows) if value == "yes" else with_gaps(rows)


class ChosenRowFilter(KnownValuesFilter):
    """A filter by a row that another page links to: it is shown only while it is set, and lists no other row."""

    model: type[Model]

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        value = self.value()
        if value is None or not (value.isascii() and value.isdecimal() and len(value) <= MAX_KEY_LENGTH):
            return []
        return [(value, str(row)) for row in self.model._default_manager.filter(pk=value)]

    def has_output(self) -> bool:
        return self.value() is not None

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(**{str(self.parameter_name): value})


class WaitingFilter(KnownValuesFilter):
    """A filter whose list has, without a choice, only the rows that wait for somebody; "all" lists every row."""

    label_of_waiting: str | Promise

    def queryset(self, request: HttpRequest, queryset: "Rows") -> "Rows":
        if self.value() is None:
            return self.waiting(queryset)
        return queryset if self.value() == ALL else super().queryset(request, queryset)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the choices; the one without a value is what waits."""
        first, *others = super().choices(changelist)
        yield {**first, "display": self.label_of_waiting}
        yield from others
        query = changelist.get_query_string({str(self.parameter_name): ALL})
        yield {"selected": self.value() == ALL, "query_string": query, "display": _("All")}

    def waiting(self, rows: "Rows") -> "Rows":
        raise NotImplementedError


class AnnouncementFilter(ChosenRowFilter):
    title = gettext_lazy("announcement")
    parameter_name = "announcement__id__exact"
    model = Announcement


class GapReminderFilter(ChosenRowFilter):
    title = gettext_lazy("reminder of countries with gaps")
    parameter_name = "gap_reminder__id__exact"
    model = GapReminder


class OwedSinceFilter(KnownValuesFilter):
    """Deliveries that became owed in the last days; an index answers it."""

    title = gettext_lazy("owed since")
    parameter_name = "since"
    DAYS: ClassVar[dict[str, int]] = {"day": 1, "week": 7, "month": 30}

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("day", _("Yesterday, this hour")), ("week", _("Seven days ago")), ("month", _("Thirty days ago"))]

    def filter_rows(self, rows: "QuerySet[Delivery]", value: str) -> "QuerySet[Delivery]":
        return rows.filter(created_at__gte=timezone.now() - timedelta(days=self.DAYS[value]))


class OverdueFilter(KnownValuesFilter):
    """Deliveries that should have been sent by now."""

    title = gettext_lazy("overdue")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _("Yes"))]

    def filter_rows(self, rows: "QuerySet[Delivery]", value: str) -> "QuerySet[Delivery]":
        return rows.filter(pk__in=Delivery.objects.overdue(timezone.now()).order_by().values("pk"))
