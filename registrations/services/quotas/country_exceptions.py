"""Making and ending exceptions from a quota for one country."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from registrations.exceptions import MaximumTooLow, NotPossibleNow
from registrations.models import Delegation, HistoryKind, Quota, QuotaException, QuotaLimits, User
from registrations.queries import SeatCount, exception_of
from registrations.queries.acceptance import Acceptances
from registrations.services.acceptance import accept_if_complete, check_confirmed
from registrations.services.history import record
from registrations.services.quota_locks import LockedDelegation, lock_delegation
from registrations.services.quotas.limits import changed_limits, check_numbers
from registrations.services.quotas.previews import NO_ACCEPTANCES, acceptances_with_limits, exception_preview
from registrations.services.registration_window import check_time, clean_reason
from registrations.services.transactions import atomic_with_retry


@atomic_with_retry
def make_exception(
    delegation: Delegation,
    *,
    quota: Quota,
    minimum: int,
    maximum: int | None,
    reason: str,
    by: User,
    now: datetime,
    confirmed: Iterable[str] | None = None,
    may_accept: bool = True,
) -> Acceptances:
    """Set other limits than those of `quota` for one country, until `end_exception`; its waivers stay (rule 3).

    A second call replaces limits and reason; the same values again change nothing. `may_accept` and the result are
    those of `change_quota`. Raises NotPossibleNow for an organisation, and what `change_quota` raises, about this
    delegation and by `exception_preview`. Locks the delegation.
    """
    locked = lock_delegation(delegation)
    seat = _seat_of(locked, quota, by=by, now=now)
    check_numbers(minimum=minimum, maximum=maximum)
    reason = clean_reason(reason, is_required=True)
    wanted = {"minimum": minimum, "maximum": maximum, "reason": reason}
    current = exception_of(locked.delegation, quota)
    if current is not None and wanted == {name: getattr(current, name) for name in wanted}:
        return NO_ACCEPTANCES
    limits = QuotaLimits(minimum, maximum)
    accepted = _check_limits(locked, seat, limits, confirmed=confirmed, replaced=current)
    current = current or QuotaException(quota=quota, body=locked.delegation.body)
    for name, value in {**wanted, "made_by": by, "made_at": now}.items():
        setattr(current, name, value)
    current.save()
    _record_limits(HistoryKind.EXCEPTION_MADE, locked, seat, limits, reason=reason, by=by, now=now)
    if may_accept and accept_if_complete(locked, step=HistoryKind.EXCEPTION_MADE, by=by, now=now):
        return accepted
    return NO_ACCEPTANCES


@atomic_with_retry
def end_exception(
    delegation: Delegation,
    *,
    quota: Quota,
    reason: str,
    by: User,
    now: datetime,
    confirmed: Iterable[str] | None = None,
    may_accept: bool = True,
) -> Acceptances:
    """Apply the limits of `quota` to the body of `delegation` again. A second call changes nothing.

    `may_accept` and the result are those of `change_quota`. Raises ReasonRequired, MaximumTooLow if more people are
    named than the quota allows, NotPossibleNow if `confirmed` lacks any of the `confirmations` of `exception_preview`
    (None skips this check), and what `check_time` raises. Locks the delegation.
    """
    locked = lock_delegation(delegation)
    seat = _seat_of(locked, quota, by=by, now=now)
    reason = clean_reason(reason, is_required=True)
    if seat.default_limits is None:
        return NO_ACCEPTANCES
    accepted = _check_limits(locked, seat, seat.default_limits, confirmed=confirmed)
    QuotaException.objects.filter(quota=quota, body=locked.delegation.body_id).delete()
    _record_limits(HistoryKind.EXCEPTION_ENDED, locked, seat, seat.default_limits, reason=reason, by=by, now=now)
    if may_accept and accept_if_complete(locked, step=HistoryKind.EXCEPTION_ENDED, by=by, now=now):
        return accepted
    return NO_ACCEPTANCES


def _seat_of(locked: LockedDelegation, quota: Quota, *, by: User, now: datetime) -> SeatCount:
    """Return the seat count of the quota's profile. Raises NotPossibleNow if the delegation has none."""
    check_time(locked.delegation.webinar, by=by, now=now)
    seat = locked.seat_of(quota.profile) if quota.webinar_id == locked.delegation.webinar_id else None
    if seat is None:
        raise NotPossibleNow(_("Nobody of this profile is asked of this delegation. Choose another profile."))
    return seat


def _check_limits(
    locked: LockedDelegation,
    seat: SeatCount,
    limits: QuotaLimits,
    *,
    confirmed: Iterable[str] | None,
    replaced: QuotaException | None = None,
) -> Acceptances:
    """Return what `limits` would accept. Raises MaximumTooLow, or NotPossibleNow if a confirmation is missing."""
    if limits.maximum is not None and seat.named > limits.maximum:
        raise MaximumTooLow(locked.delegation, seat.named)
    accepted = acceptances_with_limits(
        locked.delegation, locked.seats, seat.profile, limits, lacks_letter=locked.lacks_letter
    )
    preview = exception_preview(locked.delegation, seat, limits, replaced=replaced, accepted=accepted)
    check_confirmed(preview.confirmations, confirmed)
    return accepted


def _record_limits(
    kind: HistoryKind,
    locked: LockedDelegation,
    seat: SeatCount,
    limits: QuotaLimits,
    *,
    reason: str,
    by: User,
    now: datetime,
) -> None:
    changes: dict[str, list[Any]] = {
        "profile": ["", seat.profile.code],
        **changed_limits(QuotaLimits(seat.minimum, seat.maximum), limits),
    }
    record(kind, delegation=locked.delegation, by=by, now=now, reason=reason, changes=changes)
