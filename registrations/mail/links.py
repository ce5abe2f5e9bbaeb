"""The mail that brings someone the links to their pages once more."""

from django.core.mail import EmailMultiAlternatives

from registrations.mail.message import compose
from registrations.models import Delegate, Delivery
from registrations.queries.participant import delegates_with_sessions_ahead, sessions_ahead_of
from registrations.tokens import page_url
from sessions_app.hours import hours_for


def build_links(delivery: Delivery) -> EmailMultiAlternatives:
    """Each webinar ahead in which the reader takes part, with its sessions ahead and the link to their page."""
    person = delivery.delegate
    if person is None:
        raise ValueError("Links are somebody's.")
    people = delegates_with_sessions_ahead([delivery.email], now=delivery.attempted_at or delivery.created_at)
    webinars = [_webinar(one, delivery, language=person.language) for one in people]
    return compose(
        delivery,
        "links",
        {"reader_name": person.name, "webinars": webinars},
        name=person.name,
        language=person.language,
        contact_email=person.webinar.contact_email,
    )


def _webinar(person: Delegate, delivery: Delivery, *, language: str) -> dict[str, object]:
    ahead = sessions_ahead_of(person, now=delivery.attempted_at or delivery.created_at)
    return {
        "title": person.webinar.title.render(language).text,
        "body_name": person.delegation.body.name.render(language).text,
        "sessions": [
            (
                one.title.render(language).text,
                hours_for(
                    one.starts_at,
                    one.ends_at,
                    reader_zone=person.timezone,
                    webinar_zone=one.timezone,
                    language=language,
                ),
            )
            for one in ahead
        ],
        "page_url": page_url(person),
    }
