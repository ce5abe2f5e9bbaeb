"""Participants and what their mailboxes hold, past the services that would write them."""

from registrations.models import CalendarEntry, Delegate, Delegation, DelegationStatus, IcalMethod
from sessions_app.models import Session
from tests.factories import NOW, make_delegate, make_delegation


def make_participant(delegation: Delegation | None = None, **fields) -> Delegate:
    """An admitted person of an accepted delegation."""
    delegation = delegation or make_delegation(status=DelegationStatus.ACCEPTED)
    return make_delegate(delegation, **{"admitted_at": NOW, **fields})


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
