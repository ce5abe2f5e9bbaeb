"""What the secretariat types to write an announcement, and to confirm whom it goes to."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.absent_fields import keep_what_is_not_sent
from registrations.forms.delegates import VersionField
from registrations.models import (
    Announcement,
    AnnouncementRecipients,
    DelegationStatus,
    ParticipantProfile,
    ParticipatingBody,
    Partstat,
)
from registrations.models.announcement import MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH
from registrations.queries.audiences import Audience
from registrations.services.announcements import AnnouncementDetails
from sessions_app.forms import mark_languages
from sessions_app.models import Webinar

TEXT = ("subject_en", "text_en", "subject_es", "text_es")
MARKDOWN = _(
    "Markdown: a blank line ends a paragraph, “# ” begins a heading, “- ” an item of a list, **bold**, *italic*, "
    "[words](https://…) makes a link. No HTML, no images."
)


def _subject(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=MAX_SUBJECT_LENGTH, required=False)


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MAX_TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 60}),
        **options,
    )


def _several(label: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: all."), **options
    )


class AnnouncementForm(forms.Form):
    """An announcement of `webinar`; one language may still be missing."""

    subject_en = _subject(_("Subject (English)"))
    text_en = _text(_("Text (English)"), help_text=MARKDOWN)
    subject_es = _subject(_("Subject (Spanish)"))
    text_es = _text(_("Text (Spanish)"))
    readers = forms.ChoiceField(
        label=_("Who gets it"),
        choices=AnnouncementRecipients,
        initial=AnnouncementRecipients.DELEGATES,
        help_text=_(
            "Delegates are those who are admitted and active, in a delegation that attends; focal points those who "
            "register for one. Whoever is both gets one message."
        ),
    )
    bodies = _several(_("Countries and organisations"))
    states = _several(
        _("State of the delegation"),
        choices=[choice for choice in DelegationStatus.choices if choice[0] != DelegationStatus.NOT_ATTENDING],
    )
    profiles = _several(_("Profiles (of delegates)"))
    session = forms.TypedChoiceField(label=_("Session (of delegates)"), coerce=int, empty_value=None, required=False)
    answer = forms.ChoiceField(
        label=_("Answer to the session"), choices=[("", _("any, or none")), *Partstat.choices], required=False
    )
    version = VersionField(required=False)

    def __init__(self, *args: Any, webinar: Webinar, announcement: Announcement | None = None, **kwargs: Any) -> None:
        if announcement is not None:
            typed = {name: getattr(announcement, name) for name in (*TEXT, "version")}
            kwargs["initial"] = typed | Audience.parse(announcement.audience).to_json()
        super().__init__(*args, **kwargs)
        mark_languages(self.fields)
        bodies = ParticipatingBody.objects.filter(delegations__webinar=webinar)
        self._offer("bodies", [(body.slug, str(body)) for body in bodies])
        self._offer("profiles", [(profile.code, str(profile)) for profile in ParticipantProfile.objects.all()])
        sessions = [(session.number, f"{session.number}. {session.title}") for session in webinar.sessions.all()]
        self._offer("session", [("", _("any, or none")), *sessions])
        if announcement is not None:
            keep_what_is_not_sent(self, (*TEXT, "session", "answer"))

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def details(self) -> AnnouncementDetails:
        """What was typed, once it is valid."""
        typed = self.cleaned_data
        return AnnouncementDetails(
            audience=Audience(
                readers=typed["readers"],
                bodies=tuple(typed["bodies"]),
                profiles=tuple(typed["profiles"]),
                states=tuple(typed["states"]),
                session=typed["session"],
                answer=typed["answer"],
            ),
            **{name: typed[name] for name in TEXT},
        )


class ConfirmForm(forms.Form):
    """The number of readers that was shown; sending it back confirms it."""

    count = VersionField(required=False)
    version = VersionField(required=False)


class DeleteDraftForm(forms.Form):
    """The draft as it was seen; sending it back deletes it."""

    version = VersionField(required=False)


class GapReminderForm(forms.Form):
    """The number of mails that was shown; sending it back confirms it. `again` where some were told within a day."""

    count = VersionField(required=False)
    again = forms.BooleanField(
        label=_("I know that some of them were told within the last day: tell them once more."), required=False
    )

    def __init__(self, *args: Any, is_told_within_a_day: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_told_within_a_day:
            del self.fields["again"]
