"""Loads a definition file: reads it whole, tells everything that is wrong with it, or stores it in one transaction."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import RuleBroken
from registrations.management.definitions.participants import (
    USUAL_GAP_NOTICES,
    USUAL_REMINDERS,
    BodyDefinition,
    ExceptionDefinition,
    ParticipantsDefinition,
    ProfileDefinition,
    RegistrationDefinition,
    ReminderDefinition,
    parse_participants,
)
from registrations.models import (
    BodyKind,
    Delegation,
    DelegationStatus,
    GapNoticeRule,
    HistoryKind,
    ParticipantProfile,
    ParticipatingBody,
    Quota,
    QuotaException,
    RegistrationPolicy,
    ReminderRule,
    User,
)
from registrations.models.history import POLICY_CHANGED
from registrations.queries.bodies import has_people
from registrations.services.nudge import nudge_planner
from registrations.services.policies import save_policy
from registrations.services.quotas import change_quota, end_exception, make_exception
from sessions_app.definitions import (
    AgendaDefinition,
    Source,
    Table,
    load_agenda,
    parse_agenda,
    read_source,
)
from sessions_app.definitions.loading import apply_values, columns
from sessions_app.models import Webinar


@dataclass(frozen=True)
class LoadReport:
    """What loading a file did: a line for each change, none where the file was loaded already."""

    webinar: Webinar
    is_new: bool
    changes: tuple[str, ...]


def load_definition(
    path: Path, *, starts_on: date | datetime | None = None, now: datetime, by: User | None = None
) -> LoadReport:
    """Make the database say what the file at `path` says, all of it or nothing.

    `starts_on` moves all dates of a new webinar so that its first session begins on that day, or at that moment: with
    a zone an instant, without one a wall clock in the webinar's zone. Raises DefinitionRefused with every problem, by
    line, and OSError for a file that cannot be read. Loading the same file again changes nothing. `by` stands in the
    history of changed quotas, which need one. Nothing becomes public: that is a release.
    """
    source = read_source(path)
    top = Table.top(source)
    agenda = parse_agenda(top)
    participants = parse_participants(top)
    top.finish()
    source.check()
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
    loaded = load_agenda(source, agenda, first_start=_first_start(agenda, starts_on), now=now)
    webinar = loaded.webinar
    changes = [*loaded.changes, *_store_bodies(source, webinar, participants.bodies)]
    submitted = list(webinar.delegations.filter(status=DelegationStatus.SUBMITTED).values_list("pk", flat=True))
    changes += _store_profiles(source, webinar, participants.profiles)
    changed_quotas = _store_quotas(source, webinar, participants.profiles, now=now, by=by)
    changes += changed_quotas
    values = _policy_values(participants.registration, agenda, webinar, shift=loaded.shift)
    if values["closes_at"] <= values["opens_at"]:
        source.refuse(
            ("registration", "closes"), _("Registration must close after it opens. Choose a later date and time.")
        )
    if values["purge_on"] <= (agenda.first_start + loaded.shift).date():
        source.refuse(("registration", "purge"), _("Personal data cannot end before the webinar."))
    source.check()
    if _store_policy(webinar, values, is_asking_anew=bool(changed_quotas), now=now, by=by):
        changes.append(_("Registration: when it opens and closes."))
    accepted = Delegation.objects.filter(pk__in=submitted, status=DelegationStatus.ACCEPTED).select_related("body")
    changes += [_("Delegation of %(name)s: accepted, as it is complete now.") % {"name": one.body} for one in accepted]
    reminders, gap_notices = participants.reminders, participants.registration.gap_notices
    if loaded.is_new:
        reminders = USUAL_REMINDERS if reminders is None else reminders
        gap_notices = USUAL_GAP_NOTICES if gap_notices is None else gap_notices
    if reminders is not None and _store_reminders(webinar, reminders, now=now):
        changes.append(_("Reminders."))
    if gap_notices is not None and _store_gap_notices(webinar, gap_notices, now=now):
        changes.append(_("Gap notices."))
    if changes:
        nudge_planner()
    return LoadReport(webinar=webinar, is_new=loaded.is_new, changes=tuple(changes))


def _first_start(agenda: AgendaDefinition, starts_on: date | datetime | None) -> datetime | None:
    """The wall clock of the first session that `starts_on` asks for."""
    if starts_on is None:
        return None
    if not isinstance(starts_on, datetime):
        return datetime.combine(starts_on, agenda.first_start.time())
    if starts_on.tzinfo is not None:
        starts_on = starts_on.astimezone(ZoneInfo(agenda.timezone)).replace(tzinfo=None)
    return starts_on.replace(second=0, microsecond=0)


def _store_bodies(source: Source, webinar: Webinar, bodies: tuple[BodyDefinition, ...]) -> list[str]:
    """The bodies of the file, and a draft delegation of each that has none."""
    known = {row.slug: row for row in ParticipatingBody.objects.all()}
    changes = []
    for each in bodies:
        row = known.get(each.slug)
        if not each.name:
            if row is None:
                source.refuse_line(each.line, _("“name” is missing: this body is not known yet."))
                continue
        elif _clashing(each, known) is not None:
            source.refuse_line(each.line, _("Another body has the code “%(code)s” already.") % {"code": each.iso_code})
            continue
        else:
            if row is not None and row.kind != each.kind and has_people(row):
                source.refuse_line(each.line, _("The kind of a body with delegations or focal points cannot change."))
                continue
            row = row or ParticipatingBody(slug=each.slug)
            if apply_values(row, _body_values(each)):
                changes.append(_("Participating body %(name)s.") % {"name": each.name})
        _delegation, is_new = Delegation.objects.get_or_create(webinar=webinar, body=row)
        if is_new:
            changes.append(_("Delegation of %(name)s.") % {"name": row.name})
    source.check()
    return changes


def _clashing(each: BodyDefinition, known: dict[str, ParticipatingBody]) -> ParticipatingBody | None:
    rows = (row for row in known.values() if row.iso_code and row.iso_code == each.iso_code)
    return next((row for row in rows if row.slug != each.slug), None)


def _body_values(each: BodyDefinition) -> dict[str, object]:
    return columns(name=each.name) | {
        "kind": each.kind,
        "iso_code": each.iso_code or None,
        "default_language": each.language,
        "timezones": list(each.timezones),
    }


def _store_quotas(
    source: Source, webinar: Webinar, profiles: tuple[ProfileDefinition, ...], *, now: datetime, by: User | None
) -> list[str]:
    """The changed quotas of the profiles, and their exceptions; `_store_policy` then accepts who is complete.

    An exception is made before the quota changes, whose new maximum its country need not fit; one that ends has to fit
    what is asked from now on.
    """
    exceptions = _changed_exceptions(source, webinar, profiles)
    made = [one for one in exceptions if one.wanted is not None]
    ended = [one for one in exceptions if one.wanted is None]
    changes = [_change_exception(source, one, now=now, by=by) for one in made]
    quotas = {quota.profile.code: quota for quota in webinar.quotas.select_related("webinar", "profile")}
    for each in profiles:
        quota = quotas[each.code]
        if (quota.minimum, quota.maximum) != (each.minimum, each.maximum):
            _change_quota(source, quota, each, now=now, by=by)
            changes.append(_("Quota of %(name)s.") % {"name": quota.profile.name})
    changes += [_change_exception(source, one, now=now, by=by) for one in ended]
    source.check()
    return changes


def _store_profiles(source: Source, webinar: Webinar, profiles: tuple[ProfileDefinition, ...]) -> list[str]:
    """And a quota of each that has none; a quota whose profile is missing is refused."""
    known = {row.code: row for row in ParticipantProfile.objects.all()}
    asked = set(webinar.quotas.values_list("profile__code", flat=True))
    for code in asked - {each.code for each in profiles}:
        source.refuse(("profile",), _("The profile “%(code)s” has a quota but is missing here.") % {"code": code})
    changes = []
    for position, each in enumerate(profiles, start=1):
        profile = known.get(each.code)
        if profile is None and not each.name:
            source.refuse_line(each.line, _("“name” is missing: this profile is not known yet."))
            continue
        profile = profile or ParticipantProfile(code=each.code)
        if each.name and apply_values(profile, _profile_values(each, position)):
            changes.append(_("Profile %(name)s.") % {"name": each.name})
        if each.code not in asked:
            Quota.objects.create(webinar=webinar, profile=profile, minimum=each.minimum, maximum=each.maximum)
            changes.append(_("Quota of %(name)s.") % {"name": profile.name})
    source.check()
    return changes


def _profile_values(each: ProfileDefinition, position: int) -> dict[str, object]:
    return {**columns(name=each.name, description=each.description), "position": position}


def _change_quota(source: Source, quota: Quota, each: ProfileDefinition, *, now: datetime, by: User | None) -> None:
    """Through the service that locks the seats; a broken rule becomes a problem of the file."""
    if by is None:
        source.refuse_line(each.line, _("A quota is changed under someone's name: load the file with --by ADDRESS."))
        return
    try:
        reason = _("As the definition file says.")
        numbers: Any = {"minimum": each.minimum, "maximum": each.maximum}
        change_quota(quota, **numbers, reason=reason, by=by, now=now, accepts=False)
    except RuleBroken as error:
        source.refuse_line(each.line, str(error.message))


@dataclass(frozen=True)
class _ChangedException:
    """What the file says otherwise than the database of one country; nothing (`wanted` is None) where it ends."""

    quota: Quota
    delegation: Delegation
    wanted: ExceptionDefinition | None
    line: int


def _changed_exceptions(
    source: Source, webinar: Webinar, profiles: tuple[ProfileDefinition, ...]
) -> list[_ChangedException]:
    """Of each profile whose exceptions the file names: it has exactly these."""
    countries = webinar.delegations.filter(body__kind=BodyKind.COUNTRY).select_related("webinar", "body")
    by_code = {delegation.body.iso_code or "": delegation for delegation in countries}
    changed = []
    for each in profiles:
        if each.exceptions is None:
            continue
        quota = webinar.quotas.select_related("webinar", "profile").get(profile__code=each.code)
        stored = {one.body.iso_code or "": one for one in quota.exceptions.select_related("body")}
        wanted = {one.country: one for one in each.exceptions}
        for one in wanted.values():
            if one.country not in by_code:
                source.refuse_line(one.line, _("No country “%(code)s” is asked here.") % {"code": one.country})
        changed += [
            _ChangedException(quota, by_code[code], wanted.get(code), line=each.line)
            for code in by_code
            if _exception_values(stored.get(code)) != _exception_values(wanted.get(code))
        ]
    return changed


def _exception_values(one: ExceptionDefinition | QuotaException | None) -> tuple[object, ...]:
    return (one.minimum, one.maximum, one.reason) if one else ()


def _change_exception(source: Source, changed: _ChangedException, *, now: datetime, by: User | None) -> str:
    """As `_change_quota`. What was changed, in words."""
    wanted, delegation, quota = changed.wanted, changed.delegation, changed.quota
    line = wanted.line if wanted else changed.line
    said = _("Quota of %(name)s: the exception for %(body)s.") % {"name": quota.profile, "body": delegation.body}
    if by is None:
        source.refuse_line(line, _("A quota is changed under someone's name: load the file with --by ADDRESS."))
        return said
    who: Any = {"by": by, "now": now, "accepts": False}
    try:
        if wanted is None:
            end_exception(delegation, quota=quota, reason=_("As the definition file says."), **who)
        else:
            numbers: Any = {"minimum": wanted.minimum, "maximum": wanted.maximum, "reason": wanted.reason}
            make_exception(delegation, quota=quota, **numbers, **who)
    except RuleBroken as error:
        source.refuse_line(line, str(error.message))
    return said


def _policy_values(
    registration: RegistrationDefinition, agenda: AgendaDefinition, webinar: Webinar, *, shift: timedelta
) -> dict[str, Any]:
    """The instants and days that the file's moments mean, counted from the first session as it was moved."""
    first_start = agenda.first_start + shift
    moved = first_start.date() - agenda.first_start.date()
    return {
        "opens_at": agenda.instant(registration.opens.on(first_start, moved)),
        "closes_at": agenda.instant(registration.closes.on(first_start, moved)),
        "purge_on": registration.purge.on(first_start, moved).date(),
        "accepts_complete_at_once": registration.accepts_complete_at_once,
        "requires_letter": registration.requires_letter,
    }


