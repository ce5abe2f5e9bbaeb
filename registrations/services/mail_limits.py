"""Keeps mail from being a focal point's weapon (design §8): how often they may name one address, and how many new ones
are mailed in a day without a person of the secretariat having looked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Lower

from registrations.exceptions import AttendanceChangedTooOften, NamedTooOften
from registrations.models import CalendarEntry, Delegate, Delegation, HistoryEvent, HistoryKind, User
from registrations.models.delegate import mail_delay
from registrations.services.history import new_event, record
from registrations.services.quota_locks import LockedDelegation, atomic_with_retry, lock_delegation, lock_person

DAY = timedelta(days=1)
MAX_WITHDRAWALS_PER_DAY = 2
MAX_RETURNS_PER_DAY = 2
DEPARTURE_KINDS = (HistoryKind.WITHDRAWN, HistoryKind.REPLACED)
NAMING_KINDS = (HistoryKind.REGISTERED, HistoryKind.EDITED)


class WithdrawalCounts:
    """How often each of some addresses was named and given up again within a day, by this focal point in any webinar or
    by anyone in this delegation. One query; none for staff."""

    def __init__(self, locked: LockedDelegation, emails: Iterable[str], *, by: User, now: datetime) -> None:
        self.locked, self.by, self.now = locked, by, now
        self.events: dict[str, list[HistoryEvent]] = defaultdict(list)
        if not by.is_staff:
            wanted = {email.lower() for email in emails}
            for event in _events_of_leaving(locked.delegation, wanted, by=by, now=now):
                self._count(event)

    def check(self, email: str) -> None:
        """Raise NamedTooOften once the rounds of the day are used up."""
        events = self.events[email.lower()]
        if len(events) >= MAX_WITHDRAWALS_PER_DAY:
            raise NamedTooOften(event=self._alert(events[-1]))

    def _count(self, event: HistoryEvent) -> None:
        """An edit gives up the address of before. Where a step was undone in time, nobody was written to: it is taken
        off."""
        if event.kind == HistoryKind.EDIT_UNDONE:
            before = str(event.changes["email"][1]).lower()
            if self.events[before]:
                self.events[before].pop()
        elif event.kind == HistoryKind.EDITED:
            self.events[str(event.changes["email"][0]).lower()].append(event)
        elif event.kind == HistoryKind.RESTORED:
            self._uncount_departure(event)
        elif event.delegate is not None and event.at >= event.delegate.registered_at + mail_delay():
            # Who was withdrawn earlier was not written to.
            self.events[event.delegate.address].append(event)

    def _uncount_departure(self, restored: HistoryEvent) -> None:
        """Nothing is taken off where the departure was too early to count: the last event is then of something else."""
        events = self.events[restored.delegate.address] if restored.delegate is not None else []
        if events and events[-1].delegate_id == restored.delegate_id and events[-1].kind in DEPARTURE_KINDS:
            events.pop()

    def _alert(self, last: HistoryEvent) -> HistoryEvent | None:
        """The unsaved event for the secretariat: one in a day about one person."""
        alerts = HistoryEvent.objects.filter(
            kind=HistoryKind.NAMED_TOO_OFTEN, delegation=self.locked.delegation, at__gt=self.now - DAY
        )
        if alerts.filter(delegate=last.delegate_id).exists():
            return None
        return new_event(
            HistoryKind.NAMED_TOO_OFTEN,
            delegation=self.locked.delegation,
            delegate=last.delegate,
            by=self.by,
            now=self.now,
        )


def _events_of_leaving(
    delegation: Delegation, addresses: set[str], *, by: User, now: datetime
) -> Iterable[HistoryEvent]:
    """In their order, the steps of focal points by which one of `addresses` may have been given up or taken back."""
    left = Q(kind__in=[*DEPARTURE_KINDS, HistoryKind.RESTORED], address__in=addresses)
    edited = Q(kind__in=[HistoryKind.EDITED, HistoryKind.EDIT_UNDONE], changes__has_key="email")
    return (
        HistoryEvent.objects.alias(address=Lower("delegate__email"))
        .filter(
            Q(delegation=delegation) | Q(actor=by),
            left | edited,
            at__gt=now - DAY,
            actor__is_staff=False,
        )
        .select_related("delegate")
        .order_by("pk")
    )


def check_attending_again(locked: LockedDelegation, *, by: User, now: datetime) -> None:
    """Raise AttendanceChangedTooOften where a focal point would let the delegation attend again once more than twice
    in a day: each time takes back and repeats the invitations of all its people. One query, two where it raises; none
    for staff."""
    if by.is_staff:
        return
    events = HistoryEvent.objects.filter(delegation=locked.delegation, at__gt=now - DAY)
    if events.filter(kind=HistoryKind.NOT_ATTENDING, actor__is_staff=False).count() <= MAX_RETURNS_PER_DAY:
        return
    kind = HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN
    if events.filter(kind=kind).exists():
        raise AttendanceChangedTooOften
    raise AttendanceChangedTooOften(event=new_event(kind, delegation=locked.delegation, by=by, now=now))


def hold_mail(locked: LockedDelegation, delegates: Sequence[Delegate], *, by: User, now: datetime) -> frozenset[str]:
    """Decide for each of `delegates`, who are about to be saved under a new address, whether mail to it waits.

    It waits where `by` is a focal point, the webinar has not mailed the address before, and it is more than the
    NEW_ADDRESSES_PER_DAY of this person; mail that waits already goes on waiting, unless the person gets the address
    back whose change made it wait. Returns the new addresses: whoever records the step says so in its event, by which
    they are counted. Locks the row of `by`, after the delegation, so that no two steps of one person count at once.
    Alerts the secretariat where nobody of the delegation waited so far.
    Four queries, however many people; one where no address is new, none for staff; one more for each whose mail waits.
    """
    returned = [delegate for delegate in delegates if _returns_to_address_before_hold(delegate)]
    for delegate in returned:
        delegate.mail_held_at = None
    if by.is_staff:
        return frozenset()
    known = _already_mailed(locked.delegation, [delegate.address for delegate in delegates])
    known |= {delegate.address for delegate in returned}
    new = [delegate for delegate in delegates if delegate.address not in known]
    if new:
        lock_person(by)
        counted = HistoryEvent.objects.filter(
            kind__in=NAMING_KINDS, actor=by, at__gt=now - DAY, brings_new_address=True
        )
        remaining = max(0, settings.NEW_ADDRESSES_PER_DAY - counted.count())
        for delegate in new[remaining:]:
            delegate.mail_held_at = delegate.mail_held_at or now
        if new[remaining:] and not Delegate.objects.with_held_mail().filter(delegation=locked.delegation).exists():
            record(HistoryKind.MAIL_HELD, delegation=locked.delegation, by=by, now=now)
    return frozenset(delegate.address for delegate in new)


def _returns_to_address_before_hold(delegate: Delegate) -> bool:
    """Whether mail to `delegate` waits since an edit that left the address which they have again."""
    if delegate.mail_held_at is None:
        return False
    edits = HistoryEvent.objects.filter(delegate=delegate, kind=HistoryKind.EDITED, at=delegate.mail_held_at)
    return any(str(edit.changes.get("email", [""])[0]).lower() == delegate.address for edit in edits)


def _already_mailed(delegation: Delegation, addresses: Sequence[str]) -> set[str]:
    """Those of `addresses` that were counted or mailed before: of anyone of the webinar, past people included, whose
    mail was not held."""
    people = Delegate.objects.filter(webinar=delegation.webinar_id, mail_held_at__isnull=True).with_addresses(addresses)
    entries = CalendarEntry.objects.filter(session__webinar=delegation.webinar_id, address__in=addresses).order_by()
    named = people.order_by().values_list(Lower("email"))
    # Without an order: Django 6.1 gives a union that of its first model.
    return {address for (address,) in named.union(entries.values_list("address")).order_by()}


@atomic_with_retry
def release_mail(delegation: Delegation, *, by: User, now: datetime) -> int:
    """Let the held mail of `delegation` go out; how many people waited. `by` is of the secretariat.

    Locks the delegation. A second time nobody waits, and nothing is recorded.
    """
    locked = lock_delegation(delegation)
    released = Delegate.objects.with_held_mail().filter(delegation=locked.delegation).update(mail_held_at=None)
    if released:
        record(HistoryKind.MAIL_RELEASED, delegation=locked.delegation, by=by, now=now)
    return released
