"""The one door to the seats (rule 9): whoever adds, moves, restores or removes a person or changes a quota comes here.

Order of locks: the quota rows of the webinar by id, then delegation rows by id, then the account of who acts; then
count; then write in the order of addresses. On SQLite transactions are IMMEDIATE, so that whole decisions come one
after the other.
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
    """Make `service` one transaction that wakes the planner, is tried again once after a deadlock, and keeps the
    event that alerts the secretariat although everything else of the attempt is rolled back.

    Inside a transaction of the caller there is no second try, and the event lives only if the caller commits.
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
    """Store what alerts the secretariat.

    Raises TooManyClashes for a clash where others of the same person, at the same moment, have used them up.
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
    """A delegation whose seats nobody else can change until the transaction ends; all read after the locks."""

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    lacks_letter: bool
    # Whether nobody else can name anyone in the whole webinar: it has quotas, which everyone locks first.
    has_quota_locks: bool

    @property
    def profile_ids(self) -> set[int]:
        return {seat.profile.pk for seat in self.seats}

    @property
    def gaps(self) -> tuple[SeatCount, ...]:
        return gaps_in(self.seats)

    @property
    def is_complete(self) -> bool:
        """As the board and the notices count (rule 4)."""
        return not self.gaps and not self.lacks_letter

    def check_seen(self, seen: str) -> None:
        """Raise EditConflict unless the delegation is as it was `seen` (`fingerprint_of`); the empty string does not
        ask."""
        if seen and seen != fingerprint_of(self.delegation, self.seats, lacks_letter=self.lacks_letter):
            raise EditConflict(self.delegation)

    def seat_of(self, profile: ParticipantProfile | None) -> SeatCount | None:
        return next((seat for seat in self.seats if seat.profile == profile), None)

    def check_maximum(self, profile: ParticipantProfile | None) -> None:
        """Raise QuotaFull if the maximum of `profile` forbids one more."""
        seat = self.seat_of(profile)
        if seat is not None and seat.is_full:
            raise QuotaFull

    def check_gap_reason(self, profile: ParticipantProfile | None, *, reason: str) -> None:
        """Raise ReasonRequired if one fewer of `profile` is below the floor and `reason` is blank (rule 6)."""
        seat = self.seat_of(profile)
        if seat is not None and seat.opens_gap_if_one_leaves and not reason:
            raise ReasonRequired

    def with_one_more(self, profile: ParticipantProfile | None) -> "LockedDelegation":
        """As it is once someone of `profile` is named."""
        seats = (replace(seat, named=seat.named + 1) if seat.profile == profile else seat for seat in self.seats)
        return replace(self, seats=tuple(seats))

    def admission_time(self, now: datetime) -> datetime | None:
        """When someone who joins at `now` is admitted: at once in an accepted delegation, else not yet (rule 5)."""
        return now if self.delegation.status == DelegationStatus.ACCEPTED else None

    def reload(self, delegate: Delegate) -> Delegate:
        """`delegate` as stored now. Raises EditConflict if it has left the delegation."""
        found = Delegate.objects.select_related("profile", "replaced_by").get(pk=delegate.pk)
        if found.delegation_id != self.delegation.pk:
            raise EditConflict(found)
        found.delegation = self.delegation
        found.webinar = self.delegation.webinar
        return found


def lock_quotas(webinar_id: int) -> list[Quota]:
    """Lock the quota rows of a webinar, in the order of their ids. Needs a transaction."""
    quotas = Quota.objects.filter(webinar=webinar_id).select_related("profile")
    return list(quotas.select_for_update(of=("self",), no_key=True).order_by("pk"))


def lock_delegation(delegation: Delegation) -> LockedDelegation:
    """Lock the quotas of the webinar, then `delegation`, then count its seats. Needs a transaction.

    The seats are counted from quotas and exceptions that are read after the locks: a caller that waited for a lock
    would otherwise count with values from before the change that it waited for.
    """
    quotas = lock_quotas(delegation.webinar_id)
    found = _locked(Delegation.objects.select_related("webinar__policy", "body")).get(pk=delegation.pk)
    return LockedDelegation(found, seats_of(found), lacks_letter(found), has_quota_locks=bool(quotas))


def _locked(delegations: "QuerySet[Delegation]") -> "QuerySet[Delegation]":
    return delegations.select_for_update(of=("self",), no_key=True).order_by("pk")


def lock_webinar(webinar: Webinar) -> list[Quota]:
    """Lock the quotas of `webinar`, then all its delegations by id. Needs a transaction."""
    quotas = lock_quotas(webinar.pk)
    list(_locked(Delegation.objects.filter(webinar=webinar)).values_list("pk"))
    return quotas


def lock_person(user: User) -> None:
    """Lock the account of `user`, after quotas and delegations: what is limited per person and day is counted under it,
    also where their steps concern different webinars. Needs a transaction."""
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))


def write_delegate(locked: LockedDelegation, delegate: Delegate, *, by: User, now: datetime) -> None:
    """Save an active `delegate` under an address that nobody else of the webinar has.

    Raises AddressTakenHere, AddressTakenElsewhere or TooManyClashes, also where someone else was quicker (rule 8).
    """
    AddressHolders(locked, [delegate.email], by=by, now=now).check(delegate)
    try:
        # Who holds the quotas of the webinar is alone: no savepoint, while others wait.
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
    """Who of the webinar has which of some addresses (rule 8). Three queries, however many addresses."""

    def __init__(self, locked: LockedDelegation, emails: Iterable[str], *, by: User, now: datetime) -> None:
        self.locked, self.by, self.now = locked, by, now
        active = Delegate.objects.active().filter(webinar=locked.delegation.webinar).with_addresses(emails)
        self.holders = {holder.address: holder for holder in active.select_related("delegation__body")}
        # What the secretariat is told: the unsaved events of the clashes met here.
        self.clashes: list[HistoryEvent] = []

    def check(self, delegate: Delegate) -> None:
        """Raise AddressTakenHere, AddressTakenElsewhere or TooManyClashes unless `delegate` may have their address."""
        holder = self.holders.get(delegate.address)
        if holder is not None and holder.pk is not None and holder.pk == delegate.pk:
            holder = None
        if holder is not None and holder.delegation_id == self.locked.delegation.pk:
            raise AddressTakenHere(holder)
        # Once the day's limit is met nobody can look through addresses by trying them.
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
        """Note that `delegate`, who is still to be saved, has their address from now on."""
        self.holders[delegate.address] = delegate

    # Of Django: that of functools holds a lock of the process meanwhile (Python 3.11), for which the thread that has
    # the row of the account would wait.
    @cached_property
    def _clashes_before(self) -> int:
        """Of the day. Until the transaction ends, no other step of the same person counts theirs."""
        lock_person(self.by)
        return _clashes_of(self.by.pk, since=self.now - CLASH_WINDOW).count()

    def _clash(self, delegate: Delegate, holder: Delegate) -> HistoryEvent:
        """Who tried to register whom (`changes`), and who has the address (`delegate`)."""
        return new_event(
            HistoryKind.ADDRESS_CLASH,
            delegation=self.locked.delegation,
            delegate=holder,
            by=self.by,
            now=self.now,
            changes={"name": ["", delegate.name], "email": ["", delegate.email]},
        )


def mark_left(delegate: Delegate, *, status: DelegateStatus, reason: str, by: User, now: datetime) -> None:
    """Let `delegate` leave: the seat is free, the links end. `admitted_at` stays, so that an undo brings it back."""
    delegate.status = status
    delegate.withdrawn_at = now
    delegate.withdrawn_reason = reason
    delegate.token_version += 1
    mark_changed(delegate, by=by, now=now)
    delegate.save()


def mark_changed(delegate: Delegate, *, by: User, now: datetime) -> None:
    """Note on `delegate`, without saving, that `by` changed it."""
    delegate.version += 1
    delegate.mail_not_before = mail_not_before(by=by, now=now)


def mail_not_before(*, by: User, now: datetime) -> datetime:
    """Until when mail about a change by `by` waits: a focal point's can be undone, a staff member's goes out."""
    return now if by.is_staff else now + mail_delay()
