"""Template tags for a form with errors: the entries of its error summary, and the prefix of the page's title."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.admin.helpers import AdminForm
from django.forms import BaseForm, BaseFormSet, BoundField, MultiWidget
from django.forms.utils import ErrorList
from django.utils.translation import gettext as _

register = template.Library()


@dataclass(frozen=True)
class FormError:
    """One error; `target` is the id of the input that it is about, or empty if no input can be linked to."""

    message: str
    label: str = ""
    target: str = ""


@register.simple_tag
def form_errors(
    form: BaseForm | None = None, inlines: Iterable[Any] = (), forms: Iterable[BaseForm] = ()
) -> list[FormError]:
    """Return the errors of `form` or `forms`, and of the formsets of the admin's `inlines`, in the page's order."""
    shown: Iterable[Any] = forms or [form]
    bound = [each for each in shown if isinstance(each, BaseForm) and each.is_bound]
    found = [error for each in bound for error in _errors_of(each)]
    for inline in inlines or ():
        formset = inline.formset
        if not formset.is_bound:
            continue
        found += [FormError(str(each), str(inline.opts.verbose_name_plural)) for each in formset.non_form_errors()]
        for number, row in enumerate(formset.forms, start=1):
            found += _errors_of(row, row=number)
    return found


def _errors_of(form: BaseForm, *, row: int | None = None) -> Iterator[FormError]:
    visible = form.visible_fields()
    first = target_of(visible[0]) if visible else ""
    for error in form.non_field_errors():
        if row is None:
            yield FormError(str(error))
        else:
            yield FormError(str(error), _("Row %(number)s") % {"number": row}, first)
    for field in form:
        label = field.label if row is None else _("%(label)s, row %(number)s") % {"label": field.label, "number": row}
        for error in field.errors:
            yield FormError(str(error), str(label), "" if field.is_hidden else target_of(field))


def target_of(field: BoundField) -> str:
    """Return the id of the input of `field`, or of its first input if it has several."""
    # Django 5.2 gives no id for several inputs, 6.1 one that no input has.
    has_several = isinstance(field.field.widget, MultiWidget) or not field.id_for_label
    return f"{field.auto_id}_0" if has_several else str(field.id_for_label)


@register.simple_tag(takes_context=True)
def error_prefix(context: template.Context) -> str:
    """Return "Error: " if a form of the page has errors, so that a screen reader announces it first."""
    return _("Error:") + " " if any(map(_has_errors, context.flatten().values())) else ""


def _has_errors(value: Any) -> bool:
    # `isinstance` would evaluate the lazy CSRF token of a page without a form, and so set a cookie.
    kind = type(value)
    if issubclass(kind, AdminForm):
        value, kind = value.form, BaseForm
    if issubclass(kind, (BaseForm, BaseFormSet)):
        return value.is_bound and not value.is_valid()
    # Django's admin collects the errors of a form and its inlines in one.
    return issubclass(kind, ErrorList) and bool(value)
