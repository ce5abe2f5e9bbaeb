"""The notice of what a delegation lacks: sent on the days that the rules name, or because staff sent a gap reminder."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from registrations.messages.composing import NO_ROW, compose
from registrations.messages.composing.hours import time_left
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import Delegation, DelegationStatus, Delivery, DeliveryKind, GapNoticeRule, User
from registrations.queries import gaps_in, lacks_letter, seats_of
from registrations.queries.focal_points import accounts_by_body
from registrations.queries.gap_reminders import incomplete_delegations
from registrations.queries.reminders import REMINDED_STATUSES, gap_notice_rules_in_force, webinars_that_remind

KINDS = (DeliveryKind.GAP_NOTICE,)


def owed(*, now: datetime) -> int:
    """Owe today's notices to each focal point of an incomplete delegation.

    A delegation has one notice a day: another rule, or one that was made anew, adds none. Costs a constant number of
    queries for each webinar with a rule for today; one query where there is none. `services.gap_reminders` inserts the
    notices that staff ask for.
    """
    rules = [rule for rule in gap_notice_rules_in_force(now=now) if rule.is_due_at(now)]
    notices = [notice for rule in rules for notice in _notices(rule, now)]
    return Delivery.objects.insert_owed(Delivery.objects.without_stored(notices))


def _notices(rule: GapNoticeRule, now: datetime) -> Iterable[Delivery]:
    incomplete = incomplete_delegations(rule.webinar)
    notified = set(
        Delivery.objects.not_superseded()
        .filter(kind=DeliveryKind.GAP_NOTICE, webinar=rule.webinar_id, created_at__gte=rule.due_at)
        .values_list("delegation", "user")
    )
    accounts = accounts_by_body(counted.delegation.body_id for counted in incomplete)
    for counted in incomplete:
        for user in accounts.get(counted.delegation.body_id, ()):
            if (counted.delegation.pk, user.pk) not in notified:
                yield _new_delivery(rule, counted.delegation, user, now)


def _new_delivery(rule: GapNoticeRule, delegation: Delegation, user: User, now: datetime) -> Delivery:
    key = rule.delivery_key(delegation.pk, user.pk)
    return Delivery.to_account(
        user, key=key, kind=DeliveryKind.GAP_NOTICE, at=now, webinar=rule.webinar, delegation=delegation
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The webinar still reminds, the delegation is still incomplete, and the recipient still registers for it.

    A notice of a rule is right on the day of that rule only.
    """
    user = User.objects.filter(deliveries=delivery, is_active=True).first()
    if user is None:
        return NO_ROW
    delegations = Delegation.objects.of_focal_point(user).select_related("body", "webinar__policy")
    delegations = delegations.filter(webinar__in=webinars_that_remind(now=now).order_by())
    delegation = delegations.filter(deliveries=delivery, status__in=REMINDED_STATUSES).first()
    if delegation is None or not (delivery.gap_reminder_id or _is_of_a_rule(delivery, delegation, user, now)):
        return NO_ROW
    return Q() if gaps_in(seats_of(delegation)) or lacks_letter(delegation) else NO_ROW


def _is_of_a_rule(delivery: Delivery, delegation: Delegation, user: User, now: datetime) -> bool:
    """Return whether a rule of the webinar owes this very notice: the key names the rule and its day."""
    rules = gap_notice_rules_in_force(now=now).filter(webinar=delegation.webinar)
    return any(rule.delivery_key(delegation.pk, user.pk) == delivery.key for rule in rules)


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the mail with the empty seats and the missing letter, as they are now. It names no delegate."""
    user, delegation = delivery.user, delivery.delegation
    if user is None or delegation is None:
        raise ValueError("A gap notice needs its recipient and delegation.")
    with translation.override(user.language):
        link = f"{settings.BASE_URL}{delegation.get_absolute_url()}"
    webinar = delegation.webinar
    context = {
        "reader_name": user.name,
        "body_name": delegation.body.name.render(user.language).text,
        "webinar_title": webinar.title.render(user.language).text,
        "gaps": [
            {
                "name": _within_a_sentence(seat.profile.name.render(user.language).text),
                "named": seat.named,
                "floor": seat.effective_minimum,
            }
            for seat in gaps_in(seats_of(delegation))
        ],
        "lacks_letter": lacks_letter(delegation),
        "is_to_be_submitted": delegation.status != DelegationStatus.ACCEPTED,
        "link": link,
    }
    context |= time_left(delegation, user, delivery.attempted_at or delivery.created_at)
    return compose(
        delivery, "gap_notice", context, name=user.name, language=user.language, contact_email=webinar.contact_email
    )


def _within_a_sentence(name: str) -> str:
    """Return "Border control" as "border control"; an abbreviation stays as it is."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def describe(delivery: Delivery) -> str:
    return gettext("Tells %(who)s what is missing in the delegation of %(body)s.") % {
        "who": recipient_of(delivery),
        "body": body_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("delegation__body", "delegation__webinar__policy", "user")
