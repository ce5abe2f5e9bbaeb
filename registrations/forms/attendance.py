"""Forms that import the participant report of a session and match its people with delegates."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registrations.forms.delegates import reason_field
from registrations.models import Attendance, Delegate, MatchedBy
from registrations.services.attendance_import.manual_matching import NOBODY, NOT_YET
from sessions_app.hours import zone_city
from sessions_app.models import Session

UTC = "UTC"


def zone_field(session: Session) -> forms.ChoiceField:
    """Build the field that says in which time zone the report is: the webinar's, the user's or UTC."""
    zones = dict.fromkeys([session.webinar.timezone, timezone.get_current_timezone_name(), UTC])
    language = get_language() or "en"
    return forms.ChoiceField(
        label=_("Hours in the report"),
        choices=[(zone, zone if zone == UTC else f"{zone_city(zone, language)} ({zone})") for zone in zones],
        help_text=_("Reports do not say it: it is the time zone of whoever downloaded the report."),
    )


class ReportForm(forms.Form):
    """The uploaded report of one session."""

    file = forms.FileField(
        label=_("Participant report"),
        allow_empty_file=True,
        help_text=_("The CSV file as Zoom or Teams gives it, of one session, up to 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        error_messages={"required": _("Please choose the file first.")},
    )

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = zone_field(session)


class ConfirmImportForm(forms.Form):
    """Carries the people of a checked report in a hidden field; a report with warnings needs a confirmation."""

    people = forms.CharField(widget=forms.HiddenInput)
    is_confirmed = forms.BooleanField(label=_("This is the report of this session"), required=False)

    def __init__(self, *args: Any, session: Session, has_warnings: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = zone_field(session)
        self.fields["timezone"].widget = forms.HiddenInput()
        if not has_warnings:
            del self.fields["is_confirmed"]


class RemoveForm(forms.Form):
    """The reason for which the imported attendance of a session is removed."""

    reason = reason_field(help_text=_("Kept in the history."))


class MatchForm(forms.Form):
    """Says which delegate each attendance row is; the delegate in `suggested`, by the row's id, is preselected.

    A hidden field carries the stored answer, so that only changed answers are saved and a colleague's answers stay.
    """

    def __init__(
        self,
        *args: Any,
        rows: Sequence[Attendance],
        people: Iterable[Delegate],
        suggested: Mapping[int, Delegate],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        choices = _delegate_choices(people)
        for row in rows:
            stored = stored_answer(row)
            by_name = suggested.get(row.pk)
            self.fields[f"who-{row.pk}"] = forms.ChoiceField(
                label=row.name or row.address,
                choices=choices,
                required=False,
                initial=str(by_name.pk) if by_name else stored,
                help_text=_("The same name: please check, then save.") if by_name else "",
            )
            self.fields[f"was-{row.pk}"] = forms.CharField(widget=forms.HiddenInput, required=False, initial=stored)

    @property
    def rows_with_fields(self) -> list[tuple[Attendance, forms.BoundField, forms.BoundField]]:
        """Return each row with its select and its hidden field of the stored answer."""
        return [(row, self[f"who-{row.pk}"], self[f"was-{row.pk}"]) for row in self.rows]

    def changed_answers(self) -> Mapping[int, str]:
        """Return {id of the attendance row: answer} for each submitted answer that differs from the stored one."""
        cleaned = self.cleaned_data
        submitted = [row.pk for row in self.rows if f"who-{row.pk}" in self.data]
        return {pk: cleaned[f"who-{pk}"] for pk in submitted if cleaned[f"who-{pk}"] != cleaned[f"was-{pk}"]}


def stored_answer(row: Attendance) -> str:
    """Return the choice that stands for the stored match of `row`."""
    if row.matched_by == MatchedBy.NOBODY:
        return NOBODY
    return NOT_YET if row.delegate_id is None else str(row.delegate_id)


def _delegate_choices(people: Iterable[Delegate]) -> list[Any]:
    """Return the choices grouped by body; `people` must be sorted by body."""
    groups = groupby(people, key=lambda delegate: str(delegate.delegation.body))
    return [
        (NOT_YET, _("Not told yet")),
        (NOBODY, _("Nobody of ours")),
        *((body, [(str(delegate.pk), delegate.name) for delegate in of_body]) for body, of_body in groups),
    ]
