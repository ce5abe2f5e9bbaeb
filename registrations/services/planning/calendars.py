"""Compares what each mailbox should hold with the ledger, and owes what is missing (design §5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delivery,
    DeliveryKind,
    DeliveryState,
    IcalMethod,
    Partstat,
)
from registrations.queries.participant import is_invited
from sessions_app.models import ReleasedSession

BATCH = 500
Mailbox = tuple[int, str]  # (session id, lower-cased address)


@dataclass
class Plan:
    """What one run changes; written at the end in a handful of statements."""

    now: datetime
    created: list[CalendarEntry] = field(default_factory=list)
    changed: list[CalendarEntry] = field(default_factory=list)
    owed: list[Delivery] = field(default_factory=list)


def plan_calendars(*, now: datetime) -> int:
    """Owe the REQUESTs and CANCELs that bring every mailbox to what it should hold; how many there are.

    Sessions that are over are left alone, and so are people whose last change is still held back. Locks, in order,
    the ledger's rows that differ, and looks at them again. A constant number of queries, however many people.
    """
    sessions = {
        released.session_id: released
        for released in ReleasedSession.objects.filter(ends_at__gt=now).select_related("session", "release")
    }
    if not sessions:
        return 0
    people = list(_people_of(sessions.values(), now))
    held = {person.pk for person in people if person.is_held_at(now)}
    wanted = {
        (released.session_id, person.address): person
        for released in sessions.values()
        if not released.is_cancelled
        for person in people
        if person.webinar_id == released.session.webinar_id and is_invited(person)
    }
    ledger = {_mailbox(entry): entry for entry in CalendarEntry.objects.filter(session__in=sessions)}
    differing = [
        mailbox
        for mailbox in sorted(wanted.keys() | ledger.keys())
        if _differs(sessions[mailbox[0]], wanted.get(mailbox), ledger.get(mailbox))
    ]
    # A sender may have handed something over since: what counts is read again under the lock.
    known = [ledger[mailbox].pk for mailbox in differing if mailbox in ledger]
    locked = CalendarEntry.objects.filter(pk__in=known).select_related("delegate").select_for_update(of=("self",))
    ledger = {_mailbox(entry): entry for entry in locked.order_by("pk")}
    plan = Plan(now)
    for mailbox in differing:
        released, person, entry = sessions[mailbox[0]], wanted.get(mailbox), ledger.get(mailbox)
        if (person and person.pk in held) or (entry and entry.delegate_id in held):
            continue
        if person is not None and entry is None:
            _invite_newly(plan, released, mailbox, person)
        elif entry is not None and _differs(released, person, entry):
            if person is not None:
                _invite_again(plan, released, person, entry)
            else:
                _take_back(plan, released, entry)
    return _write(plan)


def _mailbox(entry: CalendarEntry) -> Mailbox:
    return (entry.session_id, entry.address)


def _differs(released: ReleasedSession, person: Delegate | None, entry: CalendarEntry | None) -> bool:
    """Whether what the mailbox holds, or is about to, is not what `person` (None: nobody) should have."""
    if person is None or entry is None:
        return person is not None or (entry is not None and _is_to_be_taken_back(entry))
    return (
        entry.planned_method != IcalMethod.REQUEST
        or entry.released_sequence < released.sequence
        or entry.delegate_id != person.pk
        or entry.token_version != person.token_version
    )


def _is_to_be_taken_back(entry: CalendarEntry) -> bool:
    if entry.planned_method == IcalMethod.CANCEL:
        return False
    return IcalMethod.REQUEST in (entry.planned_method, entry.delivered_method)


def _people_of(sessions: Iterable[ReleasedSession], now: datetime) -> Iterable[Delegate]:
    """Everyone who is, or is about to be, concerned: the admitted, and whoever's last change is still held back."""
    webinars = {released.session.webinar_id for released in sessions}
    return (
        Delegate.objects.filter(webinar__in=webinars)
        .exclude(admitted_at__isnull=True, hold_until__lte=now)
        .select_related("delegation")
    )


