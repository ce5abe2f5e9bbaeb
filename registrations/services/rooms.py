"""Which room those who join are led to, on the day: the second one where the first is full or broken."""

from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, RuleBroken
from registrations.models import HistoryEvent, HistoryKind, User
from registrations.services.gates import check_not_over
from sessions_app.models import Session

FIELD = "second_address"
# A link on a page: nothing that a browser would run, or open beside the web.
is_web_address = URLValidator(schemes=["https", "http"])


@transaction.atomic
def switch_room(
    session: Session, *, to_second: bool, by: User, now: datetime, second_address: str | None = None
) -> bool:
    """Lead whoever presses the button from now on to the second room of `session`, or back to the first; whether that
    is anything new.

    A `second_address` becomes that of the second room. Nobody's calendar holds an address, so nothing is mailed. The
    same again changes nothing and is kept once. Locks the session's row. Raises InvalidInput for what is no address
    of the web, RuleBroken where the room that is asked for has none, and WebinarOver.
    """
    stored = Session.objects.select_for_update(no_key=True).select_related("webinar").get(pk=session.pk)
    check_not_over(stored.webinar, now=now)
    before = _in_words(stored), stored.current_room_url
    if second_address is not None:
        stored.backup_room_url = _checked(second_address.strip())
    stored.uses_backup_room = to_second
    if not stored.current_room_url:
        raise RuleBroken(
            _("Enter the address of the second room first.")
            if to_second
            else _("The first room has no address. Enter it on the page of the session first."),
            field=FIELD if to_second else "",
        )
    stored.save(update_fields=["backup_room_url", "uses_backup_room"])
    if (_in_words(stored), stored.current_room_url) == before:
        return False
    HistoryEvent.objects.create(
        webinar=stored.webinar,
        kind=HistoryKind.ROOM_SWITCHED,
        actor=by,
        at=now,
        changes={"session": [None, stored.number], "room": [before[0], _in_words(stored)]},
    )
    return True


def _checked(address: str) -> str:
    if not address:
        return ""
    longest = Session._meta.get_field("backup_room_url").max_length or 0
    if len(address) > longest:
        raise InvalidInput({FIELD: [_("Please use no more than %(longest)s characters.") % {"longest": longest}]})
    try:
        is_web_address(address)
    except ValidationError:
        raise InvalidInput({FIELD: [_("This is not an address of the web. It begins with https://.")]}) from None
    return address


def _in_words(session: Session) -> str:
    """Which room is used and at whose house, without what opens it."""
    return f"{2 if session.uses_backup_room else 1} ({urlsplit(session.current_room_url).hostname or '–'})"
