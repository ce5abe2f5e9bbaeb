"""Who has pressed the button of a session's join page, shown while the session is going on."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from registrations.models import (
    Arrival,
    BodyKind,
    Delegate,
    ParticipantProfile,
    ParticipatingBody,
)
from sessions_app.models import Session


@dataclass(frozen=True)
class ArrivalCount:
    """How many people have opened the room, of how many who are invited."""

    opened: int = 0
    invited: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether everyone who is invited has opened the room."""
        return self.opened >= self.invited


@dataclass(frozen=True)
class ArrivedDelegate:
    """A person who opened the room, and the time of their first click."""

    person: Delegate
    at: datetime


@dataclass(frozen=True)
class BodyArrivals:
    """The arrivals of one body.

    `counts` has one entry per profile of the page; `not_arrived` are the invited people who have not opened the room.
    """

    body: ParticipatingBody
    counts: tuple[ArrivalCount, ...]
    total: ArrivalCount
    arrived: tuple[ArrivedDelegate, ...]
    not_arrived: tuple[Delegate, ...]


@dataclass(frozen=True)
class Arrivals:
    """The arrivals of a session: countries by name, then organisations.

    None among `profiles` stands for people without a profile.
    """

    profiles: tuple[ParticipantProfile | None, ...]
    bodies: tuple[BodyArrivals, ...]
    totals: tuple[ArrivalCount, ...]
    total: ArrivalCount


def arrivals_of(session: Session) -> Arrivals:
    """Return who of the invited people has opened the room of `session`. Always costs two queries.

    The invited are those who take part now (rule 5). A person who opened the room and left the delegation does not
    count.
    """
    people = list(
        Delegate.objects.taking_part()
        .filter(webinar_id=session.webinar_id)
        .select_related("delegation__body", "profile")
        .order_by("name", "pk")
    )
    opened = dict(Arrival.objects.filter(session=session).values_list("delegate_id", "at"))
    profiles = sorted({delegate.profile for delegate in people}, key=_profile_sort_key)
    by_body: dict[ParticipatingBody, list[Delegate]] = defaultdict(list)
    for delegate in people:
        by_body[delegate.delegation.body].append(delegate)
    return Arrivals(
        profiles=tuple(profiles),
        bodies=tuple(
            BodyArrivals(
                body=body,
                counts=tuple(
                    _count([delegate for delegate in named if delegate.profile == profile], opened)
                    for profile in profiles
                ),
                total=_count(named, opened),
                arrived=tuple(
                    ArrivedDelegate(delegate, opened[delegate.pk]) for delegate in named if delegate.pk in opened
                ),
                not_arrived=tuple(delegate for delegate in named if delegate.pk not in opened),
            )
            for body, named in sorted(by_body.items(), key=lambda item: (_is_organisation(item[0]), str(item[0])))
        ),
        totals=tuple(
            _count([delegate for delegate in people if delegate.profile == profile], opened) for profile in profiles
        ),
        total=_count(people, opened),
    )


def _profile_sort_key(profile: ParticipantProfile | None) -> tuple[bool, int, str]:
    return (profile is None, profile.position if profile else 0, profile.code if profile else "")


def _is_organisation(body: ParticipatingBody) -> bool:
    return body.kind == BodyKind.ORGANISATION


def _count(people: list[Delegate], opened: dict[int, datetime]) -> ArrivalCount:
    return ArrivalCount(opened=sum(delegate.pk in opened for delegate in people), invited=len(people))
