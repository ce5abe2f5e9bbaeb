"""How many of each profile a webinar asks for, changed under the same locks as the people are (rule 9)."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, MaximumTooLow, NotPossibleNow
from registrations.models import Delegation, HistoryEvent, HistoryKind, Quota, User
from registrations.queries import SeatCount, seats_of_webinar
from registrations.services.gates import check_time, clean_reason
from registrations.services.seats import decision, lock_webinar

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
    """Ask for other numbers. A higher minimum opens gaps and revokes nothing, waivers stay (rule 3).

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
    return (seat for seat in seats if seat.profile.pk == quota.profile_id)


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
