"""A form of a person, as a page of its own or in its place on the delegation's page, where htmx fetches it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import reselect, reswap, retarget

from registrations.exceptions import EditConflict, RuleBroken
from registrations.forms.delegates import both_versions
from registrations.forms.errors import add_broken_rule
from registrations.models import Delegate, Delegation
from registrations.views.focal_point.anchors import Place, page_at
from registrations.views.focal_point.flash_messages import still_missing

IN_PLACE = "focal_point/in_place.html"


@dataclass(frozen=True)
class Saved:
    """What is said, and where on the page the reader is taken; `then` is another page that comes first.

    `missing` is what `still_missing` would say, where it is known without looking.
    """

    said: str
    at: str
    then: str | None = None
    missing: str | None = None


def answer(
    request: HttpRequest,
    delegation: Delegation,
    form: Any,
    save: Callable[[], Saved],
    *,
    template: str,
    place: Place,
    delegate: Delegate | None = None,
    warning: str = "",
) -> HttpResponse:
    """The form, as a page or in its place on the delegation's; once it is sent and `save` keeps the rules, back to the
    seat with what happened. `warning` is what sending it does beside what it says."""
    versions: list[tuple[str, object, object]] = []
    if request.method == "POST" and form.is_valid():
        try:
            saved = save()
        except EditConflict as stale:
            add_broken_rule(form, stale)
            versions = both_versions(form, stale)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            missing = still_missing(delegation) if saved.missing is None else saved.missing
            messages.success(request, saved.said + missing)
            return redirect(saved.then or page_at(delegation, saved.at, done=place))
    context = {
        "layout": IN_PLACE if is_in_place(request) else "focal_point/form.html",
        "place": place.form,
        "action": request.get_full_path(),
        "back": page_at(delegation, place.opener, done=place),
        "delegation": delegation,
        "form": form,
        "delegate": delegate,
        "versions": versions,
        "warning": warning,
    }
    if is_in_place(request) and not form.is_bound:
        focus_first(form)
    response = render(request, f"focal_point/{template}.html", context, status=422 if form.errors else 200)
    if is_in_place(request) and form.errors:
        # The form asked for the page, which it does not get.
        for direct in (retarget, reselect):
            direct(response, f"#{place.form}")
        reswap(response, "outerHTML")
    return response


def ids_in(place: Place) -> str:
    """BulkAction forms can be open on one page: the ids of their inputs differ."""
    return f"{place.form}-%s"


def focus_first(form: Any) -> None:
    """On the first input; where there is none the template gives the focus to the form's own element."""
    for first in form.visible_fields()[:1]:
        first.field.widget.attrs["autofocus"] = True


def is_in_place(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the delegation's page."""
    return bool(request.htmx)  # type: ignore[attr-defined]  # set by django_htmx's middleware


def ids_of(request: HttpRequest, place: Place) -> str:
    return ids_in(place) if is_in_place(request) else "id_%s"
