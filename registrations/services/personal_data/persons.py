"""One person, known by the e-mail address: what `giving_out` gives out and `erasing` erases when they ask."""

from dataclasses import dataclass

from registrations.models import (
    Delegate,
    Delegation,
    Delivery,
    User,
)
from registrations.services.personal_data.registry import ANONYMISED_DOMAIN


@dataclass(frozen=True)
class Person:
    """Whoever is known under `address`; at most one account, and one registration or more at each webinar."""

    address: str
    delegates: tuple[Delegate, ...]
    account: User | None
    messages: int

    @property
    def is_known(self) -> bool:
        return bool(self.delegates or self.account or self.messages)

    @property
    def delegations(self) -> tuple[Delegation, ...]:
        return tuple({delegate.delegation_id: delegate.delegation for delegate in self.delegates}.values())


def find_person(address: str) -> Person:
    """All that is kept under `address`, whatever its case. Three queries."""
    address = address.strip().lower()
    related = ("webinar", "delegation__body", "profile")
    delegates = Delegate.objects.with_address(address).filter(anonymised_at=None).select_related(*related)
    accounts = User.objects.filter(email__iexact=address).exclude(email__endswith=ANONYMISED_DOMAIN)
    return Person(
        address=address,
        delegates=tuple(delegates.order_by("webinar", "delegation", "pk")),
        account=accounts.first(),
        messages=Delivery.objects.filter(email__iexact=address).exclude(email__endswith=ANONYMISED_DOMAIN).count(),
    )
