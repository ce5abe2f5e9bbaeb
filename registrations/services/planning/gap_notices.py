"""Notices of what is missing, to the focal points of incomplete delegations, on chosen days before closing."""

from collections.abc import Iterable
from datetime import datetime

from registrations.models import Delegation, Delivery, DeliveryKind, FocalPoint, GapNoticeRule
from registrations.queries.reminders import CHASED, gap_notice_rules
from registrations.queries.seats import delegations_with_seats

BATCH = 500


def plan_gap_notices(*, now: datetime) -> int:
    """Owe each focal point of an incomplete delegation the notice of today; how many there are.

    A day has one notice: another rule's, or one that is made anew, adds none. A constant number of queries for each
    webinar whose day it is; one where it is no webinar's.
    """
    owed = [notice for rule in gap_notice_rules(now=now) if rule.is_due_at(now) for notice in _notices(rule, now)]
    if not owed:
        return 0
    known = set(Delivery.objects.filter(key__in=[each.key for each in owed]).values_list("key", flat=True))
    new = [each for each in owed if each.key not in known]
    # A key that another transaction inserted meanwhile is the same message.
    Delivery.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
    return len(new)


def _notices(rule: GapNoticeRule, now: datetime) -> Iterable[Delivery]:
    incomplete = {
        counted.delegation.body_id: counted.delegation
        for counted in delegations_with_seats(rule.webinar)
        if counted.delegation.status in CHASED and not counted.is_complete
    }
    told = set(
        Delivery.objects.standing()
        .filter(kind=DeliveryKind.GAP_NOTICE, delegation__webinar=rule.webinar_id, created_at__gte=rule.due_at)
        .values_list("delegation", "user")
    )
    focal_points = FocalPoint.objects.with_access().filter(body__in=incomplete).select_related("user")
    for focal_point in focal_points:
        delegation = incomplete[focal_point.body_id]
        if (delegation.pk, focal_point.user_id) not in told:
            yield _notice(rule, delegation, focal_point, now)


def _notice(rule: GapNoticeRule, delegation: Delegation, focal_point: FocalPoint, now: datetime) -> Delivery:
    user = focal_point.user
    return Delivery(
        key=rule.key_of_notice(delegation.pk, user.pk),
        kind=DeliveryKind.GAP_NOTICE,
        email=user.email,
        language=user.language,
        user=user,
        delegation=delegation,
        gap_rule=rule,
        created_at=now,
        due_at=now,
    )
