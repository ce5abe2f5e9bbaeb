"""The form that links a delegate to a speaker of the agenda."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.absent_fields import keep_absent_fields
from registrations.forms.delegates import VersionField
from registrations.models import Delegate
from sessions_app.models import Speaker, SpeakerKind


class SpeakerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the checker alone
    """A choice of speaker, labelled with name and institution."""

    def label_from_instance(self, obj: Any) -> str:
        institution = obj.institution_en or obj.institution_es
        return f"{obj}, {institution}" if institution else str(obj)


class SpeakerForm(forms.Form):
    """The speaker that a delegate is; empty for one who does not speak."""

    speaker = SpeakerField(
        Speaker.objects.none(), label=_("Entry as speaker"), required=False, empty_label=_("does not speak")
    )
    version = VersionField()

    def __init__(self, *args: Any, delegate: Delegate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = delegate.version
        field: Any = self.fields["speaker"]
        field.initial = delegate.speaker_id
        field.queryset = Speaker.objects.filter(webinar=delegate.webinar_id, kind=SpeakerKind.PERSON)
        keep_absent_fields(self, ["speaker"])
