"""The people whom a country sent to earlier webinars."""

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
    """A delegate of an earlier webinar, which began at `began_at`, offered for registration at the present one.

    `is_already_registered` says that the address is active in the present delegation. `is_profile_requested` says that
    the present webinar has a quota for the person's profile; it is always true for organisations, which have no
    profiles.
    """

    person: Delegate
    began_at: datetime
    is_already_registered: bool
    is_profile_requested: bool

    @property
    def webinar(self) -> Webinar:
        """The earlier webinar."""
        return self.person.delegation.webinar


def _people(delegation: Delegation, *, now: datetime) -> "QuerySet[Delegate]":
    """Return the delegates of earlier webinars of the body, with `began_at`.

    Earlier means that the other webinar began before the first session of this one or, without sessions, before `now`.
    """
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
    """Return the people of the body's earlier delegations who were admitted or stayed active, each address once.

    A person appears as registered most recently. The newest webinar comes first, then profile and name. Webinars whose
    purge date has come are left out. Costs two queries.
    """
    people: Any = _people(delegation, now=now).select_related("delegation__webinar", "profile")
    here = {delegate.address for delegate in Delegate.objects.active().filter(delegation=delegation).only("email")}
    asked = {seat.profile.pk for seat in seats} | {None}
    newest: dict[str, Any] = {}
    for person in sorted(people, key=lambda person: (person.began_at, person.registered_at, person.pk)):
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
