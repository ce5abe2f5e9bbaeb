"""Stops single deliveries and sends them again; the history keeps who did it (rule 20)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.exceptions import NotPossibleNow
from registrations.models import (
    Bounce,
    BounceAction,
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

# A message that was sent is not sent again so soon: by a second click, or while the first is still on its way.
RESEND_PAUSE = timedelta(minutes=5)
PENDING_STATES = (DeliveryState.DUE, DeliveryState.CLAIMED)
STOPPABLE_STATES = (DeliveryState.DUE, DeliveryState.FAILED, DeliveryState.HELD)
# Also what a worker has claimed and not begun.
UNSENT = Q(state__in=STOPPABLE_STATES) | Q(state=DeliveryState.CLAIMED, may_have_arrived=False)


@transaction.atomic
def stop_deliveries(delivery_ids: Iterable[int], *, by: User, now: datetime) -> int:
    """Stop those of the deliveries that wait or have failed; return how many.

    Leaves alone what a worker is sending at this moment, or has sent. A message that was sent, and waits to be sent
    again, is marked as sent, or as having come back. A second call stops nothing. Locks the deliveries.
    """
    stopped = _lock_deliveries(Delivery.objects.filter(UNSENT, pk__in=list(delivery_ids)))
    ids = [delivery.pk for delivery in stopped]
    came_back = Bounce.objects.filter(
        delivery=OuterRef("pk"), action=BounceAction.FAILED, reported_at__gte=OuterRef("attempted_at")
    )
    state_before = Case(
        When(Exists(came_back), then=Value(DeliveryState.BOUNCED)),
        When(sent_at__isnull=False, then=Value(DeliveryState.SENT)),
        default=Value(DeliveryState.STOPPED),
    )
    Delivery.objects.filter(pk__in=ids).update(state=state_before, claim_token=None, lease_expires_at=None)
    Bounce.objects.filter(delivery__in=ids, delivery__state=DeliveryState.BOUNCED).update(cleared_at=None)
    _record(HistoryKind.MAIL_STOPPED, stopped, by=by, now=now)
    return len(stopped)


@transaction.atomic
def resend_deliveries(delivery_ids: Iterable[int], *, by: User, now: datetime) -> int:
    """Make deliveries due again, with their attempts counted from zero; return how many.

    These are the messages that failed or were stopped, and the invitations to a session or to register that were sent:
    the same revision under a new Message-ID, so that a calendar shows it once (RFC 5546 §2.1.5). Leaves alone a message
    whose session is over or after which a newer one is planned, since it would bring back an old state; an invitation
    sent less than `RESEND_PAUSE` ago; and every other message that was sent. Locks the calendar entries and the
    deliveries, so that of two calls at once the second finds nothing to do.
    """
    count = _make_due_again(Delivery.objects.filter(pk__in=list(delivery_ids)), by=by, now=now)
    nudge_planner()
    return count


@transaction.atomic
def send_invitations_again(delegate: Delegate, *, by: User, now: datetime) -> int:
    """Make the invitations of `delegate` to the sessions ahead due again, as `resend_deliveries` does; return how many.

    If some of them failed, only these. Raises NotPossibleNow, with the reason, if there is none to send: the delegate
    does not take part or is not invited yet, every session is over, the invitation is on its way, was sent only just
    now, or was stopped by the secretariat, which alone may send it again.
    """
    if not is_invited(delegate):
        raise NotPossibleNow(_("%(name)s is not invited at present.") % {"name": delegate.name})
    invitations = Delivery.objects.filter(entry__delegate=delegate, entry__address=delegate.address)
    ahead = invitations.invitations_ahead(now)
    count = _make_due_again(ahead.filter(state__in=_resendable_states(by)), by=by, now=now)
    # A second click while the mail of the first is on its way sends nothing else.
    if not count and not ahead.filter(state__in=PENDING_STATES).exists():
        count = _make_due_again(ahead, by=by, now=now)
    if not count:
        raise NotPossibleNow(_reason_for_no_resend(delegate, ahead, now=now))
    nudge_planner()
    return count


def resend_flash_message(delegate: Delegate, count: int) -> str:
    """Return the flash message after `count` invitations of `delegate` were made due again."""
    said = ngettext(
        "The invitation of %(name)s is sent again now.",
        "%(count)s invitations of %(name)s are sent again now.",
        count,
    )
    return said % {"name": delegate.name, "count": count}


def _reason_for_no_resend(delegate: Delegate, invitations: "QuerySet[Delivery]", *, now: datetime) -> str:
    """Return the sentence that says why none of `invitations` can be sent again."""
    states = set(invitations.values_list("state", flat=True))
    if DeliveryState.SENT in states and states.isdisjoint(PENDING_STATES):
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
    """Make those of `deliveries` due again that may be sent again; return how many. Locks entries, then deliveries."""
    # The calendar entries first, as a planner locks them. The deliveries are read only then, so that the changes of a
    # planner that this waited for are seen: a statement that waits for a lock goes on with what it had read before.
    entries = CalendarEntry.objects.filter(pk__in=list(deliveries.values_list("entry", flat=True)))
    list(entries.select_for_update().order_by("pk").values_list("pk"))
    latest = Delivery.objects.latest_of_entry().filter(session__released__ends_at__gt=now)
    sent_a_while_ago = Q(attempted_at__isnull=True) | Q(attempted_at__lte=now - RESEND_PAUSE)
    invitations = Delivery.objects.invitations_ahead(now)
    chosen = _lock_deliveries(
        deliveries.filter(
            Q(Q(entry__isnull=True) | Q(pk__in=latest), state__in=_resendable_states(by))
            | Q(Q(pk__in=invitations) | Q(kind=DeliveryKind.REGISTRATION), sent_a_while_ago, state=DeliveryState.SENT)
        )
    )
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in chosen]).update(
        state=DeliveryState.DUE,
        due_at=now,
        resent_at=now,
        resend_count=F("resend_count") + 1,
        attempts=0,
        worker_losses=0,
    )
    Bounce.objects.clear([delivery.email for delivery in chosen], now=now)
    _record(HistoryKind.MAIL_SENT_AGAIN, chosen, by=by, now=now)
    return len(chosen)


def _resendable_states(by: User) -> list[DeliveryState]:
    """Return the states of undelivered messages that `by` may send: only staff may send what was stopped or is held."""
    undelivered = [DeliveryState.FAILED, DeliveryState.BOUNCED]
    return [*undelivered, DeliveryState.STOPPED, DeliveryState.HELD] if by.is_staff else undelivered


def _lock_deliveries(deliveries: "QuerySet[Delivery]") -> list[Delivery]:
    """Lock those of `deliveries` that still match its conditions once other transactions are done."""
    rows = deliveries.select_related("delegate").order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def _record(kind: HistoryKind, deliveries: Iterable[Delivery], *, by: User, now: datetime) -> None:
    """Record an event for each delegate who gets one of `deliveries`, else for each delegation or webinar they concern.

    A test send concerns only its recipient, and is not recorded.
    """
    concerned = dict.fromkeys(_concern_of(delivery) for delivery in deliveries if not delivery.is_test)
    HistoryEvent.objects.bulk_create(
        HistoryEvent(
            webinar_id=webinar_id, delegation_id=delegation_id, delegate_id=delegate_id, kind=kind, actor=by, at=now
        )
        for webinar_id, delegation_id, delegate_id in concerned
    )


def _concern_of(delivery: Delivery) -> tuple[int, int | None, int | None]:
    """Return the ids of the webinar, the delegation and the delegate in whose history the delivery belongs."""
    if delivery.delegate is not None:
        return delivery.webinar_id, delivery.delegate.delegation_id, delivery.delegate.pk
    return delivery.webinar_id, delivery.delegation_id, None
