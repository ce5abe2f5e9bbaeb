"""The notice of what a delegation still lacks, while there is time."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from registrations.mail.message import compose
from registrations.models import Delegation, DelegationStatus, Delivery, User
from registrations.queries import gaps_in, lacks_letter, seats_of, zone_of
from sessions_app.hours import hours_for


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
        "contact_email": webinar.contact_email,
        "gaps": [
            {
                "name": _within_a_sentence(seat.profile.name.render(user.language).text),
                "named": seat.named,
                "floor": seat.floor,
            }
            for seat in gaps_in(seats_of(delegation))
        ],
        "lacks_letter": lacks_letter(delegation),
        "is_to_be_submitted": delegation.status != DelegationStatus.ACCEPTED,
        "link": link,
    }
    context |= _time_left(delegation, user, delivery.attempted_at or delivery.created_at)
    return compose(delivery, "gap_notice", context, name=user.name, language=user.language)


def _time_left(delegation: Delegation, user: User, now: datetime) -> dict[str, object]:
    """Until when, in the reader's hours; the days left as the delegation's page counts them."""
    webinar = delegation.webinar
    return {
        "closes": hours_for(
            webinar.policy.closes_at,
            None,
            reader_zone=zone_of(user, delegation),
            webinar_zone=webinar.timezone,
            language=user.language,
        ),
        "days_left": webinar.policy.days_left_at(now),
    }


def _within_a_sentence(name: str) -> str:
    """ "Border control" as "border control"; an abbreviation stays as it is."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
