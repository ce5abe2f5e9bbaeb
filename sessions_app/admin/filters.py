"""Filters of the admin's lists. Their URL parameters are slugs and codes, so that a link can be read and kept.

An unknown value is refused as Django does it: the list is shown without filters.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from sessions_app.models import Webinar

if TYPE_CHECKING:
    Rows = QuerySet[Any]


class KnownValuesFilter(admin.SimpleListFilter):
    """A filter that accepts only the values of its own choices."""

    def queryset(self, request: HttpRequest, queryset: "Rows") -> "Rows":
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(known) for known, _label in self.lookup_choices}:
            raise IncorrectLookupParameters
        return self.filter_rows(queryset, value)

    def has_output(self) -> bool:
        # Django ignores a filter with a single choice; a link with the parameter must work then too.
        return True

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        raise NotImplementedError


class WebinarFilter(KnownValuesFilter):
    title = gettext_lazy("webinar")
    parameter_name = "webinar"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(webinar.slug, str(webinar)) for webinar in Webinar.objects.all()]

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(webinar__slug=value)
