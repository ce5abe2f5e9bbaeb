"""Naming people: register, edit, replace, withdraw, restore, invite once more. One address per action, one service per
POST."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from registrations.exceptions import RuleBroken, Stale
from registrations.forms.delegates import DelegateForm, EditForm, WithdrawForm, both_versions, typed_of
from registrations.forms.errors import add_broken_rule
from registrations.models import Delegate, Delegation
from registrations.queries import gaps_in, lacks_letter, seats_of
from registrations.queries.participant import is_invited
from registrations.services.deliveries import send_invitations_again
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    replace_delegate,
    restore_delegate,
    withdraw_delegate,
)
from registrations.views.focal_point.access import delegate_of, for_delegation, signed_in

FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
@for_delegation
def register(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Name someone; `?profile=` says under which profile the button was pressed."""
    seats = seats_of(delegation)
    chosen = next((seat.profile.pk for seat in seats if seat.profile.code == request.GET.get("profile")), None)
    form = DelegateForm(
        request.POST or None,
        delegation=delegation,
        seats=seats,
        without=["role", "version", "reason"],
        initial={"profile": chosen},
    )

    def save() -> str:
        delegate = register_delegate(delegation, details=form.details(), by=signed_in(request), now=timezone.now())
        return _("%(name)s is named.") % {"name": delegate.name}

    return _answer(request, delegation, form, save, template="register")


@require_http_methods(FORM_METHODS)
@for_delegation
def edit(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    delegate = delegate_of(delegation, pk)
    form = EditForm(
        request.POST or None,
        delegation=delegation,
        seats=seats_of(delegation),
        without=["role"],
        initial=typed_of(delegate) | {"profile": delegate.profile_id},
    )

    def save() -> str:
        details = replace(form.details(), role=delegate.role)
        changed = edit_delegate(
            delegate, details=details, by=signed_in(request), now=timezone.now(), **form.version_and_reason()
        )
        said = _("The details of %(name)s are saved.") % {"name": changed.name}
        if changed.address != delegate.address and is_invited(changed):
            said += " " + _("The invitation goes to the new address.")
        return said

    return _answer(request, delegation, form, save, template="edit", delegate=delegate)


@require_http_methods(FORM_METHODS)
@for_delegation
def replace_person(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Put someone else in a person's seat; the profile stays."""
    delegate = delegate_of(delegation, pk)
    form = DelegateForm(
        request.POST or None,
        delegation=delegation,
        seats=seats_of(delegation),
        without=["role", "profile"],
        initial={"version": delegate.version, "institution": delegate.institution},
    )

    def save() -> str:
        details = replace(form.details(), role=delegate.role)
        newcomer = replace_delegate(
            delegate, details=details, by=signed_in(request), now=timezone.now(), **form.version_and_reason()
        )
        return _("%(newcomer)s takes the place of %(name)s.") % {"newcomer": newcomer.name, "name": delegate.name}

    return _answer(request, delegation, form, save, template="replace", delegate=delegate)


@require_http_methods(FORM_METHODS)
@for_delegation
def withdraw(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    delegate = delegate_of(delegation, pk)
    form = WithdrawForm(request.POST or None, initial={"version": delegate.version})

    def save() -> str:
        withdraw_delegate(delegate, by=signed_in(request), now=timezone.now(), **form.cleaned_data)
        return _("%(name)s is withdrawn.") % {"name": delegate.name}

    return _answer(request, delegation, form, save, template="withdraw", delegate=delegate)


@require_POST
@for_delegation
def restore(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Undo a withdrawal or a replacement."""
    delegate = delegate_of(delegation, pk)
    try:
        restore_delegate(delegate, by=signed_in(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        messages.success(request, _("%(name)s takes part again.") % {"name": delegate.name} + still_missing(delegation))
    return redirect(delegation)


@require_POST
@for_delegation
def send_again(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Send a person their invitations once more."""
    delegate = delegate_of(delegation, pk)
    try:
        count = send_invitations_again(delegate, by=signed_in(request), now=timezone.now())
    except RuleBroken as broken:
        messages.warning(request, str(broken.message))
    else:
        said = ngettext(
            "The invitation of %(name)s is sent again now.",
            "%(count)s invitations of %(name)s are sent again now.",
            count,
        )
        messages.success(request, said % {"name": delegate.name, "count": count})
    return redirect(delegation)


def _answer(
    request: HttpRequest,
    delegation: Delegation,
    form: Any,
    save: Callable[[], str],
    *,
    template: str,
    delegate: Delegate | None = None,
) -> HttpResponse:
    """The form; once it is sent and `save` keeps the rules, back to the delegation with what happened."""
    versions: list[tuple[str, object, object]] = []
    if request.method == "POST" and form.is_valid():
        try:
            said = save()
        except Stale as stale:
            add_broken_rule(form, stale)
            versions = both_versions(form, stale)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            messages.success(request, said + still_missing(delegation))
            return redirect(delegation)
    context = {"delegation": delegation, "form": form, "delegate": delegate, "versions": versions}
    status = 422 if form.errors else 200
    return render(request, f"focal_point/{template}.html", context, status=status)


def still_missing(delegation: Delegation) -> str:
    """ " Still missing: Prosecutors (1 of 2)." or that everything is met; empty for an organisation."""
    seats = seats_of(delegation)
    if not seats:
        return ""
    missing = [
        _("%(profile)s (%(named)s of %(floor)s)")
        % {"profile": gap.profile.name, "named": gap.named, "floor": gap.floor}
        for gap in gaps_in(seats)
    ]
    if lacks_letter(delegation):
        missing.append(_("the nomination letter"))
    if not missing:
        return " " + _("Every quota is met.")
    return " " + _("Still missing: %(gaps)s.") % {"gaps": ", ".join(missing)}
