"""Nomination letters, and which delegations lack theirs: with the gaps in the seats that is what "incomplete" means."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import BodyKind, Delegation, NominationLetter
from registrations.queries.delegation_page import policy_of


def lacking_letter() -> Q:
    """Of delegations, the countries that lack the letter which their webinar requires."""
    current = NominationLetter.objects.current().filter(delegation=OuterRef("pk"))
    return Q(body__kind=BodyKind.COUNTRY, webinar__policy__requires_letter=True) & ~Q(Exists(current))


def requires_letter(delegation: Delegation) -> bool:
    """Whether `delegation` is complete only with a letter. No query where the policy was read with the webinar."""
    policy = policy_of(delegation.webinar)
    return policy is not None and policy.requires_letter and delegation.body.kind == BodyKind.COUNTRY


def lacks_letter(delegation: Delegation) -> bool:
    """As `lacking_letter`, of one delegation. One query more than `requires_letter`, where that says yes."""
    current = NominationLetter.objects.current().filter(delegation=delegation)
    return requires_letter(delegation) and not current.exists()


def letters_of(delegation: Delegation) -> "QuerySet[NominationLetter]":
    """Every letter of `delegation` that was not removed, the latest first: the current one, then the replaced."""
    letters = NominationLetter.objects.filter(delegation=delegation).select_related("uploaded_by")
    return letters.order_by("-uploaded_at", "-pk")
