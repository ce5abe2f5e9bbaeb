"""Forms that write an announcement, and that confirm the sending of an announcement or a gap reminder."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.absent_fields import keep_absent_fields
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

TEXT_FIELDS = ("subject_en", "text_en", "subject_es", "text_es")
MARKDOWN_HELP = _(
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


def _multiple_choice(label: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: all."), **options
    )


class AnnouncementForm(forms.Form):
    """An announcement of `webinar`; a draft may still lack one language."""

    subject_en = _subject(_("Subject (English)"))
    text_en = _text(_("Text (English)"), help_text=MARKDOWN_HELP)
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
    bodies = _multiple_choice(_("Countries and organisations"))
    states = _multiple_choice(
        _("State of the delegation"),
        choices=[choice for choice in DelegationStatus.choices if choice[0] != DelegationStatus.NOT_ATTENDING],
    )
    profiles = _multiple_choice(_("Profiles (of delegates)"))
    session = forms.TypedChoiceField(label=_("Session (of delegates)"), coerce=int, empty_value=None, required=False)
    answer = forms.ChoiceField(
        label=_("Answer to the session"), choices=[("", _("any, or none")), *Partstat.choices], required=False
    )
    version = VersionField(required=False)

    def __init__(self, *args: Any, webinar: Webinar, announcement: Announcement | None = None, **kwargs: Any) -> None:
        if announcement is not None:
            stored = {name: getattr(announcement, name) for name in (*TEXT_FIELDS, "version")}
            kwargs["initial"] = stored | Audience.from_json(announcement.audience).to_json()
        super().__init__(*args, **kwargs)
        mark_languages(self.fields)
        bodies = ParticipatingBody.objects.filter(delegations__webinar=webinar)
        self._set_choices("bodies", [(body.slug, str(body)) for body in bodies])
        self._set_choices("profiles", [(profile.code, str(profile)) for profile in ParticipantProfile.objects.all()])
        sessions = [(session.number, f"{session.number}. {session.title}") for session in webinar.sessions.all()]
        self._set_choices("session", [("", _("any, or none")), *sessions])
        if announcement is not None:
            keep_absent_fields(self, (*TEXT_FIELDS, "session", "answer"))

    def _set_choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def details(self) -> AnnouncementDetails:
        """Return the cleaned data as the services take it."""
        cleaned = self.cleaned_data
        return AnnouncementDetails(
            audience=Audience(
                readers=cleaned["readers"],
                bodies=tuple(cleaned["bodies"]),
                profiles=tuple(cleaned["profiles"]),
                states=tuple(cleaned["states"]),
                session=cleaned["session"],
                answer=cleaned["answer"],
            ),
            **{name: cleaned[name] for name in TEXT_FIELDS},
        )


class ConfirmSendForm(forms.Form):
    """Carries the number of recipients that was shown, which the service compares with the present one."""

    count = VersionField(required=False)
    version = VersionField(required=False)


class DeleteDraftForm(forms.Form):
    """Carries the version of the draft that was shown; the service deletes no other version."""

    version = VersionField(required=False)


class GapReminderForm(forms.Form):
    """Carries the number of mails that was shown, which the service compares with the present one.

    Where some recipients were reminded within a day (`is_repeated`), a checkbox confirms that they are mailed again.
    """

    count = VersionField(required=False)
    again = forms.BooleanField(
        label=_("I know that some of them were told within the last day: tell them once more."), required=False
    )

    def __init__(self, *args: Any, is_repeated: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_repeated:
            del self.fields["again"]
