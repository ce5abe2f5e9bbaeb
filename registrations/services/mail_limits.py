"""Limits that keep focal points from using our mail against outsiders (design §8).

They limit how often one address may be named, and how many new addresses are mailed in a day without a review.
"""

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
from registrations.services.quota_locks import LockedDelegation, lock_delegation, lock_person
from registrations.services.transactions import atomic_with_retry

DAY = timedelta(days=1)
MAX_WITHDRAWALS_PER_DAY = 2
MAX_RETURNS_PER_DAY = 2
DEPARTURE_KINDS = (HistoryKind.WITHDRAWN, HistoryKind.REPLACED)
NAMING_KINDS = (HistoryKind.REGISTERED, HistoryKind.EDITED)


class WithdrawalCounts:
    """Counts how often addresses were named and withdrawn within a day, by this focal point or within this delegation.

    Costs one query, or none for staff, who are not limited.
    """

    def __init__(self, locked: LockedDelegation, emails: Iterable[str], *, by: User, now: datetime) -> None:
        self.locked, self.by, self.now = locked, by, now
        self.events: dict[str, list[HistoryEvent]] = defaultdict(list)
        if not by.is_staff:
            wanted = {email.lower() for email in emails}
            for event in _departure_events(locked.delegation, wanted, by=by, now=now):
                self._count(event)

    def check(self, email: str) -> None:
        """Raise NamedTooOften if the address reached the daily limit."""
        events = self.events[email.lower()]
        if len(events) >= MAX_WITHDRAWALS_PER_DAY:
            raise NamedTooOften(event=self._alert(events[-1]))

    def _count(self, event: HistoryEvent) -> None:
        """Add `event` to the counts, or subtract an action that was undone before anybody was mailed.

        An edit of the address counts as withdrawing the old one.
        """
        if event.kind == HistoryKind.EDIT_UNDONE:
            before = str(event.changes["email"][1]).lower()
            if self.events[before]:
                self.events[before].pop()
        elif event.kind == HistoryKind.EDITED:
            self.events[str(event.changes["email"][0]).lower()].append(event)
        elif event.kind == HistoryKind.RESTORED:
            self._uncount_departure(event)
        elif event.delegate is not None and event.at >= event.delegate.registered_at + mail_delay():
            # Within the mail delay nobody was mailed, so only later departures count.
            self.events[event.delegate.address].append(event)

    def _uncount_departure(self, restored: HistoryEvent) -> None:
        """Subtract the departure that `restored` undoes, if counted: the last event may be about another delegate."""
        events = self.events[restored.delegate.address] if restored.delegate is not None else []
        if events and events[-1].delegate_id == restored.delegate_id and events[-1].kind in DEPARTURE_KINDS:
            events.pop()

    def _alert(self, last: HistoryEvent) -> HistoryEvent | None:
        """Return the unsaved event that alerts the secretariat; None if one about the person exists since a day ago."""
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


def _departure_events(
    delegation: Delegation, addresses: set[str], *, by: User, now: datetime
) -> Iterable[HistoryEvent]:
    """Return the focal points' actions within a day by which `addresses` left or came back, in their order."""
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
    """Raise AttendanceChangedTooOften if focal points marked it as not attending more than twice within a day.

    Each change cancels and repeats the invitations of all its people. Costs one query, two if it raises, none for
    staff.
    """
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
    """Hold the mail of those `delegates`, about to be saved with a new address, who exceed the daily limit of `by`.

    Mail is held if `by` is a focal point, the webinar has not mailed the address before, and `by` has used up
    NEW_ADDRESSES_PER_DAY. Mail that is held stays held, unless the person returns to the address that they had before
    the hold. Returns the new addresses; the caller marks its event with them, because the events are what is counted.

    Locks the account of `by` after the delegation, so that two requests of one person are counted one after the other.
    Alerts the secretariat if nobody of the delegation had held mail before. Costs four queries however many people, one
    if no address is new, none for staff; and one more for each person with held mail.
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
    """Whether the mail of `delegate` is held because of an edit whose old address they have again."""
    if delegate.mail_held_at is None:
        return False
    edits = HistoryEvent.objects.filter(delegate=delegate, kind=HistoryKind.EDITED, at=delegate.mail_held_at)
    return any(str(edit.changes.get("email", [""])[0]).lower() == delegate.address for edit in edits)


def _already_mailed(delegation: Delegation, addresses: Sequence[str]) -> set[str]:
    """Return those of `addresses` in the webinar that have calendar entries, or people whose mail was not held."""
    people = Delegate.objects.filter(webinar=delegation.webinar_id, mail_held_at__isnull=True).with_addresses(addresses)
    entries = CalendarEntry.objects.filter(session__webinar=delegation.webinar_id, address__in=addresses).order_by()
    named = people.order_by().values_list(Lower("email"))
    # Unordered, because Django 6.1 would apply the first model's default ordering to the union.
    return {address for (address,) in named.union(entries.values_list("address")).order_by()}


@atomic_with_retry
def release_mail(delegation: Delegation, *, by: User, now: datetime) -> int:
    """Release the held mail of `delegation` and return how many people it concerned. Only staff call this.

    Locks the delegation. A second call releases nothing and records nothing.
    """
    locked = lock_delegation(delegation)
    released = Delegate.objects.with_held_mail().filter(delegation=locked.delegation).update(mail_held_at=None)
    if released:
        record(HistoryKind.MAIL_RELEASED, delegation=locked.delegation, by=by, now=now)
    return released
