"""What people do about single deliveries: stop one that waits, send one again. Each keeps who did it (rule 20)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.exceptions import NotPossibleNow
from registrations.models import (
    CalendarEntry,
    Delegate,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    User,
)
from registrations.queries import released_sessions
from registrations.queries.participant import is_invited
from registrations.services.nudge import nudge_planner

# So long nothing that was sent is sent once more: a second click, or a mail that is still on its way, is no reason.
RESEND_PAUSE = timedelta(minutes=5)
ON_ITS_WAY = (DeliveryState.DUE, DeliveryState.CLAIMED)
STOPPABLE = (DeliveryState.DUE, DeliveryState.FAILED)
# As a planner sees it: also what a worker has claimed among others, without its last look so far.
NOT_LEFT = Q(state__in=STOPPABLE) | Q(state=DeliveryState.CLAIMED, may_have_arrived=False)


@transaction.atomic
def stop_deliveries(delivery_ids: Iterable[int], *, by: User, now: datetime) -> int:
    """Stop what waits or has failed among the deliveries; returns how many.

    What a worker is sending at this moment, or has sent, is left alone; one that was sent, and waits to be sent once
    more, is again what it was. Stopping twice stops once. Locks the deliveries.
    """
    stopped = _locked(Delivery.objects.filter(NOT_LEFT, pk__in=list(delivery_ids)))
    what_it_was = Case(
        When(sent_at__isnull=False, then=Value(DeliveryState.SENT)), default=Value(DeliveryState.STOPPED)
    )
    Delivery.objects.filter(pk__in=[one.pk for one in stopped]).update(
        state=what_it_was, claim_token=None, lease_expires_at=None
    )
    _record(HistoryKind.MAIL_STOPPED, stopped, by=by, now=now)
    return len(stopped)


@transaction.atomic
def resend_deliveries(delivery_ids: Iterable[int], *, by: User, now: datetime) -> int:
    """Make deliveries due again, with all their attempts before them; returns how many.

    That is what failed or was stopped, and the invitation (or update), or the invitation to register, that was sent and
    did not arrive: the same message with the same revision, so that a calendar shows it once (RFC 5546 §2.1.5). Left
    alone is a calendar message whose session is over or after which a newer one is planned, since it would bring back
    an old state; an invitation sent less than `RESEND_PAUSE` ago; and whatever else was sent. Locks the deliveries, so
    that of two calls at once the second finds nothing to do.
    """
    count = _make_due_again(Delivery.objects.filter(pk__in=list(delivery_ids)), by=by, now=now)
    nudge_planner()
    return count


@transaction.atomic
def send_invitations_again(delegate: Delegate, *, by: User, now: datetime) -> int:
    """Send `delegate` the invitation to each session ahead once more, as `resend_deliveries`; returns how many.

    Where some did not get through these alone. Raises NotPossibleNow, which says why, where there is none to send:
    they do not take part, are not invited yet, every session is over, it is on its way, was sent only just now, or was
    stopped by the secretariat, which alone may send it again.
    """
    if not is_invited(delegate):
        raise NotPossibleNow(_("%(name)s is not invited at present.") % {"name": delegate.name})
    invitations = Delivery.objects.filter(entry__delegate=delegate, entry__address=delegate.address)
    ahead = invitations.invitations_ahead(now)
    count = _make_due_again(ahead.filter(state__in=_held_up(by)), by=by, now=now)
    # A second click, while the first one's mail is on its way, repeats nothing else.
    if not count and not ahead.filter(state__in=ON_ITS_WAY).exists():
        count = _make_due_again(ahead, by=by, now=now)
    if not count:
        raise NotPossibleNow(_why_not(delegate, ahead, now=now))
    nudge_planner()
    return count


def said_of_sending_again(delegate: Delegate, count: int) -> str:
    """What whoever did it reads where `count` invitations of `delegate` are sent once more."""
    said = ngettext(
        "The invitation of %(name)s is sent again now.",
        "%(count)s invitations of %(name)s are sent again now.",
        count,
    )
    return said % {"name": delegate.name, "count": count}


def _why_not(delegate: Delegate, invitations: "QuerySet[Delivery]", *, now: datetime) -> str:
    states = set(invitations.values_list("state", flat=True))
    if DeliveryState.SENT in states and states.isdisjoint(ON_ITS_WAY):
        minutes = RESEND_PAUSE // timedelta(minutes=1)
        return ngettext(
            "The invitation of %(name)s went out less than %(minutes)s minute ago. Please wait a little.",
            "The invitation of %(name)s went out less than %(minutes)s minutes ago. Please wait a little.",
            minutes,
        ) % {"name": delegate.name, "minutes": minutes}
    if states == {DeliveryState.STOPPED}:
        return _("The secretariat has stopped the invitation of %(name)s. Please ask there.") % {"name": delegate.name}
    if not states:
        released = released_sessions(delegate.webinar)
        if not released.exists():
            return _("%(name)s is invited once the agenda is released.") % {"name": delegate.name}
        if not released.filter(ends_at__gt=now, is_cancelled=False).exists():
            return _("The sessions are over or cancelled: no invitation is sent any more.")
    return _("The invitation of %(name)s is on its way already.") % {"name": delegate.name}


def _make_due_again(deliveries: "QuerySet[Delivery]", *, by: User, now: datetime) -> int:
    # The ledger first, as a planner does. What is chosen is read only after it, so that a planner whom we waited for is
    # seen: the one statement that waits would go on with what it saw before.
    entries = CalendarEntry.objects.filter(pk__in=list(deliveries.values_list("entry", flat=True)))
    list(entries.select_for_update().order_by("pk").values_list("pk"))
    newest = Delivery.objects.latest_of_entry().filter(session__released__ends_at__gt=now)
    sent_a_while_ago = Q(attempted_at__isnull=True) | Q(attempted_at__lte=now - RESEND_PAUSE)
    invitations = Delivery.objects.invitations_ahead(now)
    chosen = _locked(
        deliveries.filter(
            Q(Q(entry__isnull=True) | Q(pk__in=newest), state__in=_held_up(by))
            | Q(Q(pk__in=invitations) | Q(kind=DeliveryKind.REGISTRATION), sent_a_while_ago, state=DeliveryState.SENT)
        )
    )
    Delivery.objects.filter(pk__in=[one.pk for one in chosen]).update(
        state=DeliveryState.DUE, due_at=now, resent_at=now, attempts=0, worker_losses=0
    )
    _record(HistoryKind.MAIL_SENT_AGAIN, chosen, by=by, now=now)
    return len(chosen)


def _held_up(by: User) -> list[DeliveryState]:
    """The states out of which `by` may send what has not left: a stop is the secretariat's to take back."""
    return [DeliveryState.FAILED, DeliveryState.STOPPED] if by.is_staff else [DeliveryState.FAILED]


