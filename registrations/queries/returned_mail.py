"""Mail that came back or is late, of the people and accounts whose address is still the one it went to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject, Lower
from django.utils.translation import gettext as _

from registrations.models import (
    PERMANENT_REASONS,
    STAFF_ONLY_REASONS,
    TEMPORARY_REASONS,
    Bounce,
    BounceAction,
    BounceReason,
    Delivery,
    DeliveryState,
    IcalMethod,
    ParticipatingBody,
)
from registrations.models.bounce import BounceQuerySet
from sessions_app.models import Webinar

# Mail servers give up after five days at the latest (RFC 5321 §4.5.4.1), and report that too.
DELAY_SHOWN = timedelta(days=5)


@dataclass(frozen=True)
class ReturnedMail:
    """What came back of the mail to one person, or is late. `ical_method` is that of the delivery.

    `retry_at` is when it will be sent again by itself, as text; None if it will not.
    """

    delivery_id: int
    action: str
    reason: str
    status_code: str
    retry_at: str | None
    ical_method: str

    @property
    def has_failed(self) -> bool:
        """Whether it came back; else it is late."""
        return self.action == BounceAction.FAILED

    @property
    def is_invitation(self) -> bool:
        return self.ical_method == IcalMethod.REQUEST

    @property
    def is_permanent(self) -> bool:
        """Whether the address is wrong."""
        return self.has_failed and self.reason in PERMANENT_REASONS

    @property
    def is_temporary(self) -> bool:
        return self.reason in TEMPORARY_REASONS

    @property
    def is_sent_again(self) -> bool:
        """Whether it will be sent again by itself."""
        return self.retry_at is not None

    @property
    def reason_label(self) -> str:
        """The reason in plain words, in the reader's language."""
        return str(BounceReason(self.reason).label)

    @property
    def reason_with_code(self) -> str:
        return reason_with_code(self.reason, self.status_code)

    @property
    def nature(self) -> str:
        return nature_of(self.reason)


def nature_of(reason: str) -> str:
    """Return whether a failure for this reason is permanent, temporary or technical, and what follows from it."""
    if reason in PERMANENT_REASONS:
        return _("Permanent: the address has to be corrected.")
    if reason in TEMPORARY_REASONS:
        return _("Temporary: the address may be right, and a later message may arrive.")
    return _("Technical: the address may be right.")


def reason_with_code(reason: str, status_code: str) -> str:
    """Return the reason in plain words, with the status code of the report if it has one."""
    label = str(BounceReason(reason).label)
    return f"{label} ({status_code})" if status_code else label


def returned_mail(*, now: datetime, for_country: bool = False) -> Subquery:
    """Return the annotation of delegates with what came back of their mail, else what is late: see `load`.

    The latest of each. `for_country` leaves out what only the secretariat is told of.
    """
    theirs = Bounce.objects.filter(
        Q(pk__in=Bounce.objects.current().order_by().values("pk")) | _is_late(now),
        delivery__delegate=OuterRef("pk"),
    )
    if for_country:
        theirs = theirs.exclude(reason__in=STAFF_ONLY_REASONS)
    failed_first = Case(When(action=BounceAction.FAILED, then=Value(0)), default=Value(1), output_field=IntegerField())
    of_bounce = {name: F(name) for name in ("delivery_id", "action", "reason", "status_code", "retry_at")}
    found = JSONObject(**of_bounce, ical_method=F("delivery__ical_method"))
    rows = theirs.order_by(failed_first, "-reported_at", "-pk").values(found=found)
    return Subquery(rows[:1])


def load(found: Mapping[str, str | int] | None) -> ReturnedMail | None:
    """Return the value of the annotation `returned_mail`, None if nothing came back or is late."""
    return ReturnedMail(**found) if found is not None else None  # type: ignore[arg-type]  # values of JSON


def undelivered() -> "QuerySet[Delivery]":
    """Return the deliveries that failed, and those that came back from an address that is still the recipient's."""
    came_back = Bounce.objects.current().order_by().values("delivery")
    return Delivery.objects.filter(Q(state=DeliveryState.FAILED) | Q(state=DeliveryState.BOUNCED, pk__in=came_back))


def came_back_of(webinars: Iterable[Webinar]) -> BounceQuerySet:
    """Return the latest mail that came back from each address at `webinars`, with its recipient and country."""
    bounces = Bounce.objects.current().filter(delivery__webinar__in=[webinar.pk for webinar in webinars])
    latest = bounces.order_by().values("address").annotate(latest=Max("pk")).values("latest")
    return Bounce.objects.filter(pk__in=latest).select_related(
        "delivery__delegate__delegation__body", "delivery__delegation__body", "delivery__user"
    )


def people_with_returned_mail() -> Subquery:
    """Return, for delegations, how many of their active people had mail come back from their address; None if none."""
    theirs = Bounce.objects.current().filter(delivery__delegate__delegation=OuterRef("pk"))
    by_delegation = theirs.order_by().values("delivery__delegate__delegation")
    return Subquery(by_delegation.annotate(count=Count("delivery__delegate", distinct=True)).values("count"))


def of_body(body: ParticipatingBody) -> Q:
    """Return the condition, on a bounce, that the mail was to a person or about a delegation of `body`."""
    return Q(delivery__delegate__delegation__body=body) | Q(delivery__delegation__body=body)


def returned_to_account() -> Subquery:
    """Return, for focal points, the id of the latest delivery to their account that came back; None if none did."""
    theirs = Bounce.objects.current().filter(delivery__user=OuterRef("user"))
    return Subquery(theirs.order_by("-reported_at", "-pk").values("delivery")[:1])


def _is_late(now: datetime) -> Q:
    """Return the condition that a message is late, as far as is known, and went to the present address."""
    return Q(
        action=BounceAction.DELAYED,
        cleared_at=None,
        reported_at__gt=now - DELAY_SHOWN,
        address=Lower("delivery__delegate__email"),
    )
