"""Whom a country sent before: the people of its delegations at earlier webinars."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from registrations.models import Delegate, DelegateStatus, Delegation
from registrations.queries.seats import SeatCount
from sessions_app.models import Session, Webinar


@dataclass(frozen=True)
class EarlierDelegate:
    """Someone as they were named at an earlier webinar, which began at `began_at`.

    `is_already_registered` says that the address is in the delegation in question already, `is_profile_requested` that
    this webinar still asks for their profile (for organisations, which have none, it is always so).
    """

    person: Delegate
    began_at: datetime
    is_already_registered: bool
    is_profile_requested: bool

    @property
    def webinar(self) -> Webinar:
        return self.person.delegation.webinar


def _people(delegation: Delegation, *, now: datetime) -> "QuerySet[Delegate]":
    """Those of earlier webinars, with `began_at`; of a webinar without sessions, those of webinars that have begun."""
    sessions = Session.objects.filter(webinar=OuterRef("webinar")).order_by("starts_at").values("starts_at")
    own = Session.objects.filter(webinar=delegation.webinar_id).order_by("starts_at").values("starts_at")
    return (
        Delegate.objects.filter(delegation__body=delegation.body_id, anonymised_at=None)
        .filter(Q(status=DelegateStatus.ACTIVE) | Q(admitted_at__isnull=False))
        .exclude(webinar=delegation.webinar_id)
        .exclude(webinar__policy__purge_on__lte=now.date())
        .annotate(began_at=Subquery(sessions[:1]))
        .filter(began_at__lt=Coalesce(Subquery(own[:1]), Value(now, DateTimeField())))
        .order_by("-began_at", "webinar", "profile__position", "name", "pk")
    )


def earlier_delegates(
    delegation: Delegation, *, seats: tuple[SeatCount, ...], now: datetime
) -> tuple[EarlierDelegate, ...]:
    """The people of the country's earlier delegations who took part to the end or were admitted; each address once,
    as it was last. The newest webinar first, then by profile and name. Two queries.

    Nobody of a webinar whose personal data have ended.
    """
    people: Any = _people(delegation, now=now).select_related("delegation__webinar", "profile")
    here = {one.address for one in Delegate.objects.active().filter(delegation=delegation).only("email")}
    asked = {seat.profile.pk for seat in seats} | {None}
    newest: dict[str, Any] = {}
    for person in sorted(people, key=lambda one: (one.began_at, one.registered_at, one.pk)):
        newest[person.address] = person
    return tuple(
        EarlierDelegate(
            person=person,
            began_at=person.began_at,
            is_already_registered=person.address in here,
            is_profile_requested=person.profile_id in asked,
        )
        for person in people
        if newest[person.address] == person
    )
