"""The people of a report as text, which the page carries from the dry run to saving."""

import base64
import binascii
import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from registrations.exceptions import UnreadableTable
from registrations.services.attendance_import.people import (
    MAX_ADDRESS_LENGTH,
    MAX_MINUTES,
    MAX_NAME_LENGTH,
    YEARS,
    Attendee,
    clean_text,
)

# No session has more people, and more could not be saved within one request.
MAX_PEOPLE = 10_000
# Below the size limit of a form, and far above what MAX_PEOPLE usually need.
MAX_CHARACTERS = 2_400_000
MAX_UNPACKED_BYTES = 20_000_000


def people_to_text(people: Sequence[Attendee]) -> str:
    """Serialise `people` for a form field. Raises UnreadableTable if they exceed the limits."""
    rows = [
        [
            person.name,
            person.address,
            person.minutes,
            _to_timestamp(person.first_joined_at),
            _to_timestamp(person.last_left_at),
            person.linked_delegate_id,
        ]
        for person in people
    ]
    text = base64.b85encode(zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 9)).decode()
    if len(people) > MAX_PEOPLE or len(text) > MAX_CHARACTERS:
        raise UnreadableTable(
            _("These are more than %(most)s people. Is it the report of one session?") % {"most": f"{MAX_PEOPLE:,}"}
        )
    return text


def text_to_people(text: str) -> list[Attendee]:
    """Deserialise the result of `people_to_text`. Raises UnreadableTable for any other text."""
    try:
        packed = zlib.decompressobj()
        data = packed.decompress(base64.b85decode(text[:MAX_CHARACTERS]), MAX_UNPACKED_BYTES)
        rows: Any = json.loads(data)
        if not packed.eof or not 0 < len(rows) <= MAX_PEOPLE:
            raise ValueError
        people = [_parse_person(*row) for row in rows]
        if len({person.key for person in people}) < len(people):
            raise ValueError
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, OSError, zlib.error, binascii.Error):
        raise UnreadableTable(_("The report did not come back whole. Please choose the file once more.")) from None
    return people


def _to_timestamp(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())


def _from_timestamp(number: int | None) -> datetime | None:
    if number is None:
        return None
    instant = datetime.fromtimestamp(int(number), UTC)
    if instant.year not in YEARS:
        raise ValueError
    return instant


def _parse_person(
    name: str, address: str, minutes: int, first: int | None, last: int | None, linked_delegate_id: int | None
) -> Attendee:
    attendee = Attendee(
        clean_text(name, MAX_NAME_LENGTH),
        clean_text(address, MAX_ADDRESS_LENGTH),
        max(0, min(int(minutes), MAX_MINUTES)),
        _from_timestamp(first),
        _from_timestamp(last),
        None if linked_delegate_id is None else int(linked_delegate_id),
    )
    if not (attendee.name or attendee.address):
        raise ValueError
    return attendee
