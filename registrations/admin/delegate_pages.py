"""Admin pages that register, edit, replace, withdraw and restore a delegate. Each calls one service."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user
from registrations.admin.history_text import describe_events
from registrations.admin.links import message_with_link_to_maximum
from registrations.exceptions import EditConflict, QuotaFull, RuleBroken
from registrations.forms.delegates import (
    DelegateForm,
    EditForm,
    RestoreForm,
    WithdrawForm,
    conflicting_fields,
    initial_from_delegate,
)
from registrations.forms.errors import add_broken_rule
from registrations.forms.speakers import SpeakerForm
from registrations.models import Delegate, Delegation, DelegationStatus, HistoryEvent
from registrations.queries import lacks_letter, mail_state_of, seats_of
from registrations.queries.incoming_mail import answers_to_confirm
from registrations.queries.participant import is_invited
from registrations.queries.speakers import speakers_among
from registrations.services.acceptance_messages import (
    message_before_registering,
    message_before_replacing,
    message_before_restoring,
    message_if_accepted,
)
from registrations.services.deliveries import resend_flash_message, send_invitations_again
from registrations.services.missing_message import message_of_missing
from registrations.services.nominations import (
    edit_delegate,
    register_with_seats,
    replace_delegate,
    withdraw_delegate,
    withdrawing_leaves_gap,
)
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.speakers import link_speaker
from sessions_app.admin.base import change_url
from sessions_app.forms import focus_first


def register_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Register a delegate for any delegation, also for an organisation's.

    "Save and name another" leads to the same page again, with the same profile and the message of what is missing.
    """
    delegation = get_object_or_404(Delegation.objects.select_related("webinar", "body"), pk=pk)
    seats = seats_of(delegation)
    profile_pk = next((seat.profile.pk for seat in seats if seat.profile.code == request.GET.get("profile")), None)
    names_another = "another" in request.POST
    form = DelegateForm(
        _post_data(request),
        delegation=delegation,
        profiles=[seat.profile for seat in seats],
        exclude={"version"},
        initial={"profile": profile_pk},
    )

    if not form.is_bound:
        focus_first(form)

    def register() -> str:
        named = register_with_seats(delegation, details=form.details(), by=staff_user(request), now=timezone.now())
        if not names_another:
            return _("%(name)s is named for %(body)s.") % {"name": named.delegate.name, "body": delegation.body}
        missing = message_of_missing(named.delegation.seats, lacks_letter=named.delegation.lacks_letter)
        return _("%(name)s is named.") % {"name": named.delegate.name} + missing

    return _process_form(
        site,
        request,
        form,
        register,
        delegation=delegation,
        seats=seats,
        title=_("Name someone for %(body)s") % {"body": delegation.body},
        warning=message_before_registering(delegation, seats, lacks_letter=lacks_letter(delegation)),
        verb=_("Name this person"),
        next_url=_url_to_name_another(delegation, form) if names_another else None,
        can_name_another=True,
    )


