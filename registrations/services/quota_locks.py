"""The locks under which people are counted and written (rule 9). Every service that changes people or quotas uses them.

The order of locks is: quota rows of the webinar by id, then delegation rows by id, then the account of the acting user.
After locking, a service counts, and then writes in the order of addresses. On SQLite transactions are IMMEDIATE, so
writing transactions run one after the other.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from registrations.exceptions import (
    AddressTakenElsewhere,
    AddressTakenHere,
    AttendanceChangedTooOften,
    EditConflict,
    NamedTooOften,
    QuotaFull,
    ReasonRequired,
    TooManyClashes,
)
from registrations.models import (
    Delegate,
    DelegateStatus,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    Quota,
    User,
)
from registrations.models.delegate import mail_delay
from registrations.queries import SeatCount, fingerprint_of, gaps_in, lacks_letter, seats_of
from registrations.services.history import new_event
from registrations.services.nudge import nudge_planner
from sessions_app.models import Webinar

# Deadlock and serialisation failure, https://www.postgresql.org/docs/current/errcodes-appendix.html (class 40).
RETRIED_SQLSTATES = frozenset({"40P01", "40001"})
CLASH_WINDOW = timedelta(days=1)

P = ParamSpec("P")
R = TypeVar("R")


def atomic_with_retry(service: Callable[P, R]) -> Callable[P, R]:
    """Run `service` in a transaction, retry it once after a deadlock, and wake the planner.

    If the service raises an exception with an alert for the secretariat, the alert is stored although the attempt is
    rolled back. Inside a transaction of the caller there is no retry, and the alert is stored only if the caller
    commits.
    """

    @wraps(service)
    def decide(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            try:
                return attempt(*args, **kwargs)
            except OperationalError as error:
                if transaction.get_connection().in_atomic_block or not _is_retryable(error):
                    raise
                return attempt(*args, **kwargs)
        except (AddressTakenElsewhere, AttendanceChangedTooOften, NamedTooOften) as refused:
            if refused.event is not None:
                _store_alert(refused.event)
            raise

    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic():
            result = service(*args, **kwargs)
            nudge_planner()
            return result

    return decide


@transaction.atomic
def _store_alert(event: HistoryEvent) -> None:
    """Store `event`, which alerts the secretariat, in a transaction of its own.

    Raises TooManyClashes for an address clash if concurrent requests of the same user have used up the daily limit.
    """
    if event.kind == HistoryKind.ADDRESS_CLASH and event.actor is not None:
        lock_person(event.actor)
        if _clashes_of(event.actor.pk, since=event.at - CLASH_WINDOW).count() >= settings.ADDRESS_CLASHES_PER_DAY:
            raise TooManyClashes
    event.save(force_insert=True)
    nudge_planner()


def _is_retryable(error: OperationalError) -> bool:
    return getattr(error.__cause__, "pgcode", None) in RETRIED_SQLSTATES


@dataclass(frozen=True)
class LockedDelegation:
    """A delegation whose seats nobody else can change until the transaction ends. All fields were read after locking.

    `has_quota_locks` is true if the webinar has quotas. Then nobody else can register anyone in the whole webinar,
    because everyone locks the quotas first.
    """

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    lacks_letter: bool
    has_quota_locks: bool

    @property
    def profile_ids(self) -> set[int]:
        """The ids of the profiles with a quota."""
        return {seat.profile.pk for seat in self.seats}

    @property
    def gaps(self) -> tuple[SeatCount, ...]:
        """The seat counts below their effective minimum."""
        return gaps_in(self.seats)

    @property
    def is_complete(self) -> bool:
        """Whether there are no gaps and no required letter is missing (rule 4)."""
        return not self.gaps and not self.lacks_letter

    def check_fingerprint(self, shown_fingerprint: str) -> None:
        """Raise EditConflict unless the fingerprint of the delegation is `shown_fingerprint`; an empty string skips the
        check.
        """
        if shown_fingerprint and shown_fingerprint != fingerprint_of(
            self.delegation, self.seats, lacks_letter=self.lacks_letter
        ):
            raise EditConflict(self.delegation)

    def seat_of(self, profile: ParticipantProfile | None) -> SeatCount | None:
        """Return the seat count of `profile`, or None if it has no quota."""
        return next((seat for seat in self.seats if seat.profile == profile), None)

    def check_maximum(self, profile: ParticipantProfile | None) -> None:
        """Raise QuotaFull if the maximum of `profile` forbids another person."""
        seat = self.seat_of(profile)
        if seat is not None and seat.is_full:
            raise QuotaFull

    def check_gap_reason(self, profile: ParticipantProfile | None, *, reason: str) -> None:
        """Raise ReasonRequired if losing a person of `profile` opens a gap and `reason` is blank (rule 6)."""
        seat = self.seat_of(profile)
        if seat is not None and seat.opens_gap_if_one_leaves and not reason:
            raise ReasonRequired

    def with_one_more(self, profile: ParticipantProfile | None) -> "LockedDelegation":
        """Return a copy that counts one more person of `profile`."""
        seats = (replace(seat, named=seat.named + 1) if seat.profile == profile else seat for seat in self.seats)
        return replace(self, seats=tuple(seats))

    def admission_time(self, now: datetime) -> datetime | None:
        """Return when a person who joins at `now` is admitted: at once in an accepted delegation, else None (rule
        5).
        """
        return now if self.delegation.status == DelegationStatus.ACCEPTED else None

    def reload(self, delegate: Delegate) -> Delegate:
        """Read `delegate` again, attached to this delegation. Raises EditConflict if it belongs to another delegation
        now.
        """
        found = Delegate.objects.select_related("profile", "replaced_by").get(pk=delegate.pk)
        if found.delegation_id != self.delegation.pk:
            raise EditConflict(found)
        found.delegation = self.delegation
        found.webinar = self.delegation.webinar
        return found


def lock_quotas(webinar_id: int) -> list[Quota]:
    """Lock the quota rows of a webinar in the order of their ids. Needs a transaction."""
    quotas = Quota.objects.filter(webinar=webinar_id).select_related("profile")
    return list(quotas.select_for_update(of=("self",), no_key=True).order_by("pk"))


def lock_delegation(delegation: Delegation) -> LockedDelegation:
    """Lock the quotas of the webinar, then `delegation`, and count its seats. Needs a transaction.

    Quotas and exceptions are read after locking. Otherwise a caller that waited for a lock would count with values from
    before the change that it waited for.
    """
    quotas = lock_quotas(delegation.webinar_id)
    found = _for_update(Delegation.objects.select_related("webinar__policy", "body")).get(pk=delegation.pk)
    return LockedDelegation(found, seats_of(found), lacks_letter(found), has_quota_locks=bool(quotas))


def _for_update(delegations: "QuerySet[Delegation]") -> "QuerySet[Delegation]":
    return delegations.select_for_update(of=("self",), no_key=True).order_by("pk")


def lock_webinar(webinar: Webinar) -> list[Quota]:
    """Lock the quotas of `webinar`, then all its delegations in the order of their ids. Needs a transaction."""
    quotas = lock_quotas(webinar.pk)
    list(_for_update(Delegation.objects.filter(webinar=webinar)).values_list("pk"))
    return quotas


def lock_person(user: User) -> None:
    """Lock the account of `user`, after quotas and delegations. Needs a transaction.

    Daily limits per user are counted under this lock, because the user may act in several webinars at once.
    """
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))


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


def _clashes_of(user_id: int, *, since: datetime) -> "QuerySet[HistoryEvent]":
    return HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH, actor=user_id, at__gt=since)


class AddressHolders:
    """The active delegates of the webinar who have given addresses (rule 8). Costs three queries, however many
    addresses.
    """

    def __init__(self, locked: LockedDelegation, emails: Iterable[str], *, by: User, now: datetime) -> None:
        self.locked, self.by, self.now = locked, by, now
        active = Delegate.objects.active().filter(webinar=locked.delegation.webinar).with_addresses(emails)
        self.holders = {holder.address: holder for holder in active.select_related("delegation__body")}
        # The unsaved events of the clashes found, which alert the secretariat.
        self.clashes: list[HistoryEvent] = []

    def check(self, delegate: Delegate) -> None:
        """Raise AddressTakenHere, AddressTakenElsewhere or TooManyClashes if `delegate` cannot have their address."""
        holder = self.holders.get(delegate.address)
        if holder is not None and holder.pk is not None and holder.pk == delegate.pk:
            holder = None
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

    def add(self, delegate: Delegate) -> None:
        """Record that `delegate`, who is not saved yet, has their address from now on."""
        self.holders[delegate.address] = delegate

    # Django's cached_property, because that of functools holds a lock while it computes (Python 3.11), and the thread
    # that holds the row lock of the account could wait for it.
    @cached_property
    def _clashes_before(self) -> int:
        """The number of the user's clashes within a day. Locks the account, so that no other request of the user counts
        too.
        """
        lock_person(self.by)
        return _clashes_of(self.by.pk, since=self.now - CLASH_WINDOW).count()

    def _clash(self, delegate: Delegate, holder: Delegate) -> HistoryEvent:
        """Build the event of a clash: `changes` say whom the user tried to register, `delegate` is the person with the
        address.
        """
        return new_event(
            HistoryKind.ADDRESS_CLASH,
            delegation=self.locked.delegation,
            delegate=holder,
            by=self.by,
            now=self.now,
            changes={"name": ["", delegate.name], "email": ["", delegate.email]},
        )


def mark_left(delegate: Delegate, *, status: DelegateStatus, reason: str, by: User, now: datetime) -> None:
    """Save that `delegate` left: the seat is free and the links end. `admitted_at` is kept for an undo."""
    delegate.status = status
    delegate.withdrawn_at = now
    delegate.withdrawn_reason = reason
    delegate.token_version += 1
    mark_changed(delegate, by=by, now=now)
    delegate.save()


def mark_changed(delegate: Delegate, *, by: User, now: datetime) -> None:
    """Increment the version of `delegate` and delay mail about the change by `by`, without saving."""
    delegate.version += 1
    delegate.mail_not_before = mail_not_before(by=by, now=now)


def mail_not_before(*, by: User, now: datetime) -> datetime:
    """Return the earliest time for mail about a change by `by`: delayed for focal points, who can undo it; `now` for
    staff.
    """
    return now if by.is_staff else now + mail_delay()
