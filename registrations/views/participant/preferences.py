"""Pages on which participants decline all sessions, and choose their language and time zone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registrations.exceptions import InvalidInput, RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.participant import CannotComeForm, PreferencesForm
from registrations.models import Delegate
from registrations.queries.participant import is_invited, sessions_ahead_of
from registrations.services.answers import decline_sessions_ahead
from registrations.services.preferences import choose_language_and_zone
from registrations.tokens import Scope, make_token
from registrations.views.participant.links import not_invited_response, participant_view, read_page_token

FORM_METHODS = ["GET", "HEAD", "POST"]


@participant_view(read_page_token)
@require_http_methods(FORM_METHODS)
def cannot_come_page(request: HttpRequest, delegate: Delegate) -> HttpResponse:
    """Ask for a reason and a confirmation; a POST declines every session ahead."""
    if not is_invited(delegate):
        return not_invited_response(request, delegate)
    now, token = timezone.now(), make_token(delegate, Scope.PAGE)
    form = CannotComeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            decline_sessions_ahead(delegate, reason=form.cleaned_data["reason"], now=now)
        except InvalidInput as error:
            add_broken_rule(form, error)
        except RuleBroken as broken:
            messages.error(request, str(broken.message))
            return redirect("registrations:my", token=token)
        else:
            messages.success(
                request, _("Thank you for telling us. You have said no to every session ahead, and we pass it on.")
            )
            return redirect("registrations:my", token=token)
    context = {
        "delegate": delegate,
        "webinar": delegate.webinar,
        "participant_page": True,
        "token": token,
        "form": form,
        "ahead": list(sessions_ahead_of(delegate, now=now)),
    }
    return render(request, "participant/cannot_come.html", context, status=422 if form.errors else 200)


@participant_view(read_page_token)
@require_http_methods(FORM_METHODS)
def preferences_page(request: HttpRequest, delegate: Delegate) -> HttpResponse:
    """Show and save language and time zone; the flash message is already in the new language."""
    if not is_invited(delegate):
        return not_invited_response(request, delegate)
    token = make_token(delegate, Scope.PAGE)
    form = PreferencesForm(request.POST if request.method == "POST" else None, delegate=delegate)
    if request.method == "POST" and form.is_valid():
        try:
            choose_language_and_zone(delegate, now=timezone.now(), **form.cleaned_data)
        except RuleBroken as broken:
            messages.error(request, str(broken.message))
            return redirect("registrations:my", token=token)
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Saved. Pages, mails and your calendar follow from now on."))
            return redirect("registrations:my", token=token)
    context = {
        "delegate": delegate,
        "webinar": delegate.webinar,
        "participant_page": True,
        "token": token,
        "form": form,
    }
    return render(request, "participant/preferences.html", context, status=422 if form.errors else 200)
