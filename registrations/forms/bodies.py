"""The form of a participating body."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import BodyKind, ParticipatingBody
from registrations.queries.bodies import has_people
from sessions_app.zones import validate_zone


class ZonesField(forms.CharField):
    """A textarea with one IANA time zone per line; the value is a list of names."""

    widget = forms.Textarea

    def prepare_value(self, value: object) -> object:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: object) -> list[str]:  # type: ignore[override]  # a list and not one text
        names = value if isinstance(value, list) else str(value or "").split()
        return list(dict.fromkeys(names))

    def validate(self, value: object) -> None:
        super().validate(value)
        for name in value if isinstance(value, list) else []:
            validate_zone(name)

    def has_changed(self, initial: object, data: object) -> bool:
        return self.to_python(initial) != self.to_python(data)


class BodyForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    timezones = ZonesField(
        label=gettext_lazy("Time zones"),
        required=False,
        help_text=gettext_lazy("One a line, such as America/Tegucigalpa. A single one is prefilled for delegates."),
    )

    class Meta:
        model = ParticipatingBody
        fields = ["kind", "iso_code", "slug", "name_en", "name_es", "default_language", "timezones"]

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if self.instance.pk and kind != self.initial["kind"] and has_people(self.instance):
            raise ValidationError(
                _(
                    "The kind cannot change any more: there are delegations or focal points of this body, whose seats "
                    "and exceptions rest on it. Add another body instead."
                )
            )
        return kind

    def clean_iso_code(self) -> str | None:
        code: str | None = self.cleaned_data["iso_code"]
        return code.upper() if code else None

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("kind") == BodyKind.COUNTRY and not self.cleaned_data.get("iso_code"):
            raise ValidationError({"iso_code": _("Enter the country's ISO 3166 code of two letters, such as HN.")})
