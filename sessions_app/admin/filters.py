"""Filters of the admin's lists. Their URL parameters are slugs and codes, so that a link can be read and kept.

An unknown value is refused as Django does it: the list is shown without filters.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from sessions_app.models import Webinar
from sessions_app.webinar_names import name_of, webinars_ahead, webinars_past, with_names

if TYPE_CHECKING:
    Rows = QuerySet[Any]

# The filter by webinar lists as many; the list of webinars has the others.
MAX_AHEAD = 20
MAX_PAST = 10


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
    """A filter by webinar: those ahead, the next one first, and the latest past ones folded away.

    It takes two queries and lists a limited number of webinars, however many there are; any other one is chosen on the
    list of webinars, or by its slug in the address.
    """

    title = gettext_lazy("webinar")
    parameter_name = "webinar"
    template = "admin/webinar_filter.html"
    # The path from the filtered model to the webinar.
    path = "webinar"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        now = timezone.now()
        ahead, past = list(webinars_ahead(now=now)[:MAX_AHEAD]), list(webinars_past(now=now)[:MAX_PAST])
        chosen = self.value()
        if chosen is not None and chosen not in {webinar.slug for webinar in (*ahead, *past)}:
            past += with_names(Webinar.objects.filter(slug=chosen), now=now)
        self.past_slugs = frozenset(webinar.slug for webinar in past)
        return [(webinar.slug, str(name_of(webinar))) for webinar in (*ahead, *past)]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield Django's choices; those of past webinars are marked with `is_past`."""
        first, *others = super().choices(changelist)
        yield first
        for choice, (slug, _label) in zip(others, self.lookup_choices, strict=True):
            yield {**choice, "is_past": slug in self.past_slugs}

    def filter_rows(self, rows: "Rows", value: str) -> "Rows":
        return rows.filter(**{f"{self.path}__slug": value})


class SessionWebinarFilter(WebinarFilter):
    """The same filter for rows that know their webinar by their session."""

    path = "session__webinar"
