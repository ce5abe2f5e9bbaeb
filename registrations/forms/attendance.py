"""The participant report of a session, and who its people are."""

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
    """The zones that a report may be written in: the webinar's, the reader's, and none."""
    zones = dict.fromkeys([session.webinar.timezone, timezone.get_current_timezone_name(), UTC])
    language = get_language() or "en"
    return forms.ChoiceField(
        label=_("Hours in the report"),
        choices=[(zone, zone if zone == UTC else f"{zone_city(zone, language)} ({zone})") for zone in zones],
        help_text=_("Reports do not say it: it is the time zone of whoever downloaded the report."),
    )


class ReportForm(forms.Form):
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


class ConfirmForm(forms.Form):
    """Carries the people of a report that was looked at."""

    people = forms.CharField(widget=forms.HiddenInput)
    is_confirmed = forms.BooleanField(label=_("This is the report of this session"), required=False)

    def __init__(self, *args: Any, session: Session, has_warnings: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = zone_field(session)
        self.fields["timezone"].widget = forms.HiddenInput()
        if not has_warnings:
            del self.fields["is_confirmed"]


class RemoveForm(forms.Form):
    reason = reason_field(help_text=_("Kept in the history."))


class MatchForm(forms.Form):
    """Who each of `rows` is; `suggested` by the row's id is chosen beforehand.

    What is stored is sent along, so that only what differs is an answer: what others told meanwhile stays.
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
        choices = _choices(people)
        for row in rows:
            stored = answer_of(row)
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
    def lines(self) -> list[tuple[Attendance, forms.BoundField, forms.BoundField]]:
        return [(row, self[f"who-{row.pk}"], self[f"was-{row.pk}"]) for row in self.rows]

    def answers(self) -> Mapping[int, str]:
        """By the id of an attendance, what was sent that is not stored."""
        typed = self.cleaned_data
        sent = [row.pk for row in self.rows if f"who-{row.pk}" in self.data]
        return {pk: typed[f"who-{pk}"] for pk in sent if typed[f"who-{pk}"] != typed[f"was-{pk}"]}


def answer_of(row: Attendance) -> str:
    if row.matched_by == MatchedBy.NOBODY:
        return NOBODY
    return NOT_YET if row.delegate_id is None else str(row.delegate_id)


def _choices(people: Iterable[Delegate]) -> list[Any]:
    """By body; `people` come in this order."""
    groups = groupby(people, key=lambda one: str(one.delegation.body))
    return [
        (NOT_YET, _("Not told yet")),
        (NOBODY, _("Nobody of ours")),
        *((body, [(str(one.pk), one.name) for one in of_body]) for body, of_body in groups),
    ]
