"""The figures of the list of webinars. The number of queries does not grow with the number of webinars."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count

from registrations.models import Attendance, BodyKind, Delegate, DelegateStatus, Delegation, DelegationStatus
from registrations.queries.lists import seats_of_delegations


@dataclass(frozen=True)
class WebinarFigures:
    """The attending countries of a webinar, how many of them are accepted, and how many people these countries lack.

    `missing` is None if it was not asked for.
    """

    countries: int
    accepted: int
    missing: int | None


def webinar_figures(ids: Collection[int], *, with_missing: Collection[int]) -> Mapping[int, WebinarFigures]:
    """Return the figures of the webinars with these ids; people are counted for those `with_missing`. Four queries."""
    countries = Delegation.objects.attending().filter(webinar__in=ids, body__kind=BodyKind.COUNTRY)
    of_webinar: dict[int, list[Delegation]] = defaultdict(list)
    for delegation in countries.select_related("body").order_by():
        of_webinar[delegation.webinar_id].append(delegation)
    seats = seats_of_delegations([delegation for pk in with_missing for delegation in of_webinar[pk]])
    return {
        pk: WebinarFigures(
            countries=len(of_webinar[pk]),
            accepted=sum(delegation.status == DelegationStatus.ACCEPTED for delegation in of_webinar[pk]),
            missing=sum(seat.missing for delegation in of_webinar[pk] for seat in seats[delegation.pk])
            if pk in with_missing
            else None,
        )
        for pk in ids
    }


def people_of_webinars(ids: Collection[int]) -> Mapping[int, int]:
    """Return the number of active delegates by webinar. One query."""
    people = Delegate.objects.filter(webinar__in=ids, status=DelegateStatus.ACTIVE).order_by()
    return Counter(dict(people.values_list("webinar").annotate(number=Count("pk"))))


def attended_of_webinars(ids: Collection[int]) -> Mapping[int, int]:
    """Return, by webinar, how many delegates some report of a session has. One query."""
    attended = Attendance.objects.filter(session__webinar__in=ids, delegate__isnull=False).order_by()
    return Counter(dict(attended.values_list("session__webinar").annotate(number=Count("delegate", distinct=True))))
