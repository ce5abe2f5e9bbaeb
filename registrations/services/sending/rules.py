"""The last check of what focal points are written, and of reminders."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from registrations.models import (
    Announcement,
    AnnouncementRecipients,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    DeliveryState,
    ReminderAudience,
    ReminderRule,
    User,
)
from registrations.queries import gaps_in, lacks_letter, seats_of
from registrations.queries.absences import absences_that_stand
from registrations.queries.audiences import Audience, focal_points_of_audience
from registrations.queries.focal_points import delegations_to_register, reader_registers_for
from registrations.queries.participant import delegates_with_sessions_ahead
from registrations.queries.reminders import (
    REMINDED_STATUSES,
    focal_points_to_remind,
    gap_notice_rules,
    mailboxes_to_remind,
    webinars_that_remind,
)
from sessions_app.models import ReleasedSession

NEVER = Q(pk__in=[])


def reminder_is_right(delivery: Delivery, now: datetime) -> Q:
    """The rule stands as it was, had come for the session as it is released now, and is still for the reader."""
    rule = ReminderRule.objects.filter(deliveries=delivery, created_at__lte=delivery.created_at).first()
    released = ReleasedSession.objects.filter(session__deliveries=delivery, is_cancelled=False).first()
    if rule is None or released is None or released.starts_at != delivery.starts_at:
        return NEVER
    # A newer one to the same mailbox says all that this one would: they may have waited together for the server.
    newer = Delivery.objects.filter(
        kind=DeliveryKind.REMINDER,
        session=delivery.session_id,
        email__iexact=delivery.email,
        created_at__gt=delivery.created_at,
        state__in=[DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.SENT],
    )
    if newer.exists():
        return NEVER
    # Not later than now: a clock that was stepped back meanwhile would end the reminder for good.
    if rule.due_at_for(released) > delivery.created_at or (not rule.is_after and released.starts_at <= now):
        return NEVER
    if rule.audience == ReminderAudience.FOCAL_POINTS:
        return Q(Exists(focal_points_to_remind(released).filter(pk=OuterRef("user"), email__iexact=delivery.email)))
    mailboxes = mailboxes_to_remind(rule, released)
    return Q(Exists(mailboxes.filter(delegate=OuterRef("delegate"), address=Lower(OuterRef("email")))))


def gap_notice_is_right(delivery: Delivery, now: datetime) -> Q:
    """The webinar still chases, on the day of the rule where it is one's, and the delegation is still incomplete and
    the reader's."""
    user = User.objects.filter(deliveries=delivery, is_active=True).first()
    if user is None:
        return NEVER
    theirs = Delegation.objects.of_focal_point(user).select_related("body", "webinar__policy")
    theirs = theirs.filter(webinar__in=webinars_that_remind(now=now).order_by())
    delegation = theirs.filter(deliveries=delivery, status__in=REMINDED_STATUSES).first()
    if delegation is None or not (delivery.gap_reminder_id or _is_of_its_rule(delivery, delegation, user, now)):
        return NEVER
    return Q() if gaps_in(seats_of(delegation)) or lacks_letter(delegation) else NEVER


def _is_of_its_rule(delivery: Delivery, delegation: Delegation, user: User, now: datetime) -> bool:
    rule = gap_notice_rules(now=now).filter(deliveries=delivery).first()
    return rule is not None and delivery.key == rule.delivery_key(delegation.pk, user.pk)


def announcement_is_right(delivery: Delivery) -> Q:
    """The reader still takes part in a delegation that attends, or is still a focal point of one of the audience's."""
    if delivery.delegate_id is not None:
        return Q(Exists(Delegate.objects.taking_part().filter(pk=OuterRef("delegate"))))
    announcement = Announcement.objects.select_related("webinar").get(deliveries=delivery)
    bodies = Audience.parse(announcement.audience).bodies
    audience = Audience(readers=AnnouncementRecipients.FOCAL_POINTS, bodies=bodies)
    return Q(Exists(focal_points_of_audience(announcement.webinar, audience).filter(pk=OuterRef("user"))))


def absence_is_right(now: datetime) -> Q:
    """What was said still stands; the reader is a focal point of the body, or of the secretariat."""
    stands = absences_that_stand(now=now).filter(pk=OuterRef("event"))
    return Q(Exists(stands), reader_is_staff() | Q(reader_registers_for("event")))


def links_are_right(delivery: Delivery, now: datetime) -> Q:
    """The address is still that of the person, who still takes part in something ahead."""
    people = delegates_with_sessions_ahead([delivery.email], now=now)
    return Q() if any(person.pk == delivery.delegate_id for person in people) else NEVER


def reader_is_staff() -> Q:
    return Q(Exists(User.objects.filter(pk=OuterRef("user"), is_active=True, is_staff=True)))


def registration_is_right(now: datetime) -> Q:
    """The reader still is a focal point of the delegation, and it is still to be registered."""
    return Q(reader_registers_for("delegation"), delegation__in=delegations_to_register(now=now))
