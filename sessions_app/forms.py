"""The forms with which the secretariat edits, releases and cancels an agenda."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sessions_app.bilingual import LANGUAGES
from sessions_app.concurrent_edits import ConcurrentEditForm
from sessions_app.models import AgendaItem, SpokenLanguage
from sessions_app.release_recipients import CountedChange, CountedChanges


def mark_languages(fields: Mapping[str, forms.Field]) -> None:
    """Set the `lang` attribute of each input whose name ends in a language, such as "title_es" (WCAG 3.1.2)."""
    for name, field in fields.items():
        language = name.rpartition("_")[2]
        if language in LANGUAGES:
            field.widget.attrs["lang"] = language


# Fields that browsers offer to fill in with their user's own data.
AUTOFILL_FIELDS = {"name", "email", "institution", "position", "phone"}


def disable_autofill(fields: Mapping[str, forms.Field]) -> None:
    """Turn autofill off for a person's fields: the form is about another person than the browser's user."""
    for name, field in fields.items():
        base_name, _at, language = name.rpartition("_")
        if (base_name if language in LANGUAGES else name) in AUTOFILL_FIELDS:
            field.widget.attrs["autocomplete"] = "off"


class SpokenLanguagesInitial(forms.HiddenInput):
    """Carries the languages that a page showed as one text, so that it is sent too if there are none."""

    def format_value(self, value: Any) -> str:
        return " ".join(value or ())

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, "").split()


class SpokenLanguagesSelect(forms.CheckboxSelectMultiple):
    """A tick for each language. A page without its hidden initial value has not shown it, so nothing was unticked."""

    template_name = "admin/widgets/ticks.html"
    legend = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["legend"] = self.legend
        return context

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"initial-{name}" not in data


class SpokenLanguagesField(forms.MultipleChoiceField):
    """A list of values of `SpokenLanguage`."""

    widget: Any = SpokenLanguagesSelect
    hidden_widget = SpokenLanguagesInitial

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=SpokenLanguage.choices, required=False, **kwargs)
        self.widget.legend = self.label


class SessionForm(ConcurrentEditForm):
    """A form for a session."""

    floor_languages = SpokenLanguagesField(label=_("Languages of the floor"))
    interpretation_languages = SpokenLanguagesField(label=_("Interpretation into"))


def focus_first(form: Any) -> None:
    """Give the first visible input of `form` the focus, if it has one."""
    for bound_field in form.visible_fields()[:1]:
        bound_field.field.widget.attrs["autofocus"] = True


class AgendaItemForm(ConcurrentEditForm):
    """A form for an agenda item in a list; `place` is its position there, and a new item comes last."""

    place = forms.IntegerField(label=_("Place"), required=False, min_value=1, max_value=999)

    class Meta:
        model = AgendaItem
        fields = ["minutes", "kind", "title_en", "title_es", "points_en", "points_es"]
        widgets = {name: forms.Textarea(attrs={"rows": 4, "cols": 50}) for name in ("points_en", "points_es")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].initial = self.instance.position
        mark_languages(self.fields)


class MinutesForm(ConcurrentEditForm):
    """The minutes of one item in the table of the agenda."""

    class Meta:
        model = AgendaItem
        fields = ["minutes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minutes"].label = _("Minutes: %(title)s") % {"title": self.instance}


class ItemForm(ConcurrentEditForm):
    """One agenda item in full; a title in one language is enough for a draft."""

    is_removed = forms.BooleanField(label=_("Remove this item"), required=False)

    class Meta:
        model = AgendaItem
        fields = ["minutes", "kind", "title_en", "title_es", "points_en", "points_es"]
        widgets = {name: forms.Textarea(attrs={"rows": 5}) for name in ("points_en", "points_es")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title_en"].required = False
        if self.instance.pk is None:
            del self.fields["is_removed"]
        mark_languages(self.fields)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not (self.typed_data.get("title_en") or self.typed_data.get("title_es")) and not self.errors:
            self.add_error("title_en", _("Give a title in at least one language."))
        return cleaned


class DraftFingerprintForm(forms.Form):
    """Confirms an action on the draft that was shown; the hidden field `seen` is the fingerprint of that draft."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, fingerprint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = fingerprint

    def add_refusal(self, reasons: Iterable[object]) -> None:
        """Show why the action was refused; the form then confirms the draft that is shown now."""
        for reason in reasons:
            self.add_error(None, str(reason))
        self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        self.data["seen"] = str(self.fields["seen"].initial)  # type: ignore[index]  # the same


class RestoreForm(DraftFingerprintForm):
    """Confirms that an earlier release is put back into the draft."""

    seen = forms.CharField(widget=forms.HiddenInput)


class ReasonForm(DraftFingerprintForm):
    """Confirms an action and gives its reason."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 50, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_required


class ReleaseForm(DraftFingerprintForm):
    """Releases the draft that was shown, and chooses which optional updates are mailed."""

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

    def __init__(self, *args: Any, changes: CountedChanges, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional = [each for each in changes.sessions if each.is_optional]
        if optional:
            self.fields["mail_updates_for"].choices = [  # type: ignore[attr-defined]  # a choice field
                (each.change.number, _change_label(each)) for each in optional
            ]
        else:
            del self.fields["mail_updates_for"]


def _change_label(counted: CountedChange) -> str:
    return ngettext("%(session)s (%(count)s person)", "%(session)s (%(count)s people)", counted.recipients) % {
        "session": f"{counted.change.number}. {counted.change.after.title}",
        "count": counted.recipients,
    }
