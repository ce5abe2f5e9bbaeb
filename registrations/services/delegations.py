"""The states of a delegation (rule 4), decisions of the secretariat (rule 5), and waivers (rule 3).

The transitions are `draft → submitted → accepted | returned`, `returned → submitted`, `accepted → reopened →
submitted`, and from any of them `not attending` and back.

`shown_fingerprint` is the fingerprint of the delegation that the page showed; where it is empty, nothing is compared.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import EditConflict, GapsRemain, InvalidInput, NotPossibleNow
from registrations.models import (
    Delegate,
    Delegation,
    DelegationStatus,
    HistoryKind,
    ParticipantProfile,
    User,
    Waiver,
)
from registrations.services.acceptance import accept_by_decision, accept_if_complete
from registrations.services.delegate_changes import mail_not_before
from registrations.services.history import record
from registrations.services.mail_limits import check_attending_again
from registrations.services.quota_locks import LockedDelegation, lock_delegation
from registrations.services.receipts import issue_receipt
from registrations.services.registration_window import check_time, clean_reason
from registrations.services.transactions import atomic_with_retry

MAX_COMMENT_LENGTH = 2000
SUBMITTABLE_STATUSES = frozenset({DelegationStatus.DRAFT, DelegationStatus.RETURNED, DelegationStatus.REOPENED})
# The secretariat asked for these to be submitted again, so a focal point may do so after registration closes.
SENT_BACK_STATUSES = frozenset({DelegationStatus.RETURNED, DelegationStatus.REOPENED})


@atomic_with_retry
def submit_delegation(delegation: Delegation, *, version: int, by: User, now: datetime, reason: str = "") -> Delegation:
    """Submit `delegation`; a complete one is accepted at once unless the policy waits for a decision.

    Raises GapsRemain if it is incomplete and `reason` is blank; NotPossibleNow if it has been submitted already, so
    that a form sent twice submits once, or if nobody is named and no quota asks for anybody; EditConflict if it changed
    since `version`; and what `check_time` raises. After registration closes a focal point may submit only delegations
    that were returned or reopened.
    """
    locked = lock_delegation(delegation)
    current = locked.delegation
    check_time(current.webinar, by=by, now=now, is_allowed_late=current.status in SENT_BACK_STATUSES)
    reason = clean_reason(reason)
    if current.status not in SUBMITTABLE_STATUSES:
        raise NotPossibleNow(_("This delegation is “%(state)s” already.") % {"state": current.get_status_display()})
    if current.version != version:
        raise EditConflict(current)
    if not locked.is_complete and not reason:
        raise GapsRemain(locked.gaps, lacks_letter=locked.lacks_letter)
    if locked.is_complete and not Delegate.objects.active().filter(delegation=current).exists():
        raise NotPossibleNow(_("Nobody is named yet. Name the officials first."))
    current.submitted_at = now
    current.gap_reason = "" if locked.is_complete else reason
    _set_status(current, DelegationStatus.SUBMITTED)
    submission = record(HistoryKind.SUBMITTED, delegation=current, by=by, now=now, reason=reason)
    issue_receipt(submission, locked)
    accept_if_complete(locked, step=None, by=None, now=now)
    return current


@atomic_with_retry
def accept_delegation(
    delegation: Delegation,
    *,
    by: User,
    now: datetime,
    comment: str = "",
    with_gap: bool = False,
    shown_fingerprint: str = "",
) -> Delegation:
    """Accept a submitted delegation and admit its people; an incomplete one only with `with_gap`.

    Raises GapsRemain if it is incomplete, NotPossibleNow unless it is submitted, EditConflict unless its fingerprint is
    `shown_fingerprint`, and what `check_time` raises.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    locked.check_fingerprint(shown_fingerprint)
    comment = clean_reason(comment, field="comment", longest=MAX_COMMENT_LENGTH)
    _check_status(locked.delegation, DelegationStatus.SUBMITTED)
    if not locked.is_complete and not with_gap:
        raise GapsRemain(
            locked.gaps,
            _("Some seats are still empty. Accept with the gap open, waive the seats, or return the delegation.")
            if locked.gaps
            else _("The nomination letter is missing. Accept with the gap open, or return the delegation."),
            lacks_letter=locked.lacks_letter,
        )
    kind = HistoryKind.ACCEPTED if locked.is_complete else HistoryKind.ACCEPTED_WITH_GAP
    accept_by_decision([locked.delegation], kind=kind, by=by, now=now, comment=comment)
    return locked.delegation


