"""The form of a registration policy."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.forms.absent_fields import CheckboxInput, keep_absent_fields
from registrations.forms.errors import update_hidden_values
from registrations.models import RegistrationPolicy
from registrations.queries import last_session_end
from registrations.services.change_previews import ChangePreview
from registrations.services.policies import policy_preview
from sessions_app.models import Webinar

ACCEPTANCE_FIELDS = ["accepts_complete_at_once", "requires_letter"]
LATER_FIELDS = [*ACCEPTANCE_FIELDS, "minimum_stay_minutes"]


class PreviewTokenField(forms.CharField):
    """A hidden field with the preview that the page showed; it never counts as a change of the row."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """A registration policy. If saving affects delegations, the form is invalid once and names them in `preview`.

    Submitting it again confirms them.
    """

    seen = PreviewTokenField(required=False)
    preview = ChangePreview()

    class Meta:
        model = RegistrationPolicy
        fields = [
            "webinar", "opens_at", "closes_at", "accepts_complete_at_once", "requires_letter", "minimum_stay_minutes",
            "purge_on",
        ]  # fmt: skip
        widgets = dict.fromkeys(ACCEPTANCE_FIELDS, CheckboxInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_absent_fields(self, LATER_FIELDS)

    def clean(self) -> None:
        super().clean()
        webinar = self.cleaned_data.get("webinar") or getattr(self.instance, "webinar", None)
        purge_on = self.cleaned_data.get("purge_on")
        end = last_session_end(webinar) if webinar else None
        if end and purge_on and purge_on <= end.date():
            self.add_error(
                "purge_on", _("Personal data are needed until the last session is over. Choose a later day.")
            )
        closes_at = self.cleaned_data.get("closes_at")
        if end and closes_at and closes_at >= end:
            self.add_error("closes_at", _("Registration must close before the last session is over."))
        if webinar is not None and self.cleaned_data.get("opens_at") and not webinar.quotas.exists():
            self.add_error(
                "opens_at", _("Registration cannot open while this webinar asks for nobody: it has no quota.")
            )
        if webinar is not None and not self.errors:
            self._require_confirmation(webinar)

    def _require_confirmation(self, webinar: Webinar) -> None:
        """Add an error that leads to the delegations which saving affects, unless the user has seen them."""
        policy = RegistrationPolicy(
            webinar=webinar,
            accepts_complete_at_once=self.cleaned_data["accepts_complete_at_once"],
            requires_letter=self.cleaned_data["requires_letter"],
            purged_at=self.instance.purged_at,
        )
        preview = policy_preview(policy, now=timezone.now())
        if preview.confirmations <= set(self.cleaned_data["seen"].split()):
            return
        self.preview = preview
        update_hidden_values(self, seen=" ".join(sorted(preview.confirmations)))
        self.add_error(
            None, _("Not saved yet. Saving changes the delegations listed on this page. Save again to confirm.")
        )
