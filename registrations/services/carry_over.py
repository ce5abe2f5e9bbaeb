"""Naming again who came to an earlier webinar: chosen by hand, and judged as anybody else."""

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
    """Name the people of `chosen`, {id at the earlier webinar: profile at this one}; what became of each, by id.

    Everything else is as it was then; only staff carry a role over. One decision, as `register_delegates`, and what
    that raises. Raises NotPossibleNow for an id that is not among the country's earlier people.
    """
    known = {one.person.pk: one.person for one in earlier_delegates(delegation, seats=seats_of(delegation), now=now)}
    if chosen.keys() - known.keys():
        raise NotPossibleNow(_("Someone of these is no longer among the people of earlier webinars."))
    many = [_details_from_earlier(known[pk], profile, by=by) for pk, profile in chosen.items()]
    outcomes = register_delegates(delegation, many=many, by=by, now=now)
    return dict(zip(chosen, outcomes, strict=True))


def _details_from_earlier(person: Delegate, profile: ParticipantProfile | None, *, by: User) -> DelegateDetails:
    role = person.role if by.is_staff else DelegateRole.DELEGATE
    return replace(details_of(person), profile=profile, role=role)
