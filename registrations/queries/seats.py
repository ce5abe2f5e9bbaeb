"""Seat counts: how many people are required, waived, named and declined (rule 2). All figures come from `named_counts`.

Here they are only read; `services/quota_locks.py` counts them under locks, and refuses a person above the maximum.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Sum, Value

from registrations.models import (
    BodyKind,
    CalendarEntry,
    Delegate,
    Delegation,
    IcalMethod,
    ParticipantProfile,
    Partstat,
    Quota,
    QuotaException,
    QuotaLimits,
    Waiver,
)
from registrations.models.delegate import DelegateQuerySet
from registrations.queries.delegation_page import policy_of
from registrations.queries.letters import lacking_letter
from registrations.queries.returned_mail import people_with_returned_mail
from sessions_app.models import Webinar

# The limits of exceptions, by (quota id, body id).
ExceptionLimits = Mapping[tuple[int, int], QuotaLimits]


@dataclass(frozen=True)
class SeatCount:
    """The seats of one profile in one delegation. The `declined` people are also counted in `named`.

    `default_limits` are the limits of the quota if an exception applies to this delegation, else None.
    """

    profile: ParticipantProfile
    minimum: int
    maximum: int | None
    waived: int
    named: int
    declined: int
    default_limits: QuotaLimits | None = None

    @property
    def effective_minimum(self) -> int:
        """The minimum after subtracting the waived seats (rule 3)."""
        return max(0, self.minimum - self.waived)

    @property
    def missing(self) -> int:
        """How many people are missing to the effective minimum."""
        return max(0, self.effective_minimum - self.named)

    @property
    def is_met(self) -> bool:
        """Whether the effective minimum is reached."""
        return self.named >= self.effective_minimum

    @property
    def opens_gap_if_one_leaves(self) -> bool:
        """Whether the delegation would be below the effective minimum with one person fewer."""
        return self.named - 1 < self.effective_minimum

    @property
    def is_full(self) -> bool:
        """Whether the maximum forbids another person."""
        return self.maximum is not None and self.named >= self.maximum


@dataclass(frozen=True)
class NamedCount:
    """The number of active delegates of one profile (or of none) in one delegation."""

    named: int = 0
    declined: int = 0
    working_group: int = 0


NamedCounts = Mapping[tuple[int, int | None], NamedCount]


def declined_every_session() -> Q:
    """Return the condition that a delegate is invited to at least one session and declined every one of them."""
    invited = CalendarEntry.objects.filter(delegate=OuterRef("pk"), planned_method=IcalMethod.REQUEST)
    not_declined = invited.exclude(ical_partstat=Partstat.DECLINED)
    return Q(Exists(invited)) & ~Q(Exists(not_declined))


def named_counts(delegates: DelegateQuerySet, *, with_declined: bool = True) -> NamedCounts:
    """Count the active people among `delegates` by (delegation id, profile id). Costs one query.

    A person who declined every session counts as named too. Counting them as declined reads the calendar entries of
    everyone, so `with_declined=False` is much quicker for many people; `declined` is 0 then.
    """
    rows = (
        delegates.active()
        .order_by()
        .values_list("delegation_id", "profile_id")
        .annotate(
            named=Count("pk"),
            declined=Count("pk", filter=declined_every_session()) if with_declined else Value(0),
            working_group=Count("pk", filter=Q(is_working_group_member=True)),
        )
    )
    return {(delegation_id, profile_id): NamedCount(*counts) for delegation_id, profile_id, *counts in rows}


def quotas_of(webinar_id: int) -> list[Quota]:
    """Return the quotas of a webinar in the order of their profiles. Costs one query."""
    return list(Quota.objects.filter(webinar=webinar_id).select_related("profile"))


def waived_seats(delegations: "QuerySet[Delegation]") -> dict[tuple[int, int], int]:
    """Sum the seats of waivers in force by (delegation id, profile id). Costs one query."""
    in_force = Waiver.objects.filter(delegation__in=delegations, revoked_at__isnull=True).order_by()
    rows = in_force.values_list("delegation_id", "profile_id").annotate(waived=Sum("seats"))
    return {(delegation_id, profile_id): waived for delegation_id, profile_id, waived in rows}


def quotas_and_exceptions(webinar_ids: Iterable[int]) -> tuple[list[Quota], ExceptionLimits]:
    """Return the quotas of the webinars in the order of profiles, and the limits of all exceptions. Costs one query."""
    rows: Any = (
        Quota.objects.filter(webinar__in=webinar_ids)
        .select_related("profile")
        .annotate(
            excepted=F("exceptions__body"),
            excepted_minimum=F("exceptions__minimum"),
            excepted_maximum=F("exceptions__maximum"),
        )
    )
    quotas: dict[int, Quota] = {}
    exceptions = {}
    for row in rows:
        quotas.setdefault(row.pk, row)
        if row.excepted is not None:
            exceptions[row.pk, row.excepted] = QuotaLimits(row.excepted_minimum, row.excepted_maximum)
    return list(quotas.values()), exceptions


def seat_counts(
    delegation: Delegation,
    *,
    quotas: Iterable[Quota],
    exceptions: ExceptionLimits,
    waived: Mapping[tuple[int, int], int],
    named: NamedCounts,
) -> tuple[SeatCount, ...]:
    """Combine loaded figures into one seat count per quota. Returns nothing for an organisation. Costs no query."""
    if delegation.body.kind == BodyKind.ORGANISATION:
        return ()
    nobody = NamedCount()
    counts = []
    for quota in quotas:
        excepted = exceptions.get((quota.pk, delegation.body_id))
        limits = excepted or quota.limits
        count = named.get((delegation.pk, quota.profile_id), nobody)
        counts.append(
            SeatCount(
                profile=quota.profile,
                minimum=limits.minimum,
                maximum=limits.maximum,
                waived=waived.get((delegation.pk, quota.profile_id), 0),
                named=count.named,
                declined=count.declined,
                default_limits=quota.limits if excepted else None,
            )
        )
    return tuple(counts)


def seats_of(delegation: Delegation) -> tuple[SeatCount, ...]:
    """Return the seat counts of `delegation` by profile. Three queries; none for an organisation, which has none."""
    if delegation.body.kind == BodyKind.ORGANISATION:
        return ()
    quotas, exceptions = quotas_and_exceptions([delegation.webinar_id])
    return seat_counts(
        delegation,
        quotas=quotas,
        exceptions=exceptions,
        waived=waived_seats(Delegation.objects.filter(pk=delegation.pk)),
        named=named_counts(Delegate.objects.filter(delegation=delegation)),
    )


def profiles_of(delegation: Delegation) -> list[ParticipantProfile]:
    """Return the profiles with a quota for `delegation`; an organisation has none. Costs at most one query."""
    if delegation.body.kind == BodyKind.ORGANISATION:
        return []
    return [quota.profile for quota in quotas_of(delegation.webinar_id)]


def exception_of(delegation: Delegation, quota: Quota) -> QuotaException | None:
    """Return the exception from `quota` for the body of `delegation`, or None. Costs one query."""
    made = QuotaException.objects.filter(quota=quota, body=delegation.body_id)
    return made.select_related("body", "made_by").first()


def quotas_with_exceptions(delegation: Delegation) -> list[tuple[Quota, QuotaException | None]]:
    """Return the quotas of the webinar, each with the exception for the body of `delegation` or None. Two queries."""
    exceptions = QuotaException.objects.filter(quota__webinar=delegation.webinar_id, body=delegation.body_id)
    by_quota = {exception.quota_id: exception for exception in exceptions.select_related("made_by")}
    return [(quota, by_quota.get(quota.pk)) for quota in quotas_of(delegation.webinar_id)]


def seats_of_webinar(webinar: Webinar) -> dict[int, tuple[SeatCount, ...]]:
    """Return the seat counts of every delegation of `webinar` by delegation id. Always costs three queries."""
    return {counted.delegation.pk: counted.seats for counted in delegations_with_seats(webinar)}


@dataclass(frozen=True)
class CountedDelegation:
    """A delegation with its seat counts and the count of all its active people.

    `lacks_letter` is true if the nomination letter is required and missing. `returned_count` is the number of active
    people whose mail came back.
    """

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    total: NamedCount
    lacks_letter: bool
    returned_count: int

    @property
    def is_complete(self) -> bool:
        """Whether every effective minimum is met and a required letter is present (rule 4)."""
        return not gaps_in(self.seats) and not self.lacks_letter


def delegations_with_seats(webinar: Webinar) -> list[CountedDelegation]:
    """Return every delegation of `webinar` with its seat counts. Always costs three queries."""
    quotas, exceptions = quotas_and_exceptions([webinar.pk])
    named = named_counts(Delegate.objects.filter(webinar=webinar))
    totals: dict[int, NamedCount] = defaultdict(NamedCount)
    for (delegation_id, _profile_id), count in named.items():
        total = totals[delegation_id]
        totals[delegation_id] = NamedCount(
            named=total.named + count.named,
            declined=total.declined + count.declined,
            working_group=total.working_group + count.working_group,
        )
    # The join repeats a delegation for each of its waivers in force, which saves a query.
    rows: Any = (
        Delegation.objects.filter(webinar=webinar)
        .select_related("body")
        .annotate(
            lacks_letter=lacking_letter(),
            returned_count=people_with_returned_mail(),
            in_force=FilteredRelation("waivers", condition=Q(waivers__revoked_at__isnull=True)),
            waived_profile=F("in_force__profile"),
            waived_seats=F("in_force__seats"),
        )
    )
    delegations: dict[int, Any] = {}
    waived: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        delegations.setdefault(row.pk, row)
        if row.waived_profile is not None:
            waived[row.pk, row.waived_profile] += row.waived_seats
    return [
        CountedDelegation(
            delegation=delegation,
            seats=seat_counts(delegation, quotas=quotas, exceptions=exceptions, waived=waived, named=named),
            total=totals[delegation.pk],
            lacks_letter=bool(delegation.lacks_letter),
            returned_count=delegation.returned_count or 0,
        )
        for delegation in delegations.values()
    ]


def gaps_in(seats: Iterable[SeatCount]) -> tuple[SeatCount, ...]:
    """Return the seat counts whose effective minimum is not met."""
    return tuple(seat for seat in seats if not seat.is_met)


def fingerprint_of(delegation: Delegation, seats: Iterable[SeatCount], *, lacks_letter: bool) -> str:
    """Return a text that changes whenever a fact changes that a decision about `delegation` depends on.

    It consists of version, state, seat counts, the missing letter, and whether complete delegations wait for a
    decision. Costs no query if the policy was loaded with the webinar.
    """
    counts = (f"{seat.profile.code}={seat.minimum}-{seat.waived}:{seat.named}" for seat in seats)
    policy = policy_of(delegation.webinar)
    waits = policy is not None and not policy.accepts_complete_at_once
    marks = {"no letter": lacks_letter, "waits": waits}
    return " ".join([str(delegation.version), delegation.status, *counts, *(mark for mark in marks if marks[mark])])
