"""The page on which people of the country's earlier delegations are named again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registrations.exceptions import InvalidInput, RuleBroken
from registrations.forms.carry_over import CarryOverForm
from registrations.forms.errors import add_broken_rule
from registrations.models import Delegation
from registrations.queries import lacks_letter, seats_of
from registrations.queries.earlier_delegates import earlier_delegates
from registrations.services.acceptance_messages import message_before_completing
from registrations.services.carry_over import carry_over
from registrations.services.nominations import RegistrationOutcome
from registrations.services.permitted_actions import permitted_actions_now
from registrations.views.focal_point.access import delegation_required, signed_in_user
from registrations.views.focal_point.flash_messages import missing_message, named_count_message


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def carry_over_page(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Name the ticked people; those who are refused stay ticked, each with the reason."""
    user, now = signed_in_user(request), timezone.now()
    form = _build_form(request, delegation)
    if form.is_bound and form.is_valid():
        try:
            outcomes = carry_over(delegation, chosen=form.selected_profiles(), by=user, now=now)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            if named := sum(outcome.delegate is not None for outcome in outcomes.values()):
                messages.success(request, named_count_message(named) + missing_message(delegation))
            if named == len(outcomes):
                return redirect(delegation)
            form = _with_refusals(request, delegation, outcomes)
    if form.is_bound and form.selects_only_present_people:
        messages.info(request, _("Everyone whom you ticked is in the delegation already."))
        return redirect(delegation)
    context = {
        "delegation": delegation,
        "form": form,
        "rows": form.rows(),
        "can_name": permitted_actions_now(delegation, by=user, now=now).fill_gaps,
        "warning": message_before_completing(delegation, lacks_letter=lacks_letter(delegation)),
    }
    return render(request, "focal_point/earlier.html", context, status=422 if form.errors else 200)


def _build_form(request: HttpRequest, delegation: Delegation) -> CarryOverForm:
    seats = seats_of(delegation)
    people = earlier_delegates(delegation, seats=seats, now=timezone.now())
    return CarryOverForm(request.POST if request.method == "POST" else None, people=people, seats=seats)


def _with_refusals(
    request: HttpRequest, delegation: Delegation, outcomes: dict[int, RegistrationOutcome]
) -> CarryOverForm:
    """Return the submitted form without the people who are named now, with an error at each refused person."""
    form = _build_form(request, delegation)
    form.is_valid()
    for pk, outcome in outcomes.items():
        if outcome.refusal is not None and f"person-{pk}" in form.fields:
            for message in _error_messages(outcome.refusal):
                form.add_error(f"person-{pk}", message)
    return form


def _error_messages(refusal: RuleBroken) -> list[str]:
    """Return the messages of the exception `refusal`; InvalidInput can have several."""
    if isinstance(refusal, InvalidInput):
        return [text for texts in refusal.messages.values() for text in texts]
    return [str(refusal.message)]
