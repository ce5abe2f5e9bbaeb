"""Which calendar messages are owed: what each mailbox should hold is compared with the calendar entries (design §5)."""

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
from registrations.queries.mailboxes import Invitee, entries_to_cancel, people_to_invite
from sessions_app.models import ReleasedSession

BATCH = 1000
EntryKey = tuple[int, str]  # (session id, lower-cased address)


@dataclass
class Plan:
    """The changes of one run to existing calendar entries, which are written at its end in a few statements."""

    now: datetime
    changed: list[CalendarEntry] = field(default_factory=list)
    owed: list[Delivery] = field(default_factory=list)


@dataclass(frozen=True)
class LastSent:
    """The last message about a session that a mailbox got, or may have got."""

    delegate_id: int | None
    release_id: int | None
    method: str


def owed(*, now: datetime) -> int:
    """Owe the REQUESTs and CANCELs that bring every mailbox to what it should hold.

    Sessions that are over are left alone, and so are people whose last change is still held back. Locks the calendar
    entries that differ, by id, then their unsent deliveries, and reads what was sent only then: a sender may have sent
    a message meanwhile. Two queries where every mailbox is as it should be; else a few, and a few more for each 1,000
    mailboxes.
    """
    people = {(invitee.session_id, invitee.address): invitee for invitee in people_to_invite(now=now)}
    to_cancel = list(entries_to_cancel(now=now).values_list("pk", flat=True))
    if not people and not to_cancel:
        return 0
    sessions = {
        released.session_id: released
        for released in ReleasedSession.objects.filter(ends_at__gt=now).select_related("session")
    }
    entries = _lock_entries({*_entries_of(people), *to_cancel})
    last_sent = _last_sent(entries)
    plan = Plan(now)
    for entry in entries:
        person, released = people.pop((entry.session_id, entry.address), None), sessions[entry.session_id]
        if person is None:
            _cancel(plan, released, entry, last_sent.get(entry.pk))
        elif entry.delegate_id == person.delegate_id or not entry.delegate.is_mail_delayed_at(now):
            _invite_again(plan, released, person, entry, last_sent.get(entry.pk))
    # The people who are left have no calendar entry yet.
    return _save_plan(plan) + _invite_newcomers(list(people.values()), sessions, now)


def _entries_of(keys: Collection[EntryKey]) -> Iterable[int]:
    """Return the ids of the calendar entries with these keys."""
    sessions = {session for session, _address in keys}
    addresses = {address for _session, address in keys}
    rows = CalendarEntry.objects.filter(session__in=sessions, address__in=addresses)
    found = rows.values_list("pk", "session", "address")
    return (pk for pk, session, address in found if (session, address) in keys)


def _lock_entries(entry_ids: Iterable[int]) -> list[CalendarEntry]:
    """Lock the entries and their unsent deliveries, so that none of these is sent before the plan is made."""
    rows = CalendarEntry.objects.filter(pk__in=list(entry_ids)).select_related("delegate")
    entries = list(rows.select_for_update(of=("self",)).order_by("pk"))
    list(_unsent_deliveries(entries).select_for_update().order_by("pk").values_list("pk"))
    return entries


def _unsent_deliveries(entries: Iterable[CalendarEntry]) -> "QuerySet[Delivery]":
    """Return the deliveries of `entries` that wait, have failed, or are claimed and not begun."""
    waiting = Q(state__in=[DeliveryState.DUE, DeliveryState.FAILED])
    claimed = Q(state=DeliveryState.CLAIMED, may_have_arrived=False)
    return Delivery.objects.filter(waiting | claimed, entry__in=[entry.pk for entry in entries])


def _last_sent(entries: Iterable[CalendarEntry]) -> Mapping[int, LastSent]:
    """Return by entry id the last message that its mailbox got, or may have got."""
    arrived = Delivery.objects.filter(entry__in=[entry.pk for entry in entries], may_have_arrived=True)
    rows = arrived.order_by("ical_sequence").values_list("entry", "delegate", "release", "ical_method")
    return {
        entry: LastSent(delegate, release, method) for entry, delegate, release, method in rows if entry is not None
    }


def _invite_newcomers(people: Sequence[Invitee], sessions: Mapping[int, ReleasedSession], now: datetime) -> int:
    """Create calendar entries for `people` and owe each their first message; return how many.

    These can be all participants at once, so the rows are made and inserted batch by batch.
    """
    for start in range(0, len(people), BATCH):
        batch = people[start : start + BATCH]
        entries = CalendarEntry.objects.bulk_create(
            _new_calendar_entry(person, sessions[person.session_id], now) for person in batch
        )
        Delivery.objects.bulk_create(
            _new_delivery(
                entry,
                sessions[person.session_id],
                DeliveryKind.INVITATION,
                email=person.email,
                language=person.language,
                now=now,
            )
            for entry, person in zip(entries, batch, strict=True)
        )
    return len(people)


