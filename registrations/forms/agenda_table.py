"""The form of the page on which a table becomes the items of a session."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.imports import ImportForm, TableField
from sessions_app.models.session import LONGEST_SESSION_MINUTES


class AgendaTableForm(ImportForm):
    """A table of agenda items, as a file or pasted.

    `preview_digest` is the digest of the previewed table, and `seen` the ids of the items that the
    session had then.
    """

    table = TableField(
        label=_("Rows"),
        help_text=_("Copy them from a spreadsheet, or type them with tabs, semicolons or commas between the cells."),
    )
    field_order = ["table", "file"]
    last_minutes = forms.IntegerField(
        label=_("Minutes of the last row"),
        required=False,
        min_value=1,
        max_value=LONGEST_SESSION_MINUTES,
        help_text=_("If it has only an hour; otherwise it lasts until the session ends."),
    )
    replaces = forms.BooleanField(label=_("Remove the items that the session has now"), required=False)
    preview_digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    seen = forms.RegexField(r"\A[\d,]*\Z", required=False, max_length=4_000, widget=forms.HiddenInput)

    @property
    def seen_ids(self) -> list[int]:
        """The ids in `seen` of the valid form."""
        return [int(key) for key in self.cleaned_data["seen"].split(",") if key]
