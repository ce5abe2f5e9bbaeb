"""How many of each profile a webinar asks for, changed under the same locks as the people are (rule 9)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, MaximumTooLow, NotPossibleNow
from registrations.models import (
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    Quota,
    QuotaException,
    QuotaLimits,
    User,
)
from registrations.queries import SeatCount, exception_of, seats_of_webinar
from registrations.queries.acceptance import (
    Acceptances,
    acceptances_among_counted,
    acceptances_with_seats,
    accepts_at_once,
)
from registrations.queries.seats import CountedDelegation, delegations_with_seats
from registrations.services.acceptance import accept_by_rule, accept_if_complete
from registrations.services.history import record
from registrations.services.quota_locks import LockedDelegation, atomic_with_retry, lock_delegation, lock_webinar
from registrations.services.registration_window import check_time, clean_reason

MAX_SEATS = 1000
NO_ACCEPTANCES = Acceptances()


@dataclass(frozen=True)
class QuotaPreview:
    """What asking for other numbers does: whom it makes incomplete, whom it accepts, the exception that it writes
    over."""

    limits: QuotaLimits
    opened: tuple[Delegation, ...] = ()
    replaced: QuotaException | None = None
    accepted: Acceptances = NO_ACCEPTANCES

    @property
    def confirmations(self) -> frozenset[str]:
        """What must have been seen before; none where there is nothing to look at.

        The numbers are among them where they open gaps or accept, and the moment of the exception: it may have changed
        since.
        """
        numbers = [f"{self.limits.minimum}-{self.limits.maximum}"] if self.opened or self.accepted.delegations else []
        opened = (one.slug for one in self.opened)
        return frozenset([*numbers, *opened, *self.accepted.confirmations, *exception_confirmations(self.replaced)])

    def check_seen(self, seen: Iterable[str] | None) -> None:
        """Raise NotPossibleNow unless all of `confirmations` are among those `seen`; None does not ask."""
        if seen is not None and not self.confirmations <= set(seen):
            raise NotPossibleNow(_("Meanwhile this does more than you have seen. Please look again."))


def exception_confirmations(exception: QuotaException | None) -> list[str]:
    """How `QuotaPreview.words` names an exception as it is now."""
    return [f"{exception.pk}@{exception.made_at.timestamp()}"] if exception else []


@atomic_with_retry
def change_quota(
    quota: Quota,
    *,
    minimum: int,
    maximum: int | None,
    reason: str,
    by: User,
    now: datetime,
    seen: Iterable[str] | None = None,
    accepts: bool = True,
) -> Acceptances:
    """Ask for other numbers of every country without an exception.

    A higher minimum opens gaps and revokes nothing, waivers stay (rule 3). A lower one accepts the submitted
    delegations that are complete with it (rule 4), and returns them; with `accepts=False` the caller does so once,
    later in the same transaction, when it has changed more.

    Raises InvalidInput for numbers that make no sense, ReasonRequired, MaximumTooLow if a delegation has named more
    people already, NotPossibleNow if not all `confirmations` of `quota_change_preview` were `seen` (None does not ask),
    and what `check_time` raises. The same numbers again change nothing.
    """
    (current,) = (one for one in lock_webinar(quota.webinar) if one.pk == quota.pk)
    check_time(quota.webinar, by=by, now=now)
    _check_numbers(minimum=minimum, maximum=maximum)
    reason = clean_reason(reason, is_required=True)
    before, limits = current.limits, QuotaLimits(minimum, maximum)
    if limits == before:
        return NO_ACCEPTANCES
    if maximum is not None:
        _check_nobody_is_above(current, maximum)
    preview = quota_change_preview(current, limits)
    preview.check_seen(seen)
    current.minimum = minimum
    current.maximum = maximum
    current.save(update_fields=["minimum", "maximum"])
    code = current.profile.code
    HistoryEvent.objects.create(
        webinar=quota.webinar,
        kind=HistoryKind.QUOTA_CHANGED,
        actor=by,
        at=now,
        reason=reason,
        changes={"profile": [code, code], **_changes(before, limits)},
    )
    if not accepts:
        return NO_ACCEPTANCES
    # Counted under the locks: none but those that were seen.
    accept_by_rule(preview.accepted.delegations, step=HistoryKind.QUOTA_CHANGED, by=by, now=now)
    return preview.accepted


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
    seen: Iterable[str] | None = None,
    accepts: bool = True,
) -> Acceptances:
    """Ask the body of `delegation` for other numbers than `quota` does, until `end_exception`; waivers stay (rule 3).

    A second time the numbers and the reason are written over. `accepts` and what is returned as for `change_quota`.
    Raises what it raises, of this delegation alone and by `exception_preview`, and NotPossibleNow for an organisation.
    The same again changes nothing.
    """
    locked = lock_delegation(delegation)
    seat = _seat_of(locked, quota, by=by, now=now)
    _check_numbers(minimum=minimum, maximum=maximum)
    reason = clean_reason(reason, is_required=True)
    wanted = {"minimum": minimum, "maximum": maximum, "reason": reason}
    current = exception_of(locked.delegation, quota)
    if current is not None and wanted == {name: getattr(current, name) for name in wanted}:
        return NO_ACCEPTANCES
    limits = QuotaLimits(minimum, maximum)
    accepted = _check_limits(locked, seat, limits, seen=seen, replaced=current)
    current = current or QuotaException(quota=quota, body=locked.delegation.body)
    for name, value in {**wanted, "made_by": by, "made_at": now}.items():
        setattr(current, name, value)
    current.save()
    _record_limits(HistoryKind.EXCEPTION_MADE, locked, seat, limits, reason=reason, by=by, now=now)
    if accepts and accept_if_complete(locked, step=HistoryKind.EXCEPTION_MADE, by=by, now=now):
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
    seen: Iterable[str] | None = None,
    accepts: bool = True,
) -> Acceptances:
    """Ask the body of `delegation` for what `quota` asks of every country. A second time changes nothing.

    `accepts` and what is returned as for `change_quota`. Raises ReasonRequired, MaximumTooLow if more are named than
    the quota allows, NotPossibleNow if not all `confirmations` of `exception_preview` were `seen` (None does not ask),
    and what `check_time` raises.
    """
    locked = lock_delegation(delegation)
    seat = _seat_of(locked, quota, by=by, now=now)
    reason = clean_reason(reason, is_required=True)
    if seat.default_limits is None:
        return NO_ACCEPTANCES
    accepted = _check_limits(locked, seat, seat.default_limits, seen=seen)
    QuotaException.objects.filter(quota=quota, body=locked.delegation.body_id).delete()
    _record_limits(HistoryKind.EXCEPTION_ENDED, locked, seat, seat.default_limits, reason=reason, by=by, now=now)
    if accepts and accept_if_complete(locked, step=HistoryKind.EXCEPTION_ENDED, by=by, now=now):
        return accepted
    return NO_ACCEPTANCES


def exception_preview(
    delegation: Delegation,
    seat: SeatCount | None,
    limits: QuotaLimits,
    *,
    replaced: QuotaException | None = None,
    accepted: Acceptances = NO_ACCEPTANCES,
) -> QuotaPreview:
    """What asking `limits` of `delegation` does to its `seat` (None: it has no such seat), in place of `replaced`.

    `accepted` comes from `acceptances_with_limits`.
    """
    is_attending = delegation.status != DelegationStatus.NOT_ATTENDING
    opens = seat is not None and is_attending and _would_open_gap(seat, limits.minimum)
    return QuotaPreview(limits, (delegation,) if opens else (), replaced, accepted)


def acceptances_with_limits(
    delegation: Delegation,
    seats: Iterable[SeatCount],
    profile: ParticipantProfile,
    limits: QuotaLimits,
    *,
    lacks_letter: bool,
) -> Acceptances:
    """`delegation`, if asking `limits` of `profile` makes it complete and it is then accepted. Two queries at most."""
    with_limits = [_with_limits(seat, limits) if seat.profile == profile else seat for seat in seats]
    return acceptances_with_seats(delegation, with_limits, lacks_letter=lacks_letter)


def _seat_of(locked: LockedDelegation, quota: Quota, *, by: User, now: datetime) -> SeatCount:
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
    seen: Iterable[str] | None,
    replaced: QuotaException | None = None,
) -> Acceptances:
    """What asking `limits` accepts. Raises unless it fits who is named, and what it does was `seen`."""
    if limits.maximum is not None and seat.named > limits.maximum:
        raise MaximumTooLow(locked.delegation, seat.named)
    accepted = acceptances_with_limits(
        locked.delegation, locked.seats, seat.profile, limits, lacks_letter=locked.lacks_letter
    )
    exception_preview(locked.delegation, seat, limits, replaced=replaced, accepted=accepted).check_seen(seen)
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
        **_changes(QuotaLimits(seat.minimum, seat.maximum), limits),
    }
    record(kind, delegation=locked.delegation, by=by, now=now, reason=reason, changes=changes)


def _changes(before: QuotaLimits, after: QuotaLimits) -> dict[str, list[Any]]:
    """Of the history."""
    both = {"minimum": (before.minimum, after.minimum), "maximum": (before.maximum, after.maximum)}
    return {name: list(numbers) for name, numbers in both.items() if len(set(numbers)) > 1}


def quota_change_preview(quota: Quota, limits: QuotaLimits) -> QuotaPreview:
    """Makes incomplete: the attending delegations whose `quota` is met today and would have a gap with `limits`.
    Accepts: the submitted ones that are complete with it. A constant number of queries, however many delegations."""
    counted = delegations_with_seats(quota.webinar)
    opened = [
        one.delegation
        for one in counted
        if one.delegation.status != DelegationStatus.NOT_ATTENDING
        and any(_would_open_gap(seat, limits.minimum) for seat in _of_profile(one.seats, quota))
    ]
    return QuotaPreview(limits, tuple(opened), accepted=_accepted_with(counted, quota, limits))


def _accepted_with(counted: Iterable[CountedDelegation], quota: Quota, limits: QuotaLimits) -> Acceptances:
    if not accepts_at_once(quota.webinar):
        return NO_ACCEPTANCES
    return acceptances_among_counted(
        replace(
            one, seats=tuple(_with_limits(seat, limits) if _follows_quota(quota, seat) else seat for seat in one.seats)
        )
        for one in counted
    )


def _of_profile(seats: Iterable[SeatCount], quota: Quota) -> Iterable[SeatCount]:
    return (seat for seat in seats if _follows_quota(quota, seat))


def _follows_quota(quota: Quota, seat: SeatCount) -> bool:
    """Not that of a body for which there is an exception: the quota asks nothing of it."""
    return seat.profile.pk == quota.profile_id and seat.default_limits is None


def _with_limits(seat: SeatCount, limits: QuotaLimits) -> SeatCount:
    return replace(seat, minimum=limits.minimum, maximum=limits.maximum)


def _would_open_gap(seat: SeatCount, minimum: int) -> bool:
    return seat.is_met and seat.named < max(0, minimum - seat.waived)


def _check_numbers(*, minimum: int, maximum: int | None) -> None:
    messages = {}
    if not 0 <= minimum <= MAX_SEATS:
        messages["minimum"] = [_("Please give a number from 0 to %(most)s.") % {"most": MAX_SEATS}]
    if maximum is not None and not 0 <= maximum <= MAX_SEATS:
        messages["maximum"] = [_("Please give a number from 0 to %(most)s.") % {"most": MAX_SEATS}]
    if not messages and maximum is not None and maximum < minimum:
        messages["maximum"] = [_("The maximum cannot be below the minimum. Enter a higher one, or none.")]
    if messages:
        raise InvalidInput(messages)


def _check_nobody_is_above(quota: Quota, maximum: int) -> None:
    for delegation_id, seats in seats_of_webinar(quota.webinar).items():
        for seat in _of_profile(seats, quota):
            if seat.named > maximum:
                raise MaximumTooLow(Delegation.objects.select_related("body").get(pk=delegation_id), seat.named)
