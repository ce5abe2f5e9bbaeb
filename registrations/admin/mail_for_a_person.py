"""The list of the mail that only a person can deal with, and the page of one."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.base import local_time_text, staff_user
from registrations.admin.filters import WaitingFilter
from registrations.exceptions import RuleBroken
from registrations.forms.call_notes import CallNoteForm
from registrations.forms.errors import add_broken_rule
from registrations.models import AttentionReason, Delegation, MailForAPerson
from registrations.models.call_note import MAX_NOTE_LENGTH
from registrations.queries.accounts import staff_accounts
from registrations.queries.incoming_mail import bodies_of, delegations_to_note_on
from registrations.services.inbox.mail_for_a_person import mark_as_dealt_with
from registrations.services.inbox.noting import note_mail
from sessions_app.admin.base import ReadOnlyAdmin

EXCERPT_IN_LIST = 140


class DealtWithFilter(WaitingFilter):
    """Mail that waits, at first; mail that was dealt with."""

    title = gettext_lazy("dealt with")
    parameter_name = "dealt_with"
    label_of_waiting = gettext_lazy("To be dealt with")

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _("Dealt with"))]

    def waiting(self, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        return rows.filter(dealt_with_at__isnull=True)

    def filter_rows(self, rows: "QuerySet[Any]", value: str) -> "QuerySet[Any]":
        return rows.filter(dealt_with_at__isnull=False)


@admin.register(MailForAPerson)
class MailForAPersonAdmin(ReadOnlyAdmin[MailForAPerson]):
    """Mail for a person: it is read and marked here, and answered in the mailbox."""

    list_display = ["subject_or_reason", "reason", "sender", "known_as", "first_lines", "received_at", "dealt_with"]
    list_display_links = ["subject_or_reason"]
    list_filter = [DealtWithFilter, "reason"]
    list_select_related = ["delegate__delegation__body", "user", "dealt_with_by"]
    search_fields = ["sender_name", "sender_address", "subject"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["mark"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[MailForAPerson]":
        return super().get_queryset(request).prefetch_related("user__focal_points__body")

    @admin.display(description=gettext_lazy("subject"), ordering="subject")
    def subject_or_reason(self, mail: MailForAPerson) -> str:
        return mail.subject or mail.get_reason_display()

    @admin.display(description=gettext_lazy("from"), ordering="sender_address")
    def sender(self, mail: MailForAPerson) -> str:
        return f"{mail.sender_name} {mail.sender_address}".strip()

    @admin.display(description=gettext_lazy("known as"))
    def known_as(self, mail: MailForAPerson) -> SafeString:
        """Return the person or account that has the address, with the country; of a bounce it is a guess."""
        return render_to_string("admin/parts/mail_sender.html", {"mail": mail})

    @admin.display(description=gettext_lazy("first lines"))
    def first_lines(self, mail: MailForAPerson) -> str:
        return Truncator(mail.excerpt).chars(EXCERPT_IN_LIST)

    @admin.display(description=gettext_lazy("dealt with"), ordering="dealt_with_at")
    def dealt_with(self, mail: MailForAPerson) -> str | SafeString | None:
        if mail.dealt_with_at is None:
            return None
        return format_html("{}, {}", local_time_text(mail.dealt_with_at), mail.dealt_with_by)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Every account that may see the list may mark the mail as dealt with."""
        return self.has_view_permission(request)

    @admin.action(description=gettext_lazy("Mark as dealt with"), permissions=["act"])
    def mark(self, request: HttpRequest, mails: "QuerySet[MailForAPerson]") -> None:
        self._mark(request, list(mails.order_by().values_list("pk", flat=True)))

    def _mark(self, request: HttpRequest, chosen: list[int]) -> None:
        count = mark_as_dealt_with(chosen, by=staff_user(request), now=timezone.now())
        if count:
            text = ngettext(
                "%(count)s mail is marked as dealt with.", "%(count)s mails are marked as dealt with.", count
            )
            messages.success(request, text % {"count": count})
        else:
            messages.warning(request, _("All of it was dealt with before."))

    # One --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [path("<int:pk>/dealt-with/", view(self.mark_one), name="deal-with-mail"), *super().get_urls()]

    def mark_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark one mail as dealt with on POST; a GET leads to its page."""
        mail = get_object_or_404(MailForAPerson, pk=pk)
        if request.method != "POST":
            return redirect("admin:registrations_mailforaperson_change", mail.pk)
        self._mark(request, [mail.pk])
        return redirect("admin:registrations_mailforaperson_changelist")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one mail with a form that notes it on the page of a country; a POST saves the note."""
        mail = self.get_object_or_404(request, object_id)
        if not self.has_view_permission(request, mail):
            raise PermissionDenied
        now = timezone.now()
        form = _note_form(request, mail, now=now)
        if form.is_valid():
            try:
                note = note_mail(mail, **form.cleaned_data, by=staff_user(request), now=now)
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                messages.success(request, _("The note is kept, and the mail is marked as dealt with."))
                return redirect("admin:country", note.delegation.body.slug)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": mail.subject or mail.get_reason_display(),
            "mail": mail,
            "is_guess": mail.reason == AttentionReason.UNKNOWN_BOUNCE,
            "form": form,
        }
        return TemplateResponse(request, "admin/registrations/mailforaperson/page.html", context)


def _note_form(request: HttpRequest, mail: MailForAPerson, *, now: datetime) -> CallNoteForm:
    """Return the form that notes `mail`, filled in: about the delegation of the known person if there is one."""
    delegations = delegations_to_note_on(bodies_of(mail), now=now)
    return CallNoteForm(
        request.POST if request.method == "POST" else None,
        delegations=[(delegation, _label(delegation)) for delegation in delegations],
        staff=staff_accounts(),
        initial={"delegation": _preselected(mail, delegations), "text": _prefilled_text(mail)},
    )


def _label(delegation: Delegation) -> str:
    return f"{delegation.body} · {delegation.webinar}"


def _preselected(mail: MailForAPerson, delegations: list[Delegation]) -> str:
    """Return the key of the known person's delegation, else of the only one to choose, else the empty string."""
    keys = [delegation.pk for delegation in delegations]
    if mail.delegate is not None and mail.delegate.delegation_id in keys:
        return str(mail.delegate.delegation_id)
    return str(keys[0]) if len(keys) == 1 else ""


def _prefilled_text(mail: MailForAPerson) -> str:
    sender = mail.sender_name or mail.sender_address
    heading = _("Mail from %(sender)s of %(when)s: %(subject)s") % {
        "sender": sender or _("an unknown sender"),
        "when": local_time_text(mail.received_at),
        "subject": mail.subject or mail.get_reason_display(),
    }
    return f"{heading}\n{mail.excerpt}".strip()[:MAX_NOTE_LENGTH]
