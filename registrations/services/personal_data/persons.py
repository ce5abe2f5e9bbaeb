"""Finding what is stored about one person by their e-mail address, for subject access and erasure."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from registrations.models import (
    Delegate,
    Delegation,
    Delivery,
    MailForAPerson,
    User,
)
from registrations.services.personal_data.registry import ANONYMISED_DOMAIN


@dataclass(frozen=True)
class Person:
    """A person known by `address`: an account at most, registrations of all webinars, and the number of deliveries."""

    address: str
    delegates: tuple[Delegate, ...]
    account: User | None
    messages: int

    @property
    def is_known(self) -> bool:
        """Whether anything is stored about the address."""
        return bool(self.delegates or self.account or self.messages)

    @property
    def delegations(self) -> tuple[Delegation, ...]:
        """The delegations that the person was registered in."""
        return tuple({delegate.delegation_id: delegate.delegation for delegate in self.delegates}.values())


def find_person(address: str) -> Person:
    """Return everything that is stored under `address`, ignoring case. Costs three queries."""
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


def mails_of(person: Person) -> "QuerySet[MailForAPerson]":
    """Return the mail that the person wrote to us, or that is about their address."""
    theirs = Q(sender_address__iexact=person.address) | Q(delegate__in=person.delegates)
    if person.account is not None:
        theirs |= Q(user=person.account)
    return MailForAPerson.objects.filter(theirs)
