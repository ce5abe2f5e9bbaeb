"""When whom the calendar lets act (rule 7), and the reasons people give."""

import re
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.exceptions import (
    InvalidInput,
    NotPossibleNow,
    ReasonRequired,
    RegistrationClosed,
    RegistrationNotOpen,
    WebinarOver,
)
from registrations.models import Delegation, DelegationStatus, User
from registrations.queries import last_session_end, policy_of
from sessions_app.models import Webinar

MAX_REASON_LENGTH = 1000
DATA_HAVE_ENDED = gettext_lazy(
    "The day on which the personal data of this webinar end has come: nothing about its people is written down or sent "
    "any more."
)

# What no database or mail can carry; line breaks and tabs are welcome in a text of several lines.
UNUSABLE_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_time(webinar: Webinar, *, by: User, now: datetime, is_allowed_late: bool = False) -> None:
    """Raise unless `by` may act at `now`. Two queries, one where the policy was read with the webinar.

    Staff may until the last session has ended, focal points from the opening to the closing of registration;
    `is_allowed_late` says that the step is one of those that a focal point may take after the closing too.
    """
    check_not_over(webinar, now=now)
    check_open(webinar, by=by, now=now, is_allowed_late=is_allowed_late)


def check_not_over(webinar: Webinar, *, now: datetime) -> None:
    """The first half of `check_time`: raise WebinarOver after the last session. One query."""
    end = last_session_end(webinar)
    if end is not None and now >= end:
        raise WebinarOver


def check_open(webinar: Webinar, *, by: User, now: datetime, is_allowed_late: bool = False) -> None:
    """The other half of `check_time`. One query, none where the policy was read with the webinar.

    A webinar whose people were anonymised does not come back by a later agenda: raises NotPossibleNow for everybody.
    """
    policy = policy_of(webinar)
    if policy is not None and policy.purged_at is not None:
        raise NotPossibleNow(DATA_HAVE_ENDED)
    if by.is_staff:
        return
    if policy is None or not policy.has_opened_at(now):
        raise RegistrationNotOpen
    if now >= policy.closes_at and not is_allowed_late:
        raise RegistrationClosed


def check_not_purged(webinar: Webinar, *, now: datetime) -> None:
    """Raise NotPossibleNow from the day on that the personal data of `webinar` end: what is typed then would never end.

    One query, none where the policy was read with the webinar.
    """
    policy = policy_of(webinar)
    if policy is not None and policy.is_past_retention_at(now):
        raise NotPossibleNow(DATA_HAVE_ENDED)


def is_late(webinar: Webinar, *, by: User, now: datetime) -> bool:
    """Whether `by` is a focal point who acts after the closing of registration. One query."""
    policy = policy_of(webinar)
    return not by.is_staff and policy is not None and now >= policy.closes_at


def check_attending(delegation: Delegation) -> None:
    """Raise NotPossibleNow for a delegation that does not attend: it must attend again first."""
    if delegation.status == DelegationStatus.NOT_ATTENDING:
        raise NotPossibleNow(_("This delegation does not attend. Say first that it attends again."))


def clean_reason(
    reason: str, *, is_required: bool = False, field: str = "reason", longest: int = MAX_REASON_LENGTH
) -> str:
    """`reason` without blanks at its ends.

    Raises ReasonRequired if it is blank and `is_required`, InvalidInput if it is too long or holds control characters.
    """
    reason = reason.strip()
    if is_required and not reason:
        raise ReasonRequired(_("Please give a reason."), field=field)
    if len(reason) > longest:
        raise InvalidInput({field: [_("Please use no more than %(longest)s characters.") % {"longest": longest}]})
    if UNUSABLE_CHARACTERS.search(reason):
        raise InvalidInput({field: [_("This contains characters that cannot be seen. Please type it again.")]})
    return reason
