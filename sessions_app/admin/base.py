"""Base classes of the secretariat's admin pages, in every app."""

import re
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR, ChangeList
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sessions_app.admin.change_log import add_differences, logged_changes
from sessions_app.admin.split_datetime import SplitDateTimeLegendMixin
from sessions_app.concurrent_edits import ConcurrentEditForm, RowDeleted, save_changed_fields, save_rows
from sessions_app.forms import mark_languages
from sessions_app.models import Webinar
from sessions_app.webinar_names import webinar_choices

ModelT = TypeVar("ModelT", bound=models.Model)

if TYPE_CHECKING:
    TypedModelAdmin = admin.ModelAdmin
else:

    class TypedModelAdmin(admin.ModelAdmin):
        """Django's ModelAdmin, which can be subscripted at run time too (`TypedModelAdmin[Delegation]`)."""

        def __class_getitem__(cls, model: type[models.Model]) -> type["TypedModelAdmin"]:
            return cls


# The digits of a 64-bit key. No row has a longer one, and some databases raise an error when asked for it.
MAX_KEY_LENGTH = 18
# Django searches each word in each column; SQLite cannot compile the query of a longer search.
LONGEST_SEARCH = 200
# The lookups that Django's own filters append to the name of their field.
LOOKUPS_OF_FILTERS = re.compile(r"((__id)?__exact|__isnull)?")
# The lookups of Django's date hierarchy, and their possible values.
LOOKUPS_OF_DATES = {"__year": range(1970, 3000), "__month": range(1, 13), "__day": range(1, 32)}


class SecretariatAdmin(SplitDateTimeLegendMixin, TypedModelAdmin[ModelT]):
    """The admin pages of one model, headed by its name; no URL, selection of rows or concurrent save gives a 500."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list; if Django dropped the filters of the URL because they were invalid, warn about it."""
        if request.method == "POST":
            request.POST = _without_impossible_keys(request.POST)  # type: ignore[assignment]  # as mutable as Django's own
        elif ERROR_FLAG in request.GET:
            if len(request.GET) > 1:
                # With this flag in the URL, Django would answer another invalid filter with a server error.
                parameters = request.GET.copy()
                del parameters[ERROR_FLAG]
                return redirect(f"{request.path}?{parameters.urlencode()}")
            messages.warning(
                request,
                _(
                    "The filters in this address cannot be used, so the whole list is shown. "
                    "Please choose filters again."
                ),
            )
        heading = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, heading | (extra_context or {}))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Head the page of a stored row by the name of its model; the row itself is the line below."""
        if kwargs["change"]:
            context["title"] = capfirst(self.opts.verbose_name)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return Django's list. Raises IncorrectLookupParameters, before any query, if the search is too long."""
        if len(request.GET.get(SEARCH_VAR, "")) > LONGEST_SEARCH:
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow only the lookups of the list's own filters, with possible values. Runs no query.

        Other lookups could reveal personal data: a list of releases could be filtered by the address of a delegate.
        Raises IncorrectLookupParameters for them; Django then shows the whole list.
        """
        if "\x00" in value or not (
            self._is_filter_lookup(lookup, value, request) or self._is_date_lookup(lookup, value)
        ):
            raise IncorrectLookupParameters
        return True

    def get_form(self, request: HttpRequest, obj: ModelT | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        mark_languages(form.base_fields)
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """List webinars with their days and state, those ahead first; they are read when the select is shown."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.related_model is Webinar:
            field.choices = lambda: webinar_choices(now=timezone.now())
        return field

    def _is_filter_lookup(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether a filter of this list uses the lookup; filters check their values, except the size of a key."""
        for list_filter in self.get_list_filter(request):
            parameter, field = getattr(list_filter, "parameter_name", None), str(list_filter)
            if lookup == parameter:
                return True
            if parameter is None and lookup.startswith(field) and LOOKUPS_OF_FILTERS.fullmatch(lookup, len(field)):
                return not _exceeds_key_size(value)
        return False

    def _is_date_lookup(self, lookup: str, value: str) -> bool:
        """Whether the date hierarchy uses the lookup; Django builds a date from the value without checking it."""
        if not self.date_hierarchy or not lookup.startswith(self.date_hierarchy):
            return False
        possible = LOOKUPS_OF_DATES.get(lookup.removeprefix(self.date_hierarchy), ())
        return value.isascii() and value.isdecimal() and len(value) <= len("2999") and int(value) in possible

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """Drop dates and times from the initial values that a URL may set: such a field has two inputs."""
        date_fields = {field.name for field in self.opts.fields if isinstance(field, models.DateField)}
        initial = super().get_changeform_initial_data(request)
        return {name: value for name, value in initial.items() if name not in date_fields}

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show or save the form; if another user saved the same or deleted the row meanwhile, validate once more.

        The second validation sees the other user's change and reports it.
        """
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (IntegrityError, RowDeleted):
            return super().changeform_view(request, *args, **kwargs)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Add the old and new value of each changed field to Django's message."""
        message = super().construct_change_message(request, form, formsets, add)
        return add_differences(message, form, formsets)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show Django's history with the old and new value of each changed field."""
        response = super().history_view(request, object_id, extra_context)
        context = getattr(response, "context_data", None) or {}
        for entry in context.get("action_list", ()):
            entry.changes = logged_changes(entry, self.model)
        return response

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> ModelT | None:
        if len(object_id) > MAX_KEY_LENGTH:
            return None
        return super().get_object(request, object_id, from_field)

    def get_object_or_404(self, request: HttpRequest, object_id: str) -> ModelT:
        """Return the row with this key, without checking any permission. Raises Http404 if there is none."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """If rows that refer to `objs` forbid the deletion, list those rows and no missing permissions."""
        deleted, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set() if protected else perms_needed, protected


class ConcurrentEditAdmin(SecretariatAdmin[ModelT]):
    """The admin of rows that several people edit at once: it saves only the fields that were changed on the page.

    See `sessions_app/concurrent_edits.py`.
    """

    form = ConcurrentEditForm

    def save_model(self, request: HttpRequest, obj: ModelT, form: Any, change: bool) -> None:
        save_changed_fields(obj, form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rows(formset, formset.save(commit=False))


class ReadOnlyAdmin(SecretariatAdmin[ModelT]):
    """An admin to read and to search; only services change its rows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return False


def _exceeds_key_size(value: str) -> bool:
    """Whether `value` is a number longer than any key, for which some databases raise an error."""
    try:
        return len(str(abs(int(value)))) > MAX_KEY_LENGTH
    except ValueError:
        return False


def _without_impossible_keys(data: QueryDict) -> QueryDict:
    """Return the POST data without selected rows whose key no row can have."""
    possible = data.copy()
    selected = data.getlist(ACTION_CHECKBOX_NAME)
    possible.setlist(ACTION_CHECKBOX_NAME, [key for key in selected if key.isdecimal() and len(key) <= MAX_KEY_LENGTH])
    return possible


def acting_user(request: HttpRequest) -> AbstractBaseUser | None:
    """Return the signed-in user, which every page of the admin has; None only for the type checker."""
    return request.user if isinstance(request.user, AbstractBaseUser) else None


def change_url(row: models.Model) -> str:
    """Return the URL of the page of `row` in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def agenda_url(webinar: Webinar) -> str:
    """Return the URL of the page with the whole agenda of `webinar`, to which the pages of its rows return."""
    return reverse("admin:webinar-agenda", args=[webinar.slug])


def link(url: str, text: object) -> SafeString:
    """Return an HTML link; both arguments are escaped."""
    return format_html('<a href="{}">{}</a>', url, text)
