"""The form of a note of a call."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import Delegation, User
from registrations.models.call_note import MAX_NOTE_LENGTH
from sessions_app.invisible import validate_visible
from sessions_app.zones import validate_year


class CallNoteForm(forms.Form):
    """What was said, about which webinar, when to look again, and who is on it from now on."""

    text = forms.CharField(
        label=gettext_lazy("What was said"),
        max_length=MAX_NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[validate_visible],
        help_text=gettext_lazy("Only the secretariat reads it. It is deleted with the personal data of the webinar."),
    )
    delegation = forms.TypedChoiceField(label=gettext_lazy("About"))
    look_again_on = forms.DateField(
        label=gettext_lazy("Look again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[validate_year],
        help_text=gettext_lazy("Today then shows it."),
    )
    handled_by = forms.TypedChoiceField(label=gettext_lazy("Who is on it"), required=False, empty_value=None)

    def __init__(
        self, *args: Any, delegations: Sequence[tuple[Delegation, str]], staff: Sequence[User], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer("delegation", {str(delegation.pk): delegation for delegation, _label in delegations})
        self.fields["delegation"].choices = [(str(delegation.pk), label) for delegation, label in delegations]  # type: ignore[attr-defined]  # a choice field
        self._offer("handled_by", {str(user.pk): user for user in staff})
        self.fields["handled_by"].choices = [("", _("as before")), *((str(user.pk), str(user)) for user in staff)]  # type: ignore[attr-defined]  # a choice field

    def _offer(self, name: str, rows: Mapping[str, object]) -> None:
        """Let the field clean to the row of the chosen key."""
        self.fields[name].coerce = rows.__getitem__  # type: ignore[attr-defined]  # a typed choice field
