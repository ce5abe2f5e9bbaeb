"""The page of a webinar's registration: dates, countries with their focal points, what is asked of each, and rules.

Each part is a form of its own, which is saved whole or not at all; the page shows all parts again with their errors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user
from registrations.admin.focal_points import resend_invitations
from registrations.admin.links import people_url
from registrations.admin.webinar_head import webinar_of_page
from registrations.exceptions import ConfirmationRequired, NotPossibleNow, RuleBroken
from registrations.forms.focal_point_rows import PastedLinesForm
from registrations.forms.registration_setup import AddBodiesForm, DatesForm, QuotaTableForm
from registrations.models import (
    Delegation,
    FocalPoint,
    ParticipatingBody,
    QuotaException,
    RegistrationPolicy,
    Waiver,
)
from registrations.queries import QuotaBoard, quota_board
from registrations.queries.focal_points import invitations_of
from registrations.queries.registration_setup import bodies_with_focal_points, rules_with_dates
from registrations.queries.seats import quotas_of
from registrations.services.acceptance_messages import message_after_accepting
from registrations.services.participating_bodies import add_bodies, remove_body
from registrations.services.policies import save_policy
from registrations.services.quotas import change_quotas
from sessions_app.hours import zone_city, zone_offset
from sessions_app.models import Webinar
from sessions_app.webinar_names import name_of


def registration_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page; a POST saves the part whose button was pressed."""
    setup = RegistrationSetup(site, request, webinar_of_page(request), timezone.now())
    if setup.part and PARTS[setup.part](setup):
        return redirect("admin:webinar-registration", slug)
    return TemplateResponse(request, "admin/webinars/registration.html", _context(setup))


@dataclass
class RegistrationSetup:
    """The forms of one request to the page; only the submitted one is bound.

    `refusal` says why a body was not removed.
    """

    site: AdminSite
    request: HttpRequest
    webinar: Webinar
    now: datetime
    refusal: str = ""

    @property
    def part(self) -> str:
        """The name of the button that was pressed, a key of `PARTS`, or the empty string."""
        return next((part for part in PARTS if part in self.request.POST), "")

    @cached_property
    def dates(self) -> DatesForm:
        # A row of its own: the form writes what was typed into it, and the head of the page shows the stored values.
        policy = RegistrationPolicy.objects.filter(webinar=self.webinar).select_related("webinar").first()
        policy = policy or RegistrationPolicy(webinar_id=self.webinar.pk)
        return DatesForm(self._data_of("dates"), instance=policy, auto_id="id_dates_%s")

    @cached_property
    def quotas(self) -> QuotaTableForm:
        return QuotaTableForm(self._data_of("quotas"), quotas=quotas_of(self.webinar.pk))

    @cached_property
    def countries(self) -> AddBodiesForm:
        present = set(self.webinar.delegations.values_list("body", flat=True))
        return AddBodiesForm(
            self._data_of("countries"), bodies=sorted(ParticipatingBody.objects.all(), key=str), present=present
        )

    def chosen(self, rows: Any) -> Any:
        """Return the row of the query set `rows` whose button was pressed; None, with a warning, if it is gone."""
        try:
            return forms.ModelChoiceField(rows).clean(self.request.POST[self.part])
        except forms.ValidationError:
            messages.warning(self.request, _("This has changed meanwhile. Please look at it as it is now."))
            return None

    def _data_of(self, part: str) -> Any:
        return self.request.POST if self.part == part else None


def _save_dates(setup: RegistrationSetup) -> bool:
    form = setup.dates
    if not form.is_valid():
        return False
    seen = form.cleaned_data["seen"].split()
    try:
        accepted = save_policy(
            form.instance, changed=form.changed_columns, confirmed=seen, by=staff_user(setup.request), now=setup.now
        )
    except NotPossibleNow as refused:
        form.add_error(None, str(refused.message))
        return False
    if form.changed_data:
        of_policies: Any = setup.site.get_model_admin(RegistrationPolicy)
        message = of_policies.construct_change_message(setup.request, form, [])
        of_policies.log_change(setup.request, form.instance, message)
    messages.success(setup.request, f"{_('The dates are saved.')} {message_after_accepting(accepted)}".strip())
    return True


