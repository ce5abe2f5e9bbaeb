"""Changing what a webinar asks of every profile, all in one step: limits, profiles added and profiles removed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from registrations.exceptions import ConfirmationRequired, InvalidInput, MaximumTooLow, NotPossibleNow, RuleBroken
from registrations.models import (
    Delegate,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    Quota,
    QuotaException,
    QuotaLimits,
    RegistrationPolicy,
    User,
    Waiver,
)
from registrations.queries.acceptance import Acceptances, accepts_at_once
from registrations.queries.seats import CountedDelegation, delegations_with_seats, quotas_of
from registrations.services.acceptance import accept_by_rule
from registrations.services.change_previews import compare_delegations
from registrations.services.profiles import create_profile, profile_code
from registrations.services.quota_locks import lock_webinar
from registrations.services.quotas.limits import changed_limits, check_numbers
from registrations.services.quotas.previews import NO_ACCEPTANCES
from registrations.services.registration_window import check_time, clean_reason
from registrations.services.transactions import atomic_with_retry
from sessions_app.bilingual import Bilingual
from sessions_app.models import Webinar


@dataclass(frozen=True)
class QuotaChange:
    """One row of the table: `profile`, or a new one called `name`, and its `wanted` limits, None to remove it.

    `shown` is the `format_limits` that the user saw, empty for a profile that was not asked for. `row` is the place of
    the change in the form.
    """

    row: int
    profile: ParticipantProfile | None
    wanted: QuotaLimits | None
    shown: str = ""
    name: Bilingual | None = None


def format_limits(limits: QuotaLimits | None) -> str:
    """Return a short text that differs for different limits, empty for none."""
    return f"{limits.minimum}-{limits.maximum}" if limits else ""


@atomic_with_retry
def change_quotas(
    webinar: Webinar,
    changes: Sequence[QuotaChange],
    *,
    reason: str,
    by: User,
    now: datetime,
    confirmed: Collection[str],
) -> Acceptances:
    """Apply all `changes`, or none of them, and accept the submitted delegations that they complete (rule 4).

    A change that is stored already, such as that of a form sent twice, changes nothing. Locks the quotas and
    delegations of the webinar. Raises InvalidInput with the messages by "quota-<row>", among others if somebody else
    changed a quota since it was shown; ReasonRequired if a quota changes or ends without a reason;
    ConfirmationRequired if `confirmed` lacks any of the preview's confirmations; and what `check_time` raises.
    """
    quotas = {quota.profile_id: quota for quota in lock_webinar(webinar)}
    check_time(webinar, by=by, now=now)
    reason = clean_reason(reason, is_required=any(change.shown for change in changes))
    before = delegations_with_seats(webinar)
    events = _apply_all(webinar, changes, quotas)
    if not events:
        return NO_ACCEPTANCES
    _check_something_is_asked(webinar)
    after = delegations_with_seats(webinar)
    _check_maximums(changes, after)
    preview = compare_delegations(
        before,
        after,
        accepts_at_once=accepts_at_once(webinar),
        marks=[f"asks:{quota.profile.code}:{format_limits(quota.limits)}" for quota in quotas_of(webinar.pk)],
    )
    if not preview.confirmations <= set(confirmed):
        raise ConfirmationRequired(preview)
    for event in events:
        event.actor, event.at, event.reason = by, now, reason
    HistoryEvent.objects.bulk_create(events)
    accept_by_rule(preview.accepted.delegations, step=HistoryKind.QUOTA_CHANGED, by=by, now=now)
    return preview.accepted


def _apply_all(webinar: Webinar, changes: Iterable[QuotaChange], quotas: Mapping[int, Quota]) -> list[HistoryEvent]:
    """Write every change; return its history. Raises InvalidInput with the messages of all that are refused."""
    events, messages = [], {}
    for change in changes:
        try:
            event = _apply(webinar, change, quotas)
        except RuleBroken as broken:
            messages[f"quota-{change.row}"] = [str(broken.message)]
        else:
            events += [event] if event else []
    if messages:
        raise InvalidInput(messages)
    return events


def _apply(webinar: Webinar, change: QuotaChange, quotas: Mapping[int, Quota]) -> HistoryEvent | None:
    profile = change.profile or _profile_called(change.name or Bilingual())
    quota = quotas.get(profile.pk)
    stored = quota.limits if quota else None
    if stored == change.wanted:
        return None
    if format_limits(stored) != change.shown:
        raise NotPossibleNow(_changed_meanwhile(stored))
    if change.wanted is None:
        _remove(webinar, profile)
    else:
        check_numbers(minimum=change.wanted.minimum, maximum=change.wanted.maximum)
        numbers: Any = {"minimum": change.wanted.minimum, "maximum": change.wanted.maximum}
        Quota.objects.update_or_create(webinar=webinar, profile=profile, defaults=numbers)
    return _event(webinar, profile, stored, change.wanted)


def _changed_meanwhile(stored: QuotaLimits | None) -> str:
    if stored is None:
        return _("Someone else has removed this profile meanwhile. Save again to ask for it.")
    return _("Someone else has changed this meanwhile. Asked for now: %(asked)s.") % {"asked": stored}


def _profile_called(name: Bilingual) -> ParticipantProfile:
    """Return the profile with this name, which is created if nobody has done so meanwhile."""
    return ParticipantProfile.objects.filter(code=profile_code(name)).first() or create_profile(name)


def _remove(webinar: Webinar, profile: ParticipantProfile) -> None:
    """Remove the quota of `profile`. Raises NotPossibleNow, with what stands against it."""
    if count := Delegate.objects.filter(webinar=webinar, profile=profile).count():
        raise NotPossibleNow(
            _(
                "People are or were registered with this profile: %(count)s. It cannot be removed; ask for at least 0 "
                "instead."
            )
            % {"count": count}
        )
    exceptions = QuotaException.objects.filter(quota__webinar=webinar, quota__profile=profile).exists()
    waivers = Waiver.objects.filter(delegation__webinar=webinar, profile=profile, revoked_at=None).exists()
    if exceptions or waivers:
        raise NotPossibleNow(_("A country has an exception or a waiver for this profile. End it first."))
    Quota.objects.filter(webinar=webinar, profile=profile).delete()


def _check_maximums(changes: Iterable[QuotaChange], counted: Iterable[CountedDelegation]) -> None:
    """Raise InvalidInput if a delegation has more people than the new maximum that applies to it."""
    rows = {change.profile.pk: change.row for change in changes if change.profile is not None}
    for each in counted:
        for seat in each.seats:
            follows_quota = seat.profile.pk in rows and seat.default_limits is None
            if follows_quota and seat.maximum is not None and seat.named > seat.maximum:
                refused = MaximumTooLow(each.delegation, seat.named)
                raise InvalidInput({f"quota-{rows[seat.profile.pk]}": [str(refused.message)]})


def _check_something_is_asked(webinar: Webinar) -> None:
    """Raise NotPossibleNow if registration has an opening date and no profile is asked for any more."""
    is_to_open = RegistrationPolicy.objects.filter(webinar=webinar, opens_at__isnull=False).exists()
    if is_to_open and not webinar.quotas.exists():
        raise NotPossibleNow(_("Registration has an opening date, so somebody must be asked for. Keep one profile."))


def _event(
    webinar: Webinar, profile: ParticipantProfile, stored: QuotaLimits | None, wanted: QuotaLimits | None
) -> HistoryEvent:
    nothing = QuotaLimits(0, None)
    codes = [profile.code if limits else "" for limits in (stored, wanted)]
    changes = {"profile": codes, **changed_limits(stored or nothing, wanted or nothing)}
    return HistoryEvent(webinar=webinar, kind=HistoryKind.QUOTA_CHANGED, changes=changes)
