"""Which actions a delegation's page offers to a person now, by the rules that the services check (rule 7)."""

from dataclasses import dataclass
from datetime import datetime

from registrations.exceptions import WebinarOver
from registrations.models import Delegation, DelegationStatus, RegistrationPolicy, User
from registrations.queries import SeatCount, last_session_end, policy_of
from registrations.services.delegations import SENT_BACK_STATUSES, SUBMITTABLE_STATUSES
from registrations.services.registration_window import is_closed_for, refusal_at


@dataclass(frozen=True)
class PermittedActions:
    """What one person may do with one delegation at one moment; each service checks again when it acts.

    `register` is naming people for any seat, `fill_gaps` only for seats below the minimum. `change_people` is
    withdrawing, replacing and restoring, `change_attendance` saying whether the country attends.
    """

    register: bool
    fill_gaps: bool
    edit: bool
    change_people: bool
    submit: bool
    change_attendance: bool
    send_again: bool
    upload_letter: bool
    remove_letter: bool

    def can_register_in(self, seat: SeatCount) -> bool:
        """Return whether one more person can be named for the profile of `seat`."""
        return not seat.is_full and (self.register or (self.fill_gaps and not is_closed_for(seat, is_late=True)))


def permitted_actions(
    delegation: Delegation, *, policy: RegistrationPolicy | None, ends_at: datetime | None, by: User, now: datetime
) -> PermittedActions:
    """Return what `by` may do with `delegation` at `now`; `ends_at` is the end of the last session. No query."""
    refusal = refusal_at(policy, ends_at, by=by, now=now)
    in_time = refusal is None
    late = refusal_at(policy, ends_at, by=by, now=now, is_allowed_late=True) is None
    attends = delegation.status != DelegationStatus.NOT_ATTENDING
    may_submit = late if delegation.status in SENT_BACK_STATUSES else in_time
    return PermittedActions(
        register=attends and in_time,
        fill_gaps=attends and late,
        edit=attends and in_time,
        change_people=attends and late,
        submit=may_submit and delegation.status in SUBMITTABLE_STATUSES,
        change_attendance=in_time,
        send_again=attends and not isinstance(refusal, WebinarOver),
        upload_letter=attends and late,
        remove_letter=attends and in_time,
    )


def permitted_actions_now(delegation: Delegation, *, by: User, now: datetime) -> PermittedActions:
    """Return `permitted_actions` for a page that has not read the policy and the end of the webinar. Two queries."""
    policy, ends_at = policy_of(delegation.webinar), last_session_end(delegation.webinar)
    return permitted_actions(delegation, policy=policy, ends_at=ends_at, by=by, now=now)
