"""Erasing the personal data of one person at their request; the figures stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import (
    Announcement,
    Attendance,
    Bounce,
    CalendarAnswer,
    CalendarEntry,
    CallNote,
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryState,
    FocalPoint,
    HistoryEvent,
    HistoryKind,
    IcalMethod,
    NominationLetter,
    QuotaException,
    User,
    VerificationCode,
    Waiver,
)
from registrations.queries import last_session_end
from registrations.services.delegate_changes import withdraw_locked
from registrations.services.history import new_event
from registrations.services.nominations import withdraw_delegate
from registrations.services.personal_data.accounts import close_account
from registrations.services.personal_data.anonymising import PersonalDataRows, anonymisers
from registrations.services.personal_data.persons import Person, find_person, mails_of
from registrations.services.personal_data.registry import NAMES_OF_OTHERS
from registrations.services.quota_locks import lock_delegation
from registrations.services.transactions import atomic_with_retry

# The changes of these events are about the person themselves.
DETAIL_KINDS = (HistoryKind.EDITED, HistoryKind.EDIT_UNDONE)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ErasureResult:
    """The result of an erasure: the number of withdrawn registrations, and whether the data were erased already.

    `is_done` is False while cancellations are still to be sent.
    """

    withdrawn: int
    is_done: bool


def erase_person(address: str, *, by: User, now: datetime) -> ErasureResult:
    """Erase everything that identifies the person with `address`; the figures stay.

    The person is first withdrawn from webinars ahead, so that their calendars get a CANCEL, which needs the address.
    Nothing is erased before these messages are sent; a second call, a minute later, continues. The history records the
    erasure. Raises NotPossibleNow if the person's account is in use.
    """
    person = find_person(address)
    _check_account(person)
    withdrawn = sum(_withdraw(delegate, by=by, now=now) for delegate in person.delegates)
    if _is_mail_on_its_way(person, now):
        return ErasureResult(withdrawn=withdrawn, is_done=False)
    _erase_locked(person, by=by, now=now)
    log.info("person_erased", by=by.pk, registrations=len(person.delegates), has_account=person.account is not None)
    return ErasureResult(withdrawn=withdrawn, is_done=True)


def _check_account(person: Person) -> None:
    """Raise NotPossibleNow if the account has a role or is that of a present focal point."""
    account = person.account
    if account is None:
        return
    if account.is_staff or account.is_superuser or account.is_observer:
        raise NotPossibleNow(
            _("This is the account of someone of the secretariat or of an observer. Take that role away first.")
        )
    present = FocalPoint.objects.filter(user=account, removed_at__isnull=True).select_related("body").first()
    if present is not None:
        raise NotPossibleNow(
            _("This person is a focal point of %(body)s. Remove the access first.") % {"body": present.body}
        )


def _withdraw(delegate: Delegate, *, by: User, now: datetime) -> bool:
    """Withdraw the delegate unless the webinar is over; return whether there was anything to do."""
    end = last_session_end(delegate.webinar)
    if not delegate.is_active or (end is not None and end <= now):
        return False
    reason = _("At the person's own request")
    if delegate.delegation.status == DelegationStatus.NOT_ATTENDING:
        return _withdraw_from_absent(delegate, by=by, now=now, reason=reason)
    withdraw_delegate(delegate, version=delegate.version, by=by, now=now, reason=reason)
    return True


@atomic_with_retry
def _withdraw_from_absent(delegate: Delegate, *, by: User, now: datetime, reason: str) -> bool:
    """Withdraw a delegate of a delegation that does not attend, which `withdraw_delegate` refuses."""
    locked = lock_delegation(delegate.delegation)
    current = locked.reload(delegate)
    if not current.is_active:
        return False
    withdraw_locked(current, delegation=locked.delegation, reason=reason, by=by, now=now)
    return True


def _is_mail_on_its_way(person: Person, now: datetime) -> bool:
    """Whether a calendar message to the person is due or is still to be planned."""
    entries = CalendarEntry.objects.filter(Q(delegate__in=person.delegates) | Q(address=person.address))
    unplanned = entries.filter(planned_method=IcalMethod.REQUEST, session__released__ends_at__gt=now)
    waiting = Delivery.objects.filter(entry__in=entries, state__in=[DeliveryState.DUE, DeliveryState.CLAIMED])
    return unplanned.exists() or waiting.exists()


@atomic_with_retry
def _erase_locked(person: Person, *, by: User, now: datetime) -> None:
    """Overwrite the person's rows in one transaction, under the locks of their delegations in the order of webinars."""
    for delegation in sorted(person.delegations, key=lambda delegation: (delegation.webinar_id, delegation.pk)):
        lock_delegation(delegation)
    data = _personal_data_of_person(person)
    _empty_mentions(person)
    for sort, write in anonymisers(now).items():
        write(list(getattr(data, sort).values_list("pk", flat=True)))
    HistoryEvent.objects.bulk_create(
        new_event(HistoryKind.PERSON_ERASED, delegation=delegate.delegation, delegate=delegate, by=by, now=now)
        for delegate in person.delegates
    )
    if person.account is not None:
        close_account(person.account, now=now, is_asked_for=True)


