"""Who is reminded of a session or of gaps. The planner uses these queries, and the sender again before it sends."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from registrations.models import (
    CalendarEntry,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryState,
    FocalPoint,
    GapNoticeRule,
    IcalMethod,
    Partstat,
    ReminderRecipients,
    ReminderRule,
    User,
)
from sessions_app.models import ReleasedSession, Webinar

# Without the submitted delegations, which wait for the secretariat.
REMINDED_STATUSES = (
    DelegationStatus.DRAFT,
    DelegationStatus.RETURNED,
    DelegationStatus.REOPENED,
    DelegationStatus.ACCEPTED,
)

# A message that certainly did not arrive: one that the server did not answer may have.
NOT_RECEIVED = Q(state=DeliveryState.STOPPED) | Q(state=DeliveryState.FAILED, may_have_arrived=False)


def mailboxes_to_remind(rule: ReminderRule, released: ReleasedSession) -> "QuerySet[CalendarEntry]":
    """Return the mailboxes of the delegates whom `rule` reminds of `released`: invited to this hour, not declined.

    Leaves out those whose latest invitation was stopped or refused. A reminder after the session goes only to those
    that were sent an invitation.
    """
    entries = CalendarEntry.objects.invited().filter(session=released.pk, starts_at=released.starts_at)
    latest = Delivery.objects.latest_of_entry().filter(entry=OuterRef("pk"))
    entries = entries.exclude(Exists(latest.filter(NOT_RECEIVED))).exclude(ical_partstat=Partstat.DECLINED)
    if rule.is_after:
        invitations = Delivery.objects.filter(ical_method=IcalMethod.REQUEST, may_have_arrived=True)
        entries = entries.filter(Exists(invitations.filter(entry=OuterRef("pk"))))
    if rule.recipients == ReminderRecipients.ACCEPTED:
        return entries.filter(ical_partstat=Partstat.ACCEPTED)
    if rule.recipients == ReminderRecipients.UNANSWERED:
        return entries.filter(ical_partstat=Partstat.NEEDS_ACTION)
    return entries


def focal_points_to_remind(released: ReleasedSession) -> "QuerySet[User]":
    """Return the focal points of the delegations that have somebody who is invited to `released`."""
    invited = CalendarEntry.objects.invited().filter(session=released.pk, delegate__delegation__body=OuterRef("body"))
    theirs = FocalPoint.objects.filter(Exists(invited), user=OuterRef("pk"), removed_at__isnull=True)
    return User.objects.filter(Exists(theirs), is_active=True)


@dataclass(frozen=True)
class Answers:
    """How many of the people of one delegation who are invited to a session gave which answer."""

    delegation: Delegation
    accepted: int
    tentative: int
    declined: int
    unanswered: int


def answers_of_delegations(user: User, released: ReleasedSession) -> tuple[Answers, ...]:
    """Return the answers to `released` of each delegation for which `user` is a focal point. Two queries."""
    theirs = Delegation.objects.of_focal_point(user).filter(webinar=released.session.webinar_id)
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    invited = CalendarEntry.objects.invited().filter(session=released.pk)
    rows = invited.filter(delegate__delegation__in=theirs).order_by()
    for delegation_id, partstat, count in rows.values_list("delegate__delegation", "ical_partstat").annotate(
        count=Count("pk")
    ):
        counts[delegation_id][partstat] = count
    return tuple(
        Answers(
            delegation=delegation,
            accepted=counts[delegation.pk].get(Partstat.ACCEPTED, 0),
            tentative=counts[delegation.pk].get(Partstat.TENTATIVE, 0),
            declined=counts[delegation.pk].get(Partstat.DECLINED, 0),
            unanswered=counts[delegation.pk].get(Partstat.NEEDS_ACTION, 0),
        )
        for delegation in Delegation.objects.filter(pk__in=list(counts)).select_related("body", "webinar")
    )


def webinars_that_remind(*, now: datetime) -> "QuerySet[Webinar]":
    """Return the webinars whose registration is open and that have a released session ahead."""
    ahead = ReleasedSession.objects.ahead(now).filter(session__webinar=OuterRef("pk"))
    return Webinar.objects.filter(
        Exists(ahead), cancelled_at__isnull=True, policy__opens_at__lte=now, policy__closes_at__gt=now
    )


def gap_notice_rules_in_force(*, now: datetime) -> "QuerySet[GapNoticeRule]":
    """Return the gap notice rules of the webinars that remind at `now`."""
    reminding = webinars_that_remind(now=now).order_by()
    return GapNoticeRule.objects.filter(webinar__in=reminding).select_related("webinar__policy")
