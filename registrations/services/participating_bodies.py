"""Adding countries and organisations to a webinar, and removing one that has nobody there."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import (
    CallNote,
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    ParticipatingBody,
    QuotaException,
    User,
)
from registrations.services.quota_locks import lock_quotas
from registrations.services.registration_window import check_time
from registrations.services.transactions import atomic_with_retry
from sessions_app.models import Webinar


@atomic_with_retry
def add_bodies(webinar: Webinar, bodies: Iterable[ParticipatingBody], *, by: User, now: datetime) -> list[Delegation]:
    """Give each of `bodies` an empty draft delegation; return the new ones. One that takes part already stays as it is.

    Its focal points are invited by the next plan, as soon as registration has opened. Locks the quotas of the webinar.
    Raises what `check_time` raises.
    """
    lock_quotas(webinar.pk)
    check_time(webinar, by=by, now=now)
    # Saved one by one, because `save` computes a delegation's slug.
    made = [Delegation.objects.get_or_create(webinar=webinar, body=body) for body in bodies]
    added = [delegation for delegation, is_new in made if is_new]
    HistoryEvent.objects.bulk_create(
        HistoryEvent(
            webinar=webinar, kind=HistoryKind.BODY_ADDED, actor=by, at=now, changes={"body": [None, each.body.slug]}
        )
        for each in added
    )
    return added


@atomic_with_retry
def remove_body(delegation: Delegation, *, by: User, now: datetime) -> None:
    """Remove a delegation in which nobody was named, about which nothing was decided, and that was not written to.

    A second call does nothing. The messages that invite its focal points and were never sent are deleted with it.
    Raises NotPossibleNow, with what stands against it, and what `check_time` raises. Locks the quotas, the delegation
    and its messages.
    """
    lock_quotas(delegation.webinar_id)
    # A full lock: a plan that is inserting a message about the delegation ends first.
    locked = Delegation.objects.select_for_update(of=("self",)).select_related("body").filter(pk=delegation.pk).first()
    if locked is None:
        return
    check_time(delegation.webinar, by=by, now=now)
    # No worker claims one of its messages before the transaction ends.
    list(Delivery.objects.select_for_update(of=("self",)).filter(delegation=locked).values_list("pk"))
    if reason := _reason_to_keep(locked):
        raise NotPossibleNow(reason % {"body": locked.body})
    Delivery.objects.filter(delegation=locked).delete()
    QuotaException.objects.filter(quota__webinar=locked.webinar_id, body=locked.body_id).delete()
    locked.delete()
    # An event of the webinar, since the delegation is gone.
    HistoryEvent.objects.create(
        webinar=delegation.webinar,
        kind=HistoryKind.BODY_REMOVED,
        actor=by,
        at=now,
        changes={"body": [locked.body.slug, None]},
    )


def _reason_to_keep(delegation: Delegation) -> str:
    """Return why `delegation` cannot be removed, with a place for the body's name, or the empty string."""
    if Delegate.objects.filter(delegation=delegation).exists():
        return _("%(body)s has or had people at this webinar, so it stays. It can be marked as not attending.")
    is_decided = delegation.status != DelegationStatus.DRAFT
    if is_decided or HistoryEvent.objects.filter(delegation=delegation).exists():
        return _(
            "Something was decided about %(body)s at this webinar, so it stays. It can be marked as not attending."
        )
    if CallNote.objects.filter(delegation=delegation).exists():
        return _("There are notes of calls with %(body)s about this webinar, so it stays.")
    begun = Q(state__in=[DeliveryState.CLAIMED, DeliveryState.SENT]) | Q(may_have_arrived=True)
    if Delivery.objects.filter(begun, delegation=delegation).exists():
        return _("%(body)s was written to about this webinar, so it stays. It can be marked as not attending.")
    return ""
