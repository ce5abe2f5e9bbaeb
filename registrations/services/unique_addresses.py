"""The rule that an address has one active registration per webinar (rule 8), with its alerts and its daily limit."""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from registrations.exceptions import AddressTakenElsewhere, AddressTakenHere, TooManyClashes
from registrations.models import Delegate, HistoryEvent, HistoryKind, User
from registrations.services.history import new_event
from registrations.services.quota_locks import LockedDelegation, lock_person

CLASH_WINDOW = timedelta(days=1)


def write_delegate(locked: LockedDelegation, delegate: Delegate, *, by: User, now: datetime) -> None:
    """Save the active `delegate` if nobody else in the webinar has their address.

    Raises AddressTakenHere, AddressTakenElsewhere or TooManyClashes, even if another request took the address meanwhile
    (rule 8).
    """
    AddressHolders(locked, [delegate.email], by=by, now=now).check(delegate)
    try:
        # With the quota locks no other request can take the address, so no savepoint is needed.
        with transaction.atomic() if not locked.has_quota_locks else nullcontext():
            delegate.save()
    except IntegrityError:
        if locked.has_quota_locks:
            raise
        AddressHolders(locked, [delegate.email], by=by, now=now).check(delegate)
        raise


def clashes_of(user_id: int, *, since: datetime) -> "QuerySet[HistoryEvent]":
    """Return the address clashes that the user caused after `since`."""
    return HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH, actor=user_id, at__gt=since)


class AddressHolders:
    """The active delegates of the webinar who have given addresses (rule 8). Three queries, however many."""

    def __init__(self, locked: LockedDelegation, emails: Iterable[str], *, by: User, now: datetime) -> None:
        self.locked, self.by, self.now = locked, by, now
        active = Delegate.objects.active().filter(webinar=locked.delegation.webinar).with_addresses(emails)
        self.holders = {holder.address: holder for holder in active.select_related("delegation__body")}
        # The unsaved events of the clashes found, which alert the secretariat.
        self.clashes: list[HistoryEvent] = []

    def check(self, delegate: Delegate) -> None:
        """Raise AddressTakenHere, AddressTakenElsewhere or TooManyClashes if `delegate` cannot have their address."""
        holder = self._holder_besides(delegate)
        if holder is not None and holder.delegation_id == self.locked.delegation.pk:
            raise AddressTakenHere(holder)
        # After the daily limit every new address is refused, so that nobody can find out addresses by trying them.
        if not self.by.is_staff and self._clashes_before + len(self.clashes) >= settings.ADDRESS_CLASHES_PER_DAY:
            raise TooManyClashes
        if holder is None:
            return
        if self.by.is_staff:
            raise AddressTakenElsewhere(
                _("%(name)s is registered with this address for %(body)s.")
                % {"name": holder.name, "body": holder.delegation.body}
            )
        clash = self._clash(delegate, holder)
        self.clashes.append(clash)
        raise AddressTakenElsewhere(event=clash)

    def _holder_besides(self, delegate: Delegate) -> Delegate | None:
        holder = self.holders.get(delegate.address)
        is_the_same = holder is not None and holder.pk is not None and holder.pk == delegate.pk
        return None if is_the_same else holder

    def add(self, delegate: Delegate) -> None:
        """Record that `delegate`, who is not saved yet, has their address from now on."""
        self.holders[delegate.address] = delegate

    # Django's cached_property, because that of functools holds a lock while it computes (Python 3.11), and the thread
    # that holds the row lock of the account could wait for it.
    @cached_property
    def _clashes_before(self) -> int:
        """The number of the user's clashes within a day. Locks the account, so that nobody else counts them now."""
        lock_person(self.by)
        return clashes_of(self.by.pk, since=self.now - CLASH_WINDOW).count()

    def _clash(self, delegate: Delegate, holder: Delegate) -> HistoryEvent:
        """Build the event of a clash: `changes` name the person to register; `delegate` has the address already."""
        return new_event(
            HistoryKind.ADDRESS_CLASH,
            delegation=self.locked.delegation,
            delegate=holder,
            by=self.by,
            now=self.now,
            changes={"name": ["", delegate.name], "email": ["", delegate.email]},
        )
