"""Mails to people who sign in: a decision, or who cannot come, to focal points; an alert to the secretariat."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import translation

from registrations.mail.message import compose
from registrations.mail.time_left import hours_of
from registrations.models import Delegation, DelegationStatus, Delivery, HistoryEvent, HistoryKind, User
from registrations.queries import gaps_in, lacks_letter, seats_of
from registrations.queries.absences import sessions_declined_by


def build_decision(delivery: Delivery) -> EmailMultiAlternatives:
    """What was decided about a delegation, why, and what is still missing. Names no delegate."""
    user, event, delegation = _parts(delivery)
    seats = () if delegation.status == DelegationStatus.NOT_ATTENDING else seats_of(delegation)
    with translation.override(user.language):
        link = f"{settings.BASE_URL}{delegation.get_absolute_url()}"
    return compose(
        delivery,
        "decision",
        {
            "reader_name": user.name,
            "event": event,
            "kind": event.kind,
            "body_name": delegation.body.name.render(user.language).text,
            "webinar_title": event.webinar.title.render(user.language).text,
            "reason": event.reason,
            "gaps": [(seat.profile.name.render(user.language).text, seat.missing) for seat in gaps_in(seats)],
            "waived": [(seat.profile.name.render(user.language).text, seat.waived) for seat in seats if seat.waived],
            "lacks_letter": delegation.status != DelegationStatus.NOT_ATTENDING and lacks_letter(delegation),
            "link": link,
        },
        name=user.name,
        language=user.language,
        contact_email=event.webinar.contact_email,
    )


def build_absence(delivery: Delivery) -> EmailMultiAlternatives:
    """Who of the reader's own body cannot come, why, and to which sessions ahead. Leads to the person, to replace
    them."""
    user, event, delegation = _parts(delivery)
    if event.delegate is None:
        raise ValueError("Somebody cannot come.")
    now = delivery.attempted_at or delivery.created_at
    with translation.override(user.language):
        link = f"{settings.BASE_URL}{delegation.get_absolute_url()}#delegate-{event.delegate.pk}"
    return compose(
        delivery,
        "cannot_come",
        {
            "reader_name": user.name,
            "person": event.delegate.name,
            "body_name": delegation.body.name.render(user.language).text,
            "webinar_title": event.webinar.title.render(user.language).text,
            "reason": event.reason,
            # The contact is the secretariat itself.
            **({"contact_email": ""} if user.is_staff else {}),
            "sessions": [
                (one.title.render(user.language).text, hours_of(one.starts_at, one.ends_at, user, delegation))
                for one in sessions_declined_by(event.delegate, now=now)
            ],
            "link": link,
        },
        name=user.name,
        language=user.language,
        contact_email=event.webinar.contact_email,
    )


def build_clash_alert(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the alert to the secretariat about an event of `ALERT_KINDS`. It holds no name; the admin has the rest."""
    user, event, delegation = _parts(delivery)
    if event.kind in (HistoryKind.MAIL_HELD, HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN):
        link = reverse("admin:registrations_delegation_change", args=[delegation.pk])
    else:
        link = reverse("admin:registrations_historyevent_change", args=[event.pk])
    return compose(
        delivery,
        "clash_alert",
        {
            "body_name": delegation.body.name.render(user.language).text,
            "webinar_title": event.webinar.title.render(user.language).text,
            "kind": event.kind,
            "link": f"{settings.BASE_URL}{link}",
        },
        name=user.name,
        language=user.language,
        contact_email=event.webinar.contact_email,
    )


def _parts(delivery: Delivery) -> tuple[User, HistoryEvent, Delegation]:
    if delivery.user is None or delivery.event is None or delivery.event.delegation is None:
        raise ValueError("A notice names its reader and what happened.")
    return delivery.user, delivery.event, delivery.event.delegation
