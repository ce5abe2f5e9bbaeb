"""Actions on the people of a delegation: register, edit, replace, withdraw, restore, send invitations again.

Each action has an address of its own and calls one service.
"""

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
from registrations.forms.delegates import DelegateForm, EditForm, VersionField, WithdrawForm, initial_from_delegate
from registrations.models import Delegation, DelegationStatus, ParticipantProfile
from registrations.queries import lacks_letter, profiles_of, seats_of
from registrations.queries.participant import is_invited
from registrations.services.acceptance_messages import message_before_registering, message_before_replacing
from registrations.services.deliveries import resend_flash_message, send_invitations_again
from registrations.services.missing_message import message_of_missing
from registrations.services.nominations import (
    edit_delegate,
    register_with_seats,
    replace_delegate,
    withdraw_delegate,
    withdrawing_leaves_gap,
)
from registrations.services.nominations.undoing import restore_delegate, undo_edit
from registrations.views.focal_point.access import delegation_required, get_delegate_or_404, signed_in_user
from registrations.views.focal_point.anchors import (
    add_anchor,
    delegate_anchor,
    delegate_element_id,
    delegation_url_with_add_form,
    undo_element_id,
)
from registrations.views.focal_point.flash_messages import completion_message, missing_message
from registrations.views.focal_point.inline_forms import SaveResult, auto_id_for, process_delegate_form

FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
@delegation_required
def register_person(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Register a delegate; `?profile=` preselects the profile."""
    profiles = profiles_of(delegation)
    profile = next((profile for profile in profiles if profile.code == request.GET.get("profile")), None)
    anchor = add_anchor(profile)
    form = register_form(delegation, profiles, profile, data=request.POST or None, auto_id=auto_id_for(request, anchor))

    def save() -> SaveResult:
        registered = register_with_seats(
            delegation, details=form.details(), by=signed_in_user(request), now=timezone.now()
        )
        delegate, after = registered.delegate, registered.delegation
        next_url = delegation_url_with_add_form(delegation, delegate.profile) if "another" in request.POST else None
        return SaveResult(
            _("%(name)s is named.") % {"name": delegate.name},
            delegate_element_id(delegate),
            next_url,
            missing=None
            if delegation.status == DelegationStatus.SUBMITTED
            else message_of_missing(after.seats, lacks_letter=after.lacks_letter),
        )

    return process_delegate_form(
        request, delegation, form, save, template="register", anchor=anchor, warning=acceptance_warning(delegation)
    )


@require_http_methods(FORM_METHODS)
@delegation_required
def edit_person(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Change the details of a delegate."""
    delegate = get_delegate_or_404(delegation, pk)
    anchor = delegate_anchor(delegate)
    form = EditForm(
        request.POST or None,
        auto_id=auto_id_for(request, anchor),
        delegation=delegation,
        seats=seats_of(delegation),
        exclude=["role"],
        initial=initial_from_delegate(delegate),
    )

    def save() -> SaveResult:
        details = replace(form.details(), role=delegate.role)
        changed = edit_delegate(
            delegate, details=details, by=signed_in_user(request), now=timezone.now(), **form.version_and_reason()
        )
        text = _("The details of %(name)s are saved.") % {"name": changed.name}
        if changed.address != delegate.address and is_invited(changed):
            text += " " + _("The invitation goes to the new address.")
        return SaveResult(text, delegate_element_id(changed))

    warning = acceptance_warning(delegation, newcomers=0)
    return process_delegate_form(
        request, delegation, form, save, template="edit", anchor=anchor, delegate=delegate, warning=warning
    )


@require_http_methods(FORM_METHODS)
@delegation_required
def replace_person(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Replace a delegate by another person in the same profile."""
    delegate = get_delegate_or_404(delegation, pk)
    anchor = delegate_anchor(delegate)
    form = DelegateForm(
        request.POST or None,
        auto_id=auto_id_for(request, anchor),
        delegation=delegation,
        profiles=[],
        exclude=["role", "profile"],
        initial={"version": delegate.version, "institution": delegate.institution},
    )

    def save() -> SaveResult:
        details = replace(form.details(), role=delegate.role)
        newcomer = replace_delegate(
            delegate, details=details, by=signed_in_user(request), now=timezone.now(), **form.version_and_reason()
        )
        text = _("%(newcomer)s takes the place of %(name)s.") % {"newcomer": newcomer.name, "name": delegate.name}
        return SaveResult(text, delegate_element_id(newcomer))

    warning = (
        message_before_replacing(delegate, seats_of(delegation), lacks_letter=lacks_letter(delegation))
        if delegation.status == DelegationStatus.SUBMITTED
        else ""
    )
    return process_delegate_form(
        request, delegation, form, save, template="replace", anchor=anchor, delegate=delegate, warning=warning
    )


@require_http_methods(FORM_METHODS)
@delegation_required
def withdraw_person(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Withdraw a delegate, with a reason if this opens a gap."""
    delegate = get_delegate_or_404(delegation, pk)
    anchor = delegate_anchor(delegate)
    form = WithdrawForm(
        request.POST or None,
        auto_id=auto_id_for(request, anchor),
        leaves_gap=withdrawing_leaves_gap(delegate, seats_of(delegation), now=timezone.now()),
        initial={"version": delegate.version},
    )

    def save() -> SaveResult:
        withdraw_delegate(delegate, by=signed_in_user(request), now=timezone.now(), **form.version_and_reason())
        return SaveResult(_("%(name)s is withdrawn.") % {"name": delegate.name}, undo_element_id(delegate))

    return process_delegate_form(request, delegation, form, save, template="withdraw", anchor=anchor, delegate=delegate)


@require_POST
@delegation_required
def restore_person(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Undo a withdrawal or a replacement."""
    delegate = get_delegate_or_404(delegation, pk)
    try:
        restore_delegate(delegate, by=signed_in_user(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        messages.success(
            request, _("%(name)s takes part again.") % {"name": delegate.name} + missing_message(delegation)
        )
    return redirect(delegation)


@require_POST
@delegation_required
def undo_last_edit(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Undo the edit that created the posted `version` of a delegate."""
    delegate, version = get_delegate_or_404(delegation, pk), VersionField().clean(request.POST.get("version"))
    try:
        undone = undo_edit(delegate, version=version, by=signed_in_user(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        text = _("The details of %(name)s are as before.") % {"name": undone.name}
        messages.success(request, f"{text} {completion_message(delegation)}".strip())
    return redirect(delegation)


@require_POST
@delegation_required
def resend(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Send a delegate's invitations again."""
    delegate = get_delegate_or_404(delegation, pk)
    try:
        count = send_invitations_again(delegate, by=signed_in_user(request), now=timezone.now())
    except RuleBroken as broken:
        messages.warning(request, str(broken.message))
    else:
        messages.success(request, resend_flash_message(delegate, count))
    return redirect(delegation)


def acceptance_warning(delegation: Delegation, *, newcomers: int = 1) -> str:
    """Return that submitting a form accepts the delegation; an empty text where it does not or may not."""
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
    """Build the form that registers a delegate, with `profile` preselected."""
    return DelegateForm(
        data,
        auto_id=auto_id,
        delegation=delegation,
        profiles=profiles,
        exclude=["role", "version"],
        initial={"profile": profile.pk if profile is not None else None},
    )
