"""Changing the agenda before it is released: numbering sessions, ordering items, cancelling. All stays private."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from sessions_app.models import AgendaItem, Session, Webinar

# Above every position that can be reached by typing, so that no two rows hold one while they change places.
PARKED = 10_000


def next_session_number(webinar: Webinar) -> int:
    """The number of a session that is added now; numbers are never reused or reordered."""
    return (webinar.sessions.aggregate(highest=Max("number"))["highest"] or 0) + 1


@transaction.atomic
def order_items(session: Session, item_ids: Sequence[int]) -> None:
    """Put the items of `session` into the order of `item_ids`, which names each of them once; numbered from 1.

    Locks the session's row. The same order again changes nothing. Raises ValueError for other items.
    """
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    items = {item.pk: item for item in AgendaItem.objects.filter(session=session)}
    if sorted(item_ids) != sorted(items):
        raise ValueError("The order names each item of the session once.")
    moved = [items[pk] for position, pk in enumerate(item_ids, start=1) if items[pk].position != position]
    for offset in (PARKED, 0):
        for item in moved:
            item.position = offset + item_ids.index(item.pk) + 1
        AgendaItem.objects.bulk_update(moved, ["position"])


@transaction.atomic
def move_item(session: Session, item_id: int, *, steps: int) -> None:
    """Move an item of `session` down by `steps`, up where they are negative; no further than the first or last place.

    Locks the session's row. An item of another session moves nothing.
    """
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    item_ids = list(session.items.order_by("position").values_list("pk", flat=True))
    if item_id not in item_ids:
        return
    place = item_ids.index(item_id)
    item_ids.remove(item_id)
    item_ids.insert(max(0, place + steps), item_id)
    order_items(session, item_ids)


def cancel_session(session: Session, *, now: datetime) -> None:
    """Mark the session cancelled; the next release makes it public. Cancelling twice changes nothing."""
    Session.objects.filter(pk=session.pk, cancelled_at=None).update(cancelled_at=now)


def restore_session(session: Session) -> None:
    """Take a cancellation back; the next release makes it public."""
    Session.objects.filter(pk=session.pk).update(cancelled_at=None)