@atomic_with_retry
def return_delegation(
    delegation: Delegation, *, comment: str, by: User, now: datetime, shown_fingerprint: str = ""
) -> Delegation:
    """Return a submitted delegation to its focal points with a comment.

    People who were admitted stay invited; others are not invited before the next acceptance (rule 5). Raises
    ReasonRequired without a comment, NotPossibleNow unless it is submitted, EditConflict unless its fingerprint is
    `shown_fingerprint`, and what `check_time` raises.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    locked.check_fingerprint(shown_fingerprint)
    comment = clean_reason(comment, is_required=True, field="comment", longest=MAX_COMMENT_LENGTH)
    _check_status(locked.delegation, DelegationStatus.SUBMITTED)
    _set_decision(locked.delegation, DelegationStatus.RETURNED, by=by, now=now, comment=comment)
    record(HistoryKind.RETURNED, delegation=locked.delegation, by=by, now=now, reason=comment)
    return locked.delegation


@atomic_with_retry
def reopen_delegation(
    delegation: Delegation, *, reason: str, by: User, now: datetime, shown_fingerprint: str = ""
) -> Delegation:
    """Reopen an accepted delegation, so that it can be submitted again.

    People who were admitted stay invited; others are not invited before the next acceptance (rule 5). Raises
    ReasonRequired, NotPossibleNow unless it is accepted, EditConflict unless its fingerprint is `shown_fingerprint`,
    and what `check_time` raises.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    locked.check_fingerprint(shown_fingerprint)
    reason = clean_reason(reason, is_required=True)
    _check_status(locked.delegation, DelegationStatus.ACCEPTED)
    _set_decision(locked.delegation, DelegationStatus.REOPENED, by=by, now=now, comment=reason)
    record(HistoryKind.REOPENED, delegation=locked.delegation, by=by, now=now, reason=reason)
    return locked.delegation


@atomic_with_retry
def mark_not_attending(delegation: Delegation, *, reason: str, by: User, now: datetime) -> Delegation:
    """Mark the delegation as not attending: it is not counted or reminded, and its people's invitations are cancelled.

    Raises ReasonRequired and what `check_time` raises. A second call changes nothing.
    """
    locked = lock_delegation(delegation)
    current = locked.delegation
    check_time(current.webinar, by=by, now=now)
    reason = clean_reason(reason, is_required=True)
    if current.status == DelegationStatus.NOT_ATTENDING:
        return current
    current.status_before = current.status
    current.not_attending_reason = reason
    _set_status(current, DelegationStatus.NOT_ATTENDING)
    _delay_mail(current, by=by, now=now)
    record(HistoryKind.NOT_ATTENDING, delegation=current, by=by, now=now, reason=reason)
    return current


@atomic_with_retry
def mark_attending_again(delegation: Delegation, *, by: User, now: datetime) -> Delegation:
    """Undo `mark_not_attending`: the delegation has its earlier status, and its admitted people are invited again.

    A delegation that was submitted and is complete now is accepted (rule 4). Raises AttendanceChangedTooOften if focal
    points marked it as not attending three times within a day, and what `check_time` raises. An attending delegation is
    not changed.
    """
    locked = lock_delegation(delegation)
    current = locked.delegation
    check_time(current.webinar, by=by, now=now)
    if current.status != DelegationStatus.NOT_ATTENDING:
        return current
    check_attending_again(locked, by=by, now=now)
    status = DelegationStatus(current.status_before or DelegationStatus.DRAFT)
    current.status_before = ""
    current.not_attending_reason = ""
    _set_status(current, status)
    _delay_mail(current, by=by, now=now)
    record(HistoryKind.ATTENDING_AGAIN, delegation=current, by=by, now=now)
    accept_if_complete(locked, step=HistoryKind.ATTENDING_AGAIN, by=by, now=now)
    return current


