"""The sentence that says what a delegation still lacks, shown after a person was named."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from registrations.queries import SeatCount, gaps_in


def message_of_missing(seats: Sequence[SeatCount], *, lacks_letter: bool) -> str:
    """Return, with a leading space, “Still missing: Prosecutors (1 of 2).” or that every quota is met.

    The text is empty for an organisation, which has no seats.
    """
    if not seats:
        return ""
    missing = [
        _("%(profile)s (%(named)s of %(floor)s)")
        % {"profile": gap.profile.name, "named": gap.named, "floor": gap.effective_minimum}
        for gap in gaps_in(seats)
    ]
    if lacks_letter:
        missing.append(_("the nomination letter"))
    if not missing:
        return " " + _("Every quota is met.")
    return " " + _("Still missing: %(gaps)s.") % {"gaps": ", ".join(missing)}
