"""What the secretariat types about the agenda."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sessions_app.bilingual import LANGUAGES
from sessions_app.models import AgendaItem
from sessions_app.release_recipients import CountedChange, CountedChanges


def mark_languages(fields: Mapping[str, forms.Field]) -> None:
    """Let each input of a text in one language say which it is (WCAG 3.1.2): "title_es" holds Spanish on any page."""
    for name, field in fields.items():
        language = name.rpartition("_")[2]
        if language in LANGUAGES:
            field.widget.attrs["lang"] = language


# Fields that browsers fill in with their user's own data.
AUTOFILL_FIELDS = {"name", "email", "institution", "position", "phone"}


def disable_autofill(fields: Mapping[str, forms.Field]) -> None:
    """Ask the browser not to offer its owner's name, address and office: the form is about another person."""
    for name, field in fields.items():
        plain, _at, language = name.rpartition("_")
        if (plain if language in LANGUAGES else name) in AUTOFILL_FIELDS:
            field.widget.attrs["autocomplete"] = "off"


class SharedForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """Of a row that several people edit. Its page carries what it showed, so that what was typed is told from what has
    changed since; what is sent without that is compared with what is stored."""

    typed_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for shown in self:
            name = shown.html_initial_name
            if f"{name}_0" in self.data:
                # A moment is in two inputs. A page that comes back carries on only what is there by its own name.
                self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
                self.data[name] = ""  # type: ignore[index]  # the same
            shown.field.show_hidden_initial = not self.is_bound or name in self.data

    @cached_property
    def changed_data(self) -> list[str]:
        """Without what was not sent at all: it stays as it is stored."""
        return [name for name in super().changed_data if self._is_sent(name)]

    def _is_sent(self, name: str) -> bool:
        shown = self[name]
        return not shown.field.widget.value_omitted_from_data(self.data, self.files, shown.html_name)

    def clean(self) -> dict[str, Any]:
        """Have the row checked as it will be: as it is stored by now, with what was changed on the page.

        Django puts into the row what this returns, and then checks the row.
        """
        super().clean()
        self.typed_data = self.cleaned_data
        if self.instance.pk is None:
            return self.typed_data
        return {name: value for name, value in self.typed_data.items() if name in self.changed_data}

    def full_clean(self) -> None:
        """As Django's; `cleaned_data` then holds what was not changed too."""
        self.typed_data = {}
        super().full_clean()
        if self.typed_data:
            self.cleaned_data = {name: value for name, value in self.typed_data.items() if name not in self.errors}


class ItemForm(SharedForm):
    """An agenda item of a list in which `place` says what comes after what; a new one comes last."""

    place = forms.IntegerField(label=_("Place"), required=False, min_value=1, max_value=999)

    class Meta:
        model = AgendaItem
        fields = ["minutes", "kind", "title_en", "title_es", "points_en", "points_es"]
        widgets = {name: forms.Textarea(attrs={"rows": 4, "cols": 50}) for name in ("points_en", "points_es")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].initial = self.instance.position
        mark_languages(self.fields)


class SeenForm(forms.Form):
    """A step about what was shown: `seen` is the fingerprint of the draft."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, seen: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = seen

    def refuse(self, reasons: Iterable[object]) -> None:
        """Say why it was not done. What is shown now is what the next sending is about."""
        for reason in reasons:
            self.add_error(None, str(reason))
        self.data = {**self.data.dict(), "seen": self.fields["seen"].initial}  # type: ignore[attr-defined]  # a QueryDict


class RestoreForm(SeenForm):
    """The confirmation that an earlier release is put back."""

    seen = forms.CharField(widget=forms.HiddenInput)


class ReasonForm(SeenForm):
    """Why something is done."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 50, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_required


class ReleaseForm(forms.Form):
    """The release of a draft that was looked at: `seen` is its fingerprint."""

    seen = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Why; kept with the release."),
    )
    mail_updates_for = forms.TypedMultipleChoiceField(
        label=_("Mail an update about"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, seen: str, changes: CountedChanges, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = seen
        optional = [each for each in changes.sessions if each.is_optional]
        if optional:
            self.fields["mail_updates_for"].choices = [  # type: ignore[attr-defined]  # that of a choice field
                (each.change.number, _choice(each)) for each in optional
            ]
        else:
            del self.fields["mail_updates_for"]


def _choice(each: CountedChange) -> str:
    return ngettext("%(session)s (%(count)s person)", "%(session)s (%(count)s people)", each.recipients) % {
        "session": f"{each.change.number}. {each.change.after.title}",
        "count": each.recipients,
    }
