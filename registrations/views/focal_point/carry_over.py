"""From the country's delegations at earlier webinars: tick who comes again."""

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
from registrations.views.focal_point.access import for_delegation, signed_in
from registrations.views.focal_point.flash_messages import how_many_are_named, still_missing
from registrations.views.focal_point.profile_cards import allowed_now


@require_http_methods(["GET", "HEAD", "POST"])
@for_delegation
def earlier(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Name everyone who is ticked and may be named; the others stay ticked, each with the reason."""
    user, now = signed_in(request), timezone.now()
    form = _form(request, delegation)
    if form.is_bound and form.is_valid():
        try:
            outcomes = carry_over(delegation, chosen=form.chosen(), by=user, now=now)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            if named := sum(outcome.delegate is not None for outcome in outcomes.values()):
                messages.success(request, how_many_are_named(named) + still_missing(delegation))
            if named == len(outcomes):
                return redirect(delegation)
            form = _with_refusals(request, delegation, outcomes)
    if form.is_bound and form.is_of_people_who_are_here:
        messages.info(request, _("Everyone whom you ticked is in the delegation already."))
        return redirect(delegation)
    may = allowed_now(delegation, by=user, now=now)
    context = {
        "delegation": delegation,
        "form": form,
        "rows": form.rows(),
        "can_name": may.add or may.fill_gaps,
        "warning": message_before_completing(delegation, lacks_letter=lacks_letter(delegation)),
    }
    return render(request, "focal_point/earlier.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest, delegation: Delegation) -> CarryOverForm:
    seats = seats_of(delegation)
    people = earlier_delegates(delegation, seats=seats, now=timezone.now())
    return CarryOverForm(request.POST if request.method == "POST" else None, people=people, seats=seats)


def _with_refusals(
    request: HttpRequest, delegation: Delegation, outcomes: dict[int, RegistrationOutcome]
) -> CarryOverForm:
    """The form as it was sent, without those who are named now; a refusal stands at the person whom it concerns."""
    form = _form(request, delegation)
    form.is_valid()
    for pk, outcome in outcomes.items():
        if outcome.refusal is not None and f"person-{pk}" in form.fields:
            for message in _messages_of(outcome.refusal):
                form.add_error(f"person-{pk}", message)
    return form


def _messages_of(refusal: RuleBroken) -> list[str]:
    if isinstance(refusal, InvalidInput):
        return [text for texts in refusal.messages.values() for text in texts]
    return [str(refusal.message)]
