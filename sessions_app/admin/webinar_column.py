"""A column with the name of the webinar, and hours in its zone, for lists of rows that belong to one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.db.models.options import Options
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from sessions_app.admin.filters import WebinarFilter
from sessions_app.hours import format_clock, format_day, zone_city
from sessions_app.webinar_names import WebinarName, names_by_id


class NamedWebinarChangeList(ChangeList):
    """A list whose rows know the name of their webinar: one query for all rows of the page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        self.result_list = rows
        ids = [_webinar_id(row) for row in rows]
        names = names_by_id(ids, now=timezone.now())
        for row, webinar_id in zip(rows, ids, strict=True):
            row.name_of_webinar = names[webinar_id]


class WebinarColumnMixin:
    """Adds the column `webinar_name`. A row has a webinar, or a session whose columns the list selects too.

    In a list of several webinars, each hour is in the zone of the row's webinar, which stands beside it (rule 13).
    """

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._with_zones(request, super().get_list_display(request))  # type: ignore[misc]  # of ModelAdmin

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return self._with_zones(request, super().get_sortable_by(request))  # type: ignore[misc]  # of ModelAdmin

    def _with_zones(self, request: HttpRequest, columns: Sequence[Any]) -> Sequence[Any]:
        """Return `columns` with functions for those of hours; in a list of one webinar the head names the zone."""
        if WebinarFilter.parameter_name in request.GET:
            return columns
        options: Options[Any] = self.opts  # type: ignore[attr-defined]  # of ModelAdmin
        hours = {field.name for field in options.fields if isinstance(field, models.DateTimeField)}
        return [hour_column(options, column) if column in hours else column for column in columns]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedWebinarChangeList

    @admin.display(description=gettext_lazy("webinar"))
    def webinar_name(self, row: Any) -> WebinarName:
        name: WebinarName = row.name_of_webinar
        return name


def _webinar_id(row: Any) -> int:
    webinar_id: int = row.webinar_id if hasattr(row, "webinar_id") else row.session.webinar_id
    return webinar_id


@cache
def hour_column(options: "Options[Any]", name: str) -> Callable[[Any], str | None]:
    """Return a column for `list_display` that shows the hour in the field `name` of the model with its zone."""
    label = getattr(options.get_field(name), "verbose_name", name)

    @admin.display(description=label, ordering=name)
    def column(row: Any) -> str | None:
        return hour_with_zone(row, getattr(row, name))

    column.__name__ = name
    return column


def hour_with_zone(row: Any, at: datetime | None) -> str | None:
    """Return "Mon 16 Nov 2026, 09:00 (Costa Rica)", in the zone of the webinar of a row of `NamedWebinarChangeList`."""
    if at is None:
        return None
    zone, language = row.name_of_webinar.webinar.timezone, get_language() or "en"
    return f"{format_day(at, zone, language, with_year=True)}, {format_clock(at, zone)} ({zone_city(zone, language)})"
