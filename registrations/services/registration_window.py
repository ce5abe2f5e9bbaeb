"""Decides who may act at which time (rule 7), and cleans the reasons that people give."""

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
    RuleBroken,
    WebinarOver,
)
from registrations.models import Delegation, DelegationStatus, RegistrationPolicy, User
from registrations.queries import SeatCount, last_session_end, policy_of
from sessions_app.models import Webinar

MAX_REASON_LENGTH = 1000
DATA_HAVE_ENDED = gettext_lazy(
    "The day on which the personal data of this webinar end has come: nothing about its people is written down or sent "
    "any more."
)

# Characters that a database or a mail cannot store. Line breaks and tabs are allowed in longer texts.
UNUSABLE_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def refusal_at(
    policy: RegistrationPolicy | None,
    ends_at: datetime | None,
    *,
    by: User,
    now: datetime,
    is_allowed_late: bool = False,
) -> RuleBroken | None:
    """Return why `by` may not act at `now`, or None if they may. No query.

    Staff may act until the last session ends (`ends_at`), focal points from the opening to the closing of
    registration, or after it too where `is_allowed_late`. Nobody acts at a webinar whose people were anonymised, even
    if its agenda is extended later.
    """
    if ends_at is not None and now >= ends_at:
        return WebinarOver()
    if policy is not None and policy.purged_at is not None:
        return NotPossibleNow(DATA_HAVE_ENDED)
    if by.is_staff:
        return None
    if policy is None or not policy.has_opened_at(now):
        return RegistrationNotOpen()
    if now >= policy.closes_at and not is_allowed_late:
        return RegistrationClosed()
    return None


def is_closed_for(seat: SeatCount | None, *, is_late: bool) -> bool:
    """Return whether nobody more can be named for `seat`: after registration closed, gaps alone are filled (rule 7).

    `is_late` is what the function of that name returns: it is never late for staff.
    """
    return is_late and (seat is None or seat.is_met)


def check_time(webinar: Webinar, *, by: User, now: datetime, is_allowed_late: bool = False) -> None:
    """Raise what `refusal_at` returns, if anything. Two queries, one where the policy was read with the webinar."""
    check_not_over(webinar, now=now)
    check_open(webinar, by=by, now=now, is_allowed_late=is_allowed_late)


def check_not_over(webinar: Webinar, *, now: datetime) -> None:
    """Raise WebinarOver after the end of the last session, for staff too (rule 7). One query."""
    end = last_session_end(webinar)
    if end is not None and now >= end:
        raise WebinarOver


def check_open(webinar: Webinar, *, by: User, now: datetime, is_allowed_late: bool = False) -> None:
    """Raise what `refusal_at` returns of opening, closing and purge, for a webinar that is not over.

    One query, none where the policy was read with the webinar.
    """
    refusal = refusal_at(policy_of(webinar), None, by=by, now=now, is_allowed_late=is_allowed_late)
    if refusal is not None:
        raise refusal


def check_not_purged(webinar: Webinar, *, now: datetime) -> None:
    """Raise NotPossibleNow from the webinar's purge date on, because data entered later would never be purged.

    Costs one query, or none if the policy was loaded with the webinar.
    """
    policy = policy_of(webinar)
    if policy is not None and policy.is_past_retention_at(now):
        raise NotPossibleNow(DATA_HAVE_ENDED)


def is_late(webinar: Webinar, *, by: User, now: datetime) -> bool:
    """Whether `by` is a focal point who acts after registration closed. Costs at most one query."""
    policy = policy_of(webinar)
    return not by.is_staff and policy is not None and now >= policy.closes_at


def check_attending(delegation: Delegation) -> None:
    """Raise NotPossibleNow for a delegation that is marked as not attending."""
    if delegation.status == DelegationStatus.NOT_ATTENDING:
        raise NotPossibleNow(_("This delegation does not attend. Say first that it attends again."))


def clean_reason(
    reason: str, *, is_required: bool = False, field: str = "reason", longest: int = MAX_REASON_LENGTH
) -> str:
    """Return `reason` without leading and trailing blanks.

    Raises ReasonRequired if it is blank and `is_required`, InvalidInput if it is too long or contains control
    characters.
    """
    reason = reason.strip()
    if is_required and not reason:
        raise ReasonRequired(_("Please give a reason."), field=field)
    if len(reason) > longest:
        raise InvalidInput({field: [_("Please use no more than %(longest)s characters.") % {"longest": longest}]})
    if UNUSABLE_CHARACTERS.search(reason):
        raise InvalidInput({field: [_("This contains characters that cannot be seen. Please type it again.")]})
    return reason
