"""Registering people of earlier webinars again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, DelegateRole, Delegation, ParticipantProfile, User
from registrations.queries import seats_of
from registrations.queries.earlier_delegates import earlier_delegates
from registrations.services.delegate_details import DelegateDetails, details_of
from registrations.services.nominations import RegistrationOutcome, register_delegates


def carry_over(
    delegation: Delegation, *, chosen: Mapping[int, ParticipantProfile | None], by: User, now: datetime
) -> dict[int, RegistrationOutcome]:
    """Register the people of `chosen`, which maps ids of earlier delegates to profiles at this webinar.

    Returns the outcome of each by id. All other details are those of the earlier webinar; only staff carry a role over,
    and nobody is the head of the delegation.
    It is one decision, with the rules and exceptions of `register_delegates`. Raises NotPossibleNow for an id that is
    not among the body's earlier people.
    """
    known = {
        earlier.person.pk: earlier.person
        for earlier in earlier_delegates(delegation, seats=seats_of(delegation), now=now)
    }
    if chosen.keys() - known.keys():
        raise NotPossibleNow(_("Someone of these is no longer among the people of earlier webinars."))
    people = [_details_from_earlier(known[pk], profile, by=by) for pk, profile in chosen.items()]
    outcomes = register_delegates(delegation, people=people, by=by, now=now)
    return dict(zip(chosen, outcomes, strict=True))


def _details_from_earlier(person: Delegate, profile: ParticipantProfile | None, *, by: User) -> DelegateDetails:
    """Return the details of `person` with the chosen profile."""
    role = person.role if by.is_staff else DelegateRole.DELEGATE
    return replace(details_of(person), profile=profile, role=role, is_head_of_delegation=False)
