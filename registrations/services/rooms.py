"""Which room those who join are led to, on the day: the second one where the first is full or broken."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, RuleBroken
from registrations.models import HistoryEvent, HistoryKind, User
from registrations.queries.participant import ROOM_STAYS_OPEN
from registrations.services.registration_window import check_not_over
from sessions_app.addresses import host_of, validate_web_address
from sessions_app.models import Session

FIELD = "second_address"


def fingerprint_of_rooms(session: Session) -> str:
    """Tells whether the rooms of `session` are those that someone saw who decides, and holds no address."""
    rooms = session.room_url, session.backup_room_url, session.uses_backup_room
    return salted_hmac("rooms of a session", repr(rooms), algorithm="sha256").hexdigest()


@transaction.atomic
def switch_room(
    session: Session,
    *,
    to_second: bool,
    by: User,
    now: datetime,
    second_address: str | None = None,
    seen: str | None = None,
) -> bool:
    """Lead whoever presses the button from now on to the second room of `session`, or back to the first; whether that
    is anything new.

    A `second_address` becomes that of the second room if this is the one to switch to. Nobody's calendar holds an
    address, so nothing is mailed. The same again changes nothing and is kept once. Locks the session's row. Raises
    RuleBroken where the rooms are no longer those that were `seen` (`fingerprint_of_rooms`; None does not ask), or
    where the room that is asked for has no address, InvalidInput for what is no address of the web, and WebinarOver.
    """
    stored = Session.objects.select_for_update(no_key=True).select_related("webinar").get(pk=session.pk)
    # While somebody may still be let in.
    check_not_over(stored.webinar, now=now - ROOM_STAYS_OPEN)
    before, wanted = _describe_room(stored), stored.room_url
    if to_second:
        wanted = stored.backup_room_url if second_address is None else second_address.strip()
    if wanted and (to_second, wanted) == (stored.uses_backup_room, stored.current_room_url):
        return False
    if seen is not None and seen != fingerprint_of_rooms(stored):
        raise RuleBroken(
            _("Meanwhile another room was entered. Please look at it as it is now, and send the form again.")
        )
    if not wanted:
        raise RuleBroken(
            _("Enter the address of the second room first.")
            if to_second
            else _("The first room has no address. Enter it on the page of the session first."),
            field=FIELD if to_second else "",
        )
    if to_second:
        stored.backup_room_url = _clean_address(wanted)
    stored.uses_backup_room = to_second
    stored.save(update_fields=["backup_room_url", "uses_backup_room"])
    HistoryEvent.objects.create(
        webinar=stored.webinar,
        kind=HistoryKind.ROOM_SWITCHED,
        actor=by,
        at=now,
        changes={"session": [None, stored.number], "room": [before, _describe_room(stored)]},
    )
    return True


def _clean_address(address: str) -> str:
    longest = Session._meta.get_field("backup_room_url").max_length or 0
    if len(address) > longest:
        raise InvalidInput({FIELD: [_("Please use no more than %(longest)s characters.") % {"longest": longest}]})
    try:
        validate_web_address(address)
    except ValidationError as error:
        raise InvalidInput({FIELD: error.messages}) from None
    return address


def _describe_room(session: Session) -> str:
    """Which room is used and at whose house, without what opens it."""
    return f"{2 if session.uses_backup_room else 1} ({host_of(session.current_room_url) or '–'})"
