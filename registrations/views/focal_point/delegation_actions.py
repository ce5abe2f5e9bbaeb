"""Actions on a whole delegation: submit it, note that the country does not attend, or attends again."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from registrations.exceptions import EditConflict, RuleBroken
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.forms.focal_point import NotAttendingForm, SubmitForm
from registrations.models import Delegation, DelegationStatus
from registrations.queries import gaps_in, lacks_letter, seats_of
from registrations.services.delegations import mark_attending_again, mark_not_attending, submit_delegation
from registrations.views.focal_point.access import delegation_required, signed_in_user
from registrations.views.focal_point.flash_messages import accepted_message, completion_message


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def submit_page(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Submit the delegation; one with gaps needs a reason."""
    form = SubmitForm(
        request.POST or None,
        gaps=gaps_in(seats_of(delegation)),
        lacks_letter=lacks_letter(delegation),
        initial={"version": delegation.version},
    )

    def save() -> str:
        submitted = submit_delegation(
            delegation,
            version=form.cleaned_data["version"],
            reason=form.reason(),
            by=signed_in_user(request),
            now=timezone.now(),
        )
        if submitted.status == DelegationStatus.ACCEPTED:
            return accepted_message(delegation)
        return _("The delegation is submitted. The secretariat decides and writes to you.")

    return _process_form(request, delegation, form, save, template="submit")


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def not_attending_page(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Note that the country does not attend, and why."""
    form = NotAttendingForm(request.POST or None, initial={"reason": delegation.not_attending_reason})

    def save() -> str:
        mark_not_attending(delegation, by=signed_in_user(request), now=timezone.now(), **form.cleaned_data)
        return _("It is noted that your country does not attend. You can take this back while registration is open.")

    return _process_form(request, delegation, form, save, template="not_attending")


@require_POST
@delegation_required
def attending_again_page(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Note that a country attends after all."""
    try:
        mark_attending_again(delegation, by=signed_in_user(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        text = _("The delegation takes part again.")
        messages.success(request, f"{text} {completion_message(delegation)}".strip())
    return redirect(delegation)


def _process_form(
    request: HttpRequest, delegation: Delegation, form: Any, save: Callable[[], str], *, template: str
) -> HttpResponse:
    """Call `save` for a valid POST and redirect to the delegation with its message; otherwise show the form."""
    if request.method == "POST" and form.is_valid():
        try:
            text = save()
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            if isinstance(broken, EditConflict):
                update_hidden_values(form, version=str(broken.current.version))
        else:
            messages.success(request, text)
            return redirect(delegation)
    context = {
        "delegation": delegation,
        "form": form,
        "gaps": gaps_in(seats_of(delegation)),
        "lacks_letter": lacks_letter(delegation),
    }
    return render(request, f"focal_point/{template}.html", context, status=422 if form.errors else 200)
