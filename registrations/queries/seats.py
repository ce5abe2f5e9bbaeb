"""Seats: how many are asked for, waived, named and declined. Every figure comes from one counting query (rule 2)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Sum

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
from sessions_app.models import Webinar

# By (quota id, body id): what is asked of a body for which an exception from the quota was made.
ExceptionLimits = Mapping[tuple[int, int], QuotaLimits]


@dataclass(frozen=True)
class SeatCount:
    """The seats of one profile in one delegation. `declined` people are among the `named`.

    `default_limits` is what other countries are asked, where `minimum` and `maximum` are an exception for this one.
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
        """What is still asked for after waivers (rule 3)."""
        return max(0, self.minimum - self.waived)

    @property
    def missing(self) -> int:
        return max(0, self.effective_minimum - self.named)

    @property
    def is_met(self) -> bool:
        return self.named >= self.effective_minimum

    @property
    def opens_gap_if_one_leaves(self) -> bool:
        """Whether one fewer would be below the floor."""
        return self.named - 1 < self.effective_minimum

    @property
    def is_full(self) -> bool:
        """Whether a maximum forbids one more."""
        return self.maximum is not None and self.named >= self.maximum


@dataclass(frozen=True)
class NamedCount:
    """Active delegates of one profile (None: of no profile) in one delegation."""

    named: int = 0
    declined: int = 0
    working_group: int = 0


NamedCounts = Mapping[tuple[int, int | None], NamedCount]


def declined_every_session() -> Q:
    """Of delegates, those who declined every session that they are invited to, and are invited to one."""
    invited = CalendarEntry.objects.filter(delegate=OuterRef("pk"), planned_method=IcalMethod.REQUEST)
    not_declined = invited.exclude(ical_partstat=Partstat.DECLINED)
    return Q(Exists(invited)) & ~Q(Exists(not_declined))


def named_counts(delegates: DelegateQuerySet) -> NamedCounts:
    """The active among `delegates`, counted by (delegation id, profile id). One query.

    Those who declined every session still count as named.
    """
    rows = (
        delegates.active()
        .order_by()
        .values_list("delegation_id", "profile_id")
        .annotate(
            named=Count("pk"),
            declined=Count("pk", filter=declined_every_session()),
            working_group=Count("pk", filter=Q(is_working_group_member=True)),
        )
    )
    return {(delegation_id, profile_id): NamedCount(*counts) for delegation_id, profile_id, *counts in rows}


def quotas_of(webinar_id: int) -> list[Quota]:
    """The quotas of a webinar in the order of their profiles. One query."""
    return list(Quota.objects.filter(webinar=webinar_id).select_related("profile"))


def waived_seats(delegations: "QuerySet[Delegation]") -> dict[tuple[int, int], int]:
    """Seats excused by waivers in force, by (delegation id, profile id). One query."""
    in_force = Waiver.objects.filter(delegation__in=delegations, revoked_at__isnull=True).order_by()
    rows = in_force.values_list("delegation_id", "profile_id").annotate(waived=Sum("seats"))
    return {(delegation_id, profile_id): waived for delegation_id, profile_id, waived in rows}


def quotas_and_exceptions(webinar_ids: Iterable[int]) -> tuple[list[Quota], ExceptionLimits]:
    """The quotas of some webinars, those of one in the order of their profiles, and every exception. One query."""
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
    """One count per quota, put together without a query; empty for an organisation."""
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
    """The seats of one delegation by profile; empty for an organisation. Three queries, none for an organisation."""
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
    """The profiles that are asked of one delegation; none of an organisation. One query."""
    if delegation.body.kind == BodyKind.ORGANISATION:
        return []
    return [quota.profile for quota in quotas_of(delegation.webinar_id)]


def exception_of(delegation: Delegation, quota: Quota) -> QuotaException | None:
    """That from `quota` for the body of `delegation`. One query."""
    made = QuotaException.objects.filter(quota=quota, body=delegation.body_id)
    return made.select_related("body", "made_by").first()


def quotas_with_exceptions(delegation: Delegation) -> list[tuple[Quota, QuotaException | None]]:
    """The quotas of the webinar of `delegation`, each with the exception for its body. Two queries."""
    exceptions = QuotaException.objects.filter(quota__webinar=delegation.webinar_id, body=delegation.body_id)
    by_quota = {exception.quota_id: exception for exception in exceptions.select_related("made_by")}
    return [(quota, by_quota.get(quota.pk)) for quota in quotas_of(delegation.webinar_id)]


def seats_of_webinar(webinar: Webinar) -> dict[int, tuple[SeatCount, ...]]:
    """The seats of every delegation at `webinar`, by delegation id. Three queries, however many delegations."""
    return {counted.delegation.pk: counted.seats for counted in delegations_with_seats(webinar)}


@dataclass(frozen=True)
class CountedDelegation:
    """A delegation with its seats and the count of all its active people. `lacks_letter` means a required one."""

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    total: NamedCount
    lacks_letter: bool

    @property
    def is_complete(self) -> bool:
        """Every effective floor met, and the letter present where it is required (rule 4)."""
        return not gaps_in(self.seats) and not self.lacks_letter


def delegations_with_seats(webinar: Webinar) -> list[CountedDelegation]:
    """Every delegation at `webinar`. Three queries: a delegation comes with each of its waivers in force."""
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
    rows: Any = (
        Delegation.objects.filter(webinar=webinar)
        .select_related("body")
        .annotate(
            lacks_letter=lacking_letter(),
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
        )
        for delegation in delegations.values()
    ]


def gaps_in(seats: Iterable[SeatCount]) -> tuple[SeatCount, ...]:
    """Those of `seats` whose effective floor is not met."""
    return tuple(seat for seat in seats if not seat.is_met)


def fingerprint_of(delegation: Delegation, seats: Iterable[SeatCount], *, lacks_letter: bool) -> str:
    """Tells whether `delegation` still is as someone saw it who decides about it: its state, each count, the letter,
    and whether it waits for a person once it is complete. No query where the policy was read with the webinar."""
    counts = (f"{seat.profile.code}={seat.minimum}-{seat.waived}:{seat.named}" for seat in seats)
    policy = policy_of(delegation.webinar)
    waits = policy is not None and not policy.accepts_complete_at_once
    marks = {"no letter": lacks_letter, "waits": waits}
    return " ".join([str(delegation.version), delegation.status, *counts, *(mark for mark in marks if marks[mark])])
