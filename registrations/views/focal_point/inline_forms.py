"""Delegate forms, as pages of their own or inline on the delegation's page, where htmx loads them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import reselect, reswap, retarget

from registrations.exceptions import EditConflict, RuleBroken
from registrations.forms.delegates import conflicting_fields
from registrations.forms.errors import add_broken_rule
from registrations.models import Delegate, Delegation
from registrations.views.focal_point.anchors import FormAnchor, delegation_url_at
from registrations.views.focal_point.flash_messages import missing_message
from sessions_app.forms import focus_first

INLINE_LAYOUT = "focal_point/inline_form.html"


@dataclass(frozen=True)
class SaveResult:
    """The result of a saved form: a flash message and the element that the delegation's page focuses.

    `next_url` is another page to redirect to instead. `missing` is the text of `missing_message`, where the
    caller knows it without a query.
    """

    message: str
    focus_id: str
    next_url: str | None = None
    missing: str | None = None


def process_delegate_form(
    request: HttpRequest,
    delegation: Delegation,
    form: Any,
    save: Callable[[], SaveResult],
    *,
    template: str,
    anchor: FormAnchor,
    delegate: Delegate | None = None,
    warning: str = "",
) -> HttpResponse:
    """Call `save` for a valid POST and redirect to the delegation's page; otherwise show the form.

    The form is a page, or for htmx a part of the delegation's page. `warning` says what else submitting it causes, such
    as the acceptance of the delegation. A stale form shows both versions.
    """
    versions: list[tuple[str, object, object]] = []
    if request.method == "POST" and form.is_valid():
        try:
            saved = save()
        except EditConflict as stale:
            add_broken_rule(form, stale)
            versions = conflicting_fields(form, stale)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            missing = missing_message(delegation) if saved.missing is None else saved.missing
            messages.success(request, saved.message + missing)
            return redirect(saved.next_url or delegation_url_at(delegation, saved.focus_id, closed_form=anchor))
    context = {
        "layout": INLINE_LAYOUT if is_inline(request) else "focal_point/form.html",
        "form_id": anchor.form_id,
        "action": request.get_full_path(),
        "back": delegation_url_at(delegation, anchor.opener_id, closed_form=anchor),
        "delegation": delegation,
        "form": form,
        "delegate": delegate,
        "versions": versions,
        "warning": warning,
    }
    if is_inline(request) and not form.is_bound:
        focus_first(form)
    response = render(request, f"focal_point/{template}.html", context, status=422 if form.errors else 200)
    if is_inline(request) and form.errors:
        # The form targets the whole page; with errors, the response replaces only the form.
        for set_header in (retarget, reselect):
            set_header(response, f"#{anchor.form_id}")
        reswap(response, "outerHTML")
    return response


def auto_id_format(anchor: FormAnchor) -> str:
    """Return an `auto_id` of its own for each inline form, since several can be open on one page."""
    return f"{anchor.form_id}-%s"


def is_inline(request: HttpRequest) -> bool:
    """Return whether htmx loads the form into the delegation's page."""
    return bool(request.htmx)  # type: ignore[attr-defined]  # set by django_htmx's middleware


def auto_id_for(request: HttpRequest, anchor: FormAnchor) -> str:
    """Return the `auto_id` of the form: the anchor's inline, Django's own on a page."""
    return auto_id_format(anchor) if is_inline(request) else "id_%s"
