"""What is said after people are named or have left."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import Delegation
from registrations.queries import SeatCount, gaps_in, lacks_letter, seats_of


def how_many_are_named(count: int) -> str:
    return ngettext("%(count)s person is named.", "%(count)s people are named.", count) % {"count": count}


def still_missing(delegation: Delegation) -> str:
    """As `missing_in_words`, of `delegation` as it is now."""
    return missing_in_words(seats_of(delegation), lacks_letter=lacks_letter(delegation))


def missing_in_words(seats: Sequence[SeatCount], *, lacks_letter: bool) -> str:
    """ " Still missing: Prosecutors (1 of 2)." or that everything is met; empty for an organisation."""
    if not seats:
        return ""
    missing = [
        _("%(profile)s (%(named)s of %(floor)s)")
        % {"profile": gap.profile.name, "named": gap.named, "floor": gap.floor}
        for gap in gaps_in(seats)
    ]
    if lacks_letter:
        missing.append(_("the nomination letter"))
    if not missing:
        return " " + _("Every quota is met.")
    return " " + _("Still missing: %(gaps)s.") % {"gaps": ", ".join(missing)}