@atomic_with_retry
def waive_seats(
    delegation: Delegation,
    *,
    profile: ParticipantProfile,
    seats: int,
    reason: str,
    by: User,
    now: datetime,
    shown_fingerprint: str = "",
) -> Waiver:
    """Excuse `seats` of `profile`. The waiver survives a change of the minimum and ends only by being revoked.

    A submitted delegation that is then complete is accepted (rule 4). Raises InvalidInput if `seats` exceeds the
    effective minimum, ReasonRequired, EditConflict unless the fingerprint is `shown_fingerprint`, so that a form sent
    twice waives once, and what `check_time` raises.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    locked.check_fingerprint(shown_fingerprint)
    reason = clean_reason(reason, is_required=True)
    seat = locked.seat_of(profile)
    effective_minimum = seat.effective_minimum if seat is not None else 0
    if not 1 <= seats <= effective_minimum:
        raise InvalidInput(
            {
                "seats": [
                    _("Of this profile, %(floor)s seats can be waived. Enter no more than that.")
                    % {"floor": effective_minimum}
                ]
            }
        )
    waiver = _waive(locked, profile=profile, seats=seats, reason=reason, by=by, now=now)
    accept_if_complete(locked, step=HistoryKind.WAIVED, by=by, now=now)
    return waiver


@atomic_with_retry
def waive_gaps(
    delegation: Delegation, *, reason: str, by: User, now: datetime, shown_fingerprint: str = ""
) -> list[Waiver]:
    """Excuse every missing seat of `delegation` at this moment, with one waiver per profile and the same reason.

    A submitted delegation that is then complete is accepted (rule 4). Raises ReasonRequired, NotPossibleNow if no seat
    is missing or the delegation does not attend, EditConflict unless its fingerprint is `shown_fingerprint`, and what
    `check_time` raises.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    locked.check_fingerprint(shown_fingerprint)
    reason = clean_reason(reason, is_required=True)
    if not locked.gaps or locked.delegation.status == DelegationStatus.NOT_ATTENDING:
        raise NotPossibleNow(_("No seat of this delegation is missing."))
    waivers = [
        _waive(locked, profile=gap.profile, seats=gap.missing, reason=reason, by=by, now=now) for gap in locked.gaps
    ]
    accept_if_complete(locked, step=HistoryKind.WAIVED, by=by, now=now)
    return waivers


@atomic_with_retry
def revoke_waiver(waiver: Waiver, *, reason: str, by: User, now: datetime) -> Waiver:
    """End a waiver, so that its seats are required again. Raises ReasonRequired. A second call changes nothing."""
    locked = lock_delegation(waiver.delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    reason = clean_reason(reason, is_required=True)
    current = Waiver.objects.select_related("profile").get(pk=waiver.pk)
    if current.revoked_at is not None:
        return current
    current.revoked_by, current.revoked_at = by, now
    current.save(update_fields=["revoked_by", "revoked_at"])
    record(
        HistoryKind.WAIVER_REVOKED,
        delegation=locked.delegation,
        by=by,
        now=now,
        reason=reason,
        changes={"profile": [current.profile.code, ""], "seats": [current.seats, 0]},
    )
    return current


def _check_status(delegation: Delegation, wanted: DelegationStatus) -> None:
    if delegation.status != wanted:
        raise NotPossibleNow(
            _("This needs a delegation that is “%(wanted)s”; this one is “%(state)s”.")
            % {"wanted": wanted.label, "state": delegation.get_status_display()}
        )


def _waive(
    locked: LockedDelegation, *, profile: ParticipantProfile, seats: int, reason: str, by: User, now: datetime
) -> Waiver:
    waiver = Waiver.objects.create(
        delegation=locked.delegation, profile=profile, seats=seats, reason=reason, granted_by=by, granted_at=now
    )
    record(
        HistoryKind.WAIVED,
        delegation=locked.delegation,
        by=by,
        now=now,
        reason=reason,
        changes={"profile": ["", profile.code], "seats": [0, seats]},
    )
    return waiver


def _set_decision(
    delegation: Delegation, status: DelegationStatus, *, by: User | None, now: datetime, comment: str
) -> None:
    delegation.decided_at = now
    delegation.decided_by = by
    delegation.decision_comment = comment
    _set_status(delegation, status)


def _set_status(delegation: Delegation, status: DelegationStatus) -> None:
    delegation.status = status
    delegation.version += 1
    delegation.save()


def _delay_mail(delegation: Delegation, *, by: User, now: datetime) -> None:
    """Delay the mail of all active people, as after a change to each, so that a focal point can undo the action."""
    Delegate.objects.active().filter(delegation=delegation).update(mail_not_before=mail_not_before(by=by, now=now))
