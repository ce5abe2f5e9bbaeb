"""How many of each profile a webinar asks for, changed under the same locks as the people are (rule 9)."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, MaximumTooLow, NotPossibleNow
from registrations.models import (
    Asked,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    Quota,
    QuotaException,
    User,
)
from registrations.queries import SeatCount, seats_of_webinar
from registrations.services.gates import check_time, clean_reason
from registrations.services.history import record
from registrations.services.seats import LockedDelegation, decision, lock_delegation, lock_webinar

MOST_SEATS = 1000


@decision
def change_quota(
    quota: Quota,
    *,
    minimum: int,
    maximum: int | None,
    reason: str,
    by: User,
    now: datetime,
    seen: set[str] | None = None,
) -> Quota:
    """Ask for other numbers of every country without an exception.

    A higher minimum opens gaps and revokes nothing, waivers stay (rule 3).

    Raises InvalidInput for numbers that make no sense, ReasonRequired, MaximumTooLow if a delegation has named more
    people already, NotPossibleNow if it makes others incomplete than those `seen` (slugs; None does not ask), and
    what `check_time` raises. The same numbers again change nothing.
    """
    (current,) = (one for one in lock_webinar(quota.webinar) if one.pk == quota.pk)
    check_time(quota.webinar, by=by, now=now)
    _check_numbers(minimum=minimum, maximum=maximum)
    reason = clean_reason(reason, is_required=True)
    changes = {
        name: [old, new]
        for name, old, new in (("minimum", current.minimum, minimum), ("maximum", current.maximum, maximum))
        if old != new
    }
    if not changes:
        return current
    if maximum is not None:
        _check_nobody_is_above(current, maximum)
    if seen is not None and {one.slug for one in quota_change_preview(current, minimum=minimum)} - seen:
        raise NotPossibleNow(_("Meanwhile this makes other delegations incomplete. Please look again."))
    current.minimum = minimum
    current.maximum = maximum
    current.save(update_fields=["minimum", "maximum"])
    HistoryEvent.objects.create(
        webinar=quota.webinar,
        kind=HistoryKind.QUOTA_CHANGED,
        actor=by,
        at=now,
        reason=reason,
        changes={"profile": [current.profile.code, current.profile.code], **changes},
    )
    return current


@decision
def make_exception(
    delegation: Delegation,
    *,
    quota: Quota,
    minimum: int,
    maximum: int | None,
    reason: str,
    by: User,
    now: datetime,
    seen: set[str] | None = None,
) -> QuotaException:
    """Ask the body of `delegation` for other numbers than `quota` does, until `end_exception`; waivers stay (rule 3).

    A second time the numbers and the reason are written over. Raises what `change_quota` raises, of this delegation
    alone, and NotPossibleNow for an organisation. The same again changes nothing.
    """
    locked = lock_delegation(delegation)
    seat = _seat_of(locked, quota, by=by, now=now)
    _check_numbers(minimum=minimum, maximum=maximum)
    reason = clean_reason(reason, is_required=True)
    wanted = {"minimum": minimum, "maximum": maximum, "reason": reason}
    current = _exception_of(locked, quota)
    if current is not None and wanted == {name: getattr(current, name) for name in wanted}:
        return current
    asked = Asked(minimum, maximum)
    _check_asking(locked, seat, asked, seen=seen)
    current = current or QuotaException(quota=quota, body=locked.delegation.body)
    for name, value in {**wanted, "made_by": by, "made_at": now}.items():
        setattr(current, name, value)
    current.save()
    _record_asked(HistoryKind.EXCEPTION_MADE, locked, seat, asked, reason=reason, by=by, now=now)
    return current


@decision
def end_exception(
    delegation: Delegation, *, quota: Quota, reason: str, by: User, now: datetime, seen: set[str] | None = None
) -> None:
    """Ask the body of `delegation` for what `quota` asks of every country. A second time changes nothing.

    Raises ReasonRequired, MaximumTooLow if more are named than the quota allows, NotPossibleNow if this makes the
    delegation incomplete and it is not among those `seen` (slugs; None does not ask), and what `check_time` raises.
    """
    locked = lock_delegation(delegation)
    seat = _seat_of(locked, quota, by=by, now=now)
    reason = clean_reason(reason, is_required=True)
    if seat.usual is None:
        return
    _check_asking(locked, seat, seat.usual, seen=seen)
    QuotaException.objects.filter(quota=quota, body=locked.delegation.body_id).delete()
    _record_asked(HistoryKind.EXCEPTION_ENDED, locked, seat, seat.usual, reason=reason, by=by, now=now)


def exception_preview(delegation: Delegation, seat: SeatCount, *, minimum: int) -> list[Delegation]:
    """`delegation`, if it attends, meets `seat` today and would have a gap with `minimum`; else nobody."""
    is_attending = delegation.status != DelegationStatus.NOT_ATTENDING
    return [delegation] if is_attending and _would_open(seat, minimum) else []


def _seat_of(locked: LockedDelegation, quota: Quota, *, by: User, now: datetime) -> SeatCount:
    check_time(locked.delegation.webinar, by=by, now=now)
    seat = locked.seat_of(quota.profile) if quota.webinar_id == locked.delegation.webinar_id else None
    if seat is None:
        raise NotPossibleNow(_("Nobody of this profile is asked of this delegation."))
    return seat


def _exception_of(locked: LockedDelegation, quota: Quota) -> QuotaException | None:
    return QuotaException.objects.filter(quota=quota, body=locked.delegation.body_id).first()


def _check_asking(locked: LockedDelegation, seat: SeatCount, asked: Asked, *, seen: set[str] | None) -> None:
    """Raise unless `asked` fits who is named, and whom it makes incomplete was `seen`."""
    if asked.maximum is not None and seat.named > asked.maximum:
        raise MaximumTooLow(locked.delegation, seat.named)
    opened = exception_preview(locked.delegation, seat, minimum=asked.minimum)
    if seen is not None and {one.slug for one in opened} - seen:
        raise NotPossibleNow(_("Meanwhile this makes other delegations incomplete. Please look again."))


def _record_asked(
    kind: HistoryKind, locked: LockedDelegation, seat: SeatCount, asked: Asked, *, reason: str, by: User, now: datetime
) -> None:
    changes = {
        name: [old, new]
        for name, old, new in (
            ("minimum", seat.minimum, asked.minimum),
            ("maximum", seat.maximum, asked.maximum),
        )
        if old != new
    }
    record(
        kind,
        delegation=locked.delegation,
        by=by,
        now=now,
        reason=reason,
        changes={"profile": ["", seat.profile.code], **changes},
    )


def quota_change_preview(quota: Quota, *, minimum: int) -> list[Delegation]:
    """The attending delegations whose `quota` is met today and would have a gap with `minimum`."""
    before = seats_of_webinar(quota.webinar)
    attending = Delegation.objects.filter(webinar=quota.webinar).attending().select_related("body", "webinar")
    return [
        delegation
        for delegation in attending
        if any(_would_open(seat, minimum) for seat in _of_profile(before[delegation.pk], quota))
    ]


def _of_profile(seats: Iterable[SeatCount], quota: Quota) -> Iterable[SeatCount]:
    """Without that of a body for which there is an exception: the quota asks nothing of it."""
    return (seat for seat in seats if seat.profile.pk == quota.profile_id and seat.usual is None)


def _would_open(seat: SeatCount, minimum: int) -> bool:
    return seat.is_met and seat.named < max(0, minimum - seat.waived)


def _check_numbers(*, minimum: int, maximum: int | None) -> None:
    messages = {}
    if not 0 <= minimum <= MOST_SEATS:
        messages["minimum"] = [_("Please give a number from 0 to %(most)s.") % {"most": MOST_SEATS}]
    if maximum is not None and not 0 <= maximum <= MOST_SEATS:
        messages["maximum"] = [_("Please give a number from 0 to %(most)s.") % {"most": MOST_SEATS}]
    if not messages and maximum is not None and maximum < minimum:
        messages["maximum"] = [_("The maximum cannot be below the minimum.")]
    if messages:
        raise InvalidInput(messages)


def _check_nobody_is_above(quota: Quota, maximum: int) -> None:
    for delegation_id, seats in seats_of_webinar(quota.webinar).items():
        for seat in _of_profile(seats, quota):
            if seat.named > maximum:
                raise MaximumTooLow(Delegation.objects.select_related("body").get(pk=delegation_id), seat.named)
