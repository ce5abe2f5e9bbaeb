"""A column with the name of the webinar, for lists of rows that belong to one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

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
    """Adds the column `webinar_name`. A row has a webinar, or a session whose columns the list selects too."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedWebinarChangeList

    @admin.display(description=gettext_lazy("webinar"))
    def webinar_name(self, row: Any) -> WebinarName:
        name: WebinarName = row.name_of_webinar
        return name


def _webinar_id(row: Any) -> int:
    webinar_id: int = row.webinar_id if hasattr(row, "webinar_id") else row.session.webinar_id
    return webinar_id
