"""Checks of quota limits, and how the history records them."""

from typing import Any

from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput
from registrations.models import QuotaLimits

MAX_SEATS = 1000


def check_numbers(*, minimum: int, maximum: int | None) -> None:
    """Raise InvalidInput if a limit is out of range or the maximum is below the minimum."""
    messages = {}
    if not 0 <= minimum <= MAX_SEATS:
        messages["minimum"] = [_("Please give a number from 0 to %(most)s.") % {"most": MAX_SEATS}]
    if maximum is not None and not 0 <= maximum <= MAX_SEATS:
        messages["maximum"] = [_("Please give a number from 0 to %(most)s.") % {"most": MAX_SEATS}]
    if not messages and maximum is not None and maximum < minimum:
        messages["maximum"] = [_("The maximum cannot be below the minimum. Enter a higher one, or none.")]
    if messages:
        raise InvalidInput(messages)


def changed_limits(before: QuotaLimits, after: QuotaLimits) -> dict[str, list[Any]]:
    """Return the differences of two limits as `changes` of a history event."""
    both = {"minimum": (before.minimum, after.minimum), "maximum": (before.maximum, after.maximum)}
    return {name: list(numbers) for name, numbers in both.items() if len(set(numbers)) > 1}
