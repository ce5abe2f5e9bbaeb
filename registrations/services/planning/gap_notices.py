"""Notices of what is missing, to the focal points of incomplete delegations, on chosen days before closing."""

from collections.abc import Iterable
from datetime import datetime

from registrations.models import Delegation, Delivery, DeliveryKind, GapNoticeRule, User
from registrations.queries.focal_points import accounts_by_body
from registrations.queries.gap_reminders import incomplete_delegations
from registrations.queries.reminders import gap_notice_rules

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
    incomplete = incomplete_delegations(rule.webinar)
    told = set(
        Delivery.objects.standing()
        .filter(kind=DeliveryKind.GAP_NOTICE, delegation__webinar=rule.webinar_id, created_at__gte=rule.due_at)
        .values_list("delegation", "user")
    )
    accounts = accounts_by_body(counted.delegation.body_id for counted in incomplete)
    for counted in incomplete:
        for user in accounts.get(counted.delegation.body_id, ()):
            if (counted.delegation.pk, user.pk) not in told:
                yield _notice(rule, counted.delegation, user, now)


def _notice(rule: GapNoticeRule, delegation: Delegation, user: User, now: datetime) -> Delivery:
    key = rule.delivery_key(delegation.pk, user.pk)
    return Delivery.to_account(
        user, key=key, kind=DeliveryKind.GAP_NOTICE, at=now, delegation=delegation, gap_rule=rule
    )
