"""Who registers for a country, and which delegations they are to register."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from registrations.models import Delegation, Delivery, DeliveryKind, FocalPoint, ParticipatingBody, User
from registrations.queries.returned_mail import returned_to_account
from sessions_app.models import ReleasedSession, Webinar


@dataclass(frozen=True)
class Appointment:
    """A focal point and a delegation that they are to register."""

    focal_point: FocalPoint
    delegation: Delegation

    @property
    def key(self) -> str:
        """The delivery key of the invitation to register.

        It names the appointment, so that a focal point who is appointed again gets a new invitation.
        """
        return f"registration:{self.delegation.pk}:{self.focal_point.pk}"


def focal_points_of(body: ParticipatingBody) -> "QuerySet[FocalPoint]":
    """Return the focal points of `body`, the primary one first. One query."""
    return (
        FocalPoint.objects.with_access()
        .filter(body=body)
        .select_related("user")
        .order_by("-is_primary", "user__name", "pk")
    )


def accounts_by_body(bodies: Iterable[int]) -> Mapping[int, Sequence[User]]:
    """Return the accounts of the focal points of `bodies` by the id of the body; a body without any is left out.

    One query; none for no body.
    """
    accounts: dict[int, list[User]] = defaultdict(list)
    wanted = set(bodies)
    if not wanted:
        return accounts
    for focal_point in FocalPoint.objects.with_access().filter(body__in=wanted).select_related("user"):
        accounts[focal_point.body_id].append(focal_point.user)
    return accounts


def recipient_is_focal_point() -> Q:
    """Return the condition, on a delivery, that its account registers today for the body of its delegation.

    Joins no table to the delivery's row.
    """
    focal_points = FocalPoint.objects.with_access().filter(body__delegations=OuterRef("delegation"))
    return Q(Exists(focal_points.filter(user=OuterRef("user"))))


def delegations_to_register(*, now: datetime) -> "QuerySet[Delegation]":
    """Return the delegations that attend, of webinars that have opened registration and have a session ahead.

    Also after registration has closed: their people can still be replaced (rule 7).
    """
    ahead = ReleasedSession.objects.filter(session__webinar=OuterRef("webinar"), is_cancelled=False, ends_at__gt=now)
    return Delegation.objects.attending().filter(
        Exists(ahead), webinar__cancelled_at__isnull=True, webinar__policy__opens_at__lte=now
    )


def appointments(*, now: datetime) -> Iterable[Appointment]:
    """Yield each focal point with each delegation that they are to register. Two queries; one without a delegation."""
    delegations = list(delegations_to_register(now=now).order_by("pk"))
    if not delegations:
        return
    focal_points = FocalPoint.objects.with_access().filter(body__in={delegation.body_id for delegation in delegations})
    for focal_point in focal_points.select_related("user").order_by("pk"):
        for delegation in delegations:
            if delegation.body_id == focal_point.body_id:
                yield Appointment(focal_point, delegation)


def with_last_invitation(
    focal_points: "QuerySet[FocalPoint]", *, webinar: Webinar | None = None
) -> "QuerySet[FocalPoint]":
    """Annotate `focal_points` with the state of their last invitation to register, at `webinar` or at any.

    Adds `invitation_state`, `invitation_sent_at` and `invitation_error`, each None if there is no invitation, and
    `returned_delivery`, the id of a delivery of any kind that came back from their present address.
    """
    last = Delivery.objects.filter(
        kind=DeliveryKind.REGISTRATION, user=OuterRef("user"), delegation__body=OuterRef("body")
    ).order_by(Coalesce("resent_at", "created_at").desc(), "-pk")
    if webinar is not None:
        last = last.filter(webinar=webinar)
    return focal_points.annotate(
        invitation_state=Subquery(last.values("state")[:1]),
        invitation_sent_at=Subquery(last.values("sent_at")[:1]),
        invitation_error=Subquery(last.values("last_error")[:1]),
        returned_delivery=returned_to_account(),
    )


def invitations_of(focal_points: "QuerySet[FocalPoint]", *, now: datetime) -> "QuerySet[Delivery]":
    """Return the invitations of `focal_points` to the delegations that are still to be registered."""
    theirs = focal_points.filter(user=OuterRef("user"), body=OuterRef("delegation__body"), removed_at__isnull=True)
    return Delivery.objects.filter(
        Exists(theirs),
        kind=DeliveryKind.REGISTRATION,
        delegation__in=delegations_to_register(now=now),
    )