def person_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Show one delegate with the history; an active one can be edited."""
    delegate = _get_delegate(pk)
    seats = seats_of(delegate.delegation)
    form = EditForm(
        _post_data(request),
        delegation=delegate.delegation,
        seats=seats,
        initial=initial_from_delegate(delegate),
    )
    mail = mail_state_of(delegate, now=timezone.now())

    def save() -> str:
        person = edit_delegate(
            delegate, details=form.details(), **form.version_and_reason(), by=staff_user(request), now=timezone.now()
        )
        return _("What is said about %(name)s is saved.") % {"name": person.name}

    return _process_form(
        site,
        request,
        form,
        save,
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
        to_confirm=list(answers_to_confirm(now=timezone.now()).filter(delegate=delegate)),
        can_be_sent_again=is_invited(delegate) and mail.can_be_resent(timezone.now(), by=staff_user(request)),
        history=describe_events(HistoryEvent.objects.filter(delegate=delegate).select_related("actor")),
    )


def replace_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Replace a delegate by a new person, who takes the seat."""
    delegate = _get_delegate(pk)
    seats = seats_of(delegate.delegation)
    form = DelegateForm(
        _post_data(request),
        delegation=delegate.delegation,
        profiles=[],
        exclude={"profile"},
        initial={"version": delegate.version, "role": delegate.role},
    )

    def replace() -> str:
        newcomer = replace_delegate(
            delegate, details=form.details(), **form.version_and_reason(), by=staff_user(request), now=timezone.now()
        )
        return _("%(newcomer)s takes the seat of %(name)s.") % {"newcomer": newcomer.name, "name": delegate.name}

    return _process_form(
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
    """Withdraw a delegate, with a reason if this opens a gap."""
    delegate = _get_delegate(pk)
    seats = seats_of(delegate.delegation)
    form = WithdrawForm(
        _post_data(request),
        leaves_gap=withdrawing_leaves_gap(delegate, seats, now=timezone.now()),
        initial={"version": delegate.version},
    )

    def withdraw() -> str:
        withdraw_delegate(delegate, **form.version_and_reason(), by=staff_user(request), now=timezone.now())
        return _("%(name)s is withdrawn; the invitations are taken back.") % {"name": delegate.name}

    return _process_form(
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
    """Undo the withdrawal or the replacement of a delegate."""
    delegate = _get_delegate(pk)
    seats = seats_of(delegate.delegation)
    form = RestoreForm(_post_data(request))

    def restore() -> str:
        restore_delegate(delegate, by=staff_user(request), now=timezone.now())
        return _("%(name)s takes part again.") % {"name": delegate.name}

    return _process_form(
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
    """Link a delegate to their entry as a speaker on the agenda."""
    delegate = _get_delegate(pk)
    form = SpeakerForm(_post_data(request), delegate=delegate)

    def link() -> str:
        person = link_speaker(delegate, **form.cleaned_data, by=staff_user(request), now=timezone.now())
        if person.speaker is None:
            return _("%(name)s does not speak.") % {"name": person.name}
        return _("%(name)s is %(speaker)s on the agenda.") % {"name": person.name, "speaker": person.speaker}

    return _process_form(
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
    """Send the delegate's invitations again on POST; a GET leads to the delegate's page."""
    delegate = _get_delegate(pk)
    if request.method == "POST":
        try:
            count = send_invitations_again(delegate, by=staff_user(request), now=timezone.now())
        except RuleBroken as broken:
            messages.warning(request, str(broken.message))
        else:
            messages.success(request, resend_flash_message(delegate, count))
    return redirect(change_url(delegate))


def _url_to_name_another(delegation: Delegation, form: BaseForm) -> str:
    """Return the address of the page that names a person of the profile in the submitted `form`."""
    url = reverse("admin:register-delegate", args=[delegation.pk])
    profile = form.cleaned_data.get("profile") if form.is_valid() else None
    return f"{url}?{urlencode({'profile': profile.code})}" if profile is not None else url


def _get_delegate(pk: int) -> Delegate:
    related = ("delegation__webinar", "delegation__body", "webinar", "profile", "speaker", "replaced_by")
    return get_object_or_404(Delegate.objects.select_related(*related), pk=pk)


def _post_data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _process_form(
    site: AdminSite,
    request: HttpRequest,
    form: BaseForm,
    apply: Callable[[], str],
    *,
    delegation: Delegation,
    next_url: str | None = None,
    **extra_context: object,
) -> HttpResponse:
    """Call `apply` if the form is valid, and redirect to `next_url` or the delegation; otherwise show the form.

    Where someone else saved the delegate meanwhile, the page shows both versions, and sending the form again overwrites
    theirs.
    """
    back = change_url(delegation)
    if form.is_valid():
        try:
            messages.success(request, f"{apply()} {message_if_accepted(delegation)}".strip())
        except RuleBroken as broken:
            if isinstance(broken, QuotaFull):
                broken.message = message_with_link_to_maximum(broken, delegation)
            add_broken_rule(form, broken)
            if isinstance(broken, EditConflict):
                extra_context["stale"] = conflicting_fields(form, broken)
        else:
            return redirect(next_url or back)
    context = site.each_context(request) | {
        "opts": Delegate._meta,
        "delegation": delegation,
        "form": form,
        "is_attending": delegation.status != DelegationStatus.NOT_ATTENDING,
        "back": back,
        **extra_context,
    }
    return TemplateResponse(request, "admin/registrations/delegate/page.html", context)