def _invite_newly(plan: Plan, released: ReleasedSession, mailbox: Mailbox, person: Delegate) -> None:
    entry = CalendarEntry(
        session_id=mailbox[0],
        address=mailbox[1],
        sequence=released.sequence,
        stamp=plan.now.replace(microsecond=0),
    )
    _describe(entry, released, person)
    plan.created.append(entry)
    _owe(plan, entry, DeliveryKind.INVITATION, person)


def _invite_again(plan: Plan, released: ReleasedSession, person: Delegate, entry: CalendarEntry) -> None:
    holds_it = entry.delivered_method == IcalMethod.REQUEST and entry.delegate_id == person.pk
    is_moved = (entry.starts_at, entry.ends_at) != (released.starts_at, released.ends_at)
    previous = entry.starts_at if holds_it and is_moved else None
    if is_moved or entry.delegate_id != person.pk:
        # A new hour, or a new person, asks anew (RFC 5546 §2.1.5).
        entry.ical_partstat, entry.answered_at = Partstat.NEEDS_ACTION, None
    _advance(plan, entry, max(entry.sequence + 1, released.sequence))
    _describe(entry, released, person)
    kind = DeliveryKind.UPDATE if holds_it else DeliveryKind.INVITATION
    _owe(plan, entry, kind, person, previous_starts_at=previous)


def _take_back(plan: Plan, released: ReleasedSession, entry: CalendarEntry) -> None:
    """A CANCEL for what was, or may have been, delivered; a REQUEST that never left is simply dropped."""
    if entry.delivered_method != IcalMethod.REQUEST:
        entry.planned_method = IcalMethod.NONE
        plan.changed.append(entry)
        return
    _advance(plan, entry, max(entry.sequence + 1, released.sequence))
    entry.planned_method = IcalMethod.CANCEL
    entry.release_id = released.release_id
    entry.released_sequence = released.sequence
    _owe(plan, entry, DeliveryKind.CANCELLATION, entry.delegate)


def _advance(plan: Plan, entry: CalendarEntry, sequence: int) -> None:
    """A higher sequence and a later stamp than anything this mailbox was sent about the session (rule 15)."""
    entry.sequence = sequence
    entry.stamp = max(plan.now.replace(microsecond=0), entry.stamp + timedelta(seconds=1))
    plan.changed.append(entry)


def _describe(entry: CalendarEntry, released: ReleasedSession, person: Delegate) -> None:
    entry.planned_method = IcalMethod.REQUEST
    entry.delegate = person
    entry.token_version = person.token_version
    entry.release_id = released.release_id
    entry.released_sequence = released.sequence
    entry.starts_at, entry.ends_at = released.starts_at, released.ends_at


def _owe(
    plan: Plan,
    entry: CalendarEntry,
    kind: DeliveryKind,
    person: Delegate,
    *,
    previous_starts_at: datetime | None = None,
) -> None:
    plan.owed.append(
        Delivery(
            key=f"cal:{entry.session_id}:{entry.address}:{entry.sequence}",
            kind=kind,
            # A person's address as typed; a mailbox that was left is known in lower case only.
            email=person.email if person.address == entry.address else entry.address,
            language=person.language,
            delegate=person,
            session_id=entry.session_id,
            entry=entry,
            ical_method=entry.planned_method,
            ical_sequence=entry.sequence,
            ical_stamp=entry.stamp,
            starts_at=entry.starts_at,
            previous_starts_at=previous_starts_at,
            created_at=plan.now,
            due_at=plan.now,
        )
    )


def _write(plan: Plan) -> int:
    CalendarEntry.objects.bulk_create(plan.created, batch_size=BATCH)
    CalendarEntry.objects.bulk_update(
        plan.changed,
        [
            "sequence",
            "stamp",
            "planned_method",
            "delegate",
            "token_version",
            "release",
            "released_sequence",
            "starts_at",
            "ends_at",
            "ical_partstat",
            "answered_at",
        ],
        batch_size=BATCH,
    )
    # What waits, or failed, is older than what is owed now; a claimed one is stopped by the sender's last look.
    Delivery.objects.filter(entry__in=plan.changed, state__in=[DeliveryState.DUE, DeliveryState.FAILED]).update(
        state=DeliveryState.SUPERSEDED
    )
    Delivery.objects.bulk_create(plan.owed, batch_size=BATCH)
    return len(plan.owed)
