"""Releases, calendar entries and deliveries for tests of queries."""

from registrations.models import CalendarEntry, Delegate, Delegation, Delivery, ParticipantProfile
from sessions_app.models import Release, ReleasedSession, Session, Webinar
from tests.factories import NOW, make_profiles


def make_release(webinar: Webinar) -> Release:
    """Every session of `webinar`, released as it stands."""
    release = Release.objects.create(webinar=webinar, number=1, released_at=NOW, agenda={})
    for session in webinar.sessions.all():
        ReleasedSession.objects.create(
            session=session,
            release=release,
            number=session.number,
            title_en=session.title_en,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            timezone=webinar.timezone,
            changed_at=NOW,
        )
    return release


def make_entry(delegate: Delegate, session: Session, **fields) -> CalendarEntry:
    """What the mailbox of `delegate` holds of a released session."""
    entry = new_entry(delegate, session, **fields)
    entry.save()
    return entry


def new_entry(delegate: Delegate, session: Session, **fields) -> CalendarEntry:
    usual = {
        "address": delegate.address,
        "released_sequence": 0,
        "sequence": 0,
        "stamp": NOW,
        "planned_method": "REQUEST",
    }
    return CalendarEntry(
        session=session,
        delegate=delegate,
        release=session.released.release,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        **usual | fields,
    )


def make_delivery(entry: CalendarEntry, **fields) -> Delivery:
    """The message that carries the entry's present sequence."""
    delivery = new_delivery(entry, **fields)
    delivery.save()
    return delivery


def new_delivery(entry: CalendarEntry, **fields) -> Delivery:
    return Delivery(
        key=f"cal:{entry.session_id}:{entry.address}:{entry.sequence}",
        entry=entry,
        delegate=entry.delegate,
        session=entry.session,
        webinar_id=entry.delegate.webinar_id,
        email=entry.address,
        language="es",
        created_at=NOW,
        due_at=NOW,
        **{"kind": "invitation", "ical_method": "REQUEST", "ical_sequence": entry.sequence, "state": "sent", **fields},
    )


def invite(delegation: Delegation, people: int) -> None:
    """So many prosecutors, each with a sent invitation to every released session."""
    sessions = list(delegation.webinar.sessions.select_related("released__release"))
    profile = make_profiles()["prosecutors"]
    delegates = Delegate.objects.bulk_create(make_row(delegation, profile, number) for number in range(people))
    entries = CalendarEntry.objects.bulk_create(
        new_entry(delegate, session) for delegate in delegates for session in sessions
    )
    Delivery.objects.bulk_create(new_delivery(entry) for entry in entries)


def make_row(delegation: Delegation, profile: ParticipantProfile, number: int) -> Delegate:
    """An unsaved delegate, one of many."""
    return Delegate(
        webinar=delegation.webinar,
        delegation=delegation,
        profile=profile,
        name=f"Delegate {number}",
        email=f"many{number}@{delegation.slug}.example.org",
        registered_at=NOW,
        mail_not_before=NOW,
    )
