"""The rows of the page of a new webinar: its sessions, and the profiles that it asks for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.models import ParticipantProfile, QuotaLimits
from registrations.services.quotas import MAX_SEATS
from registrations.services.webinar_setup import QuotaPlan
from sessions_app.bilingual import Bilingual
from sessions_app.forms import mark_languages
from sessions_app.models import Session
from sessions_app.models.session import LONGEST_SESSION_MINUTES
from sessions_app.webinar_setup import SessionPlan
from sessions_app.zones import validate_year

SESSION_ROWS = 12
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
HOUR = forms.TimeInput(format="%H:%M", attrs={"type": "time"})


class SessionRow(forms.Form):
    """A session; a row without a day is left aside. `source` is the session of an earlier webinar that it copies."""

    day = forms.DateField(label=_("Day"), required=False, widget=DAY, validators=[validate_year])
    begins = forms.TimeField(label=_("Begins"), required=False, widget=HOUR)
    minutes = forms.IntegerField(
        label=_("Minutes"), required=False, min_value=5, max_value=LONGEST_SESSION_MINUTES, initial=120
    )
    title_es = forms.CharField(label=_("Title in Spanish"), max_length=250, required=False)
    title_en = forms.CharField(label=_("Title in English"), max_length=250, required=False)
    source = forms.ModelChoiceField(Session.objects.all(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mark_languages(self.fields)

    def clean(self) -> None:
        day, begins, minutes = (self.cleaned_data.get(name) for name in ("day", "begins", "minutes"))
        typed = [name for name in ("begins", "title_es", "title_en") if self.cleaned_data.get(name)]
        if day is None:
            if typed and self.cleaned_data.get("source") is None and "day" not in self.errors:
                self.add_error("day", _("Give the day, or empty the row."))
            return
        if begins is None and "begins" not in self.errors:
            self.add_error("begins", _("Give the hour at which it begins."))
        if minutes is None and "minutes" not in self.errors:
            self.add_error("minutes", _("Give how many minutes it lasts."))
        if begins is not None:
            try:
                self.cleaned_data["starts_at"] = forms.DateTimeField().clean(datetime.combine(day, begins))
            except forms.ValidationError:
                self.add_error(
                    "begins", _("This hour does not exist, or exists twice: the clocks are changed on that day.")
                )

    def plan(self, row: int) -> SessionPlan | None:
        """Return the session, or None if the row is left aside."""
        if "starts_at" not in self.cleaned_data:
            return None
        return SessionPlan(
            row=row,
            starts_at=self.cleaned_data["starts_at"],
            minutes=self.cleaned_data["minutes"],
            title=Bilingual(en=self.cleaned_data["title_en"], es=self.cleaned_data["title_es"]),
            source=self.cleaned_data["source"],
        )


class QuotaRow(forms.Form):
    """A profile: `profile` that exists, where it is ticked, or a new one with its names."""

    profile = forms.ModelChoiceField(ParticipantProfile.objects.all(), required=False, widget=forms.HiddenInput)
    is_asked = forms.BooleanField(label=_("Asked for"), required=False)
    name_es = forms.CharField(label=_("New profile, in Spanish"), max_length=100, required=False)
    name_en = forms.CharField(label=_("New profile, in English"), max_length=100, required=False)
    minimum = forms.IntegerField(label=_("At least"), required=False, min_value=0, max_value=MAX_SEATS)
    maximum = forms.IntegerField(label=_("At most"), required=False, min_value=0, max_value=MAX_SEATS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mark_languages(self.fields)

    @property
    def shown_profile(self) -> ParticipantProfile | None:
        """The profile that the row shows, which the view puts into `initial`."""
        profile: ParticipantProfile | None = self.initial.get("profile")
        return profile

    @property
    def is_wanted(self) -> bool:
        """Whether the valid row asks for somebody."""
        data = self.cleaned_data
        return bool(data["is_asked"] if data.get("profile") else data.get("name_en") or data.get("name_es"))

    def clean(self) -> None:
        if not self.is_wanted:
            return
        minimum, maximum = self.cleaned_data.get("minimum"), self.cleaned_data.get("maximum")
        if minimum is None and "minimum" not in self.errors:
            self.add_error("minimum", _("Give a number."))
        if minimum is not None and maximum is not None and maximum < minimum:
            self.add_error("maximum", _("The maximum cannot be below the minimum. Enter a higher one, or none."))
        if self.cleaned_data.get("profile") is None and not self.cleaned_data.get("name_en"):
            self.add_error("name_en", _("Give the name in English too."))

    def plan(self, row: int) -> QuotaPlan | None:
        """Return what is asked, or None if the row is left aside."""
        if not self.is_wanted:
            return None
        data = self.cleaned_data
        limits = QuotaLimits(data["minimum"], data["maximum"])
        return QuotaPlan(row, limits, data["profile"], Bilingual(en=data["name_en"], es=data["name_es"]))


def refuse_repeated_profiles(rows: Iterable[QuotaRow]) -> None:
    """Add an error to each valid row whose profile stands in a row above, also by a new name that is its name."""
    seen: set[str] = set()
    for row in rows:
        if not hasattr(row, "cleaned_data") or not row.is_wanted:
            continue
        profile = row.cleaned_data.get("profile")
        name = (profile.name.en if profile else row.cleaned_data.get("name_en", "")).strip().lower()
        if name and name in seen:
            row.add_error(None if profile else "name_en", _("This profile stands here twice."))
        seen.add(name)


class _QuotaRows(forms.BaseFormSet):  # type: ignore[type-arg]  # takes no parameter at run time
    def clean(self) -> None:
        refuse_repeated_profiles(self.forms)


SessionRows = forms.formset_factory(SessionRow, extra=0, max_num=SESSION_ROWS, absolute_max=SESSION_ROWS)
QuotaRows = forms.formset_factory(QuotaRow, formset=_QuotaRows, extra=0, max_num=100, absolute_max=100)
