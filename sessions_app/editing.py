"""Changes the draft of an agenda: numbers sessions, adds, orders and removes items, adds speakers, cancels.

Nothing is public before a release.

What happens if two people edit one row at the same time is decided in `concurrent_edits.py`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain, count

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from sessions_app.models import AgendaItem, Session, Speaker, Webinar

# Items move above this first: two rows never hold one position while they change places, as a constraint demands.
TEMPORARY_POSITIONS = 10_000


def next_session_number(webinar: Webinar) -> int:
    """Return the number of the next session; numbers are never reused or reordered."""
    return (webinar.sessions.aggregate(highest=Max("number"))["highest"] or 0) + 1


@transaction.atomic
def insert_item(item: AgendaItem, *, after: int | None = None) -> None:
    """Save the new `item` behind the item of its session with the id `after`, or as the last one.

    Locks the session's row.
    """
    session = Session.objects.select_for_update(no_key=True).get(pk=item.session_id)
    order = list(session.items.order_by("position").values_list("pk", flat=True))
    item.position = (session.items.aggregate(last=Max("position"))["last"] or 0) + 1
    item.save(force_insert=True)
    if after in order:
        order.insert(order.index(after) + 1, item.pk)
        order_items(session, order)


@transaction.atomic
def remove_items(session: Session, item_ids: Collection[int]) -> None:
    """Delete the items of `session` with these ids, and close the gaps in the order. Locks the session's row."""
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    session.items.filter(pk__in=item_ids).delete()
    order_items(session, list(session.items.order_by("position").values_list("pk", flat=True)))


def add_speaker(speaker: Speaker) -> None:
    """Save the new `speaker` with a code that is made from the name and free in the webinar."""
    taken = set(Speaker.objects.filter(webinar=speaker.webinar_id).values_list("code", flat=True))
    base = slugify(speaker.name_en or speaker.name_es)[:50].strip("-") or "speaker"
    speaker.code = next(
        code for code in chain([base], (f"{base}-{number}" for number in count(2))) if code not in taken
    )
    speaker.save(force_insert=True)


@transaction.atomic
def order_items(session: Session, item_ids: Sequence[int]) -> None:
    """Number the items of `session` from 1 in the order of `item_ids`, which holds the id of each item once.

    Locks the session's row. The same order again changes nothing. Raises ValueError if `item_ids` holds other ids.
    """
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    items = {item.pk: item for item in AgendaItem.objects.filter(session=session)}
    if sorted(item_ids) != sorted(items):
        raise ValueError("The order names each item of the session once.")
    moved = [items[pk] for position, pk in enumerate(item_ids, start=1) if items[pk].position != position]
    for offset in (TEMPORARY_POSITIONS, 0):
        for item in moved:
            item.position = offset + item_ids.index(item.pk) + 1
        AgendaItem.objects.bulk_update(moved, ["position"])


@transaction.atomic
def move_item(session: Session, item_id: int, *, steps: int) -> None:
    """Move an item of `session` down by `steps` positions, or up if `steps` is negative; it stops at either end.

    Locks the session's row. The id of an item of another session changes nothing.
    """
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    item_ids = list(session.items.order_by("position").values_list("pk", flat=True))
    if item_id not in item_ids:
        return
    index = item_ids.index(item_id)
    item_ids.remove(item_id)
    item_ids.insert(max(0, index + steps), item_id)
    order_items(session, item_ids)


def cancel_session(session: Session, *, now: datetime) -> None:
    """Mark the session as cancelled; the next release makes that public. Cancelling twice changes nothing."""
    Session.objects.filter(pk=session.pk, cancelled_at=None).update(cancelled_at=now)


def restore_session(session: Session) -> None:
    """Undo a cancellation; the next release makes that public."""
    Session.objects.filter(pk=session.pk).update(cancelled_at=None)
