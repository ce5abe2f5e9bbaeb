"""Filters and figures for the secretariat's lists of delegations and people of any webinars."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from registrations.models import (
    BodyKind,
    CalendarEntry,
    Delegate,
    Delegation,
    DelegationStatus,
    IcalMethod,
    ParticipantProfile,
    Partstat,
    Quota,
)
from registrations.queries.letters import lacking_letter
from registrations.queries.seats import (
    SeatCount,
    declined_every_session,
    gaps_in,
    named_counts,
    quotas_and_exceptions,
    seat_counts,
    waived_seats,
)


def seats_of_delegations(
    delegations: Iterable[Delegation], *, with_declined: bool = True
) -> dict[int, tuple[SeatCount, ...]]:
    """Return the seat counts of `delegations`, with their bodies loaded, by delegation id. Three queries.

    `with_declined` is that of `named_counts`.
    """
    rows = list(delegations)
    chosen = Delegation.objects.filter(pk__in=[row.pk for row in rows])
    found, exceptions = quotas_and_exceptions({row.webinar_id for row in rows})
    quotas: dict[int, list[Quota]] = defaultdict(list)
    for quota in found:
        quotas[quota.webinar_id].append(quota)
    waived = waived_seats(chosen)
    named = named_counts(Delegate.objects.filter(delegation__in=chosen), with_declined=with_declined)
    return {
        row.pk: seat_counts(row, quotas=quotas[row.webinar_id], exceptions=exceptions, waived=waived, named=named)
        for row in rows
    }


def gaps_of_delegations(delegations: Iterable[Delegation]) -> dict[int, tuple[SeatCount, ...]]:
    """Return the gaps of `delegations` as `seats_of_delegations` does; their `declined` is 0. Three queries."""
    seats = seats_of_delegations(delegations, with_declined=False)
    return {pk: gaps_in(counts) for pk, counts in seats.items()}


def with_gaps(
    delegations: "QuerySet[Delegation]", *, profile: ParticipantProfile | None = None
) -> "QuerySet[Delegation]":
    """Filter for attending countries that lack somebody of `profile`, or are incomplete if it is None. Four queries."""
    countries = _attending_countries(delegations)
    if profile is None:
        return delegations.filter(pk__in=[pk for pk, gaps, lacks_letter in countries if gaps or lacks_letter])
    return delegations.filter(
        pk__in=[pk for pk, gaps, _letter in countries if any(seat.profile == profile for seat in gaps)]
    )


def complete_delegations(delegations: "QuerySet[Delegation]") -> "QuerySet[Delegation]":
    """Filter for attending countries that have no gap and do not lack a required letter. Costs four queries."""
    countries = _attending_countries(delegations)
    return delegations.filter(pk__in=[pk for pk, gaps, lacks_letter in countries if not gaps and not lacks_letter])


def _attending_countries(delegations: "QuerySet[Delegation]") -> list[tuple[int, tuple[SeatCount, ...], bool]]:
    """Return (delegation id, gaps, whether a required letter is missing) of each attending country."""
    countries = delegations.filter(body__kind=BodyKind.COUNTRY).exclude(status=DelegationStatus.NOT_ATTENDING)
    rows: list[Any] = list(countries.select_related("body").annotate(lacks_letter=lacking_letter()).order_by())
    gaps = gaps_of_delegations(rows)
    return [(row.pk, gaps[row.pk], bool(row.lacks_letter)) for row in rows]


def prefetch_held_entries() -> "Prefetch[Any]":
    """Return a prefetch of the calendar entries that a delegate holds, which sets the attribute `held_entries`."""
    held = CalendarEntry.objects.filter(planned_method=IcalMethod.REQUEST).select_related("session")
    return Prefetch("calendar_entries", queryset=held.order_by("session__number"), to_attr="held_entries")


def with_answer(delegates: "QuerySet[Delegate]", answer: Partstat) -> "QuerySet[Delegate]":
    """Filter for delegates whose overall answer is `answer`.

    Declined means that a person declined every session they are invited to, as on the quota board. Accepted means that
    they accepted at least one session, tentative that they said maybe and accepted none. All other invited people count
    as not having answered.
    """
    invited = CalendarEntry.objects.filter(delegate=OuterRef("pk"), planned_method=IcalMethod.REQUEST)
    accepted = Exists(invited.filter(ical_partstat=Partstat.ACCEPTED))
    tentative = Exists(invited.filter(ical_partstat=Partstat.TENTATIVE))
    declined_all = declined_every_session()
    if answer == Partstat.ACCEPTED:
        return delegates.filter(accepted)
    if answer == Partstat.TENTATIVE:
        return delegates.filter(tentative & ~accepted)
    if answer == Partstat.DECLINED:
        return delegates.filter(declined_all)
    return delegates.filter(Exists(invited) & ~accepted & ~tentative & ~declined_all)
