"""The notice of what a delegation still lacks, while there is time."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from registrations.mail.message import compose
from registrations.mail.time_left import time_left
from registrations.models import DelegationStatus, Delivery
from registrations.queries import gaps_in, lacks_letter, seats_of


def build_gap_notice(delivery: Delivery) -> EmailMultiAlternatives:
    """The empty seats of a delegation by profile and the missing letter, as it is now, and the days that are left.
    Names nobody."""
    user, delegation = delivery.user, delivery.delegation
    if user is None or delegation is None:
        raise ValueError("A gap notice names its reader and delegation.")
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
    """ "Border control" as "border control"; an abbreviation stays as it is."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
