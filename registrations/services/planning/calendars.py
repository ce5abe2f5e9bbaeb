"""Compares what each mailbox should hold with the ledger, and owes what is missing (design §5)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from registrations.models import (
    CalendarEntry,
    Delivery,
    DeliveryKind,
    DeliveryState,
    IcalMethod,
    Partstat,
)
from registrations.queries.mailboxes import Addressee, entries_to_take_back, people_to_tell
from sessions_app.models import ReleasedSession

BATCH = 1000
Mailbox = tuple[int, str]  # (session id, lower-cased address)


@dataclass
class Plan:
    """What one run changes in mailboxes that the ledger knows; it is written at the end in a few statements."""

    now: datetime
    changed: list[CalendarEntry] = field(default_factory=list)
    owed: list[Delivery] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """The last message of a session that a mailbox got, or may have."""

    delegate_id: int | None
    release_id: int | None
    method: str


def plan_calendars(*, now: datetime) -> int:
    """Owe the REQUESTs and CANCELs that bring every mailbox to what it should hold; how many there are.

    Sessions that are over are left alone, and so are people whose last change is still held back. Locks, in order,
    the ledger's rows that differ, and looks at them again: a sender may have handed something over since. Two queries
    where every mailbox is as it should be; else a few, and a few more for each 1,000 mailboxes.
    """
    people = {(one.session_id, one.address): one for one in people_to_tell(now=now)}
    to_take_back = list(entries_to_take_back(now=now).values_list("pk", flat=True))
    if not people and not to_take_back:
        return 0
    sessions = {one.session_id: one for one in ReleasedSession.objects.filter(ends_at__gt=now)}
    entries = _locked({*_entries_of(people), *to_take_back})
    told = _told(entries)
    plan = Plan(now)
    for entry in entries:
        person, released = people.pop((entry.session_id, entry.address), None), sessions[entry.session_id]
        if person is None:
            _take_back(plan, released, entry, told.get(entry.pk))
        elif entry.delegate_id == person.delegate_id or not entry.delegate.is_mail_delayed_at(now):
            _invite_again(plan, released, person, entry, told.get(entry.pk))
    # Whoever is left has a mailbox that the ledger does not know.
    return _write(plan) + _invite_newcomers(list(people.values()), sessions, now)


def _entries_of(mailboxes: Collection[Mailbox]) -> Iterable[int]:
    """The ids of the ledger's rows of `mailboxes`, of those that it knows."""
    sessions = {session for session, _address in mailboxes}
    addresses = {address for _session, address in mailboxes}
    rows = CalendarEntry.objects.filter(session__in=sessions, address__in=addresses)
    found = rows.values_list("pk", "session", "address")
    return (pk for pk, session, address in found if (session, address) in mailboxes)


def _locked(entry_ids: Iterable[int]) -> list[CalendarEntry]:
    """The ledger's rows, and with them what is not sent yet: nothing of it leaves until the plan is made."""
    rows = CalendarEntry.objects.filter(pk__in=list(entry_ids)).select_related("delegate")
    entries = list(rows.select_for_update(of=("self",)).order_by("pk"))
    list(_unsent(entries).select_for_update().order_by("pk").values_list("pk"))
    return entries


def _unsent(entries: Iterable[CalendarEntry]) -> "QuerySet[Delivery]":
    """What has not left for these mailboxes: what waits, has failed, or was claimed without its last look so far."""
    waiting = Q(state__in=[DeliveryState.DUE, DeliveryState.FAILED])
    claimed = Q(state=DeliveryState.CLAIMED, may_have_arrived=False)
    return Delivery.objects.filter(waiting | claimed, entry__in=[entry.pk for entry in entries])


def _told(entries: Iterable[CalendarEntry]) -> Mapping[int, Told]:
    """By entry, what its mailbox last got or may have got."""
    arrived = Delivery.objects.filter(entry__in=[entry.pk for entry in entries], may_have_arrived=True)
    rows = arrived.order_by("ical_sequence").values_list("entry", "delegate", "release", "ical_method")
    return {entry: Told(delegate, release, method) for entry, delegate, release, method in rows if entry is not None}


def _invite_newcomers(people: Sequence[Addressee], sessions: Mapping[int, ReleasedSession], now: datetime) -> int:
    """Owe the first message to mailboxes that the ledger does not know; how many there are.

    These can be all participants at once: the rows are made and inserted batch by batch.
    """
    for start in range(0, len(people), BATCH):
        batch = people[start : start + BATCH]
        entries = CalendarEntry.objects.bulk_create(
            _new_entry(person, sessions[person.session_id], now) for person in batch
        )
        Delivery.objects.bulk_create(
            _first_delivery(entry, person, now) for entry, person in zip(entries, batch, strict=True)
        )
    return len(people)


