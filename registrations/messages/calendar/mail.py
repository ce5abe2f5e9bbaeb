"""How an invitation, an update and a cancellation are written: mails that a calendar program reads."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from registrations.calendar_session import calendar_session, organizer_address
from registrations.messages.composing import ascii_address, compose
from registrations.messages.composing.sessions import session_context, session_hours
from registrations.models import CalendarEntry, Delegate, Delivery, DeliveryKind, IcalMethod
from sessions_app.agenda import AgendaSession, agenda_from_release
from sessions_app.ical import Attendee, Method
from sessions_app.ical import build_invitation as build_ical
from sessions_app.models import ReleasedSession

# The annotation of `with_related`: the Message-ID of the first message to the mailbox about the session, if this is not
# that message.
FIRST_MESSAGE_ID = "first_message_id"
TEMPLATES = {
    DeliveryKind.INVITATION: "invitation",
    DeliveryKind.UPDATE: "update",
    DeliveryKind.CANCELLATION: "cancellation",
}


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the REQUEST or CANCEL of one session for one mailbox.

    An invitation is the first REQUEST that a mailbox gets of a session, or the first to a new person in it. An update
    is a REQUEST to a mailbox that holds the session already; it says what has changed. A cancellation is a CANCEL of
    the session for everyone, or for this one person.
    """
    method = Method(delivery.ical_method)
    delegate, entry, released = _related_rows(delivery)
    if delivery.ical_sequence is None or delivery.ical_stamp is None:
        raise ValueError("A calendar message needs its sequence and stamp.")
    session = calendar_session(
        released,
        delegate=delegate,
        sequence=delivery.ical_sequence,
        stamp=delivery.ical_stamp,
        with_link=method is not Method.CANCEL,
    )
    # After the person's address was corrected, this mailbox may be a stranger's: it gets no name.
    name = delegate.name if entry.address == delegate.address else ""
    attendee = Attendee(name=name, email=ascii_address(delivery.email), partstat=entry.ical_partstat)
    message = compose(
        delivery,
        TEMPLATES[DeliveryKind(delivery.kind)],
        {
            **session_context(released, delegate),
            **(_cancelled_session if method is Method.CANCEL else _changes_since_last_message)(
                delivery, released, delegate
            ),
            "is_session_cancelled": released.is_cancelled,
            "is_inbox_read": bool(settings.INBOX_URL),
            "reader_name": name,
        },
        name=name,
        language=delegate.language,
        contact_email=released.session.webinar.contact_email,
        ical=build_ical(session, method=method, organizer=organizer_address(), attendee=attendee),
    )
    if first := getattr(delivery, FIRST_MESSAGE_ID, ""):
        # Mail programs show all messages about a session as one conversation.
        message.extra_headers |= {"In-Reply-To": first, "References": first}
    return message


def _changes_since_last_message(delivery: Delivery, released: ReleasedSession, delegate: Delegate) -> dict[str, object]:
    """Return for the template what differs from the last message to this person.

    That is the old hours and the old title, empty if they are unchanged; whether a cancellation had taken the session
    out of the calendar, and whether because the session itself was cancelled.
    """
    is_back = delivery.previous_method == IcalMethod.CANCEL
    changes: dict[str, object] = {
        "previous_hours": "",
        "previous_title": "",
        "is_back": is_back,
        "is_held_after_all": False,
    }
    before = _session_last_sent(delivery, released)
    if before is None:
        return changes
    changes["is_held_after_all"] = is_back and before.is_cancelled
    if (before.starts_at, before.ends_at) != (released.starts_at, released.ends_at):
        changes["previous_hours"] = session_hours(before, released, delegate)
    if (old := before.title.render(delegate.language).text) != released.title.render(delegate.language).text:
        changes["previous_title"] = old
    return changes


def _cancelled_session(delivery: Delivery, released: ReleasedSession, delegate: Delegate) -> dict[str, object]:
    """Return the hours and title of the session as the last message to the mailbox had them, if they were others."""
    before = _session_last_sent(delivery, released)
    if before is None:
        return {}
    return {
        "hours": session_hours(before, released, delegate),
        "session_title": before.title.render(delegate.language).text,
    }


def _session_last_sent(delivery: Delivery, released: ReleasedSession) -> AgendaSession | None:
    """Return the session as the last message to the mailbox had it; None if there was none or nothing has changed."""
    if delivery.previous_release is None:
        return None
    return agenda_from_release(delivery.previous_release).get_session(released.number)


def _related_rows(delivery: Delivery) -> tuple[Delegate, CalendarEntry, ReleasedSession]:
    if delivery.delegate is None or delivery.entry is None or delivery.session is None:
        raise ValueError("A calendar message needs its person, entry and session.")
    return delivery.delegate, delivery.entry, delivery.session.released