def _store_policy(
    webinar: Webinar, values: dict[str, Any], *, is_asking_anew: bool, now: datetime, by: User | None
) -> bool:
    """Whether the policy changed. Through the service that accepts who is complete: by all that the file says, so also
    where quotas or exceptions alone changed (`is_asking_anew`)."""
    policy = RegistrationPolicy.objects.filter(webinar=webinar).first()
    is_changed = policy is None or any(getattr(policy, name) != value for name, value in values.items())
    policy = policy or RegistrationPolicy(webinar=webinar)
    for name, value in values.items():
        setattr(policy, name, value)
    if is_changed or is_asking_anew:
        save_policy(policy, by=by, now=now, step=POLICY_CHANGED if is_changed else HistoryKind.QUOTA_CHANGED)
    return is_changed


def _store_reminders(webinar: Webinar, reminders: tuple[ReminderDefinition, ...], *, now: datetime) -> bool:
    """Exactly the rules of the file; one that stays keeps its age, so that it reminds nobody twice."""
    known = {
        ReminderDefinition(row.amount, row.unit, row.scope, moment=row.moment, recipients=row.recipients): row
        for row in webinar.reminder_rules.all()
    }
    gone = known.keys() - set(reminders)
    new = [each for each in reminders if each not in known]
    ReminderRule.objects.filter(pk__in=[known[each].pk for each in gone]).delete()
    ReminderRule.objects.bulk_create(ReminderRule(webinar=webinar, created_at=now, **asdict(each)) for each in new)
    return bool(gone or new)


def _store_gap_notices(webinar: Webinar, days: tuple[int, ...], *, now: datetime) -> bool:
    """Exactly the days of the file; one that stays keeps its age."""
    known = set(webinar.gap_notice_rules.values_list("days_before", flat=True))
    gone, new = known - set(days), set(days) - known
    GapNoticeRule.objects.filter(webinar=webinar, days_before__in=gone).delete()
    GapNoticeRule.objects.bulk_create(
        GapNoticeRule(webinar=webinar, days_before=each, created_at=now) for each in sorted(new)
    )
    return bool(gone or new)
