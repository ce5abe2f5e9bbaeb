"""Who registers for a country, and which delegations they are to register."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from registrations.models import Delegation, Delivery, DeliveryKind, FocalPoint, ParticipatingBody, User
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class Appointment:
    """A focal point and a delegation that they are to register."""

    focal_point: FocalPoint
    delegation: Delegation

    @property
    def key(self) -> str:
        """What makes the invitation one and the same: who is appointed anew is invited anew."""
        return f"registration:{self.delegation.pk}:{self.focal_point.pk}"


def focal_points_of(body: ParticipatingBody) -> "QuerySet[FocalPoint]":
    """Who registers for `body`, the primary one first. One query."""
    return (
        FocalPoint.objects.with_access()
        .filter(body=body)
        .select_related("user")
        .order_by("-is_primary", "user__name", "pk")
    )


def accounts_by_body(bodies: Iterable[int]) -> Mapping[int, Sequence[User]]:
    """The accounts of those who register for `bodies`, by the id of the body; none for the others. One query, none
    where there is no body."""
    accounts: dict[int, list[User]] = defaultdict(list)
    wanted = set(bodies)
    if not wanted:
        return accounts
    for focal_point in FocalPoint.objects.with_access().filter(body__in=wanted).select_related("user"):
        accounts[focal_point.body_id].append(focal_point.user)
    return accounts


def recipient_registers() -> Q:
    """Return the condition, on a delivery, that its account registers today for the body of its delegation.

    Joins no table to the delivery's row.
    """
    focal_points = FocalPoint.objects.with_access().filter(body__delegations=OuterRef("delegation"))
    return Q(Exists(focal_points.filter(user=OuterRef("user"))))


def delegations_to_register(*, now: datetime) -> "QuerySet[Delegation]":
    """The delegations whose registration has begun, at webinars with something ahead that is released and held.

    Also after registration has closed: their people can still be replaced (rule 7).
    """
    ahead = ReleasedSession.objects.filter(session__webinar=OuterRef("webinar"), is_cancelled=False, ends_at__gt=now)
    return Delegation.objects.attending().filter(
        Exists(ahead), webinar__cancelled_at__isnull=True, webinar__policy__opens_at__lte=now
    )


def appointments(*, now: datetime) -> Iterable[Appointment]:
    """Each focal point with each of the delegations that they are to register at present. Two queries, one where
    nothing is to be registered."""
    delegations = list(delegations_to_register(now=now).order_by("pk"))
    if not delegations:
        return
    focal_points = FocalPoint.objects.with_access().filter(body__in={delegation.body_id for delegation in delegations})
    for focal_point in focal_points.select_related("user").order_by("pk"):
        for delegation in delegations:
            if delegation.body_id == focal_point.body_id:
                yield Appointment(focal_point, delegation)


def with_last_invitation(focal_points: "QuerySet[FocalPoint]") -> "QuerySet[FocalPoint]":
    """`focal_points` with what became of the last mail that invited each to register: `invitation_state`,
    `invitation_sent_at` and `invitation_error`, each None where none was owed yet."""
    last = Delivery.objects.filter(
        kind=DeliveryKind.REGISTRATION, user=OuterRef("user"), delegation__body=OuterRef("body")
    ).order_by(Coalesce("resent_at", "created_at").desc(), "-pk")
    return focal_points.annotate(
        invitation_state=Subquery(last.values("state")[:1]),
        invitation_sent_at=Subquery(last.values("sent_at")[:1]),
        invitation_error=Subquery(last.values("last_error")[:1]),
    )


def invitations_of(focal_points: "QuerySet[FocalPoint]", *, now: datetime) -> "QuerySet[Delivery]":
    """The mails that invited `focal_points` to what is still to be registered."""
    theirs = focal_points.filter(user=OuterRef("user"), body=OuterRef("delegation__body"), removed_at__isnull=True)
    return Delivery.objects.filter(
        Exists(theirs),
        kind=DeliveryKind.REGISTRATION,
        delegation__in=delegations_to_register(now=now),
    )
