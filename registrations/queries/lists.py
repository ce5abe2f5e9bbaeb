"""What the secretariat's lists ask about many delegations and people at once, of any webinars."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

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
from registrations.queries.seats import SeatCount, gaps_in, named_counts, seat_counts, waived_seats


def seats_of_many(delegations: Iterable[Delegation]) -> dict[int, tuple[SeatCount, ...]]:
    """The seats of `delegations`, whose bodies are loaded, by delegation id. Three queries, however many."""
    rows = list(delegations)
    chosen = Delegation.objects.filter(pk__in=[row.pk for row in rows])
    quotas: dict[int, list[Quota]] = defaultdict(list)
    for quota in Quota.objects.filter(webinar__in={row.webinar_id for row in rows}).select_related("profile"):
        quotas[quota.webinar_id].append(quota)
    waived = waived_seats(chosen)
    named = named_counts(Delegate.objects.filter(delegation__in=chosen))
    return {row.pk: seat_counts(row, quotas=quotas[row.webinar_id], waived=waived, named=named) for row in rows}


def with_gaps(
    delegations: "QuerySet[Delegation]", *, profile: ParticipantProfile | None = None
) -> "QuerySet[Delegation]":
    """Those of `delegations` that attend and lack somebody, of `profile` or of any. Four queries."""
    return delegations.filter(
        pk__in=[
            pk
            for pk, seats in _attending_countries(delegations).items()
            if any(profile in (None, seat.profile) for seat in gaps_in(seats))
        ]
    )


def complete(delegations: "QuerySet[Delegation]") -> "QuerySet[Delegation]":
    """The countries among `delegations` that attend and lack nobody. Four queries."""
    return delegations.filter(
        pk__in=[pk for pk, seats in _attending_countries(delegations).items() if not gaps_in(seats)]
    )


def _attending_countries(delegations: "QuerySet[Delegation]") -> dict[int, tuple[SeatCount, ...]]:
    countries = delegations.filter(body__kind=BodyKind.COUNTRY).exclude(status=DelegationStatus.NOT_ATTENDING)
    return seats_of_many(countries.select_related("body").order_by())


def by_answer(delegates: "QuerySet[Delegate]", answer: Partstat) -> "QuerySet[Delegate]":
    """Those of `delegates` whose answer is `answer` on the whole.

    Declined is who declined every session that they are invited to, as the board counts; accepted who accepted one;
    tentative who said maybe and accepted none; no answer is yet owed by the rest of the invited.
    """
    invited = CalendarEntry.objects.filter(delegate=OuterRef("pk"), planned_method=IcalMethod.REQUEST)
    accepted = Exists(invited.filter(ical_partstat=Partstat.ACCEPTED))
    tentative = Exists(invited.filter(ical_partstat=Partstat.TENTATIVE))
    declined_all = Exists(invited) & ~Exists(invited.exclude(ical_partstat=Partstat.DECLINED))
    if answer == Partstat.ACCEPTED:
        return delegates.filter(accepted)
    if answer == Partstat.TENTATIVE:
        return delegates.filter(tentative & ~accepted)
    if answer == Partstat.DECLINED:
        return delegates.filter(declined_all)
    return delegates.filter(Exists(invited) & ~accepted & ~tentative & ~declined_all)
