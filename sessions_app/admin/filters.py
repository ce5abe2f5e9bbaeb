"""Filters of the secretariat's lists. They speak in slugs and codes, so that a link can be read and kept.

A value that a filter does not know is refused in Django's way: the list is shown without filters.
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


class KnownValues(admin.SimpleListFilter):
    """A filter that refuses what is not among its own choices."""

    def queryset(self, request: HttpRequest, queryset: "Rows") -> "Rows":
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(known) for known, _label in self.lookup_choices}:
            raise IncorrectLookupParameters
        return self.narrow(queryset, value)

    def has_output(self) -> bool:
        # Also with a single choice: a link that carries the parameter must always be understood.
        return True

    def narrow(self, rows: "Rows", value: str) -> "Rows":
        raise NotImplementedError


class WebinarFilter(KnownValues):
    title = gettext_lazy("webinar")
    parameter_name = "webinar"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(webinar.slug, str(webinar)) for webinar in Webinar.objects.all()]

    def narrow(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(webinar__slug=value)
