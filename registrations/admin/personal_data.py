"""Admin pages of personal data: what a purge removes, and the export and erasure of one person's data."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.admin.base import staff_user
from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.personal_data import ErasureForm, PersonForm
from registrations.models import RegistrationPolicy
from registrations.services.personal_data.anonymising import personal_data_of
from registrations.services.personal_data.erasing import erase_person
from registrations.services.personal_data.persons import Person, find_person
from registrations.services.personal_data.subject_access import export_person
from sessions_app.webinar_names import names_by_id

DATA_LABELS = {
    "delegates": gettext_lazy("People: name, address, institution, position, telephone, needs"),
    "entries": gettext_lazy("Calendars: the address; the answer stays"),
    "deliveries": gettext_lazy("Messages: the address"),
    "events": gettext_lazy("History: reasons, and what was changed; who did what and when stays"),
    "letters": gettext_lazy("Nomination letters: the file and its name"),
    "attendances": gettext_lazy("Names and addresses in reports of who took part"),
    "codes": gettext_lazy("Receipts of submitted delegations: whom they name; the code stays"),
    "incoming": gettext_lazy("Mail that came in: addresses, comments on answers, letters of these people"),
    "texts": gettext_lazy("Reasons, comments, announcements and notes of calls"),
}


def data_to_purge(policy: RegistrationPolicy) -> list[tuple[Promise, int]]:
    """Return (label, present count) for each sort of data that the purge of this webinar will remove."""
    counts = personal_data_of(policy.webinar).counts()
    return [(text, counts[sort]) for sort, text in DATA_LABELS.items()]


def person_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Find a person by e-mail address and show what is stored of them; a POST changes nothing."""
    form = PersonForm(request.POST if request.method == "POST" else None)
    person = find_person(form.cleaned_data["email"]) if form.is_valid() else None
    return _render_page(site, request, form, person)


def export_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Return the stored data of one person as JSON. A GET leads to the search form."""
    form = PersonForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return redirect("admin:personal-data")
    data = export_person(form.cleaned_data["email"], by=staff_user(request), now=timezone.now())
    response = JsonResponse(data, encoder=DjangoJSONEncoder, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = 'attachment; filename="personal-data.json"'
    return response


def erase_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Erase the data of one person after confirmation. A GET leads to the search form."""
    if request.method != "POST":
        return redirect("admin:personal-data")
    erasure = ErasureForm(request.POST)
    form = PersonForm(request.POST)
    if erasure.is_valid():
        try:
            outcome = erase_person(erasure.cleaned_data["email"], by=staff_user(request), now=timezone.now())
        except RuleBroken as broken:
            add_broken_rule(erasure, broken)
        else:
            if outcome.is_done:
                messages.success(request, _("Nothing that is kept says any more who this was."))
                return redirect("admin:personal-data")
            messages.warning(
                request,
                _(
                    "Nothing is erased yet: the invitations are being taken back, and that mail needs the address. "
                    "Please erase again in a minute."
                ),
            )
            erasure = None  # type: ignore[assignment]  # shown again, to be confirmed again
    person = find_person(form.cleaned_data["email"]) if form.is_valid() else None
    return _render_page(site, request, form, person, erasure)


def _render_page(
    site: AdminSite,
    request: HttpRequest,
    form: PersonForm,
    person: Person | None,
    erasure: ErasureForm | None = None,
) -> HttpResponse:
    if person is not None and person.is_known:
        erasure = erasure or ErasureForm(initial={"email": person.address})
    delegates = person.delegates if person is not None else ()
    names = names_by_id((delegate.webinar_id for delegate in delegates), now=timezone.now())
    context = site.each_context(request) | {
        "opts": RegistrationPolicy._meta,
        "title": _("What is kept of one person"),
        "registrations": [(delegate, names[delegate.webinar_id]) for delegate in delegates],
        "form": form,
        "person": person,
        "erasure": erasure,
    }
    return TemplateResponse(request, "admin/registrations/personal_data/person.html", context)
