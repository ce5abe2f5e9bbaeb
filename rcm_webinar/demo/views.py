"""The demo's own pages: the accounts to sign in with, and every message that was sent."""

from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from rcm_webinar.demo.accounts import PASSWORD, list_accounts
from rcm_webinar.demo.mailbox import Mail, MailNotFound, list_mail, read_mail

MESSAGES_PER_PAGE = 100
# The HTML of a mail must not run scripts or load anything; its links open in a new tab.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """List the accounts to sign in with."""
    users = list_accounts().filter(is_active=True)
    return render(request, "demo/start.html", {"users": users, "password": PASSWORD})


@never_cache
@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """List the messages that were sent, the newest first."""
    address = request.GET.get("to", "")
    summaries = list_mail(_folder(), address=address)
    page = Paginator(summaries, MESSAGES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "demo/mail_list.html", {"page": page, "address": address})


@never_cache
@require_safe
def mail_message(request: HttpRequest, stem: str) -> HttpResponse:
    """Show one message with its parts, its links and its calendar entry."""
    return render(request, "demo/mail_message.html", {"mail": _mail_or_404(stem)})


@csp(MAIL_POLICY)  # type: ignore[arg-type]  # typed for views without further arguments
@xframe_options_sameorigin
@never_cache
@require_safe
def mail_body(request: HttpRequest, stem: str) -> HttpResponse:
    """Answer the HTML part, which the message's page shows in a sandboxed frame."""
    return HttpResponse(f'<base target="_blank">{_mail_or_404(stem).html}')


@never_cache
@require_safe
def mail_calendar(request: HttpRequest, stem: str) -> HttpResponse:
    """Answer the calendar part as a file for a calendar program."""
    mail = _mail_or_404(stem)
    if not mail.calendar:
        raise Http404(_("This message carries no calendar."))
    return HttpResponse(
        mail.calendar,
        content_type=f"text/calendar; charset=utf-8; method={mail.ical_method}",
        headers={"Content-Disposition": f'attachment; filename="{stem}.ics"'},
    )


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _mail_or_404(stem: str) -> Mail:
    try:
        return read_mail(_folder(), stem)
    except MailNotFound:
        raise Http404(_("There is no such message.")) from None
