"""Changing the limits of a quota."""

from collections.abc import Iterable
from datetime import datetime

from registrations.exceptions import MaximumTooLow
from registrations.models import Delegation, HistoryEvent, HistoryKind, Quota, QuotaLimits, User
from registrations.queries import seats_of_webinar
from registrations.queries.acceptance import Acceptances
from registrations.services.acceptance import accept_by_rule, check_confirmed
from registrations.services.quota_locks import lock_webinar
from registrations.services.quotas.limits import changed_limits, check_numbers
from registrations.services.quotas.previews import NO_ACCEPTANCES, quota_change_preview, seats_of_quota
from registrations.services.registration_window import check_time, clean_reason
from registrations.services.transactions import atomic_with_retry


@atomic_with_retry
def change_quota(
    quota: Quota,
    *,
    minimum: int,
    maximum: int | None,
    reason: str,
    by: User,
    now: datetime,
    confirmed: Iterable[str] | None = None,
    may_accept: bool = True,
) -> Acceptances:
    """Change the limits of `quota` for every country without an exception.

    A higher minimum opens gaps and revokes nothing; waivers stay (rule 3). A lower minimum accepts the submitted
    delegations that it completes (rule 4), which are returned. With `accepts=False` nothing is accepted, because the
    caller does so later in the same transaction, after other changes.

    Raises InvalidInput for impossible limits, ReasonRequired, MaximumTooLow if a delegation has more people already,
    NotPossibleNow if `confirmed` lacks any of the `confirmations` of `quota_change_preview` (None skips this check),
    and what `check_time` raises. Locks the quotas and delegations of the webinar. The same limits again change nothing.
    """
    (current,) = (locked_quota for locked_quota in lock_webinar(quota.webinar) if locked_quota.pk == quota.pk)
    check_time(quota.webinar, by=by, now=now)
    check_numbers(minimum=minimum, maximum=maximum)
    reason = clean_reason(reason, is_required=True)
    before, limits = current.limits, QuotaLimits(minimum, maximum)
    if limits == before:
        return NO_ACCEPTANCES
    if maximum is not None:
        _check_nobody_is_above(current, maximum)
    preview = quota_change_preview(current, limits)
    check_confirmed(preview.confirmations, confirmed)
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
        changes={"profile": [code, code], **changed_limits(before, limits)},
    )
    if not may_accept:
        return NO_ACCEPTANCES
    # The preview was computed under the locks, so these are the delegations that the user confirmed.
    accept_by_rule(preview.accepted.delegations, step=HistoryKind.QUOTA_CHANGED, by=by, now=now)
    return preview.accepted


def _check_nobody_is_above(quota: Quota, maximum: int) -> None:
    """Raise MaximumTooLow if a delegation has more people than `maximum`."""
    for delegation_id, seats in seats_of_webinar(quota.webinar).items():
        for seat in seats_of_quota(seats, quota):
            if seat.named > maximum:
                raise MaximumTooLow(Delegation.objects.select_related("body").get(pk=delegation_id), seat.named)
