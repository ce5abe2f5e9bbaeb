"""The forms of the page of a webinar's registration: its dates, its countries, and what is asked of each country."""

from collections.abc import Collection, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import InvalidInput, RuleBroken
from registrations.forms.absent_fields import CheckboxInput
from registrations.forms.delegates import reason_field
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.forms.new_webinar.rows import QuotaRow, refuse_repeated_profiles
from registrations.forms.new_webinar.whole import DAY, MOMENT
from registrations.forms.policies import PolicyForm
from registrations.models import ParticipantProfile, ParticipatingBody, Quota, QuotaLimits, RegistrationPolicy
from registrations.services.change_previews import ChangePreview
from registrations.services.quotas import QuotaChange, format_limits
from registrations.services.usual_rules import USUAL_MINIMUM
from sessions_app.bilingual import Bilingual
from sessions_app.concurrent_edits import ConcurrentEditForm

NEW_PROFILE_ROWS = 2


class DatesForm(ConcurrentEditForm, PolicyForm):
    """The dates and conditions of registration; what its user did not change keeps the value that others stored."""

    waits_for_decision = forms.BooleanField(
        label=_("A complete delegation waits for a person's decision"), required=False, widget=CheckboxInput
    )

    class Meta:
        model = RegistrationPolicy
        fields = ["opens_at", "closes_at", "purge_on", "minimum_stay_minutes", "requires_letter"]
        labels = {"requires_letter": _("A nomination letter is required"), "purge_on": _("Personal data end")}
        widgets = {"opens_at": MOMENT, "closes_at": MOMENT, "purge_on": DAY, "requires_letter": CheckboxInput}

    def __init__(self, *args: Any, instance: RegistrationPolicy, **kwargs: Any) -> None:
        initial = {"waits_for_decision": not instance.accepts_complete_at_once}
        super().__init__(*args, instance=instance, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:  # type: ignore[override]  # a form may return its values or nothing
        if "waits_for_decision" in self.changed_data:
            self.instance.accepts_complete_at_once = not self.cleaned_data["waits_for_decision"]
        self.cleaned_data["accepts_complete_at_once"] = self.instance.accepts_complete_at_once
        return super().clean()

    @property
    def changed_columns(self) -> list[str]:
        """The fields of the policy that the user changed."""
        return ["accepts_complete_at_once" if name == "waits_for_decision" else name for name in self.changed_data]


class AddBodiesForm(forms.Form):
    """Chooses bodies to add: all `bodies` except those `present` (ids), which are accepted if added meanwhile."""

    bodies = forms.TypedMultipleChoiceField(
        label=_("Countries and organisations to add"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one country.")},
    )

    def __init__(
        self, *args: Any, bodies: Sequence[ParticipatingBody], present: Collection[int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["bodies"]
        field.choices = [(str(body.pk), str(body)) for body in bodies]
        field.widget.choices = [(str(body.pk), str(body)) for body in bodies if body.pk not in present]
        field.coerce = {str(body.pk): body for body in bodies}.__getitem__


class QuotaChangeRow(QuotaRow):
    """What is asked of one profile; `shown` carries the limits that the page showed, empty for nobody."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    # Figures of the profile at this webinar, which the page shows beside the row.
    named = 0
    exceptions = 0

    def change(self, row: int) -> QuotaChange | None:
        """Return the change that the valid row asks for, or None if it leaves everything as it was shown."""
        data, wanted = self.cleaned_data, None
        if self.is_wanted:
            wanted = QuotaLimits(data["minimum"], data["maximum"])
        if format_limits(wanted) == data["shown"]:
            return None
        return QuotaChange(
            row, data["profile"], wanted, data["shown"], Bilingual(en=data["name_en"], es=data["name_es"])
        )


class QuotaTableForm(forms.Form):
    """The table of what is asked, with a row for each profile that is known and rows for new ones."""

    reason = reason_field(required=False, help_text=_("Why a number changes or a profile goes; kept in the history."))
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, quotas: Iterable[Quota]) -> None:
        super().__init__(data)
        asked = {quota.profile_id: quota for quota in quotas}
        self.rows = [
            QuotaChangeRow(data, prefix=f"quota-{profile.pk}", initial=_row_initial(profile, asked.get(profile.pk)))
            for profile in ParticipantProfile.objects.all()
        ]
        self.rows += [QuotaChangeRow(data, prefix=f"quota-new-{number}") for number in range(NEW_PROFILE_ROWS)]
        self.preview = ChangePreview()

    @property
    def asked_rows(self) -> list[QuotaChangeRow]:
        """The rows of the profiles that are asked for."""
        return [row for row in self.rows if row.initial.get("shown")]

    @property
    def other_rows(self) -> list[QuotaChangeRow]:
        """The rows of all other profiles, and those for new ones."""
        return [row for row in self.rows if not row.initial.get("shown")]

    @property
    def has_error_below(self) -> bool:
        """Whether one of the `other_rows` has an error, so that they are not folded away."""
        return self.is_bound and any(row.errors for row in self.other_rows)

    @property
    def inlines(self) -> list[SimpleNamespace]:
        """What the error summary reads of the rows (`form_errors`)."""
        formset = SimpleNamespace(is_bound=self.is_bound, forms=self.rows, non_form_errors=list)
        return [SimpleNamespace(formset=formset, opts=SimpleNamespace(verbose_name_plural=_("Profiles")))]

    def clean(self) -> None:
        """Check every row too, so that all errors are shown."""
        for row in self.rows:
            row.full_clean()
        refuse_repeated_profiles(self.rows)

    def is_valid(self) -> bool:
        """Return whether the form and all its rows are valid."""
        return super().is_valid() and not any(row.errors for row in self.rows)

    def changes(self) -> list[QuotaChange]:
        """Return what the valid form changes."""
        return [change for number, row in enumerate(self.rows) if (change := row.change(number)) is not None]

    def add_refusal(self, refused: RuleBroken) -> None:
        """Add each message beside the row that it is about, or to the form.

        The rows then carry the limits of now, which their messages name: submitting the form again changes those.
        """
        if not isinstance(refused, InvalidInput):
            add_broken_rule(self, refused)
            return
        for name, texts in refused.messages.items():
            row = self.rows[int(name.rpartition("-")[2])]
            row.add_error(None, list(texts))
            update_hidden_values(row, **{row.add_prefix("shown"): row.initial.get("shown", "")})

    def require_confirmation(self, preview: ChangePreview) -> None:
        """Show `preview`: submitting the form again confirms it."""
        self.preview = preview
        update_hidden_values(self, seen=" ".join(sorted(preview.confirmations)))


def _row_initial(profile: ParticipantProfile, quota: Quota | None) -> dict[str, Any]:
    return {
        "profile": profile,
        "quota": quota,
        "is_asked": quota is not None,
        "minimum": quota.minimum if quota else USUAL_MINIMUM,
        "maximum": quota.maximum if quota else None,
        "shown": format_limits(quota.limits if quota else None),
    }
