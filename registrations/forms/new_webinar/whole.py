"""The part of the page of a new webinar that concerns the webinar as a whole."""

from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from registrations.models import BodyKind, ParticipatingBody, RegistrationPolicy
from registrations.models.quota import LONGEST_MINIMUM_STAY, USUAL_MINIMUM_STAY
from sessions_app.forms import mark_languages
from sessions_app.models import Webinar
from sessions_app.zones import validate_year, validate_zone

DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
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
    minimum_stay_minutes = forms.IntegerField(
        label=_("Minimum stay in minutes"),
        required=False,
        min_value=0,
        max_value=LONGEST_MINIMUM_STAY,
        help_text=_("Whoever was in a session for less does not count as having attended it. 0 counts everybody."),
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

    def clean_minimum_stay_minutes(self) -> int:
        """Return the minutes; a blank input, or a page from before the field, means the usual ones."""
        minutes: int | None = self.cleaned_data["minimum_stay_minutes"]
        return USUAL_MINIMUM_STAY if minutes is None else minutes

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
            minimum_stay_minutes=self.cleaned_data["minimum_stay_minutes"],
            requires_letter=self.cleaned_data["requires_letter"],
            accepts_complete_at_once=not self.cleaned_data["waits_for_decision"],
        )
