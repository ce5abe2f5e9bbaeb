"""One decision about several delegations: looked at together, taken one by one, each outcome told."""

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

from registrations.admin.base import staff_of
from registrations.exceptions import RuleBroken
from registrations.forms.secretariat import (
    TYPED,
    BulkAcceptForm,
    BulkActionForm,
    BulkReturnForm,
    BulkWaiveForm,
    Chosen,
)
from registrations.models import Delegation, DelegationStatus, User
from registrations.queries import fingerprint_of
from registrations.queries.acceptance import Acceptances, acceptances_of, is_accepted_at_once
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import seats_of_many
from registrations.queries.review_queue import latest_history
from registrations.services.acceptance_messages import message_if_accepted
from registrations.services.delegations import accept_delegation, return_delegation, waive_gaps

# More than there are countries; a webinar's list shows as many on a page.
MOST = 100
# What the address of a step says where it was opened in the queue, to which it then leads back.
FROM, QUEUE = "from", "waiting"


@dataclass(frozen=True)
class BulkAction:
    """A decision about several delegations at once.

    `take` decides about one delegation and returns the message to show; `fits` tells whether a delegation can be
    decided this way; `accepts` returns the delegations that the rules would accept after it.
    """

    slug: str
    title: Promise
    verb: Promise
    explanation: Promise
    form: type[BulkActionForm]
    fits: Callable[[Chosen], bool]
    take: Callable[[Chosen, Any, User, datetime], str]
    accepts: Callable[[Sequence[Chosen]], Acceptances] = lambda chosen: Acceptances()


def _accept(one: Chosen, form: Any, by: User, now: datetime) -> str:
    with_gap = bool(form.cleaned_data.get("with_gap"))
    comment = form.comment_for(one.delegation)
    accept_delegation(one.delegation, by=by, now=now, comment=comment, with_gap=with_gap, seen=one.seen)
    return _("%(body)s is accepted.")


def _return(one: Chosen, form: Any, by: User, now: datetime) -> str:
    return_delegation(one.delegation, comment=form.comment_for(one.delegation), by=by, now=now, seen=one.seen)
    return _("%(body)s is returned with your comment.")


def _waive(one: Chosen, form: Any, by: User, now: datetime) -> str:
    waive_gaps(one.delegation, reason=form.cleaned_data["reason"], by=by, now=now, seen=one.seen)
    said = _("What %(body)s lacks is waived.")
    return f"{said} {message_if_accepted(one.delegation)}".strip()


def _accepted_once_waived(chosen: Sequence[Chosen]) -> Acceptances:
    """Those that lack nothing but seats, and whose webinar accepts at once what is complete."""
    return acceptances_of(
        one.delegation
        for one in chosen
        if _is_submitted(one) and not one.lacks_letter and is_accepted_at_once(one.delegation)
    )


def _is_submitted(one: Chosen) -> bool:
    return one.delegation.status == DelegationStatus.SUBMITTED


SEVERAL = (
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
        lambda one: bool(one.gaps) and one.delegation.status != DelegationStatus.NOT_ATTENDING,
        _waive, accepts=_accepted_once_waived,
    ),
)  # fmt: skip


def apply_to_all(request: HttpRequest, slug: str, delegations: "QuerySet[Delegation]") -> HttpResponse:
    """To the page on which the chosen delegations are decided on: the first `MOST` of the list, and how many not."""
    pks = list(delegations.values_list("pk", flat=True)[:MOST])
    left_out = delegations.count() - len(pks)
    if left_out > 0:
        said = ngettext(
            "No more than %(most)s delegations are decided on at once: %(count)s that you chose is left out, the last "
            "one of the list. Choose it again afterwards.",
            "No more than %(most)s delegations are decided on at once: %(count)s that you chose are left out, the last "
            "ones of the list. Choose them again afterwards.",
            left_out,
        )
        messages.warning(request, said % {"most": MOST, "count": left_out})
    return redirect(f"{reverse(f'admin:{slug}-several')}?{urlencode([('delegation', pk) for pk in pks])}")


