"""Nomination letters, and the delegations that lack one."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import BodyKind, Delegation, NominationLetter
from registrations.queries.delegation_page import policy_of


def lacking_letter() -> Q:
    """Return the condition that a delegation is a country's and lacks the letter that its webinar requires."""
    current = NominationLetter.objects.current().filter(delegation=OuterRef("pk"))
    return Q(body__kind=BodyKind.COUNTRY, webinar__policy__requires_letter=True) & ~Q(Exists(current))


def requires_letter(delegation: Delegation) -> bool:
    """Whether `delegation` is complete only with a letter. Costs no query if the policy was loaded with the webinar."""
    policy = policy_of(delegation.webinar)
    return policy is not None and policy.requires_letter and delegation.body.kind == BodyKind.COUNTRY


def lacks_letter(delegation: Delegation) -> bool:
    """Whether `delegation` lacks a letter that its webinar requires. One query more than `requires_letter`."""
    current = NominationLetter.objects.current().filter(delegation=delegation)
    return requires_letter(delegation) and not current.exists()


def letters_of(delegation: Delegation) -> "QuerySet[NominationLetter]":
    """Return the letters of `delegation` that were not removed: the current one, then replaced ones, latest first."""
    letters = NominationLetter.objects.filter(delegation=delegation).select_related("uploaded_by")
    return letters.order_by("-uploaded_at", "-pk")
