"""Creating a webinar with all that it needs before registration can open; it is saved whole or not at all."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput
from registrations.models import (
    Delegation,
    GapNoticeRule,
    ParticipantProfile,
    ParticipatingBody,
    Quota,
    QuotaLimits,
    RegistrationPolicy,
    ReminderRule,
)
from registrations.services.cloning import copy_rules
from registrations.services.profiles import create_profile
from registrations.services.usual_rules import USUAL_GAP_NOTICES, USUAL_REMINDERS
from sessions_app.bilingual import Bilingual
from sessions_app.models import Webinar
from sessions_app.webinar_setup import SessionPlan, SetupRefused, create_agenda, overlaps

# How long after the last session personal data are kept, unless somebody chooses another day.
USUAL_RETENTION = timedelta(days=90)


@dataclass(frozen=True)
class QuotaPlan:
    """What is asked of each country: `profile`, or a new one called `name`. `row` is its place in the form."""

    row: int
    limits: QuotaLimits
    profile: ParticipantProfile | None = None
    name: Bilingual | None = None


@dataclass(frozen=True)
class WebinarSetup:
    """A webinar to be created. `webinar` and `policy` are unsaved; the latter may lack its `purge_on`.

    With `earlier` its rules for reminders and gap notices are copied, and its speakers; otherwise the usual rules are
    made, as far as they are wanted.
    """

    webinar: Webinar
    policy: RegistrationPolicy
    sessions: Sequence[SessionPlan]
    quotas: Sequence[QuotaPlan]
    bodies: Collection[ParticipatingBody]
    earlier: Webinar | None = None
    wants_reminders: bool = True
    wants_gap_notices: bool = True


@transaction.atomic
def create_webinar(setup: WebinarSetup, *, now: datetime) -> Webinar:
    """Create the webinar with sessions, quotas, a draft delegation of each body, policy and rules.

    Nothing is public or mailed before its agenda is released. Raises SetupRefused, with nothing saved, whose messages
    are by input: a field of the webinar or the policy, "sessions", "session-<row>", "quotas" or "quota-<row>".
    """
    _check_sessions(setup)
    if setup.policy.opens_at is not None and not setup.quotas:
        raise SetupRefused({"quotas": [_("Registration cannot open while nobody is asked for. Tick a profile.")]})
    webinar = setup.webinar
    create_agenda(webinar, setup.sessions, earlier=setup.earlier)
    _create_policy(setup)
    for plan in setup.quotas:
        profile = plan.profile or _create_profile(plan)
        Quota.objects.create(webinar=webinar, profile=profile, minimum=plan.limits.minimum, maximum=plan.limits.maximum)
    for body in setup.bodies:
        # Saved one by one, because `save` computes a delegation's slug.
        Delegation.objects.create(webinar=webinar, body=body)
    if setup.earlier is not None:
        copy_rules(setup.earlier, webinar, now=now)
    else:
        _create_usual_rules(setup, now=now)
    return webinar


def _check_sessions(setup: WebinarSetup) -> None:
    if not setup.sessions:
        raise SetupRefused({"sessions": [_("A webinar needs a session. Give the day and hour of the first one.")]})
    if messages := overlaps(setup.sessions):
        raise SetupRefused({f"session-{row}": [message] for row, message in messages.items()})


def _create_policy(setup: WebinarSetup) -> None:
    policy = setup.policy
    policy.webinar = setup.webinar
    end = max(session.ends_at for session in setup.sessions)
    policy.purge_on = policy.purge_on or (end + USUAL_RETENTION).date()
    messages = {}
    try:
        policy.full_clean(exclude=["webinar"])
    except ValidationError as error:
        messages = error.message_dict
    if policy.closes_at >= end:
        messages["closes_at"] = [_("Registration must close before the last session is over.")]
    if policy.purge_on <= end.date():
        messages["purge_on"] = [_("Personal data are needed until the last session is over. Choose a later day.")]
    if messages:
        raise SetupRefused(messages)
    policy.save(force_insert=True)


def _create_profile(plan: QuotaPlan) -> ParticipantProfile:
    try:
        return create_profile(plan.name or Bilingual())
    except InvalidInput as invalid:
        raise SetupRefused({f"quota-{plan.row}": [str(invalid.message)]}) from invalid


def _create_usual_rules(setup: WebinarSetup, *, now: datetime) -> None:
    if setup.wants_reminders:
        ReminderRule.objects.bulk_create(
            ReminderRule(webinar=setup.webinar, created_at=now, **fields) for fields in USUAL_REMINDERS
        )
    if setup.wants_gap_notices:
        GapNoticeRule.objects.bulk_create(
            GapNoticeRule(webinar=setup.webinar, created_at=now, days_before=days) for days in USUAL_GAP_NOTICES
        )
