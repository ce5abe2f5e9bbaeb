"""The actions of the secretariat on one delegation: for each a form and the service that it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.forms.secretariat import (
    AcceptForm,
    DelegationActionForm,
    ReasonForm,
    ReturnForm,
    SubmitForm,
    WaiveForm,
)
from registrations.models import BodyKind, Delegation, DelegationStatus, User
from registrations.queries.acceptance import acceptances_with_seats
from registrations.services.acceptance_messages import (
    message_before_accepting,
    message_before_completing,
    message_if_accepted,
)
from registrations.services.delegations import (
    SUBMITTABLE_STATUSES,
    accept_delegation,
    mark_attending_again,
    mark_not_attending,
    reopen_delegation,
    return_delegation,
    submit_delegation,
    waive_seats,
)

CleanedData = dict[str, Any]


@dataclass(frozen=True)
class DelegationAction:
    """An action on one delegation.

    `apply` calls the service and returns the flash message. `is_available` says whether the delegation's page offers
    the action. `warning` returns a text, shown before the form is sent, where the action also accepts the delegation.
    """

    slug: str
    title: Promise
    verb: Promise
    explanation: Promise
    form: type[DelegationActionForm]
    is_available: Callable[[Delegation], bool]
    apply: Callable[[Delegation, CleanedData, User, datetime], str]
    is_primary: bool = False
    warning: Callable[[DelegationActionForm], str] = lambda form: ""


def _accept(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    accept_delegation(
        delegation,
        by=by,
        now=now,
        comment=cleaned["comment"],
        with_gap=bool(cleaned.get("with_gap")),
        shown_fingerprint=cleaned["seen"],
    )
    return _("%(body)s is accepted; its people are invited.") % {"body": delegation.body}


def _return(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    return_delegation(delegation, comment=cleaned["comment"], by=by, now=now, shown_fingerprint=cleaned["seen"])
    return _("The delegation is returned to %(body)s with your comment.") % {"body": delegation.body}


def _submit(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    submitted = submit_delegation(
        delegation, version=cleaned["version"], by=by, now=now, reason=cleaned.get("reason", "")
    )
    if submitted.status == DelegationStatus.ACCEPTED:
        return _("%(body)s is submitted, complete, and accepted at once.") % {"body": delegation.body}
    return _("%(body)s is submitted and waits for a decision.") % {"body": delegation.body}


def _reopen(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    reopen_delegation(delegation, reason=cleaned["reason"], by=by, now=now, shown_fingerprint=cleaned["seen"])
    return _("%(body)s is open again. Nobody is uninvited.") % {"body": delegation.body}


def _waive(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    asked = {name: cleaned[name] for name in ("profile", "seats", "reason")}
    waiver = waive_seats(delegation, **asked, by=by, now=now, shown_fingerprint=cleaned["seen"])
    text = _("Waived for %(body)s: %(waiver)s.") % {"body": delegation.body, "waiver": waiver}
    return f"{text} {message_if_accepted(delegation)}".strip()


def _not_attending(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    mark_not_attending(delegation, reason=cleaned["reason"], by=by, now=now)
    return _("%(body)s does not attend; its invitations are taken back.") % {"body": delegation.body}


def _attending_again(delegation: Delegation, cleaned: CleanedData, by: User, now: datetime) -> str:
    mark_attending_again(delegation, by=by, now=now)
    text = _("%(body)s attends again.") % {"body": delegation.body}
    return f"{text} {message_if_accepted(delegation)}".strip()


def _waiving_warning(form: DelegationActionForm) -> str:
    return message_before_completing(form.delegation, lacks_letter=form.lacks_letter)


def _attending_again_warning(form: DelegationActionForm) -> str:
    was_submitted = form.delegation.status_before == DelegationStatus.SUBMITTED
    return _acceptance_warning(form) if was_submitted else ""


def _acceptance_warning(form: DelegationActionForm) -> str:
    accepted = acceptances_with_seats(
        form.delegation, form.seat_counts, lacks_letter=form.lacks_letter, status=DelegationStatus.SUBMITTED
    )
    return message_before_accepting(accepted)


def _has_status(*statuses: DelegationStatus) -> Callable[[Delegation], bool]:
    return lambda delegation: delegation.status in statuses


DELEGATION_ACTIONS = (
    DelegationAction(
        "accept", gettext_lazy("Accept the delegation"), gettext_lazy("Accept"),
        gettext_lazy("Everyone named is invited, and the country is told."),
        AcceptForm, _has_status(DelegationStatus.SUBMITTED), _accept, is_primary=True,
    ),
    DelegationAction(
        "return", gettext_lazy("Return the delegation"), gettext_lazy("Return"),
        gettext_lazy("The country changes it and submits again. Nobody who is invited is uninvited."),
        ReturnForm, _has_status(DelegationStatus.SUBMITTED), _return,
    ),
    DelegationAction(
        "submit", gettext_lazy("Submit for the country"), gettext_lazy("Submit for the country"),
        gettext_lazy("A complete delegation is accepted at once, unless the webinar says that it waits."),
        SubmitForm, _has_status(*SUBMITTABLE_STATUSES), _submit, warning=_acceptance_warning,
    ),
    DelegationAction(
        "reopen", gettext_lazy("Reopen the delegation"), gettext_lazy("Reopen"),
        gettext_lazy("The country submits again. Nobody is uninvited; newcomers wait for the next acceptance."),
        ReasonForm, _has_status(DelegationStatus.ACCEPTED), _reopen,
    ),
    DelegationAction(
        "waive", gettext_lazy("Waive seats"), gettext_lazy("Waive seats"),
        gettext_lazy("The seats are no longer asked for, until the waiver is revoked."),
        WaiveForm,
        lambda delegation: delegation.body.kind == BodyKind.COUNTRY
        and delegation.status != DelegationStatus.NOT_ATTENDING,
        _waive, warning=_waiving_warning,
    ),
    DelegationAction(
        "not-attending", gettext_lazy("Note that the country does not attend"), gettext_lazy("Does not attend"),
        gettext_lazy("It leaves the count, is no longer reminded, and its invitations are taken back."),
        ReasonForm, lambda delegation: delegation.status != DelegationStatus.NOT_ATTENDING, _not_attending,
    ),
    DelegationAction(
        "attending-again", gettext_lazy("Note that the country attends again"), gettext_lazy("Attends again"),
        gettext_lazy("It stands where it stood before, and those who were invited are invited again."),
        DelegationActionForm, _has_status(DelegationStatus.NOT_ATTENDING), _attending_again, is_primary=True,
        warning=_attending_again_warning,
    ),
)  # fmt: skip
