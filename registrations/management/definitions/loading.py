"""Loads a definition file: validates it completely, then stores it in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from registrations.management.definitions.participants import (
    ParticipantsDefinition,
    ReminderDefinition,
    parse_participants,
)
from registrations.management.definitions.storing_bodies import store_bodies
from registrations.management.definitions.storing_quotas import store_profiles, store_quotas
from registrations.management.definitions.storing_rules import (
    policy_values,
    store_gap_notices,
    store_policy,
    store_reminders,
)
from registrations.models import Delegation, DelegationStatus, User
from registrations.services.nudge import nudge_planner
from registrations.services.usual_rules import USUAL_GAP_NOTICES, USUAL_REMINDERS
from sessions_app.definitions import (
    AgendaDefinition,
    Source,
    TomlTable,
    load_agenda,
    parse_agenda,
    read_source,
)
from sessions_app.models import Webinar


@dataclass(frozen=True)
class LoadReport:
    """The result of loading a file: a text for each change, none if the database already matched the file."""

    webinar: Webinar
    is_new: bool
    changes: tuple[str, ...]


def load_definition(
    path: Path, *, starts_on: date | datetime | None = None, now: datetime, by: User | None = None
) -> LoadReport:
    """Store the definition file at `path` in one transaction.

    `starts_on` shifts all dates of a new webinar so that its first session begins on that day or at that datetime; a
    naive datetime is in the webinar's zone. `by` is recorded as the actor of changed quotas and is required for them.
    Raises DefinitionRefused with every problem and its line, and OSError for an unreadable file. Loading the same file
    again changes nothing. Nothing becomes public before a release.
    """
    source = read_source(path)
    top = TomlTable.top(source)
    agenda = parse_agenda(top)
    participants = parse_participants(top)
    top.finish()
    source.raise_if_problems()
    with transaction.atomic():
        return _store(source, agenda, participants, starts_on=starts_on, now=now, by=by)


def _store(
    source: Source,
    agenda: AgendaDefinition,
    participants: ParticipantsDefinition,
    *,
    starts_on: date | datetime | None,
    now: datetime,
    by: User | None,
) -> LoadReport:
    """Store the parsed file. Raises DefinitionRefused."""
    loaded = load_agenda(source, agenda, first_start=_first_start(agenda, starts_on), now=now)
    webinar = loaded.webinar
    changes = [*loaded.changes, *store_bodies(source, webinar, participants.bodies)]
    submitted = list(webinar.delegations.filter(status=DelegationStatus.SUBMITTED).values_list("pk", flat=True))
    changes += store_profiles(source, webinar, participants.profiles)
    changed_quotas = store_quotas(source, webinar, participants.profiles, now=now, by=by)
    changes += changed_quotas
    values = policy_values(participants.registration, agenda, webinar, shift=loaded.shift)
    if values["closes_at"] <= values["opens_at"]:
        source.report(
            ("registration", "closes"), _("Registration must close after it opens. Choose a later date and time.")
        )
    if values["purge_on"] <= (agenda.first_start + loaded.shift).date():
        source.report(("registration", "purge"), _("Personal data cannot end before the webinar."))
    source.raise_if_problems()
    if store_policy(webinar, values, have_quotas_changed=bool(changed_quotas), now=now, by=by):
        changes.append(_("Registration: when it opens and closes."))
    accepted = Delegation.objects.filter(pk__in=submitted, status=DelegationStatus.ACCEPTED).select_related("body")
    changes += [
        _("Delegation of %(name)s: accepted, as it is complete now.") % {"name": delegation.body}
        for delegation in accepted
    ]
    reminders, gap_notices = participants.reminders, participants.registration.gap_notices
    if loaded.is_new:
        if reminders is None:
            reminders = tuple(ReminderDefinition(**fields) for fields in USUAL_REMINDERS)
        gap_notices = USUAL_GAP_NOTICES if gap_notices is None else gap_notices
    if reminders is not None and store_reminders(webinar, reminders, now=now):
        changes.append(_("Reminders."))
    if gap_notices is not None and store_gap_notices(webinar, gap_notices, now=now):
        changes.append(_("Gap notices."))
    if changes:
        nudge_planner()
    return LoadReport(webinar=webinar, is_new=loaded.is_new, changes=tuple(changes))


def _first_start(agenda: AgendaDefinition, starts_on: date | datetime | None) -> datetime | None:
    """Return the local start of the first session that `starts_on` asks for; None without it."""
    if starts_on is None:
        return None
    if not isinstance(starts_on, datetime):
        return datetime.combine(starts_on, agenda.first_start.time())
    if starts_on.tzinfo is not None:
        starts_on = starts_on.astimezone(ZoneInfo(agenda.timezone)).replace(tzinfo=None)
    return starts_on.replace(second=0, microsecond=0)
