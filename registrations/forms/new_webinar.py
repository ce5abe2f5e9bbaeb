"""The page on which a webinar is set up: one form, with rows for its sessions and for the profiles that it asks for.

Every hour is in the zone that the form names, which the view activates before it reads or shows the form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from registrations.models import BodyKind, ParticipantProfile, ParticipatingBody, QuotaLimits, RegistrationPolicy
from registrations.services.quotas import MAX_SEATS
from registrations.services.usual_rules import USUAL_MINIMUM, USUAL_PROFILES
from registrations.services.webinar_setup import QuotaPlan, WebinarSetup
from sessions_app.bilingual import Bilingual
from sessions_app.forms import mark_languages
from sessions_app.models import Session, Webinar
from sessions_app.models.session import LONGEST_SESSION_MINUTES
from sessions_app.webinar_setup import SessionPlan, SetupRefused
from sessions_app.zones import validate_year, validate_zone

SESSION_ROWS = 12
NEW_PROFILE_ROWS = 2
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
HOUR = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
MOMENT = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


class WebinarForm(forms.Form):
    """What concerns the webinar as a whole; the names of the fields are those of the models.

    `earlier` is the webinar that filled the form in: the new one needs another title.
    """

    title_es = forms.CharField(label=_("Title in Spanish"), max_length=200, required=False)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    short_title_es = forms.CharField(
        label=_("Short title in Spanish"), max_length=40, required=False, help_text=_("For lists; 40 characters.")
    )
    short_title_en = forms.CharField(label=_("Short title in English"), max_length=40, required=False)
    lead_es = forms.CharField(label=_("In one sentence, in Spanish"), max_length=250, required=False)
    lead_en = forms.CharField(label=_("In one sentence, in English"), max_length=250, required=False)
    timezone = forms.CharField(
        label=_("Time zone of every hour on this page"),
        validators=[validate_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    contact_email = forms.EmailField(label=_("Contact"), help_text=_("Participants write to this address."))
    slug = forms.SlugField(
        label=_("Slug"),
        max_length=60,
        required=False,
        help_text=_("Part of its addresses, for good. If you leave it empty, it is made from the English title."),
    )
    bodies = forms.ModelMultipleChoiceField(
        label=_("Countries"),
        queryset=ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one country.")},
    )
    opens_at = forms.DateTimeField(
        label=_("Registration opens"),
        required=False,
        widget=MOMENT,
        validators=[validate_year],
        help_text=_("While this is empty, nobody can register and nobody is written to."),
    )
    closes_at = forms.DateTimeField(label=_("Registration closes"), widget=MOMENT, validators=[validate_year])
    purge_on = forms.DateField(
        label=_("Personal data end"),
        required=False,
        widget=DAY,
        validators=[validate_year],
        help_text=_("If you leave it empty: 90 days after the last session."),
    )
    requires_letter = forms.BooleanField(label=_("A nomination letter is required"), required=False)
    waits_for_decision = forms.BooleanField(
        label=_("A complete delegation waits for a person's decision"), required=False
    )
    wants_reminders = forms.BooleanField(
        label=_("Reminders 7 days, 1 day and 1 hour before, to everyone who has not declined"), required=False
    )
    wants_gap_notices = forms.BooleanField(
        label=_("Notices to countries with gaps, 7 and 2 days before registration closes"), required=False
    )

    def __init__(self, *args: Any, earlier: Webinar | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.earlier = earlier
        mark_languages(self.fields)

    def clean_title_en(self) -> str:
        title: str = self.cleaned_data["title_en"]
        if self.earlier is not None and title == self.earlier.title_en:
            raise forms.ValidationError(_("Give it another title than the earlier one has: lists show both."))
        return title

    def clean_slug(self) -> str:
        """Return the slug, or one that is made from the English title: a form sent twice then names the same one."""
        slug: str = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("title_en", ""))[:60].strip("-")
        return slug

    def webinar(self) -> Webinar:
        """Return the webinar, unsaved."""
        names = [field.name for field in Webinar._meta.fields if field.name in self.fields]
        return Webinar(**{name: self.cleaned_data[name] for name in names})

    def policy(self) -> RegistrationPolicy:
        """Return its policy, unsaved and without the webinar."""
        return RegistrationPolicy(
            opens_at=self.cleaned_data["opens_at"],
            closes_at=self.cleaned_data["closes_at"],
            purge_on=self.cleaned_data["purge_on"],
            requires_letter=self.cleaned_data["requires_letter"],
            accepts_complete_at_once=not self.cleaned_data["waits_for_decision"],
        )


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


class _QuotaRows(forms.BaseFormSet):  # type: ignore[type-arg]  # takes no parameter at run time
    def clean(self) -> None:
        """Refuse the same profile twice, also by a new name that is the name of one above."""
        seen: set[str] = set()
        for form in self.forms:
            if not hasattr(form, "cleaned_data") or not form.is_wanted:
                continue
            profile = form.cleaned_data.get("profile")
            name = (profile.name.en if profile else form.cleaned_data.get("name_en", "")).strip().lower()
            if name and name in seen:
                form.add_error(None if profile else "name_en", _("This profile stands here twice."))
            seen.add(name)


SessionRows = forms.formset_factory(SessionRow, extra=0, max_num=SESSION_ROWS, absolute_max=SESSION_ROWS)
QuotaRows = forms.formset_factory(QuotaRow, formset=_QuotaRows, extra=0, max_num=100, absolute_max=100)


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
    quotas = [_quota_initial(profile, limits) for profile in profiles]
    quotas += [{} for _row in range(NEW_PROFILE_ROWS)]
    sessions = _session_initial(earlier)
    initial = _webinar_initial(earlier) | ({"contact_email": contact_email} if earlier is None else {})
    return NewWebinarForms(
        WebinarForm(data, initial=initial, earlier=earlier),
        SessionRows(data, initial=sessions, prefix="sessions"),
        QuotaRows(data, initial=quotas, prefix="quotas"),
    )


def _quota_initial(profile: ParticipantProfile, limits: Mapping[int, QuotaLimits] | None) -> dict[str, Any]:
    """Return the row of `profile`: as `limits` of an earlier webinar say, or asked for with the usual minimum."""
    if limits is None:
        return {"profile": profile, "is_asked": profile.code in USUAL_PROFILES, "minimum": USUAL_MINIMUM}
    asked = limits.get(profile.pk)
    return {
        "profile": profile,
        "is_asked": asked is not None,
        "minimum": asked.minimum if asked else USUAL_MINIMUM,
        "maximum": asked.maximum if asked else None,
    }


def _session_initial(earlier: Webinar | None) -> list[dict[str, Any]]:
    """Return the rows of the sessions of `earlier` that took place, without their days, and empty ones below them."""
    sessions = earlier.sessions.filter(cancelled_at=None).order_by("starts_at") if earlier is not None else []
    rows: list[dict[str, Any]] = [
        {
            "source": session,
            "begins": timezone.localtime(session.starts_at).time(),
            "minutes": session.duration_minutes,
            "title_es": session.title_es,
            "title_en": session.title_en,
        }
        for session in sessions
    ][:SESSION_ROWS]
    return rows + [{} for _row in range(SESSION_ROWS - len(rows))]


def _webinar_initial(earlier: Webinar | None) -> dict[str, Any]:
    if earlier is None:
        countries = ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY)
        return {
            "timezone": timezone.get_current_timezone_name(),
            "bodies": list(countries),
            "wants_reminders": True,
            "wants_gap_notices": True,
        }
    policy = RegistrationPolicy.objects.filter(webinar=earlier).first()
    copied = ("title_es", "title_en", "lead_es", "lead_en", "timezone", "contact_email")
    return {name: getattr(earlier, name) for name in copied} | {
        "bodies": list(ParticipatingBody.objects.filter(delegations__webinar=earlier, kind=BodyKind.COUNTRY)),
        "requires_letter": policy is not None and policy.requires_letter,
        "waits_for_decision": policy is not None and not policy.accepts_complete_at_once,
    }
