"""Exceptions that a service raises when a rule forbids something; `forms/errors.py` turns them into form errors.

Every message is written for the user who reads it and is translated when it is shown.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from registrations.models import Delegate, Delegation, HistoryEvent
    from registrations.queries import SeatCount
    from registrations.services.change_previews import ChangePreview


class RuleBroken(Exception):
    """A rule of the product forbids the action.

    `message` tells the user which rule it is; `field` names the input that the message belongs to, or is empty.
    """

    message: str | Promise = _("This is not possible.")
    field: str = ""

    def __init__(self, message: str | Promise | None = None, *, field: str | None = None) -> None:
        if message is not None:
            self.message = message
        if field is not None:
            self.field = field
        super().__init__(self.message)


class ReasonRequired(RuleBroken):
    """A reason is required and blank."""

    message = _("Please give a reason: this leaves a gap in the quota.")
    field = "reason"


class GapsRemain(RuleBroken):
    """A delegation is incomplete, and nobody gave a reason for submitting or accepting it like that.

    `gaps` are the seat counts below their effective minimum. `lacks_letter` is true if the nomination letter that the
    webinar requires is missing.
    """

    message = _("Some seats are still empty. Name the missing officials, or give the reason and submit.")
    field = "reason"

    def __init__(
        self, gaps: "Sequence[SeatCount]" = (), message: str | Promise | None = None, *, lacks_letter: bool = False
    ) -> None:
        self.gaps = tuple(gaps)
        self.lacks_letter = lacks_letter
        if message is None and lacks_letter:
            message = (
                _(
                    "Some seats are still empty and the nomination letter is missing. Name the missing officials and "
                    "upload the letter, or give the reason and submit."
                )
                if gaps
                else _("The nomination letter is missing. Upload it, or give the reason and submit.")
            )
        super().__init__(message)


class QuotaFull(RuleBroken):
    """The maximum of `seat` forbids another person. Only staff, who can change it, read which maximum that is."""

    message: str | Promise = _("All seats of this profile are taken. Replace someone, or ask the secretariat.")
    field = "profile"

    def __init__(self, seat: "SeatCount", delegation: "Delegation", *, is_for_staff: bool) -> None:
        self.seat = seat
        super().__init__(self._message_for_staff(seat, delegation) if is_for_staff else None)

    @staticmethod
    def _message_for_staff(seat: "SeatCount", delegation: "Delegation") -> str | Promise:
        text = (
            _("All seats of “%(profile)s” are taken: the quota allows %(maximum)s at most, for every country.")
            if seat.default_limits is None
            else _("All seats of “%(profile)s” are taken: an exception allows %(body)s %(maximum)s at most.")
        )
        return text % {"profile": seat.profile, "maximum": seat.maximum, "body": delegation.body}


class MaximumTooLow(RuleBroken):
    """The new maximum is below the number of people whom a delegation has already named."""

    field = "maximum"

    def __init__(self, delegation: "Delegation", named: int) -> None:
        super().__init__(
            _(
                "%(body)s has already named %(named)s people of this profile. Enter at least as many, or have people "
                "withdrawn first."
            )
            % {"body": delegation.body, "named": named}
        )


class AddressTakenHere(RuleBroken):
    """The address belongs to an active delegate of the same delegation, who is given as `delegate`."""

    field = "email"

    def __init__(self, delegate: "Delegate") -> None:
        self.delegate = delegate
        super().__init__(
            _("%(name)s is already named in this delegation with this address. Enter another one, or edit that person.")
            % {"name": delegate.name}
        )


class HeadTaken(RuleBroken):
    """Another active person of the delegation is marked as its head, who is given as `delegate`."""

    field = "is_head_of_delegation"

    def __init__(self, delegate: "Delegate") -> None:
        self.delegate = delegate
        super().__init__(
            _("%(name)s is marked as the head of this delegation. Remove that mark first.") % {"name": delegate.name}
        )


class AddressTakenElsewhere(RuleBroken):
    """The address belongs to an active delegate of another delegation; only staff learn which one.

    `event` is the unsaved history event about a focal point's attempt. `atomic_with_retry` stores it after the attempt
    is rolled back.
    """

    message = _("This person could not be registered; the secretariat has been told.")
    field = "email"

    def __init__(self, message: str | None = None, *, event: "HistoryEvent | None" = None) -> None:
        self.event = event
        super().__init__(message)


class NamedTooOften(RuleBroken):
    """The address was named and withdrawn twice within a day, so a focal point may not name it again.

    `event` is the unsaved history event that alerts the secretariat, or None if an alert about it exists already.
    """

    message = _(
        "This address was registered and withdrawn several times within 24 hours. "
        "Only the secretariat can register it for now; it has been notified."
    )
    field = "email"

    def __init__(self, *, event: "HistoryEvent | None" = None) -> None:
        self.event = event
        super().__init__()


class AttendanceChangedTooOften(RuleBroken):
    """The delegation was marked as not attending three times within a day; a focal point may not undo the last one.

    `event` is the unsaved history event that alerts the secretariat, or None if an alert about it exists already.
    """

    message = _(
        "Your country was noted as not attending several times within 24 hours. "
        "Only the secretariat can note for now that it attends again; it has been notified."
    )

    def __init__(self, *, event: "HistoryEvent | None" = None) -> None:
        self.event = event
        super().__init__()


class TooManyClashes(RuleBroken):
    """A focal point has reached the daily limit of addresses that are registered elsewhere."""

    message = _("Too many addresses could not be registered today. Please write to the secretariat.")
    field = "email"


class RegistrationNotOpen(RuleBroken):
    """A focal point acts before registration opens."""

    message = _("Registration has not opened yet. Please come back on the day that the delegation's page names.")


class RegistrationClosed(RuleBroken):
    """A focal point acts after registration closed, in a way that is not allowed then."""

    message = _(
        "Registration has closed. You can still replace or withdraw a delegate, and name people into open seats."
    )


class WebinarOver(RuleBroken):
    """Someone acts after the end of the last session."""

    message = _("The webinar is over; the delegation can no longer be changed.")


class NotPossibleNow(RuleBroken):
    """The present state of the delegation, delegate or webinar does not allow the action."""


class ConfirmationRequired(RuleBroken):
    """The action does more than the user has confirmed, so nothing was done; `preview` says what it would do."""

    message = _("Nothing is saved yet. Look at what this does, and save again to confirm.")

    def __init__(self, preview: "ChangePreview") -> None:
        self.preview = preview
        super().__init__()


class RecipientCountChanged(RuleBroken):
    """The number of recipients differs from the number that the user confirmed, so nothing was sent."""

    message = _("The number of readers has changed meanwhile. Please look at it as it is now, and confirm again.")


class EditConflict(RuleBroken):
    """Someone else changed the row after the form was opened; `current` is the row as it is stored now."""

    message = _("Someone else has changed this meanwhile. Please look at it as it is now, and send the form again.")

    def __init__(self, current: "Delegate | Delegation", message: str | None = None) -> None:
        self.current = current
        super().__init__(message)

    @classmethod
    def of_person(cls, person: "Delegate") -> "EditConflict":
        """Build the exception with a message that says who the person is now, for a form that does not show it."""
        text = _(
            "Someone else has changed this person meanwhile; now: %(name)s, %(email)s, %(institution)s. "
            "Please send the form again if it is still right."
        ) % {"name": person.name, "email": person.email, "institution": person.institution}
        return cls(person, text)


class UnreadableTable(RuleBroken):
    """A file or a pasted text is not a table, or is larger than the limits of an import."""


class EmptyTable(UnreadableTable):
    """The table holds no text."""


class FileNotStored(RuleBroken):
    """A file could not be written, because the disk is full or not writable. Nothing was changed."""

    message = _(
        "The file could not be stored on the server, and nothing was changed. Please try again later, or tell the "
        "secretariat."
    )
    field = "file"


class InvalidInput(RuleBroken):
    """The input would have been refused by a form; `messages` holds the messages by field."""

    def __init__(self, messages: Mapping[str, Sequence[str]]) -> None:
        self.messages = messages
        field, texts = next(iter(messages.items()))
        super().__init__(texts[0], field=field)


class LinkNotValid(Exception):
    """A personal link was tampered with, revoked, has expired or belongs to another scope.

    The reader is never told which of these it is. `is_guess` is true if we never signed the token; it is false for a
    link that has merely expired.
    """

    def __init__(self, *, is_guess: bool) -> None:
        self.is_guess = is_guess
        super().__init__()


class NoLongerTakesPart(LinkNotValid):
    """A person who was withdrawn or replaced opened their last link; they can write to `contact_email`.

    Only a token that we signed leads here, so nobody can find out by guessing who took part.
    """

    def __init__(self, *, contact_email: str) -> None:
        self.contact_email = contact_email
        super().__init__(is_guess=False)
