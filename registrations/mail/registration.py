"""The mail that asks a focal point to register a delegation, and leads there."""

from django.core.mail import EmailMultiAlternatives

from registrations.mail.message import compose
from registrations.mail.time_left import hours_of, time_left
from registrations.models import DelegationStatus, Delivery, FocalPoint
from registrations.queries import released_sessions, requires_letter, seats_of
from registrations.tokens import invitation_url

# Its people are named: whoever comes later finds them there.
REGISTERED = (DelegationStatus.SUBMITTED, DelegationStatus.ACCEPTED)


def build_registration_invitation(delivery: Delivery) -> EmailMultiAlternatives:
    """What is asked of which body, for when, and until when; one button. Names nobody but its reader."""
    user, delegation = delivery.user, delivery.delegation
    if user is None or delegation is None:
        raise ValueError("An invitation to register names its reader and delegation.")
    focal_point = FocalPoint.objects.with_access().select_related("user").get(user=user, body=delegation.body)
    webinar = delegation.webinar
    context = {
        "reader_name": user.name,
        "body_name": delegation.body.name.render(user.language).text,
        "webinar_title": webinar.title.render(user.language).text,
        "is_registered": delegation.status in REGISTERED,
        "asked": [
            (seat.profile.name.render(user.language).text, seat.effective_minimum) for seat in seats_of(delegation)
        ],
        "asks_for_letter": requires_letter(delegation),
        "sessions": [
            hours_of(one.starts_at, one.ends_at, user, delegation)
            for one in released_sessions(webinar).filter(is_cancelled=False)
        ],
        "link": invitation_url(focal_point, delegation),
    }
    context |= time_left(delegation, user, delivery.attempted_at or delivery.created_at)
    return compose(
        delivery, "registration", context, name=user.name, language=user.language, contact_email=webinar.contact_email
    )
