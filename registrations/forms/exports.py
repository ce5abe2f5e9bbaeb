"""Forms that choose the columns and the file format of an export."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.services.exports import COLUMNS, DEFAULT_COLUMNS, FileFormat


def column_choices() -> list[tuple[str, str]]:
    """Return the exportable columns as choices, in the language of the request."""
    return [(code, str(column.label)) for code, column in COLUMNS.items()]


class FileFormatForm(forms.Form):
    file_format = forms.ChoiceField(
        label=_("File"), choices=FileFormat.choices, initial=FileFormat.XLSX, widget=forms.RadioSelect
    )


class ExportForm(FileFormatForm):
    columns = forms.MultipleChoiceField(
        label=_("Columns"), choices=column_choices, initial=DEFAULT_COLUMNS, widget=forms.CheckboxSelectMultiple
    )
    field_order = ["columns", "file_format"]

    def clean_columns(self) -> list[str]:
        """Return the selected columns in the order of COLUMNS."""
        selected = set(self.cleaned_data["columns"])
        return [code for code in COLUMNS if code in selected]
