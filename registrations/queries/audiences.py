"""Who gets an announcement: an audience, stored in slugs and codes, and the people whom it selects."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, QuerySet, Subquery, Value

from registrations.models import (
    AnnouncementRecipients,
    CalendarEntry,
    Delegate,
    Delegation,
    FocalPoint,
    IcalMethod,
    User,
)
from sessions_app.models import Webinar

_NOBODY = Value(0, output_field=BigIntegerField())


@dataclass(frozen=True)
class Audience:
    """A selection of the people of a webinar. An empty field selects all.

    Delegates are those who are invited: active, admitted, in a delegation that attends. Focal points are those who
    have access to such a delegation; `profiles` and `answer` do not apply to them. `answer` is the answer to `session`.
    """

    readers: str = AnnouncementRecipients.DELEGATES
    bodies: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    session: int | None = None
    answer: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Audience":
        """Return the audience that an announcement stores."""
        return cls(
            readers=value.get("readers", AnnouncementRecipients.DELEGATES),
            bodies=tuple(value.get("bodies", ())),
            profiles=tuple(value.get("profiles", ())),
            states=tuple(value.get("states", ())),
            session=value.get("session"),
            answer=value.get("answer", ""),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the audience as an announcement stores it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Recipient:
    """A person who gets an announcement; `key` identifies them in the URL of the preview."""

    name: str
    email: str
    language: str
    body: str
    delegate_id: int | None
    user_id: int | None

    @property
    def key(self) -> str:
        return f"d{self.delegate_id}" if self.delegate_id is not None else f"u{self.user_id}"


def delegates_of(webinar: Webinar, audience: Audience) -> "QuerySet[Delegate]":
    """Return the delegates in `audience`; none if it is for focal points only."""
    if audience.readers == AnnouncementRecipients.FOCAL_POINTS:
        return Delegate.objects.none()
    # An anonymised delegate has no address.
    people = Delegate.objects.to_be_mailed().filter(
        delegation__in=_delegations(webinar, audience), anonymised_at__isnull=True
    )
    if audience.profiles:
        people = people.filter(profile__code__in=audience.profiles)
    if audience.session is not None:
        answers = CalendarEntry.objects.filter(planned_method=IcalMethod.REQUEST, ical_partstat=audience.answer)
        of_session = answers.filter(session__number=audience.session, session__webinar=webinar)
        people = people.filter(Exists(of_session.filter(delegate=OuterRef("pk"))))
    return people


def focal_points_of_audience(webinar: Webinar, audience: Audience) -> "QuerySet[User]":
    """Return the accounts in `audience`, without those whose delegate is in it too: a person gets one message."""
    if audience.readers == AnnouncementRecipients.DELEGATES:
        return User.objects.none()
    users = User.objects.filter(Exists(_focal_points(webinar, audience).filter(user=OuterRef("pk"))))
    if audience.readers == AnnouncementRecipients.FOCAL_POINTS:
        return users
    same_address = delegates_of(webinar, audience).filter(email__iexact=OuterRef("email"))
    return users.exclude(Exists(same_address))


def recipients_of(webinar: Webinar, audience: Audience) -> "QuerySet[Any]":
    """Return a row for each person in `audience`, by name, for `recipient_from`. One query, and one to count them."""
    delegates = delegates_of(webinar, audience).annotate(
        shown_body=F("delegation__body__name_en"), delegate_key=F("pk"), user_key=_NOBODY
    )
    theirs = _focal_points(webinar, audience).filter(user=OuterRef("pk")).order_by("body__name_en", "pk")
    users = focal_points_of_audience(webinar, audience).annotate(
        shown_body=Subquery(theirs.values("body__name_en")[:1]), delegate_key=_NOBODY, user_key=F("pk")
    )
    columns = ("name", "email", "language", "shown_body", "delegate_key", "user_key")
    rows = delegates.order_by().values_list(*columns)
    return rows.union(users.order_by().values_list(*columns), all=True).order_by("name", "email")


def recipient_from(row: tuple[Any, ...]) -> Recipient:
    """Return the person of one row of `recipients_of`."""
    name, email, language, body, delegate_id, user_id = row
    return Recipient(name, email, language, body, delegate_id or None, user_id or None)


def _focal_points(webinar: Webinar, audience: Audience) -> "QuerySet[FocalPoint]":
    return FocalPoint.objects.with_access().filter(body__delegations__in=_delegations(webinar, audience))


def _delegations(webinar: Webinar, audience: Audience) -> "QuerySet[Delegation]":
    delegations = Delegation.objects.attending().filter(webinar=webinar)
    if audience.bodies:
        delegations = delegations.filter(body__slug__in=audience.bodies)
    if audience.states:
        delegations = delegations.filter(status__in=audience.states)
    return delegations
