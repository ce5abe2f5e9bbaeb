"""The page on which a webinar is set up: one form, with rows for its sessions and for the profiles that it asks for.

Every hour is in the zone that the form names, which the view activates before it reads or shows the form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.new_webinar.initial import quota_initial, session_initial, webinar_initial
from registrations.forms.new_webinar.rows import QuotaRows, SessionRows
from registrations.forms.new_webinar.whole import WebinarForm
from registrations.models import ParticipantProfile
from registrations.services.webinar_setup import WebinarSetup
from sessions_app.models import Webinar
from sessions_app.webinar_setup import SetupRefused

__all__ = ["NewWebinarForms", "new_webinar_forms"]

NEW_PROFILE_ROWS = 2


@dataclass
class NewWebinarForms:
    """The forms of the page, in the order in which they stand on it."""

    webinar: WebinarForm
    sessions: Any
    quotas: Any

    def is_valid(self) -> bool:
        """Return whether all of them are valid; each is checked, so that all errors are shown."""
        return all([self.webinar.is_valid(), self.sessions.is_valid(), self.quotas.is_valid()])

    @property
    def inlines(self) -> list[SimpleNamespace]:
        """What the error summary reads of the rows (`form_errors`)."""
        names = ((self.sessions, _("Sessions")), (self.quotas, _("Profiles")))
        return [SimpleNamespace(formset=rows, opts=SimpleNamespace(verbose_name_plural=name)) for rows, name in names]

    def setup(self, *, earlier: Webinar | None) -> WebinarSetup:
        """Return what the valid forms ask for."""
        sessions = [plan for row, form in enumerate(self.sessions) if (plan := form.plan(row)) is not None]
        quotas = [plan for row, form in enumerate(self.quotas) if (plan := form.plan(row)) is not None]
        return WebinarSetup(
            webinar=self.webinar.webinar(),
            policy=self.webinar.policy(),
            sessions=sessions,
            quotas=quotas,
            bodies=self.webinar.cleaned_data["bodies"],
            earlier=earlier,
            wants_reminders=self.webinar.cleaned_data["wants_reminders"],
            wants_gap_notices=self.webinar.cleaned_data["wants_gap_notices"],
        )

    def add_refusal(self, refused: SetupRefused) -> None:
        """Add each message beside the input that it is about, or above the form."""
        rows: Mapping[str, Sequence[forms.Form]] = {"session": self.sessions.forms, "quota": self.quotas.forms}
        for name, texts in refused.messages.items():
            kind, _dash, row = name.rpartition("-")
            form = rows[kind][int(row)] if kind in rows else self.webinar
            for text in texts:
                form.add_error(name if name in form.fields else None, text)


def new_webinar_forms(data: Any = None, *, earlier: Webinar | None = None, contact_email: str = "") -> NewWebinarForms:
    """Build the forms from submitted `data`, or filled in from `earlier`, or with what is usual."""
    profiles = list(ParticipantProfile.objects.all())
    limits = {quota.profile_id: quota.limits for quota in earlier.quotas.all()} if earlier is not None else None
    quotas = [quota_initial(profile, limits) for profile in profiles]
    quotas += [{} for _row in range(NEW_PROFILE_ROWS)]
    sessions = session_initial(earlier)
    initial = webinar_initial(earlier) | ({"contact_email": contact_email} if earlier is None else {})
    return NewWebinarForms(
        WebinarForm(data, initial=initial, earlier=earlier),
        SessionRows(data, initial=sessions, prefix="sessions"),
        QuotaRows(data, initial=quotas, prefix="quotas"),
    )
