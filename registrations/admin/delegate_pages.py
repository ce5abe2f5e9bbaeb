"""The pages of one person: name, change, replace, withdraw, bring back, invite once more. Each is one service."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.base import staff_of
from registrations.admin.history_text import readable
from registrations.exceptions import EditConflict, RuleBroken
from registrations.forms.delegates import DelegateForm, EditForm, RestoreForm, WithdrawForm, both_versions, typed_of
from registrations.forms.errors import add_broken_rule
from registrations.forms.speakers import SpeakerForm
from registrations.models import Delegate, Delegation, DelegationStatus, HistoryEvent
from registrations.queries import SeatCount, lacks_letter, mail_state_of, seats_of
from registrations.queries.participant import is_invited
from registrations.queries.speakers import speakers_among
from registrations.services.acceptance_messages import (
    message_before_registering,
    message_before_replacing,
    message_before_restoring,
    message_if_accepted,
)
from registrations.services.deliveries import said_of_sending_again, send_invitations_again
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
    withdrawing_leaves_gap,
)
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.speakers import link_speaker
from sessions_app.admin.base import change_url

Seats = tuple[SeatCount, ...]


def register_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Name someone for any delegation, that of an organisation included."""
    delegation = get_object_or_404(Delegation.objects.select_related("webinar", "body"), pk=pk)
    seats = seats_of(delegation)
    chosen = next((seat.profile.pk for seat in seats if seat.profile.code == request.GET.get("profile")), None)
    form = DelegateForm(
        _sent(request),
        delegation=delegation,
        profiles=[seat.profile for seat in seats],
        without={"version"},
        initial={"profile": chosen},
    )

    def register() -> str:
        person = register_delegate(delegation, details=form.details(), by=staff_of(request), now=timezone.now())
        return _("%(name)s is named for %(body)s.") % {"name": person.name, "body": delegation.body}

    return _answer(
        site,
        request,
        form,
        register,
        delegation=delegation,
        seats=seats,
        title=_("Name someone for %(body)s") % {"body": delegation.body},
        warning=message_before_registering(delegation, seats, lacks_letter=lacks_letter(delegation)),
        verb=_("Name this person"),
    )


def person_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """One person with their history: who takes part can be changed, who has left is shown."""
    delegate = _person(pk)
    seats = seats_of(delegate.delegation)
    form = EditForm(
        _sent(request),
        delegation=delegate.delegation,
        seats=seats,
        initial=typed_of(delegate),
    )
    mail = mail_state_of(delegate)

    def edit() -> str:
        person = edit_delegate(
            delegate, details=form.details(), **form.version_and_reason(), by=staff_of(request), now=timezone.now()
        )
        return _("What is said about %(name)s is saved.") % {"name": person.name}

    return _answer(
        site,
        request,
        form,
        edit,
        delegate=delegate,
        delegation=delegate.delegation,
        seats=seats,
        title=delegate.name,
        verb=_("Save"),
        warning=message_before_registering(
            delegate.delegation, seats, lacks_letter=lacks_letter(delegate.delegation), newcomers=0
        )
        if delegate.is_active
        else "",
        is_person_page=True,
        speaking=next(iter(speakers_among([delegate])), None),
        mail=mail,
        can_be_sent_again=is_invited(delegate) and mail.can_be_sent_again_at(timezone.now(), by=staff_of(request)),
        history=readable(HistoryEvent.objects.filter(delegate=delegate).select_related("actor")),
    )


def replace_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    delegate = _person(pk)
    seats = seats_of(delegate.delegation)
    form = DelegateForm(
        _sent(request),
        delegation=delegate.delegation,
        profiles=[],
        without={"profile"},
        initial={"version": delegate.version, "role": delegate.role},
    )

    def replace() -> str:
        newcomer = replace_delegate(
            delegate, details=form.details(), **form.version_and_reason(), by=staff_of(request), now=timezone.now()
        )
        return _("%(newcomer)s takes the seat of %(name)s.") % {"newcomer": newcomer.name, "name": delegate.name}

    return _answer(
        site,
        request,
        form,
        replace,
        delegate=delegate,
        delegation=delegate.delegation,
        seats=seats,
        title=_("Replace %(name)s") % {"name": delegate.name},
        verb=_("Replace"),
        explanation=_("Enter the new person, who takes the seat: the quota stays whole, and both are told."),
        warning=message_before_replacing(delegate, seats, lacks_letter=lacks_letter(delegate.delegation)),
    )


