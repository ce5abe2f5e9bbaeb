"""Compares what each mailbox should hold with the ledger, and owes what is missing (design §5)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from registrations.models import (
    CalendarEntry,
    Delivery,
    DeliveryKind,
    DeliveryState,
    IcalMethod,
    Partstat,
)
from registrations.queries.mailboxes import Addressee, entries_to_take_back, newcomers, people_to_tell
from registrations.services.planning.inserting import RandomUUID, insert_select
from sessions_app.models import ReleasedSession

BATCH = 1000
Mailbox = tuple[int, str]  # (session id, lower-cased address)


@dataclass
class Plan:
    """What one run changes in mailboxes that the ledger knows; written at the end in a handful of statements."""

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
    the ledger's rows that differ, and looks at them again: a sender may have handed something over since. A constant
    number of queries, however many people; two where every mailbox is as it should be.
    """
    people = {(one.session_id, one.address): one for one in people_to_tell(now=now)}
    to_take_back = list(entries_to_take_back(now=now).values_list("pk", flat=True))
    if not people and not to_take_back:
        return 0
    sessions = {one.session_id: one for one in ReleasedSession.objects.filter(ends_at__gt=now)}
    entries = _locked({*_entries_of(people), *to_take_back})
    told = _told(entries)
    plan = Plan(now)
    known = 0
    for entry in entries:
        person, released = people.get((entry.session_id, entry.address)), sessions[entry.session_id]
        known += person is not None
        if person is None:
            _take_back(plan, released, entry, told.get(entry.pk))
        elif entry.delegate_id == person.delegate_id or not entry.delegate.is_held_at(now):
            _invite_again(plan, released, person, entry, told.get(entry.pk))
    owed = _write(plan)
    return owed + _invite_newcomers(now) if known < len(people) else owed


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


def _invite_newcomers(now: datetime) -> int:
    """The first word to mailboxes that the ledger does not know: first the ledger's rows, then what they owe.

    Two statements, since these can be all participants at once.
    """
    released = "webinar__sessions__released__"
    insert_select(
        CalendarEntry,
        newcomers(now=now),
        {
            "session": F("session_id"),
            "address": F("mailbox"),
            "delegate": F("pk"),
            "token_version": F("token_version"),
            "release": F(f"{released}release"),
            "released_sequence": F(f"{released}sequence"),
            "sequence": F(f"{released}sequence"),
            "stamp": Value(now.replace(microsecond=0)),
            "planned_method": Value(IcalMethod.REQUEST),
            "starts_at": F(f"{released}starts_at"),
            "ends_at": F(f"{released}ends_at"),
            "first_message_uuid": RandomUUID(),
        },
    )
    untold = CalendarEntry.objects.filter(
        ~Exists(Delivery.objects.filter(entry=OuterRef("pk"))),
        planned_method=IcalMethod.REQUEST,
        session__released__ends_at__gt=now,
    )
    return insert_select(
        Delivery,
        untold.order_by("pk"),
        {
            "key": Concat(
                Value("cal:"), "session_id", Value(":"), "address", Value(":"), "sequence", output_field=TextField()
            ),
            "kind": Value(DeliveryKind.INVITATION),
            "email": F("delegate__email"),
            "language": F("delegate__language"),
            "delegate": F("delegate"),
            "session": F("session"),
            "entry": F("pk"),
            "release": F("release"),
            "ical_method": F("planned_method"),
            "ical_sequence": F("sequence"),
            "ical_stamp": F("stamp"),
            "starts_at": F("starts_at"),
            "created_at": Value(now),
            "due_at": Value(now),
            "message_uuid": F("first_message_uuid"),
        },
    )


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
    delivery = _request(plan, entry, person, DeliveryKind.UPDATE if holds_it else DeliveryKind.INVITATION)
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
    delivery = _delivery(plan, entry, DeliveryKind.CANCELLATION, email=email, language=person.language)
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


def _request(plan: Plan, entry: CalendarEntry, person: Addressee, kind: DeliveryKind) -> Delivery:
    return _delivery(plan, entry, kind, email=person.email, language=person.language)


def _delivery(plan: Plan, entry: CalendarEntry, kind: DeliveryKind, *, email: str, language: str) -> Delivery:
    return Delivery(
        key=f"cal:{entry.session_id}:{entry.address}:{entry.sequence}",
        kind=kind,
        email=email,
        language=language,
        delegate_id=entry.delegate_id,
        session_id=entry.session_id,
        entry=entry,
        release_id=entry.release_id,
        ical_method=entry.planned_method,
        ical_sequence=entry.sequence,
        ical_stamp=entry.stamp,
        starts_at=entry.starts_at,
        created_at=plan.now,
        due_at=plan.now,
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