def _new_calendar_entry(person: Invitee, released: ReleasedSession, now: datetime) -> CalendarEntry:
    entry = CalendarEntry(
        session_id=person.session_id,
        address=person.address,
        sequence=released.sequence,
        stamp=now.replace(microsecond=0),
    )
    _copy_session(entry, released, person)
    return entry


def _invite_again(
    plan: Plan, released: ReleasedSession, person: Invitee, entry: CalendarEntry, last: LastSent | None
) -> None:
    is_moved = (entry.starts_at, entry.ends_at) != (released.starts_at, released.ends_at)
    # The pages show a release at once, so a person may have answered to the new hour before this run.
    knows_the_hour = entry.answered_at is not None and entry.answered_at >= released.changed_at
    if (is_moved and not knows_the_hour) or entry.delegate_id != person.delegate_id:
        # A new hour, or a new person, asks anew (RFC 5546 §2.1.5).
        entry.ical_partstat, entry.answered_at = Partstat.NEEDS_ACTION, None
    _raise_sequence(plan, entry, max(entry.sequence + 1, released.sequence))
    _copy_session(entry, released, person)
    is_same_person = last is not None and last.delegate_id == person.delegate_id
    holds_it = last is not None and is_same_person and last.method == IcalMethod.REQUEST
    kind = DeliveryKind.UPDATE if holds_it else DeliveryKind.INVITATION
    delivery = _new_delivery(entry, released, kind, email=person.email, language=person.language, now=plan.now)
    if last is not None and is_same_person:
        delivery.previous_release_id, delivery.previous_method = last.release_id, last.method
    plan.owed.append(delivery)


def _cancel(plan: Plan, released: ReleasedSession, entry: CalendarEntry, last: LastSent | None) -> None:
    """Owe a CANCEL if a REQUEST was sent or may have been; a REQUEST that was never sent is dropped."""
    if last is None or last.method != IcalMethod.REQUEST:
        entry.planned_method = IcalMethod.CANCEL
        plan.changed.append(entry)
        return
    _raise_sequence(plan, entry, max(entry.sequence + 1, released.sequence))
    entry.planned_method = IcalMethod.CANCEL
    entry.release_id = released.release_id
    entry.released_sequence = released.sequence
    person = entry.delegate
    # The entry of an earlier address has it in lower case only.
    email = person.email if person.address == entry.address else entry.address
    delivery = _new_delivery(
        entry, released, DeliveryKind.CANCELLATION, email=email, language=person.language, now=plan.now
    )
    if last.release_id != entry.release_id:
        # The mail names the session as the mailbox holds it, not as it was changed since.
        delivery.previous_release_id = last.release_id
    plan.owed.append(delivery)


def _raise_sequence(plan: Plan, entry: CalendarEntry, sequence: int) -> None:
    """Raise the sequence and the stamp above those of every earlier message to this mailbox (rule 15)."""
    entry.sequence = sequence
    entry.stamp = max(plan.now.replace(microsecond=0), entry.stamp + timedelta(seconds=1))
    plan.changed.append(entry)


def _copy_session(entry: CalendarEntry, released: ReleasedSession, person: Invitee) -> None:
    """Have `entry` plan a REQUEST to `person` for the session as it is released."""
    entry.planned_method = IcalMethod.REQUEST
    entry.delegate_id = person.delegate_id
    entry.token_version = person.token_version
    entry.release_id = released.release_id
    entry.released_sequence = released.sequence
    entry.starts_at, entry.ends_at = released.starts_at, released.ends_at


def _new_delivery(
    entry: CalendarEntry, released: ReleasedSession, kind: DeliveryKind, *, email: str, language: str, now: datetime
) -> Delivery:
    return Delivery(
        key=f"cal:{entry.session_id}:{entry.address}:{entry.sequence}",
        kind=kind,
        webinar_id=released.session.webinar_id,
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


def _save_plan(plan: Plan) -> int:
    """Save the changed entries, supersede their unsent messages and insert the new ones; return how many."""
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
    # Every unsent message is older than the ones that are owed now.
    _unsent_deliveries(plan.changed).update(state=DeliveryState.SUPERSEDED, claim_token=None, lease_expires_at=None)
    Delivery.objects.bulk_create(plan.owed, batch_size=BATCH)
    return len(plan.owed)
