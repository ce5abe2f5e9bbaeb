"""What every room of the secretariat shares, whichever app it belongs to."""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, DataError, models, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.admin.changes import lines_of, with_differences
from sessions_app.forms import SharedForm, mark_languages

log = structlog.get_logger(__name__)

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


# What a filter of Django adds to the name of its field.
OF_THE_ROW = re.compile(r"(__(id|pk))?__(exact|isnull|in|gte?|lte?|year|month|day)")

# What garbage in a query raises: in Python, in Django's fields and dates, in a driver.
GARBAGE = (ValueError, TypeError, OverflowError, IndexError, DataError)


class Room(TypedModelAdmin[M]):
    """The pages of one model. No query, no list of chosen rows and no two saves at once end in an error page."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As Django's; what cannot be looked for is answered with the whole list, and says so."""
        if request.method == "POST":
            request.POST = _with_possible_rows(request.POST)  # type: ignore[assignment]  # as mutable as Django's own
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                response = super().changelist_view(request, extra_context)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response
        except GARBAGE as error:
            if not request.GET or ERROR_FLAG in request.GET:
                raise
            log.info("list_refused", reason=type(error).__name__)
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the list's own filters ask, and nothing behind it: nobody finds out about people by asking the list
        of releases for webinars with somebody of such an address. Django then shows the whole list, and says so."""
        filters = [*self.get_list_filter(request), self.date_hierarchy]
        own = [name for one in filters if isinstance(name := getattr(one, "parameter_name", one), str)]
        if not any(lookup == name or OF_THE_ROW.fullmatch(lookup.removeprefix(name)) for name in own):
            raise IncorrectLookupParameters
        return True

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        mark_languages(form.base_fields)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """What an address may prefill: no moments, which are written in two inputs."""
        moments = {field.name for field in self.opts.fields if isinstance(field, models.DateField)}
        initial = super().get_changeform_initial_data(request)
        return {name: value for name, value in initial.items() if name not in moments}

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """As Django's; where someone saved the same a moment before, or deleted it, the form is checked again and says
        so."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (DatabaseError, ObjectDoesNotExist):
            return super().changeform_view(request, *args, **kwargs)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """As Django's, and from what to what each field was changed."""
        message = super().construct_change_message(request, form, formsets, add)
        return with_differences(message, form, formsets)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As Django's, with the differences."""
        response = super().history_view(request, object_id, extra_context)
        shown = getattr(response, "context_data", None) or {}
        for entry in shown.get("action_list", ()):
            entry.lines = lines_of(entry, self.model)
        return response

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        if len(object_id) > LONGEST_KEY:
            return None
        return super().get_object(request, object_id, from_field)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Where rows in use forbid the deletion, name these, and not the right to delete them that nobody has."""
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set() if protected else perms_needed, protected


class SharedRoom(Room[M]):
    """Of rows that several people edit: saving writes what was changed on the page, and leaves what others changed
    since it was opened."""

    form = SharedForm

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        save_what_was_changed(obj, form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rows(formset, formset.save(commit=False))


class ReadOnlyRoom(Room[M]):
    """A list to read and to search; what changes its rows are services."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


def save_what_was_changed(row: models.Model, changed: Collection[str]) -> None:
    """Save the fields of `row` that are named in `changed`; it is then as stored."""
    if row.pk is None:
        row.save()
        return
    row.save(update_fields=[field.name for field in row._meta.concrete_fields if field.name in changed])
    row.refresh_from_db()


def save_rows(formset: Any, rows: Sequence[models.Model]) -> None:
    """Save `rows`, which `formset` would save, in the same way, and delete those that are to go."""
    for row in formset.deleted_objects:
        row.delete()
    for form in formset.forms:
        if form.instance in rows:
            save_what_was_changed(form.instance, form.changed_data)
    formset.save_m2m()


def _with_possible_rows(typed: QueryDict) -> QueryDict:
    """`typed` with only those chosen rows that a key can be of."""
    possible = typed.copy()
    chosen = typed.getlist(ACTION_CHECKBOX_NAME)
    possible.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if key.isdecimal() and len(key) <= LONGEST_KEY])
    return possible


def person_of(request: HttpRequest) -> AbstractBaseUser | None:
    """The person who acts; every page of the admin has one."""
    return request.user if isinstance(request.user, AbstractBaseUser) else None


def change_url(row: models.Model) -> str:
    """The page of `row` in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
