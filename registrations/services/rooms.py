"""Switching a session between its first and its second video conference room."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, RuleBroken
from registrations.models import HistoryEvent, HistoryKind, User
from registrations.queries.rooms import ROOM_STAYS_OPEN
from registrations.services.registration_window import check_not_over
from sessions_app.addresses import host_of, validate_web_address
from sessions_app.models import Session

ADDRESS_FIELD = "second_address"


def fingerprint_of_rooms(session: Session) -> str:
    """Return a keyed hash that changes with the room addresses of `session` and reveals none of them."""
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
    shown_fingerprint: str | None = None,
) -> bool:
    """Switch participants to the second room of `session`, or back to the first; return whether anything changed.

    `second_address` becomes the address of the second room when switching to it. Calendars hold no room address, so
    nothing is mailed. A repetition changes nothing and is recorded once. Locks the row of the session. Raises
    RuleBroken if the fingerprint of the rooms is not `shown_fingerprint` (None skips this check) or the wanted room has
    no address, InvalidInput for an address that is no web address, and WebinarOver.
    """
    stored = Session.objects.select_for_update(no_key=True).select_related("webinar").get(pk=session.pk)
    # Participants can enter until then.
    check_not_over(stored.webinar, now=now - ROOM_STAYS_OPEN)
    before, wanted = _describe_room(stored), stored.room_url
    if to_second:
        wanted = stored.backup_room_url if second_address is None else second_address.strip()
    if wanted and (to_second, wanted) == (stored.uses_backup_room, stored.current_room_url):
        return False
    if shown_fingerprint is not None and shown_fingerprint != fingerprint_of_rooms(stored):
        raise RuleBroken(
            _("Meanwhile another room was entered. Please look at it as it is now, and send the form again.")
        )
    if not wanted:
        raise RuleBroken(
            _("Enter the address of the second room first.")
            if to_second
            else _("The first room has no address. Enter it on the page of the session first."),
            field=ADDRESS_FIELD if to_second else "",
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
        raise InvalidInput(
            {ADDRESS_FIELD: [_("Please use no more than %(longest)s characters.") % {"longest": longest}]}
        )
    try:
        validate_web_address(address)
    except ValidationError as error:
        raise InvalidInput({ADDRESS_FIELD: error.messages}) from None
    return address


def _describe_room(session: Session) -> str:
    """Return the number of the video conference in use and the host name of its URL, without the secret path."""
    return f"{2 if session.uses_backup_room else 1} ({host_of(session.current_room_url) or '–'})"
