"""Naming people: register, edit, replace, withdraw, take back, invite once more. One address per action, one service
per POST."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from registrations.exceptions import RuleBroken
from registrations.forms.delegates import DelegateForm, EditForm, VersionField, WithdrawForm, typed_of
from registrations.models import Delegation, DelegationStatus, ParticipantProfile
from registrations.queries import lacks_letter, profiles_of, seats_of
from registrations.queries.participant import is_invited
from registrations.services.acceptance_messages import message_before_registering, message_before_replacing
from registrations.services.deliveries import said_of_sending_again, send_invitations_again
from registrations.services.nominations import (
    edit_delegate,
    register_with_seats,
    replace_delegate,
    withdraw_delegate,
    withdrawing_leaves_gap,
)
from registrations.services.nominations.undoing import restore_delegate, undo_edit
from registrations.views.focal_point.access import delegate_of, for_delegation, signed_in
from registrations.views.focal_point.anchors import (
    page_to_add,
    seat_of,
    to_add,
    to_change,
    undo_of,
)
from registrations.views.focal_point.flash_messages import completion_message, missing_in_words, still_missing
from registrations.views.focal_point.inline_forms import Saved, answer, ids_of

FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
@for_delegation
def register(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Name someone; `?profile=` says under which profile the button was pressed."""
    profiles = profiles_of(delegation)
    profile = next((profile for profile in profiles if profile.code == request.GET.get("profile")), None)
    place = to_add(profile)
    form = register_form(delegation, profiles, profile, data=request.POST or None, auto_id=ids_of(request, place))

    def save() -> Saved:
        registered = register_with_seats(delegation, details=form.details(), by=signed_in(request), now=timezone.now())
        delegate, after = registered.delegate, registered.delegation
        to_name_another = page_to_add(delegation, delegate.profile) if "another" in request.POST else None
        return Saved(
            _("%(name)s is named.") % {"name": delegate.name},
            seat_of(delegate),
            to_name_another,
            missing=None
            if delegation.status == DelegationStatus.SUBMITTED
            else missing_in_words(after.seats, lacks_letter=after.lacks_letter),
        )

    return answer(request, delegation, form, save, template="register", place=place, warning=warning_of(delegation))


@require_http_methods(FORM_METHODS)
@for_delegation
def edit(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    delegate = delegate_of(delegation, pk)
    place = to_change(delegate)
    form = EditForm(
        request.POST or None,
        auto_id=ids_of(request, place),
        delegation=delegation,
        seats=seats_of(delegation),
        without=["role"],
        initial=typed_of(delegate),
    )

    def save() -> Saved:
        details = replace(form.details(), role=delegate.role)
        changed = edit_delegate(
            delegate, details=details, by=signed_in(request), now=timezone.now(), **form.version_and_reason()
        )
        said = _("The details of %(name)s are saved.") % {"name": changed.name}
        if changed.address != delegate.address and is_invited(changed):
            said += " " + _("The invitation goes to the new address.")
        return Saved(said, seat_of(changed))

    warning = warning_of(delegation, newcomers=0)
    return answer(request, delegation, form, save, template="edit", place=place, delegate=delegate, warning=warning)


@require_http_methods(FORM_METHODS)
@for_delegation
def replace_person(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Put someone else in a person's seat; the profile stays."""
    delegate = delegate_of(delegation, pk)
    place = to_change(delegate)
    form = DelegateForm(
        request.POST or None,
        auto_id=ids_of(request, place),
        delegation=delegation,
        profiles=[],
        without=["role", "profile"],
        initial={"version": delegate.version, "institution": delegate.institution},
    )

    def save() -> Saved:
        details = replace(form.details(), role=delegate.role)
        newcomer = replace_delegate(
            delegate, details=details, by=signed_in(request), now=timezone.now(), **form.version_and_reason()
        )
        said = _("%(newcomer)s takes the place of %(name)s.") % {"newcomer": newcomer.name, "name": delegate.name}
        return Saved(said, seat_of(newcomer))

    warning = (
        message_before_replacing(delegate, seats_of(delegation), lacks_letter=lacks_letter(delegation))
        if delegation.status == DelegationStatus.SUBMITTED
        else ""
    )
    return answer(request, delegation, form, save, template="replace", place=place, delegate=delegate, warning=warning)


@require_http_methods(FORM_METHODS)
@for_delegation
def withdraw(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    delegate = delegate_of(delegation, pk)
    place = to_change(delegate)
    form = WithdrawForm(
        request.POST or None,
        auto_id=ids_of(request, place),
        leaves_gap=withdrawing_leaves_gap(delegate, seats_of(delegation), now=timezone.now()),
        initial={"version": delegate.version},
    )

    def save() -> Saved:
        withdraw_delegate(delegate, by=signed_in(request), now=timezone.now(), **form.version_and_reason())
        return Saved(_("%(name)s is withdrawn.") % {"name": delegate.name}, undo_of(delegate))

    return answer(request, delegation, form, save, template="withdraw", place=place, delegate=delegate)


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
def undo_last_edit(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Give a person back what the edit that made them `version` changed."""
    delegate, sent = delegate_of(delegation, pk), VersionField().clean(request.POST.get("version"))
    try:
        undone = undo_edit(delegate, version=sent, by=signed_in(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        said = _("The details of %(name)s are as before.") % {"name": undone.name}
        messages.success(request, f"{said} {completion_message(delegation)}".strip())
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
        messages.success(request, said_of_sending_again(delegate, count))
    return redirect(delegation)


def warning_of(delegation: Delegation, *, newcomers: int = 1) -> str:
    """What a form that may fill the last seat, or finds all of them filled, says before it is sent."""
    if delegation.status != DelegationStatus.SUBMITTED:
        return ""
    return message_before_registering(
        delegation, seats_of(delegation), lacks_letter=lacks_letter(delegation), newcomers=newcomers
    )


def register_form(
    delegation: Delegation,
    profiles: Sequence[ParticipantProfile],
    profile: ParticipantProfile | None,
    *,
    data: Any = None,
    auto_id: str = "id_%s",
) -> DelegateForm:
    """The form in which someone is named, with `profile` chosen beforehand."""
    return DelegateForm(
        data,
        auto_id=auto_id,
        delegation=delegation,
        profiles=profiles,
        without=["role", "version"],
        initial={"profile": profile.pk if profile is not None else None},
    )