def _save_quotas(setup: RegistrationSetup) -> bool:
    form = setup.quotas
    if not form.is_valid():
        return False
    try:
        accepted = change_quotas(
            setup.webinar,
            form.changes(),
            reason=form.cleaned_data["reason"],
            confirmed=form.cleaned_data["seen"].split(),
            by=staff_user(setup.request),
            now=setup.now,
        )
    except ConfirmationRequired as required:
        form.require_confirmation(required.preview)
        return False
    except RuleBroken as refused:
        form.add_refusal(refused)
        return False
    messages.success(setup.request, f"{_('The quotas are saved.')} {message_after_accepting(accepted)}".strip())
    return True


def _add_countries(setup: RegistrationSetup) -> bool:
    form = setup.countries
    if not form.is_valid():
        return False
    try:
        added = add_bodies(setup.webinar, form.cleaned_data["bodies"], by=staff_user(setup.request), now=setup.now)
    except RuleBroken as refused:
        form.add_error(None, str(refused.message))
        return False
    if added:
        names = [str(delegation.body) for delegation in added]
        messages.success(setup.request, _("Added: %(bodies)s.") % {"bodies": ", ".join(names)})
    return True


def _remove_country(setup: RegistrationSetup) -> bool:
    delegation = setup.chosen(Delegation.objects.filter(webinar=setup.webinar).select_related("body", "webinar"))
    if delegation is None:
        return True
    try:
        remove_body(delegation, by=staff_user(setup.request), now=setup.now)
    except RuleBroken as refused:
        setup.refusal = str(refused.message)
        return False
    messages.success(setup.request, _("%(body)s no longer takes part in this webinar.") % {"body": delegation.body})
    return True


def _invite_again(setup: RegistrationSetup) -> bool:
    chosen = setup.chosen(FocalPoint.objects.filter(removed_at__isnull=True))
    if chosen is not None:
        invitations = invitations_of(FocalPoint.objects.filter(pk=chosen.pk), now=setup.now)
        resend_invitations(setup.request, invitations.filter(webinar=setup.webinar), now=setup.now)
    return True


# The function that saves each part: True redirects to the page, False shows it again with errors.
PARTS: dict[str, Callable[[RegistrationSetup], bool]] = {
    "dates": _save_dates,
    "quotas": _save_quotas,
    "countries": _add_countries,
    "remove": _remove_country,
    "invite": _invite_again,
}


def _context(setup: RegistrationSetup) -> dict[str, Any]:
    webinar = setup.webinar
    board = quota_board(webinar)
    rows = [*board.rows, *board.organisations]
    _add_figures(setup.quotas, webinar, board)
    return setup.site.each_context(setup.request) | {
        "title": _("Registration"),
        "subtitle": str(name_of(webinar)),
        "webinar": webinar,
        "zone": f"{zone_city(webinar.timezone, get_language() or 'en')}, {zone_offset(setup.now, webinar.timezone)}",
        "dates": setup.dates,
        "quotas": setup.quotas,
        "countries": setup.countries,
        "refusal": setup.refusal,
        "pasted": PastedLinesForm(),
        "bodies": bodies_with_focal_points(webinar, rows),
        "rules": rules_with_dates(webinar, now=setup.now),
        "is_released": webinar.releases.exists(),
        "waivers": Waiver.objects.filter(delegation__webinar=webinar, revoked_at=None).count(),
        "working_group": sum(row.working_group for row in rows),
        "working_group_url": people_url(webinar, is_working_group_member__exact="1"),
    }


def _add_figures(form: QuotaTableForm, webinar: Webinar, board: QuotaBoard) -> None:
    """Set what the rows of the table show beside their inputs. One query."""
    named = {total.profile.pk: total.named for total in board.profile_totals}
    exceptions = dict(
        QuotaException.objects.filter(quota__webinar=webinar).order_by().values_list("quota").annotate(Count("pk"))
    )
    for row in form.asked_rows:
        quota = row.initial["quota"]
        row.named, row.exceptions = named.get(quota.profile_id, 0), exceptions.get(quota.pk, 0)
