"""Bulk actions on delegations: one page shows the selected ones, the service decides on each separately."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.base import staff_user
from registrations.exceptions import RuleBroken
from registrations.forms.secretariat import (
    FREE_TEXT_FIELDS,
    BulkAcceptForm,
    BulkActionForm,
    BulkReturnForm,
    BulkWaiveForm,
    SelectedDelegation,
)
from registrations.models import Delegation, DelegationStatus, User
from registrations.queries import fingerprint_of
from registrations.queries.acceptance import Acceptances, acceptances_of, is_accepted_at_once
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import seats_of_delegations
from registrations.queries.review_queue import latest_history
from registrations.services.acceptance_messages import message_if_accepted
from registrations.services.delegations import accept_delegation, return_delegation, waive_gaps
from sessions_app.webinar_names import named_webinar

# More than there are countries, and as many as the changelist shows on a page.
MAX_DELEGATIONS = 100
# `?from=waiting` in the address of an action says that the review queue links to it, and that it leads back there.
FROM_PARAM, FROM_REVIEW_QUEUE = "from", "waiting"


@dataclass(frozen=True)
class BulkAction:
    """A bulk action on delegations.

    `apply` calls the service for one delegation and returns the message to show. `is_applicable` says whether the
    status of a delegation allows the action. `acceptances` returns which delegations the action completes, so that
    the rules accept them.
    """

    slug: str
    title: Promise
    verb: Promise
    explanation: Promise
    form: type[BulkActionForm]
    is_applicable: Callable[[SelectedDelegation], bool]
    apply: Callable[[SelectedDelegation, Any, User, datetime], str]
    acceptances: Callable[[Sequence[SelectedDelegation]], Acceptances] = lambda selected: Acceptances()


def _accept(selected: SelectedDelegation, form: Any, by: User, now: datetime) -> str:
    with_gap = bool(form.cleaned_data.get("with_gap"))
    comment = form.comment_for(selected.delegation)
    accept_delegation(
        selected.delegation,
        by=by,
        now=now,
        comment=comment,
        with_gap=with_gap,
        shown_fingerprint=selected.shown_fingerprint,
    )
    return _("%(body)s is accepted.")


def _return(selected: SelectedDelegation, form: Any, by: User, now: datetime) -> str:
    return_delegation(
        selected.delegation,
        comment=form.comment_for(selected.delegation),
        by=by,
        now=now,
        shown_fingerprint=selected.shown_fingerprint,
    )
    return _("%(body)s is returned with your comment.")


def _waive(selected: SelectedDelegation, form: Any, by: User, now: datetime) -> str:
    waive_gaps(
        selected.delegation,
        reason=form.cleaned_data["reason"],
        by=by,
        now=now,
        shown_fingerprint=selected.shown_fingerprint,
    )
    text = _("What %(body)s lacks is waived.")
    return f"{text} {message_if_accepted(selected.delegation)}".strip()


def _acceptances_after_waiving(selected: Sequence[SelectedDelegation]) -> Acceptances:
    """Return the submitted delegations that lack only seats, if their webinar accepts complete ones at once."""
    return acceptances_of(
        item.delegation
        for item in selected
        if _is_submitted(item) and not item.lacks_letter and is_accepted_at_once(item.delegation)
    )


def _is_submitted(item: SelectedDelegation) -> bool:
    return item.delegation.status == DelegationStatus.SUBMITTED


BULK_ACTIONS = (
    BulkAction(
        "accept", gettext_lazy("Accept several delegations"), gettext_lazy("Accept them"),
        gettext_lazy("Everyone named is invited, and each country is told."),
        BulkAcceptForm, _is_submitted, _accept,
    ),
    BulkAction(
        "return", gettext_lazy("Return several delegations"), gettext_lazy("Return them"),
        gettext_lazy("The countries change them and submit again. Nobody who is invited is uninvited."),
        BulkReturnForm, _is_submitted, _return,
    ),
    BulkAction(
        "waive", gettext_lazy("Waive what is missing"), gettext_lazy("Waive these seats"),
        gettext_lazy("The seats that are empty today are no longer asked for, until a waiver is revoked."),
        BulkWaiveForm,
        lambda item: bool(item.gaps) and item.delegation.status != DelegationStatus.NOT_ATTENDING,
        _waive, acceptances=_acceptances_after_waiving,
    ),
)  # fmt: skip


def redirect_to_bulk_action(request: HttpRequest, slug: str, delegations: "QuerySet[Delegation]") -> HttpResponse:
    """Redirect to the page of the bulk action `slug`, for the first `MAX_DELEGATIONS` of `delegations`.

    A flash message says how many more were selected.
    """
    pks = list(delegations.values_list("pk", flat=True)[:MAX_DELEGATIONS])
    left_out = delegations.count() - len(pks)
    if left_out > 0:
        text = ngettext(
            "No more than %(most)s delegations are decided on at once: %(count)s that you chose is left out, the last "
            "one of the list. Choose it again afterwards.",
            "No more than %(most)s delegations are decided on at once: %(count)s that you chose are left out, the last "
            "ones of the list. Choose them again afterwards.",
            left_out,
        )
        messages.warning(request, text % {"most": MAX_DELEGATIONS, "count": left_out})
    return redirect(f"{reverse(f'admin:bulk-{slug}')}?{urlencode([('delegation', pk) for pk in pks])}")


def bulk_action_page(site: AdminSite, action: BulkAction, request: HttpRequest) -> HttpResponse:
    """Show the selected delegations with one form, and apply the action to each on POST.

    Delegations that the action does not apply to are named and left out. Refused ones are shown again, with the text
    that was typed.
    """
    is_from_queue = request.GET.get(FROM_PARAM) == FROM_REVIEW_QUEUE
    back = reverse("admin:review-queue" if is_from_queue else "admin:registrations_delegation_changelist")
    data = request.POST if request.method == "POST" else None
    selected = _selected_delegations(request)
    applicable, left_out = _split_by_applicability(selected, action)
    form = action.form(data, selected=applicable)
    if applicable and form.is_valid():
        refused = [item.delegation.pk for item in applicable if not _apply(request, action, item, form)]
        # Somebody else may have decided on them since the page was shown.
        for delegation in left_out:
            _warn_unchanged(
                request,
                delegation,
                _("this does not fit its state, “%(state)s”") % {"state": delegation.get_status_display()},
            )
        if not (refused and any(form.free_texts())):
            return redirect(back)
        selected = load_selected(_delegations_by_name(refused))
        applicable, left_out = _split_by_applicability(selected, action)
        form = action.form(data, selected=applicable)
    query = [("delegation", item.delegation.pk) for item in selected] + (
        [(FROM_PARAM, FROM_REVIEW_QUEUE)] if is_from_queue else []
    )
    context = site.each_context(request) | {
        "opts": Delegation._meta,
        "title": action.title,
        "explanation": action.explanation,
        "verb": action.verb,
        "selected": applicable,
        "left_out": left_out,
        "form": form,
        "action": f"{request.path}?{urlencode(query)}",
        # Without a form, the page shows what was typed as text.
        "typed_texts": []
        if applicable or data is None
        else [text for name, text in data.items() if name in FREE_TEXT_FIELDS and text],
        "accepted": action.acceptances(applicable),
        "back": back,
    }
    return TemplateResponse(request, "admin/registrations/delegation/bulk_action.html", context)


def _split_by_applicability(
    selected: Sequence[SelectedDelegation], action: BulkAction
) -> tuple[list[SelectedDelegation], list[Delegation]]:
    """Return the selected delegations that `action` applies to, and the others."""
    applicable = [item for item in selected if action.is_applicable(item)]
    return applicable, [item.delegation for item in selected if not action.is_applicable(item)]


def _apply(request: HttpRequest, action: BulkAction, selected: SelectedDelegation, form: BulkActionForm) -> bool:
    """Apply `action` to one delegation and add a flash message; return False where a rule refuses it."""
    try:
        text = action.apply(selected, form, staff_user(request), timezone.now())
    except RuleBroken as broken:
        _warn_unchanged(request, selected.delegation, broken.message)
        return False
    messages.success(request, text % {"body": selected.delegation.body})
    return True


def _warn_unchanged(request: HttpRequest, delegation: Delegation, reason: object) -> None:
    messages.warning(request, _("%(body)s stays as it is: %(why)s") % {"body": delegation.body, "why": reason})


def _selected_delegations(request: HttpRequest) -> Sequence[SelectedDelegation]:
    """Return the delegations in the query string; on POST, with the fingerprint that the page showed."""
    ids = [
        int(pk)
        for pk in request.GET.getlist("delegation")[:MAX_DELEGATIONS]
        if pk.isascii() and pk.isdecimal() and len(pk) < 19
    ]
    return load_selected(_delegations_by_name(ids), shown_fingerprints=request.POST)


def _delegations_by_name(ids: Sequence[int]) -> "QuerySet[Delegation]":
    return Delegation.objects.filter(pk__in=ids).order_by("body__name_en", "pk")


def load_selected(
    delegations: "QuerySet[Delegation]", *, shown_fingerprints: Mapping[str, str] | None = None
) -> Sequence[SelectedDelegation]:
    """Load what the pages show of `delegations`. Eight queries, however many there are.

    `shown_fingerprints` holds, by `seen-<pk>`, those in the user's form; without it, the present ones count as shown.
    """
    rows: Any = delegations.annotate(lacks_letter=lacking_letter())
    webinars = named_webinar(now=timezone.now())
    found = list(rows.select_related("body").prefetch_related(webinars, "webinar__policy"))
    seats = seats_of_delegations(found)
    history = latest_history([delegation.pk for delegation in found])
    selected = []
    for delegation in found:
        counts, events = seats[delegation.pk], history.get(delegation.pk, ())
        current = fingerprint_of(delegation, counts, lacks_letter=delegation.lacks_letter)
        shown = (shown_fingerprints or {}).get(f"seen-{delegation.pk}", current)
        selected.append(SelectedDelegation(delegation, counts, delegation.lacks_letter, shown, events))
    return selected
