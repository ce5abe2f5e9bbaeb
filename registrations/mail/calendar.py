"""Mails that a calendar program reads: invitation, update, cancellation."""

from functools import partial

from django.core.mail import EmailMultiAlternatives

from registrations.calendars import calendar_session, organizer_address
from registrations.mail.message import ascii_address, compose, message_id
from registrations.models import CalendarEntry, Delegate, Delivery, IcalMethod
from registrations.tokens import join_url, page_url
from sessions_app.agenda import AgendaSession, agenda_from_release
from sessions_app.hours import Hours, hours_for
from sessions_app.ical import Attendee, Method
from sessions_app.ical import build_invitation as build_ical
from sessions_app.models import ReleasedSession


def build_invitation(delivery: Delivery) -> EmailMultiAlternatives:
    """The first REQUEST that a mailbox gets of a session, or the first to a new person in it."""
    return _build(delivery, "invitation", Method.REQUEST)


def build_update(delivery: Delivery) -> EmailMultiAlternatives:
    """A REQUEST to a mailbox that holds the session already; says what it was told before."""
    return _build(delivery, "update", Method.REQUEST)


def build_cancellation(delivery: Delivery) -> EmailMultiAlternatives:
    """A CANCEL: of the session for everyone, or of this one person."""
    return _build(delivery, "cancellation", Method.CANCEL)


def _build(delivery: Delivery, template: str, method: Method) -> EmailMultiAlternatives:
    delegate, entry, released = _parts(delivery)
    if delivery.ical_sequence is None or delivery.ical_stamp is None:
        raise ValueError("A calendar message needs its sequence and stamp.")
    session = calendar_session(
        released,
        delegate=delegate,
        sequence=delivery.ical_sequence,
        stamp=delivery.ical_stamp,
        with_link=method is not Method.CANCEL,
    )
    # The address that the mailbox is known by; after a correction it is no longer the person's, and is told no name.
    name = delegate.name if entry.address == delegate.address else ""
    attendee = Attendee(name=name, email=ascii_address(delivery.email), partstat=entry.ical_partstat)
    message = compose(
        delivery,
        template,
        {
            **session_context(released, delegate),
            **(_as_told if method is Method.CANCEL else _changes)(delivery, released, delegate),
            "is_session_cancelled": released.is_cancelled,
            "reader_name": name,
        },
        name=name,
        language=delegate.language,
        contact_email=released.session.webinar.contact_email,
        ical=build_ical(session, method=method, organizer=organizer_address(), attendee=attendee),
    )
    if entry.first_message_uuid != delivery.message_uuid:
        first = message_id(entry.first_message_uuid)
        message.extra_headers |= {"In-Reply-To": first, "References": first}
    return message


def _changes(delivery: Delivery, released: ReleasedSession, delegate: Delegate) -> dict[str, object]:
    """What is no longer as this person was told it: the old hours and the old title, empty where they stand; whether
    the session had been taken out of the calendar, and whether because it was cancelled."""
    is_back = delivery.previous_method == IcalMethod.CANCEL
    changes: dict[str, object] = {
        "previous_hours": "",
        "previous_title": "",
        "is_back": is_back,
        "is_held_after_all": False,
    }
    before = _told_before(delivery, released)
    if before is None:
        return changes
    changes["is_held_after_all"] = is_back and before.is_cancelled
    if (before.starts_at, before.ends_at) != (released.starts_at, released.ends_at):
        changes["previous_hours"] = _hours(before, released, delegate)
    if (old := before.title.render(delegate.language).text) != released.title.render(delegate.language).text:
        changes["previous_title"] = old
    return changes


def _as_told(delivery: Delivery, released: ReleasedSession, delegate: Delegate) -> dict[str, object]:
    """What is taken back as the reader knows it: the hours and title of what they were told, where these are others."""
    before = _told_before(delivery, released)
    if before is None:
        return {}
    return {
        "hours": _hours(before, released, delegate),
        "session_title": before.title.render(delegate.language).text,
    }


def _told_before(delivery: Delivery, released: ReleasedSession) -> AgendaSession | None:
    if delivery.previous_release is None:
        return None
    return agenda_from_release(delivery.previous_release).session(released.number)


def _hours(session: AgendaSession | ReleasedSession, released: ReleasedSession, delegate: Delegate) -> Hours:
    return hours_for(
        session.starts_at,
        session.ends_at,
        reader_zone=delegate.timezone,
        webinar_zone=released.timezone,
        language=delegate.language,
    )


def _parts(delivery: Delivery) -> tuple[Delegate, CalendarEntry, ReleasedSession]:
    if delivery.delegate is None or delivery.entry is None or delivery.session is None:
        raise ValueError("A calendar message names its person, mailbox and session.")
    return delivery.delegate, delivery.entry, delivery.session.released


def session_context(released: ReleasedSession, delegate: Delegate) -> dict[str, object]:
    """What every mail about a session shows of it, in the delegate's language and zone."""
    webinar = released.session.webinar
    return {
        "delegate": delegate,
        "hours": _hours(released, released, delegate),
        "session_title": released.title.render(delegate.language).text,
        "webinar_title": webinar.title.render(delegate.language).text,
        "page_url": page_url(delegate),
        # Made where a template shows it.
        "join_url": partial(join_url, delegate, released.number),
        "room_opens_minutes": released.session.room_opens_minutes,
    }
