"""What every room of the secretariat shares, whichever app it belongs to."""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR, ChangeList
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, IntegrityError, models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sessions_app.admin.changes import lines_of, with_differences
from sessions_app.admin.split_datetime import SplitDateTimeLegendMixin
from sessions_app.forms import SharedForm, mark_languages

M = TypeVar("M", bound=models.Model)

if TYPE_CHECKING:
    TypedModelAdmin = admin.ModelAdmin
else:

    class TypedModelAdmin(admin.ModelAdmin):
        """Django's ModelAdmin, which names its model for the type checker (`TypedModelAdmin[Delegation]`)."""

        def __class_getitem__(cls, model: type[models.Model]) -> type["TypedModelAdmin"]:
            return cls


# Of a 64-bit key; a longer one is of no row, and some databases refuse to look for it.
MAX_KEY_LENGTH = 18


# A longer search, word by word in each column, is more than SQLite compiles.
LONGEST_SEARCH = 200
# What Django's own filters add to the name of their field.
LOOKUPS_OF_FILTERS = re.compile(r"((__id)?__exact|__isnull)?")
# What its links by date add, and which values can be meant.
LOOKUPS_OF_DATES = {"__year": range(1970, 3000), "__month": range(1, 13), "__day": range(1, 32)}


class RowDeleted(Exception):
    """A row was deleted while somebody else was saving it."""


class SecretariatAdmin(SplitDateTimeLegendMixin, TypedModelAdmin[M]):
    """The pages of one model. No query, no list of chosen rows and no two saves at once end in an error page."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As Django's; where it turned to the whole list because of what the address asks for, the page says so."""
        if request.method == "POST":
            request.POST = _with_possible_rows(request.POST)  # type: ignore[assignment]  # as mutable as Django's own
        elif ERROR_FLAG in request.GET:
            if len(request.GET) > 1:
                # Django would take a second refusal for a broken database.
                asked = request.GET.copy()
                del asked[ERROR_FLAG]
                return redirect(f"{request.path}?{asked.urlencode()}")
            messages.warning(
                request,
                _(
                    "The filters in this address cannot be used, so the whole list is shown. "
                    "Please choose filters again."
                ),
            )
        return super().changelist_view(request, extra_context)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """As Django's. Raises IncorrectLookupParameters, before any query, where the search is too long."""
        if len(request.GET.get(SEARCH_VAR, "")) > LONGEST_SEARCH:
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether the list's own filters can ask for `value`, checked before any query. Nothing behind them may be
        asked: nobody finds out about people by asking the list of releases for webinars with somebody of such an
        address. Raises IncorrectLookupParameters otherwise: Django then shows the whole list."""
        if "\x00" in value or not (
            self._is_filter_lookup(lookup, value, request) or self._is_date_lookup(lookup, value)
        ):
            raise IncorrectLookupParameters
        return True

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        mark_languages(form.base_fields)
        return form

    def _is_filter_lookup(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A filter of ours checks its value itself; of one of Django's the field does, but for the size of a key."""
        for one in self.get_list_filter(request):
            parameter, field = getattr(one, "parameter_name", None), str(one)
            if lookup == parameter:
                return True
            if parameter is None and lookup.startswith(field) and LOOKUPS_OF_FILTERS.fullmatch(lookup, len(field)):
                return not _exceeds_key_size(value)
        return False

    def _is_date_lookup(self, lookup: str, value: str) -> bool:
        """Django makes dates of these without looking whether a calendar has them."""
        if not self.date_hierarchy or not lookup.startswith(self.date_hierarchy):
            return False
        possible = LOOKUPS_OF_DATES.get(lookup.removeprefix(self.date_hierarchy), ())
        return value.isascii() and value.isdecimal() and len(value) <= len("2999") and int(value) in possible

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
        except (IntegrityError, RowDeleted):
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
        if len(object_id) > MAX_KEY_LENGTH:
            return None
        return super().get_object(request, object_id, from_field)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Where rows in use forbid the deletion, name these, and not the right to delete them that nobody has."""
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set() if protected else perms_needed, protected


class ConcurrentEditAdmin(SecretariatAdmin[M]):
    """Of rows that several people edit: saving writes what was changed on the page, and leaves what others changed
    since it was opened."""

    form = SharedForm

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        save_what_was_changed(obj, form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rows(formset, formset.save(commit=False))


class ReadOnlyAdmin(SecretariatAdmin[M]):
    """A list to read and to search; what changes its rows are services."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


def save_what_was_changed(row: models.Model, changed: Collection[str]) -> None:
    """Save the fields of `row` that are named in `changed`; it is then as stored.

    Raises RowDeleted where it is no longer stored.
    """
    if row.pk is None:
        row.save()
        return
    try:
        row.save(update_fields=[field.name for field in row._meta.concrete_fields if field.name in changed])
    except DatabaseError as error:
        # That no row was updated is a plain DatabaseError in Django 5.2, and `NotUpdated` from 6.0 on; whatever a
        # database itself refuses is of another class.
        if type(error) is DatabaseError or isinstance(error, getattr(row, "NotUpdated", ())):
            raise RowDeleted from error
        raise
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist as error:
        raise RowDeleted from error


def save_rows(formset: Any, rows: Sequence[models.Model]) -> None:
    """Save `rows`, which `formset` would save, in the same way, and delete those that are to go."""
    for row in formset.deleted_objects:
        row.delete()
    for form in formset.forms:
        if form.instance in rows:
            save_what_was_changed(form.instance, form.changed_data)
    formset.save_m2m()


def _exceeds_key_size(value: str) -> bool:
    """Whether `value` is a number that no row has as its key, and for which some databases refuse to look."""
    try:
        return len(str(abs(int(value)))) > MAX_KEY_LENGTH
    except ValueError:
        return False


def _with_possible_rows(typed: QueryDict) -> QueryDict:
    """`typed` with only those chosen rows that a key can be of."""
    possible = typed.copy()
    chosen = typed.getlist(ACTION_CHECKBOX_NAME)
    possible.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if key.isdecimal() and len(key) <= MAX_KEY_LENGTH])
    return possible


def person_of(request: HttpRequest) -> AbstractBaseUser | None:
    """The person who acts; every page of the admin has one."""
    return request.user if isinstance(request.user, AbstractBaseUser) else None


def change_url(row: models.Model) -> str:
    """The page of `row` in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
