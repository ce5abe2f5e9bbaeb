"""What every room of the secretariat shares, whichever app it belongs to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

M = TypeVar("M", bound=models.Model)

if TYPE_CHECKING:
    TypedModelAdmin = admin.ModelAdmin
else:

    class TypedModelAdmin(admin.ModelAdmin):
        """Django's ModelAdmin, which names its model for the type checker (`TypedModelAdmin[Delegation]`)."""

        def __class_getitem__(cls, model: type[models.Model]) -> type["TypedModelAdmin"]:
            return cls


# Of a 64-bit key; a longer one is of no row, and some databases refuse to look for it.
LONGEST_KEY = 18


class Room(TypedModelAdmin[M]):
    """The pages of one model."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        if len(object_id) > LONGEST_KEY:
            return None
        return super().get_object(request, object_id, from_field)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Where rows in use forbid the deletion, name these, and not the right to delete them that nobody has."""
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set() if protected else perms_needed, protected


class ReadOnlyRoom(Room[M]):
    """A list to read and to search; what changes its rows are services."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


def in_zone(zone: str, page: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    """What `page` answers, with every hour read and written in `zone`; the page is rendered before the zone ends."""
    with timezone.override(zone):
        response = page(*args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        return response


def change_url(row: models.Model) -> str:
    """The page of `row` in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
