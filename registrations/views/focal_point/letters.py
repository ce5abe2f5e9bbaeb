"""The nomination letter: the page that uploads it and lists earlier ones, its download, and its removal."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.letters import LetterForm
from registrations.models import Delegation, DelegationStatus, NominationLetter
from registrations.queries import letters_of, requires_letter, seats_of, zone_for_focal_point
from registrations.queries.acceptance import acceptances_with_seats
from registrations.services.acceptance_messages import message_before_accepting
from registrations.services.letters import remove_letter, upload_letter
from registrations.services.permitted_actions import permitted_actions_now
from registrations.views.focal_point.access import delegation_required, signed_in_user
from registrations.views.focal_point.flash_messages import completion_message


@dataclass(frozen=True)
class LetterState:
    """The letters of a delegation; one that does not attend requires none."""

    current: NominationLetter | None
    replaced: tuple[NominationLetter, ...]
    is_required: bool

    @property
    def is_missing(self) -> bool:
        return self.is_required and self.current is None


def letter_state(delegation: Delegation) -> LetterState:
    """Load the letters of `delegation`. One query."""
    letters = list(letters_of(delegation))
    return LetterState(
        current=next((letter for letter in letters if letter.replaced_at is None), None),
        replaced=tuple(letter for letter in letters if letter.replaced_at is not None),
        is_required=requires_letter(delegation) and delegation.status != DelegationStatus.NOT_ATTENDING,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def letter_page(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Show the letters, and upload a new one, which replaces the current one."""
    user, now = signed_in_user(request), timezone.now()
    form = LetterForm(request.POST, request.FILES) if request.method == "POST" else LetterForm()
    if request.method == "POST" and form.is_valid():
        try:
            upload_letter(delegation, upload=form.cleaned_data["file"], by=user, now=now)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            text = _("The letter is uploaded. The secretariat can read it now.")
            messages.success(request, f"{text} {completion_message(delegation)}".strip())
            return redirect(delegation)
    context = {
        "delegation": delegation,
        "form": form,
        "letter": letter_state(delegation),
        "warning": message_before_accepting(
            acceptances_with_seats(delegation, seats_of(delegation), lacks_letter=False)
        )
        if delegation.status == DelegationStatus.SUBMITTED
        else "",
        "may": permitted_actions_now(delegation, by=user, now=now),
        "zone": zone_for_focal_point(user, delegation),
    }
    return render(request, "focal_point/letter.html", context, status=422 if form.errors else 200)


@require_safe
@delegation_required
def download_letter(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponseBase:
    """Return the file as a download, sandboxed, so that its content cannot run on this site."""
    letter = get_object_or_404(NominationLetter, delegation=delegation, pk=pk)
    try:
        content = letter.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, as_attachment=True, filename=letter.name, content_type="application/pdf")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
@delegation_required
def remove_letter_page(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Remove a letter that was uploaded by mistake."""
    letter = get_object_or_404(NominationLetter.objects.select_related("delegation"), delegation=delegation, pk=pk)
    try:
        remove_letter(letter, by=signed_in_user(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        messages.success(request, _("“%(name)s” is removed.") % {"name": letter.name})
    return redirect("registrations:letter", delegation.slug)
