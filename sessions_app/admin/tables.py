"""Rows in a table of a form."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _

from sessions_app.admin.split_datetime import FieldsetSplitDateTime, SplitDateTimeLegendMixin
from sessions_app.forms import SharedForm, mark_languages


class LabelledRows(BaseInlineFormSet):  # type: ignore[type-arg]  # takes no parameter at run time
    """Names each input of each row: the head of its column, which stands too far away to be read out, and the row."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            label = field.label or name.replace("_", " ")
            number = "" if index is None else index + 1
            name_in_row = _("%(label)s, row %(number)s") % {"label": label, "number": number}
            if isinstance(field.widget, FieldsetSplitDateTime):
                # Labels its inputs itself.
                field.widget.legend = name_in_row
                continue
            # A choice of related rows is wrapped, with links to add and to change one.
            widget: Any = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = name_in_row


class TableInline(SplitDateTimeLegendMixin, admin.TabularInline):  # type: ignore[type-arg]  # takes no parameter at run time
    """As Django's, with named inputs."""

    form = SharedForm
    formset: Any = LabelledRows

    def get_formset(self, *args: Any, **kwargs: Any) -> Any:
        formset = super().get_formset(*args, **kwargs)
        mark_languages(formset.form.base_fields)
        return formset