def withdraw_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    delegate = _person(pk)
    seats = seats_of(delegate.delegation)
    form = WithdrawForm(
        _sent(request),
        leaves_gap=withdrawing_leaves_gap(delegate, seats, now=timezone.now()),
        initial={"version": delegate.version},
    )

    def withdraw() -> str:
        withdraw_delegate(delegate, **form.version_and_reason(), by=staff_of(request), now=timezone.now())
        return _("%(name)s is withdrawn; the invitations are taken back.") % {"name": delegate.name}

    return _answer(
        site,
        request,
        form,
        withdraw,
        delegate=delegate,
        delegation=delegate.delegation,
        seats=seats,
        title=_("Withdraw %(name)s") % {"name": delegate.name},
        verb=_("Withdraw"),
        explanation=_("The seat is free again and the personal links end. To keep the quota whole, replace instead."),
    )


def restore_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    delegate = _person(pk)
    seats = seats_of(delegate.delegation)
    form = RestoreForm(_sent(request))

    def restore() -> str:
        restore_delegate(delegate, by=staff_of(request), now=timezone.now())
        return _("%(name)s takes part again.") % {"name": delegate.name}

    return _answer(
        site,
        request,
        form,
        restore,
        delegate=delegate,
        delegation=delegate.delegation,
        seats=seats,
        title=_("Bring %(name)s back") % {"name": delegate.name},
        verb=_("Bring back"),
        explanation=_("A person who took the seat meanwhile is withdrawn."),
        warning=message_before_restoring(
            delegate, seats, lacks_letter=lacks_letter(delegate.delegation), now=timezone.now()
        ),
    )


def speaker_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    delegate = _person(pk)
    form = SpeakerForm(_sent(request), delegate=delegate)

    def link() -> str:
        person = link_speaker(delegate, **form.cleaned_data, by=staff_of(request), now=timezone.now())
        if person.speaker is None:
            return _("%(name)s does not speak.") % {"name": person.name}
        return _("%(name)s is %(speaker)s on the agenda.") % {"name": person.name, "speaker": person.speaker}

    return _answer(
        site,
        request,
        form,
        link,
        delegate=delegate,
        delegation=delegate.delegation,
        title=_("%(name)s on the agenda") % {"name": delegate.name},
        verb=_("Save"),
        explanation=_(
            "Say which person of the agenda this is. Nothing on the agenda changes; the lists then show who of its "
            "speakers gets no invitation yet."
        ),
    )


def send_again_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Send the person their invitations once more; opening the address only leads to their page."""
    delegate = _person(pk)
    if request.method == "POST":
        try:
            count = send_invitations_again(delegate, by=staff_of(request), now=timezone.now())
        except RuleBroken as broken:
            messages.warning(request, str(broken.message))
        else:
            messages.success(request, said_of_sending_again(delegate, count))
    return redirect(change_url(delegate))


def _person(pk: int) -> Delegate:
    related = ("delegation__webinar", "delegation__body", "webinar", "profile", "speaker", "replaced_by")
    return get_object_or_404(Delegate.objects.select_related(*related), pk=pk)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _answer(
    site: AdminSite,
    request: HttpRequest,
    form: BaseForm,
    take: Callable[[], str],
    *,
    delegation: Delegation,
    **shown: object,
) -> HttpResponse:
    """Take the step if the form holds, and go to the delegation; else the page with what was typed.

    Where someone else was quicker, both versions stand side by side, and sending the form again is a decision.
    """
    back = change_url(delegation)
    if form.is_valid():
        try:
            messages.success(request, f"{take()} {message_if_accepted(delegation)}".strip())
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            if isinstance(broken, EditConflict):
                shown["stale"] = both_versions(form, broken)
        else:
            return redirect(back)
    context = site.each_context(request) | {
        "opts": Delegate._meta,
        "delegation": delegation,
        "form": form,
        "is_attending": delegation.status != DelegationStatus.NOT_ATTENDING,
        "back": back,
        **shown,
    }
    return TemplateResponse(request, "admin/registrations/delegate/page.html", context)
