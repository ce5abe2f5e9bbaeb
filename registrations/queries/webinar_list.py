"""The figures of the list of webinars. The number of queries does not grow with the number of webinars."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from registrations.models import Attendance, BodyKind, Delegate, DelegateStatus, Delegation, DelegationStatus
from registrations.queries.lists import gaps_of_delegations
from registrations.queries.seats import SeatCount


@dataclass(frozen=True)
class WebinarFigures:
    """The attending countries of a webinar, how many of them are accepted, and how many people these countries lack.

    `missing` is None if it was not asked for.
    """

    countries: int
    accepted: int
    missing: int | None


def attending_countries(ids: Collection[int]) -> "QuerySet[Delegation]":
    """Return the attending delegations of countries at the webinars with these ids, with their bodies."""
    countries = Delegation.objects.attending().filter(webinar__in=ids, body__kind=BodyKind.COUNTRY)
    return countries.select_related("body").order_by()


def webinar_figures(ids: Collection[int], *, with_missing: Collection[int]) -> Mapping[int, WebinarFigures]:
    """Return the figures of the webinars with these ids; people are counted for those `with_missing`. Four queries."""
    countries = list(attending_countries(ids))
    return figures_of(
        ids, countries, gaps_of_delegations(country for country in countries if country.webinar_id in with_missing)
    )


def figures_of(
    ids: Iterable[int], countries: Iterable[Delegation], gaps: Mapping[int, Sequence[SeatCount]]
) -> Mapping[int, WebinarFigures]:
    """Return the figures of the webinars from their `countries` and from the `gaps` of those asked for. No query."""
    of_webinar: dict[int, list[Delegation]] = defaultdict(list)
    for country in countries:
        of_webinar[country.webinar_id].append(country)
    return {
        pk: WebinarFigures(
            countries=len(of_webinar[pk]),
            accepted=sum(country.status == DelegationStatus.ACCEPTED for country in of_webinar[pk]),
            missing=sum(seat.missing for country in of_webinar[pk] for seat in gaps[country.pk])
            if all(country.pk in gaps for country in of_webinar[pk])
            else None,
        )
        for pk in ids
    }


def people_of_webinars(ids: Collection[int]) -> Mapping[int, int]:
    """Return the number of active delegates by webinar. One query."""
    people = Delegate.objects.filter(webinar__in=ids, status=DelegateStatus.ACTIVE).order_by()
    return Counter(dict(people.values_list("webinar").annotate(number=Count("pk"))))


def attended_of_webinars(ids: Collection[int]) -> Mapping[int, int]:
    """Return, by webinar, how many delegates stayed long enough in at least one session. One query."""
    attended = Attendance.objects.long_enough().filter(session__webinar__in=ids).order_by()
    return Counter(dict(attended.values_list("session__webinar").annotate(number=Count("delegate", distinct=True))))