def bulk_action_page(site: AdminSite, step: BulkAction, request: HttpRequest) -> HttpResponse:
    """What each of them looks like, and one form; those that the step does not fit are named and left out.

    Where some are refused, they are shown again with what was typed for them.
    """
    is_from_queue = request.GET.get(FROM) == QUEUE
    back = reverse("admin:waiting-delegations" if is_from_queue else "admin:registrations_delegation_changelist")
    sent = request.POST if request.method == "POST" else None
    chosen = _chosen(request)
    fitting = [one for one in chosen if step.fits(one)]
    left_out = [one.delegation for one in chosen if not step.fits(one)]
    form = step.form(sent, chosen=fitting)
    if fitting and form.is_valid():
        refused = [one.delegation.pk for one in fitting if not _take(request, step, one, form)]
        # Also those that somebody else has decided on since they were shown.
        for delegation in left_out:
            _stays(
                request,
                delegation,
                _("this does not fit its state, “%(state)s”") % {"state": delegation.get_status_display()},
            )
        if not (refused and any(form.typed())):
            return redirect(back)
        chosen = chosen_from(_by_name(refused))
        fitting = [one for one in chosen if step.fits(one)]
        left_out = [one.delegation for one in chosen if not step.fits(one)]
        form = step.form(sent, chosen=fitting)
    query = [("delegation", one.delegation.pk) for one in chosen] + ([(FROM, QUEUE)] if is_from_queue else [])
    context = site.each_context(request) | {
        "opts": Delegation._meta,
        "title": step.title,
        "explanation": step.explanation,
        "verb": step.verb,
        "chosen": fitting,
        "left_out": left_out,
        "form": form,
        "action": f"{request.path}?{urlencode(query)}",
        # Without a form that would carry it.
        "typed": [] if fitting or sent is None else [text for name, text in sent.items() if name in TYPED and text],
        "accepted": step.accepts(fitting),
        "back": back,
    }
    return TemplateResponse(request, "admin/registrations/delegation/several.html", context)


def _take(request: HttpRequest, step: BulkAction, one: Chosen, form: BulkActionForm) -> bool:
    """Whether it is done. One refusal stops nobody else."""
    try:
        told = step.take(one, form, staff_of(request), timezone.now())
    except RuleBroken as broken:
        _stays(request, one.delegation, broken.message)
        return False
    messages.success(request, told % {"body": one.delegation.body})
    return True


def _stays(request: HttpRequest, delegation: Delegation, why: object) -> None:
    messages.warning(request, _("%(body)s stays as it is: %(why)s") % {"body": delegation.body, "why": why})


def _chosen(request: HttpRequest) -> Sequence[Chosen]:
    """The delegations of the address; sent, each as it was seen."""
    ids = [
        int(pk) for pk in request.GET.getlist("delegation")[:MOST] if pk.isascii() and pk.isdecimal() and len(pk) < 19
    ]
    return chosen_from(_by_name(ids), seen=request.POST)


def _by_name(ids: Sequence[int]) -> "QuerySet[Delegation]":
    return Delegation.objects.filter(pk__in=ids).order_by("body__name_en", "pk")


def chosen_from(delegations: "QuerySet[Delegation]", *, seen: Mapping[str, str] | None = None) -> Sequence[Chosen]:
    """`delegations` as they are now, each with what `seen` says that it looked like. Six queries, however many."""
    rows: Any = delegations.annotate(lacks_letter=lacking_letter())
    found = list(rows.select_related("webinar__policy", "body"))
    seats = seats_of_many(found)
    history = latest_history([one.pk for one in found])
    chosen = []
    for one in found:
        now = fingerprint_of(one, seats[one.pk], lacks_letter=one.lacks_letter)
        was = (seen or {}).get(f"seen-{one.pk}", now)
        chosen.append(Chosen(one, seats[one.pk], one.lacks_letter, was, history.get(one.pk, ())))
    return chosen
