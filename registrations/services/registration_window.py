"""When users may act on registrations (rule 7), and the check of reasons."""

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

# Characters that a database or a mail cannot store. Line breaks and tabs are allowed in longer texts.
UNUSABLE_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_time(webinar: Webinar, *, by: User, now: datetime, is_allowed_late: bool = False) -> None:
    """Raise an exception unless `by` may act at `now`: staff until the last session ends, focal points while
    registration is open.

    `is_allowed_late` says that focal points may take this action after registration closes too. Costs two queries, or
    one if the policy was loaded with the webinar.
    """
    check_not_over(webinar, now=now)
    check_open(webinar, by=by, now=now, is_allowed_late=is_allowed_late)


def check_not_over(webinar: Webinar, *, now: datetime) -> None:
    """Raise WebinarOver after the end of the last session. Costs one query."""
    end = last_session_end(webinar)
    if end is not None and now >= end:
        raise WebinarOver


def check_open(webinar: Webinar, *, by: User, now: datetime, is_allowed_late: bool = False) -> None:
    """Raise an exception unless registration is open to `by`. Costs one query, or none if the policy was loaded.

    For a purged webinar it raises NotPossibleNow for everybody, even if a later agenda extends the webinar.
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
    """Return `reason` without surrounding blanks.

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