def _personal_data_of_person(person: Person) -> PersonalDataRows:
    """Return the person's rows. Letters and reasons of a delegation concern all its people and are not included."""
    return PersonalDataRows(
        delegates=Delegate.objects.filter(pk__in=[delegate.pk for delegate in person.delegates]),
        entries=CalendarEntry.objects.filter(Q(delegate__in=person.delegates) | Q(address=person.address)),
        deliveries=Delivery.objects.filter(Q(delegate__in=person.delegates) | Q(email__iexact=person.address)),
        events=HistoryEvent.objects.filter(delegate__in=person.delegates),
        letters=NominationLetter.objects.none(),
        delegations=Delegation.objects.none(),
        waivers=Waiver.objects.none(),
        exceptions=QuotaException.objects.none(),
        announcements=Announcement.objects.none(),
        attendances=Attendance.objects.filter(Q(delegate__in=person.delegates) | Q(address__iexact=person.address)),
        call_notes=_notes_that_name(person),
        bounces=Bounce.objects.filter(Q(delivery__delegate__in=person.delegates) | Q(address=person.address)),
        answers=CalendarAnswer.objects.filter(
            Q(delegate__in=person.delegates) | Q(entry__address=person.address) | Q(from_address=person.address)
        ),
        mails=mails_of(person),
        # They hold ids, and the row of a person whose data are erased says nothing.
        codes=VerificationCode.objects.none(),
    )


def _notes_that_name(person: Person) -> "QuerySet[CallNote]":
    """Return the notes of calls about the person's delegations that contain their address or one of their names."""
    named = Q()
    for words in {person.address} | _names_of(person.delegates):
        named |= Q(text__icontains=words)
    return CallNote.objects.filter(named, delegation__in=person.delegations)


def _empty_mentions(person: Person) -> None:
    """Remove the person from events about others: replacements, clashes and corrected addresses."""
    known = {person.address} | _names_of(person.delegates)
    events = HistoryEvent.objects.filter(
        Q(delegation__in=person.delegations, kind__in=[HistoryKind.REPLACED, HistoryKind.REGISTERED])
        | Q(delegation__in=person.delegations, kind=HistoryKind.RESTORED)
        | Q(changes__email__0__iexact=person.address)
        | Q(changes__email__1__iexact=person.address)
    )
    changed = []
    for event in events.exclude(delegate__in=person.delegates, kind__in=DETAIL_KINDS):
        without_values = {name: _without_person(known, event, name, values) for name, values in event.changes.items()}
        if without_values != event.changes:
            event.changes = without_values
            changed.append(event)
    HistoryEvent.objects.bulk_update(changed, ["changes"])


def _names_of(delegates: Iterable[Delegate]) -> set[str]:
    """Return every name that the delegates had, according to the history of their changes."""
    names = {delegate.name for delegate in delegates}
    for event in HistoryEvent.objects.filter(delegate__in=list(delegates), kind__in=DETAIL_KINDS):
        names |= set(event.changes.get("name", ()))
    return names - {""}


def _without_person(known: set[str], event: HistoryEvent, name: str, values: list[Any]) -> list[Any]:
    """Return the values without those of the person; a clash is emptied completely."""
    if event.kind == HistoryKind.ADDRESS_CLASH:
        return ["", ""]
    if name not in NAMES_OF_OTHERS | {"email", "name"}:
        return values
    return ["" if str(value) in known or str(value).lower() in known else value for value in values]