def _locked(deliveries: "QuerySet[Delivery]") -> list[Delivery]:
    """Those of `deliveries` that still are so once nobody else can change them."""
    rows = deliveries.select_related("announcement", "delegate", "delegation", "event", "session").order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def _record(kind: HistoryKind, deliveries: Iterable[Delivery], *, by: User, now: datetime) -> None:
    """Keep that `by` did this: one event for each person whose mail it is, else for what the mail is about."""
    concerned = dict.fromkeys(found for delivery in deliveries if (found := _concern_of(delivery)))
    HistoryEvent.objects.bulk_create(
        HistoryEvent(
            webinar_id=webinar_id, delegation_id=delegation_id, delegate_id=delegate_id, kind=kind, actor=by, at=now
        )
        for webinar_id, delegation_id, delegate_id in concerned
    )


def _concern_of(delivery: Delivery) -> tuple[int, int | None, int | None] | None:
    """The ids of the webinar, delegation and person in whose history it belongs; none for mail about no webinar."""
    if delivery.kind == DeliveryKind.TEST:
        return None
    if delivery.delegate is not None:
        return delivery.delegate.webinar_id, delivery.delegate.delegation_id, delivery.delegate.pk
    if delivery.kind != DeliveryKind.CLASH_ALERT and delivery.event is not None:
        return delivery.event.webinar_id, delivery.event.delegation_id, None
    if delivery.delegation is not None:
        return delivery.delegation.webinar_id, delivery.delegation_id, None
    # An alert is the secretariat's alone, so that no country reads of it (rule 8).
    about = delivery.event or delivery.session or delivery.announcement
    return (about.webinar_id, None, None) if about is not None else None
