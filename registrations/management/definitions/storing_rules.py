"""Storing the registration policy, the reminder rules and the gap notice rules of a definition file."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from registrations.management.definitions.participants import RegistrationDefinition, ReminderDefinition
from registrations.models import GapNoticeRule, HistoryKind, RegistrationPolicy, ReminderRule, User
from registrations.models.history import POLICY_CHANGED
from registrations.services.policies import save_policy
from sessions_app.definitions import AgendaDefinition
from sessions_app.models import Webinar


def policy_values(
    registration: RegistrationDefinition, agenda: AgendaDefinition, webinar: Webinar, *, shift: timedelta
) -> dict[str, Any]:
    """Return the fields of the policy, with dates counted from the first session as moved."""
    first_start = agenda.first_start + shift
    moved = first_start.date() - agenda.first_start.date()
    return {
        "opens_at": agenda.to_utc(registration.opens.resolve(first_start, moved)),
        "closes_at": agenda.to_utc(registration.closes.resolve(first_start, moved)),
        "purge_on": registration.purge.resolve(first_start, moved).date(),
        "accepts_complete_at_once": registration.accepts_complete_at_once,
        "requires_letter": registration.requires_letter,
    }


def store_policy(
    webinar: Webinar, values: dict[str, Any], *, have_quotas_changed: bool, now: datetime, by: User | None
) -> bool:
    """Save the policy through its service, which accepts complete delegations; return whether the policy changed.

    With `have_quotas_changed` the service also runs if only quotas or exceptions changed.
    """
    policy = RegistrationPolicy.objects.filter(webinar=webinar).first()
    is_changed = policy is None or any(getattr(policy, name) != value for name, value in values.items())
    policy = policy or RegistrationPolicy(webinar=webinar)
    for name, value in values.items():
        setattr(policy, name, value)
    if is_changed or have_quotas_changed:
        step = POLICY_CHANGED if is_changed else HistoryKind.QUOTA_CHANGED
        save_policy(policy, changed=values, by=by, now=now, step=step)
    return is_changed


def store_reminders(webinar: Webinar, reminders: tuple[ReminderDefinition, ...], *, now: datetime) -> bool:
    """Replace the reminder rules that differ from the file, and keep the others; return whether any changed."""
    known = {
        ReminderDefinition(row.amount, row.unit, row.scope, moment=row.moment, recipients=row.recipients): row
        for row in webinar.reminder_rules.all()
    }
    gone = known.keys() - set(reminders)
    new = [each for each in reminders if each not in known]
    ReminderRule.objects.filter(pk__in=[known[each].pk for each in gone]).delete()
    ReminderRule.objects.bulk_create(ReminderRule(webinar=webinar, created_at=now, **asdict(each)) for each in new)
    return bool(gone or new)


def store_gap_notices(webinar: Webinar, days: tuple[int, ...], *, now: datetime) -> bool:
    """Replace the gap notice rules that differ from the file, and keep the others; return whether any changed."""
    known = set(webinar.gap_notice_rules.values_list("days_before", flat=True))
    gone, new = known - set(days), set(days) - known
    GapNoticeRule.objects.filter(webinar=webinar, days_before__in=gone).delete()
    GapNoticeRule.objects.bulk_create(
        GapNoticeRule(webinar=webinar, days_before=each, created_at=now) for each in sorted(new)
    )
    return bool(gone or new)
