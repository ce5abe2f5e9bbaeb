"""The nomination letter: a page with the form and what was sent before, the file itself, and its removal."""

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
from registrations.queries import letters_of, requires_letter, seats_of, zone_of
from registrations.queries.acceptance import acceptances_with_seats
from registrations.services.acceptance_messages import message_before_accepting
from registrations.services.letters import remove_letter, upload_letter
from registrations.views.focal_point.access import for_delegation, signed_in
from registrations.views.focal_point.flash_messages import completion_message
from registrations.views.focal_point.profile_cards import allowed_now


@dataclass(frozen=True)
class LetterState:
    """What is shown of the letters of a delegation; of one that does not attend none is required."""

    current: NominationLetter | None
    replaced: tuple[NominationLetter, ...]
    is_required: bool

    @property
    def is_missing(self) -> bool:
        return self.is_required and self.current is None


def letter_state(delegation: Delegation) -> LetterState:
    """One query."""
    letters = list(letters_of(delegation))
    return LetterState(
        current=next((letter for letter in letters if letter.replaced_at is None), None),
        replaced=tuple(letter for letter in letters if letter.replaced_at is not None),
        is_required=requires_letter(delegation) and delegation.status != DelegationStatus.NOT_ATTENDING,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_delegation
def letter(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Upload the letter, or a better one; see which there were."""
    user, now = signed_in(request), timezone.now()
    form = LetterForm(request.POST, request.FILES) if request.method == "POST" else LetterForm()
    if request.method == "POST" and form.is_valid():
        try:
            upload_letter(delegation, upload=form.cleaned_data["file"], by=user, now=now)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            said = _("The letter is uploaded. The secretariat can read it now.")
            messages.success(request, f"{said} {completion_message(delegation)}".strip())
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
        "may": allowed_now(delegation, by=user, now=now),
        "zone": zone_of(user, delegation),
    }
    return render(request, "focal_point/letter.html", context, status=422 if form.errors else 200)


@require_safe
@for_delegation
def letter_file(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponseBase:
    """The file, to be saved and not to be shown: whatever is in it, it runs nowhere near our pages."""
    found = get_object_or_404(NominationLetter, delegation=delegation, pk=pk)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type="application/pdf")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
@for_delegation
def remove(request: HttpRequest, delegation: Delegation, *, pk: int) -> HttpResponse:
    """Erase a letter that should not have been sent."""
    found = get_object_or_404(NominationLetter.objects.select_related("delegation"), delegation=delegation, pk=pk)
    try:
        remove_letter(found, by=signed_in(request), now=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken.message))
    else:
        messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
    return redirect("registrations:letter", delegation.slug)
