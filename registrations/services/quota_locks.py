"""The locks under which people are counted and written (rule 9), and what is checked under them: the maximum (rule 1).

The order of locks is: quota rows of the webinar by id, then delegation rows by id, then the account of the acting user.
After locking, a service counts, and then writes in the order of addresses. On SQLite transactions are IMMEDIATE, so
writing transactions run one after the other.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from registrations.exceptions import EditConflict, NotPossibleNow, QuotaFull, ReasonRequired
from registrations.models import Delegate, Delegation, DelegationStatus, ParticipantProfile, Quota, User
from registrations.queries import SeatCount, fingerprint_of, gaps_in, lacks_letter, seats_of
from sessions_app.models import Webinar


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
        """Raise EditConflict unless the delegation still has `shown_fingerprint`; an empty one skips the check."""
        if shown_fingerprint and shown_fingerprint != fingerprint_of(
            self.delegation, self.seats, lacks_letter=self.lacks_letter
        ):
            raise EditConflict(self.delegation)

    def seat_of(self, profile: ParticipantProfile | None) -> SeatCount | None:
        """Return the seat count of `profile`, or None if it has no quota."""
        return next((seat for seat in self.seats if seat.profile == profile), None)

    def check_maximum(self, profile: ParticipantProfile | None, *, by: User) -> None:
        """Raise QuotaFull, in words for `by`, if the maximum of `profile` forbids another person."""
        seat = self.seat_of(profile)
        if seat is not None and seat.is_full:
            raise QuotaFull(seat, self.delegation, is_for_staff=by.is_staff)

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
        """Return when a person who joins at `now` is admitted: at once in an accepted delegation, else None."""
        return now if self.delegation.status == DelegationStatus.ACCEPTED else None

    def reload(self, delegate: Delegate) -> Delegate:
        """Read `delegate` again, attached to this delegation. Raises EditConflict if it belongs to another one."""
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
    before the change that it waited for. Raises NotPossibleNow if the country was removed from the webinar.
    """
    quotas = lock_quotas(delegation.webinar_id)
    found = _for_update(Delegation.objects.select_related("webinar__policy", "body")).filter(pk=delegation.pk).first()
    if found is None:
        raise NotPossibleNow(_("The secretariat has removed this country from the webinar."))
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