def _new_entry(person: Addressee, released: ReleasedSession, now: datetime) -> CalendarEntry:
    entry = CalendarEntry(
        session_id=person.session_id,
        address=person.address,
        sequence=released.sequence,
        stamp=now.replace(microsecond=0),
    )
    _describe(entry, released, person)
    return entry


def _first_delivery(entry: CalendarEntry, person: Addressee, now: datetime) -> Delivery:
    delivery = _delivery(entry, DeliveryKind.INVITATION, email=person.email, language=person.language, now=now)
    # Later messages of the entry answer to this one.
    delivery.message_uuid = entry.first_message_uuid
    return delivery


def _invite_again(
    plan: Plan, released: ReleasedSession, person: Addressee, entry: CalendarEntry, told: Told | None
) -> None:
    is_moved = (entry.starts_at, entry.ends_at) != (released.starts_at, released.ends_at)
    # The pages show a release at once, so that someone may have answered to the new hour before us.
    knows_the_hour = entry.answered_at is not None and entry.answered_at >= released.changed_at
    if (is_moved and not knows_the_hour) or entry.delegate_id != person.delegate_id:
        # A new hour, or a new person, asks anew (RFC 5546 §2.1.5).
        entry.ical_partstat, entry.answered_at = Partstat.NEEDS_ACTION, None
    _advance(plan, entry, max(entry.sequence + 1, released.sequence))
    _describe(entry, released, person)
    is_known = told is not None and told.delegate_id == person.delegate_id
    holds_it = told is not None and is_known and told.method == IcalMethod.REQUEST
    kind = DeliveryKind.UPDATE if holds_it else DeliveryKind.INVITATION
    delivery = _delivery(entry, kind, email=person.email, language=person.language, now=plan.now)
    if told is not None and is_known:
        delivery.previous_release_id, delivery.previous_method = told.release_id, told.method
    plan.owed.append(delivery)


def _take_back(plan: Plan, released: ReleasedSession, entry: CalendarEntry, told: Told | None) -> None:
    """A CANCEL for what was, or may have been, delivered; a REQUEST that never left is simply dropped."""
    if told is None or told.method != IcalMethod.REQUEST:
        entry.planned_method = IcalMethod.CANCEL
        plan.changed.append(entry)
        return
    _advance(plan, entry, max(entry.sequence + 1, released.sequence))
    entry.planned_method = IcalMethod.CANCEL
    entry.release_id = released.release_id
    entry.released_sequence = released.sequence
    person = entry.delegate
    # A person's address as typed; a mailbox that was left is known in lower case only.
    email = person.email if person.address == entry.address else entry.address
    delivery = _delivery(entry, DeliveryKind.CANCELLATION, email=email, language=person.language, now=plan.now)
    if told.release_id != entry.release_id:
        # Taken back is what the mailbox holds, not what has become of the session since.
        delivery.previous_release_id = told.release_id
    plan.owed.append(delivery)


def _advance(plan: Plan, entry: CalendarEntry, sequence: int) -> None:
    """A higher sequence and a later stamp than anything this mailbox was sent about the session (rule 15)."""
    entry.sequence = sequence
    entry.stamp = max(plan.now.replace(microsecond=0), entry.stamp + timedelta(seconds=1))
    plan.changed.append(entry)


def _describe(entry: CalendarEntry, released: ReleasedSession, person: Addressee) -> None:
    entry.planned_method = IcalMethod.REQUEST
    entry.delegate_id = person.delegate_id
    entry.token_version = person.token_version
    entry.release_id = released.release_id
    entry.released_sequence = released.sequence
    entry.starts_at, entry.ends_at = released.starts_at, released.ends_at


def _delivery(entry: CalendarEntry, kind: DeliveryKind, *, email: str, language: str, now: datetime) -> Delivery:
    return Delivery(
        key=f"cal:{entry.session_id}:{entry.address}:{entry.sequence}",
        kind=kind,
        email=email,
        language=language,
        delegate_id=entry.delegate_id,
        session_id=entry.session_id,
        entry_id=entry.pk,
        release_id=entry.release_id,
        ical_method=entry.planned_method,
        ical_sequence=entry.sequence,
        ical_stamp=entry.stamp,
        starts_at=entry.starts_at,
        created_at=now,
        due_at=now,
    )


def _write(plan: Plan) -> int:
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
    # All that has not left is older than what is owed now.
    _unsent(plan.changed).update(state=DeliveryState.SUPERSEDED, claim_token=None, lease_expires_at=None)
    Delivery.objects.bulk_create(plan.owed, batch_size=BATCH)
    return len(plan.owed)
