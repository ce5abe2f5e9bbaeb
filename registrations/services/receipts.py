"""Issuing the receipt of a submitted delegation."""

from registrations.models import Delegate, HistoryEvent, VerificationCode
from registrations.queries.receipts import facts_of
from registrations.services.quota_locks import LockedDelegation


def issue_receipt(submission: HistoryEvent, locked: LockedDelegation) -> VerificationCode:
    """Store what `submission` submitted, under a new code. Needs the locks of the delegation; two queries."""
    people = Delegate.objects.active().filter(delegation=locked.delegation).only("pk", "profile_id").order_by("pk")
    facts = facts_of(locked.seats, people, lacks_letter=locked.lacks_letter)
    return VerificationCode.objects.create(event=submission, facts=facts)
