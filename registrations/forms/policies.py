"""When countries register, as the secretariat types it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.models import RegistrationPolicy
from registrations.queries import last_session_end


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    class Meta:
        model = RegistrationPolicy
        fields = ["webinar", "opens_at", "closes_at", "accepts_complete_at_once", "requires_letter", "purge_on"]

    def clean(self) -> None:
        super().clean()
        webinar = self.cleaned_data.get("webinar") or getattr(self.instance, "webinar", None)
        purge_on = self.cleaned_data.get("purge_on")
        end = last_session_end(webinar) if webinar else None
        if end and purge_on and purge_on <= end.date():
            raise ValidationError({"purge_on": _("Personal data are needed until the last session is over.")})
