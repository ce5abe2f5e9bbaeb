"""Mail that came back or is late, of the people and accounts whose address is still the one it went to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from registrations.models import REASONS_FOR_STAFF, Bounce, BounceAction, Delegate, Delivery, DeliveryState, User
from registrations.models.inbox import BounceQuerySet
from sessions_app.models import Webinar

# Mail servers give up after five days at the latest (RFC 5321 §4.5.4.1), and report that too.
DELAY_SHOWN = timedelta(days=5)


def is_for_staff_alone(bounce: Bounce) -> bool:
    """Whether only the secretariat is told: the address may be right, and our own server is refused."""
    return bounce.reason in REASONS_FOR_STAFF


def nature_of(bounce: Bounce) -> str:
    """Return whether the failure is permanent, temporary or technical, and what follows from it."""
    if bounce.is_permanent:
        return _("Permanent: the address has to be corrected.")
    if bounce.is_temporary:
        return _("Temporary: the address may be right, and a later message may arrive.")
    return _("Technical: the address may be right.")


def reason_of(bounce: Bounce) -> str:
    """Return the reason in plain words, with the status code of the report if it has one."""
    return (
        f"{bounce.get_reason_display()} ({bounce.status_code})" if bounce.status_code else bounce.get_reason_display()
    )


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


def bounces_by_delegate(delegates: "QuerySet[Delegate]", *, now: datetime) -> Mapping[int, Sequence[Bounce]]:
    """Return what came back or is late of the mail to `delegates`, by their ids.

    What came back is first, the latest of each first. A person without any is left out. One query.
    """
    theirs = Bounce.objects.filter(delivery__delegate__in=delegates.order_by().values("pk"))
    found: dict[int, list[Bounce]] = defaultdict(list)
    for bounce in theirs.filter(_is_current() | _is_late(now)).select_related("delivery"):
        found[bounce.delivery.delegate_id or 0].append(bounce)
    return {pk: sorted(rows, key=lambda row: row.action != BounceAction.FAILED) for pk, rows in found.items()}


def current_reason(path: str) -> Subquery:
    """Return the reason of the latest mail that came back to a delegate or account, None if none did.

    `path` is "delegate" or "user", the field of the delivery.
    """
    theirs = Bounce.objects.current().filter(**{f"delivery__{path}": OuterRef("pk")})
    return Subquery(theirs.order_by("-reported_at", "-pk").values("reason")[:1])


def addresses_that_failed(users: Sequence[User]) -> Mapping[int, Bounce]:
    """Return the latest mail that came back of each of the accounts `users`, by their ids. One query."""
    bounces = Bounce.objects.current().filter(delivery__user__in=users).select_related("delivery")
    return {bounce.delivery.user_id or 0: bounce for bounce in bounces.order_by("reported_at", "pk")}


def _is_current() -> Q:
    return Q(pk__in=Bounce.objects.current().order_by().values("pk"))


def _is_late(now: datetime) -> Q:
    """Return the condition that a message is late, as far as is known, and went to the present address."""
    return Q(
        action=BounceAction.DELAYED,
        cleared_at=None,
        reported_at__gt=now - DELAY_SHOWN,
        address=Lower("delivery__delegate__email"),
    )
