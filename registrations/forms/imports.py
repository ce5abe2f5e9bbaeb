"""Forms that take a table of people, as a file or pasted, and that assign its columns."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.exceptions import UnreadableTable
from registrations.services.imports.columns import LABELS, SURNAME, ColumnLayout, missing_fields
from registrations.services.imports.guessing import guess_columns
from registrations.services.imports.pasted import read_pasted
from registrations.services.imports.reading import MAX_BYTES, file_too_large_error, read_file
from registrations.services.imports.tables import Table

SAMPLE_COUNT = 2


class TableField(forms.CharField):
    """A table as text, with its leading and trailing tabs and line breaks."""

    widget = forms.Textarea(attrs={"rows": 8, "cols": 60, "wrap": "off", "spellcheck": "false", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"strip": False, "required": False, **options})


class ImportForm(forms.Form):
    """An uploaded file or pasted rows, not both."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy(
            "An Excel workbook (.xlsx), a Word document with a table (.docx) or a CSV file, up to 5 MB."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.docx,.csv,.txt"}),
    )
    table = TableField(
        label=gettext_lazy("Or paste rows"),
        help_text=gettext_lazy(
            "Copy the rows with their headings in your spreadsheet, mail or PDF, and paste them here."
        ),
    )

    def clean(self) -> None:
        file, table = self.cleaned_data.get("file"), self.cleaned_data.get("table", "").strip()
        if self.errors:
            return
        if file and table:
            raise ValidationError(_("You chose a file and pasted rows. Please use one of them."))
        if file is None and not table:
            raise ValidationError({"file": _("Please choose a file, or paste rows below.")})

    @property
    def upload(self) -> "UploadedFile[bytes] | None":
        """Return the uploaded file of the valid form; None where rows were pasted."""
        return self.cleaned_data["file"] or None

    def read_table(self) -> Table | None:
        """Return the submitted table; None, with errors in the form, where there is none. Raises UnreadableTable."""
        if not self.is_valid():
            return None
        source, upload = "table", self.upload
        try:
            if upload is None:
                return read_pasted(self.cleaned_data["table"])
            source = "file"
            if (upload.size or 0) > MAX_BYTES:
                raise file_too_large_error()
            return read_file(upload.read())
        except UnreadableTable as broken:
            broken.field = source
            raise


class ColumnsForm(forms.Form):
    """Assigns a field to each column. The table is in a hidden field, so that nothing is uploaded twice."""

    table = TableField(widget=forms.HiddenInput)
    has_headings = forms.BooleanField(label=gettext_lazy("The first row holds headings"), required=False)

    def __init__(
        self,
        *args: Any,
        parsed_table: Table,
        layout: ColumnLayout,
        fields: Sequence[str],
        required: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.required_columns = required
        self.layout = layout
        self.fields["has_headings"].initial = layout.headings_index is not None
        offered_fields = [field for field in LABELS if field in fields or field == SURNAME]
        choices = [("", _("Not used")), *((field, LABELS[field]) for field in offered_fields)]
        guessed = guess_columns(parsed_table, layout, fields=fields)
        for number, column in enumerate(guessed):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=_column_name(parsed_table, layout, number),
                choices=choices,
                required=False,
                initial=column if column == SURNAME or guessed.count(column) == 1 else "",
                help_text=_sample(parsed_table, layout, number),
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """Return the selects of the columns."""
        return [self[name] for name in self.fields if name.startswith("column-")]

    def clean(self) -> None:
        assigned = [self.cleaned_data.get(f"column-{number}", "") for number in range(len(self.layout.columns))]
        for number, field in enumerate(assigned):
            if field and field != SURNAME and field in assigned[:number]:
                self.add_error(
                    f"column-{number}",
                    _("Another column is already used for this. Choose something else for one of the two columns."),
                )
        missing = missing_fields(ColumnLayout(tuple(assigned), None), needed=self.required_columns)
        if missing:
            names = [str(LABELS[field]) for field in missing]
            raise ValidationError(_("Please say which column holds: %(columns)s.") % {"columns": ", ".join(names)})

    def assigned_layout(self) -> ColumnLayout:
        """Return the layout that the valid form assigns."""
        columns = tuple(self.cleaned_data[f"column-{number}"] for number in range(len(self.layout.columns)))
        headings_index = self.layout.headings_index or 0 if self.cleaned_data["has_headings"] else None
        return ColumnLayout(columns, headings_index)


def _column_name(table: Table, layout: ColumnLayout, number: int) -> str:
    headings = () if layout.headings_index is None else table.rows[layout.headings_index]
    heading = headings[number].strip() if number < len(headings) else ""
    return heading or _("Column %(number)s") % {"number": number + 1}


def _sample(table: Table, layout: ColumnLayout, number: int) -> str:
    """Return the first values of a column, by which users recognise it."""
    texts = [row[number].strip() for row in table.rows[layout.first_row_index :] if number < len(row)]
    return ", ".join([text for text in texts if text][:SAMPLE_COUNT])
