"""The columns that an export of delegates can have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.services.exports.files import CellValue


@dataclass(frozen=True)
class Column:
    """A column of an export. `value` reads a delegate loaded by `read_delegates` and costs no query."""

    label: Promise
    value: Callable[[Any], CellValue]
    is_default: bool = True
    is_datetime: bool = False

    def heading(self, zone: str) -> str:
        """Return the heading; a time column includes the zone (rule 13)."""
        return f"{self.label} ({zone})" if self.is_datetime else str(self.label)


def format_datetime(at: datetime | None) -> str:
    """Format a time in the current zone so that spreadsheet programs of any language sort it."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _answers(delegate: Any) -> str:
    return " · ".join(f"{entry.session.number}: {entry.get_ical_partstat_display()}" for entry in delegate.held_entries)


COLUMNS: Mapping[str, Column] = {
    "webinar": Column(gettext_lazy("Webinar"), lambda delegate: str(delegate.webinar), is_default=False),
    "body": Column(gettext_lazy("Delegation"), lambda delegate: str(delegate.delegation.body)),
    "profile": Column(gettext_lazy("Profile"), lambda delegate: str(delegate.profile or "")),
    "name": Column(gettext_lazy("Full name"), lambda delegate: delegate.name),
    "institution": Column(gettext_lazy("Institution"), lambda delegate: delegate.institution),
    "position": Column(gettext_lazy("Position"), lambda delegate: delegate.position),
    "email": Column(gettext_lazy("E-mail address"), lambda delegate: delegate.email),
    "phone": Column(gettext_lazy("Telephone"), lambda delegate: delegate.phone, is_default=False),
    "role": Column(gettext_lazy("Role"), lambda delegate: delegate.get_role_display()),
    "working_group": Column(
        gettext_lazy("Working Group"), lambda delegate: _("yes") if delegate.is_working_group_member else _("no")
    ),
    "is_head_of_delegation": Column(
        gettext_lazy("Head of delegation"), lambda delegate: _("yes") if delegate.is_head_of_delegation else _("no")
    ),
    "language": Column(gettext_lazy("Language"), lambda delegate: delegate.get_language_display(), is_default=False),
    "timezone": Column(gettext_lazy("Time zone"), lambda delegate: delegate.timezone, is_default=False),
    "needs": Column(
        gettext_lazy("Needs for interpretation or accessibility"), lambda delegate: delegate.needs, is_default=False
    ),
    "status": Column(gettext_lazy("State"), lambda delegate: delegate.get_status_display()),
    "delegation_status": Column(
        gettext_lazy("State of the delegation"),
        lambda delegate: delegate.delegation.get_status_display(),
        is_default=False,
    ),
    "registered_at": Column(
        gettext_lazy("Registered at"),
        lambda delegate: format_datetime(delegate.registered_at),
        is_default=False,
        is_datetime=True,
    ),
    "admitted_at": Column(
        gettext_lazy("Admitted at"),
        lambda delegate: format_datetime(delegate.admitted_at),
        is_default=False,
        is_datetime=True,
    ),
    "answers": Column(gettext_lazy("Answers by session"), _answers),
}
DEFAULT_COLUMNS = tuple(code for code, column in COLUMNS.items() if column.is_default)
