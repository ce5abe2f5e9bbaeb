"""The tabular inline of the admin, with a name for each input."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _

from sessions_app.admin.split_datetime import FieldsetSplitDateTime, SplitDateTimeLegendMixin
from sessions_app.concurrent_edits import ConcurrentEditForm
from sessions_app.forms import mark_languages


class LabelledInlineFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # takes no parameter at run time
    """Labels each input with its column and row, since a screen reader does not read the column's heading with it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            label = field.label or name.replace("_", " ")
            number = "" if index is None else index + 1
            name_in_row = _("%(label)s, row %(number)s") % {"label": label, "number": number}
            if isinstance(field.widget, FieldsetSplitDateTime):
                # This widget labels its two inputs itself.
                field.widget.legend = name_in_row
                continue
            # The select box of a relation is wrapped in a widget with links to add and change a row.
            widget: Any = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = name_in_row


class TableInline(SplitDateTimeLegendMixin, admin.TabularInline):  # type: ignore[type-arg]  # takes no parameter at run time
    """Django's tabular inline with labelled inputs and a form for concurrent edits."""

    form = ConcurrentEditForm
    formset: Any = LabelledInlineFormSet

    def get_formset(self, *args: Any, **kwargs: Any) -> Any:
        formset = super().get_formset(*args, **kwargs)
        mark_languages(formset.form.base_fields)
        return formset
