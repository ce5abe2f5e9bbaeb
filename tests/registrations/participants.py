"""Rows of a participant whose webinar is released, past the services that would write them."""

from datetime import datetime

from registrations.models import CalendarEntry, Delegate, Delegation, DelegationStatus, IcalMethod
from sessions_app.models import Release, ReleasedSession, Session, Webinar
from tests.factories import NOW, make_delegate, make_delegation


def make_participant(delegation: Delegation | None = None, **fields) -> Delegate:
    """An admitted person of an accepted delegation."""
    delegation = delegation or make_delegation(status=DelegationStatus.ACCEPTED)
    return make_delegate(delegation, **{"admitted_at": NOW, **fields})


def make_released_rows(webinar: Webinar, *, at: datetime = NOW) -> Release:
    """What a release leaves of each session; without the snapshot of the agenda."""
    release = Release.objects.create(webinar=webinar, number=webinar.releases.count() + 1, released_at=at, agenda={})
    for session in webinar.sessions.all():
        ReleasedSession.objects.update_or_create(
            session=session,
            defaults={
                "release": release,
                "number": session.number,
                "title_en": session.title_en,
                "title_es": session.title_es,
                "starts_at": session.starts_at,
                "ends_at": session.ends_at,
                "timezone": webinar.timezone,
                "is_cancelled": session.cancelled_at is not None,
                "digest": "",
                "changed_at": at,
            },
        )
    return release


def make_entry(delegate: Delegate, session: Session, **fields) -> CalendarEntry:
    """What the mailbox of `delegate` was told of a released session: that it takes place."""
    return CalendarEntry.objects.create(
        session=session,
        delegate=delegate,
        **{
            "address": delegate.address,
            "release": session.released.release,
            "released_sequence": 0,
            "sequence": 0,
            "stamp": NOW,
            "planned_method": IcalMethod.REQUEST,
            "starts_at": session.released.starts_at,
            "ends_at": session.released.ends_at,
            **fields,
        },
    )
