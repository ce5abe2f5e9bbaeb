"""Exporting everything that is stored about one person, for that person."""

from datetime import datetime
from typing import Any

import structlog
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Model, Q

from registrations.models import (
    Attendance,
    Bounce,
    Delegate,
    Delivery,
    HistoryEvent,
    HistoryKind,
    User,
)
from registrations.services.history import new_event
from registrations.services.personal_data.persons import find_person, mails_of
from registrations.services.personal_data.registry import NAMES_OF_OTHERS

log = structlog.get_logger(__name__)


# Technical fields of links, queues and calendars, which are not exported.
INTERNAL = frozenset(
    {
        "id", "password", "token_version", "version", "mail_not_before", "key", "claim_token", "lease_expires_at",
        "worker_losses", "message_id", "resend_count", "stamp", "session_key", "data",
    }
)  # fmt: skip


@transaction.atomic
def export_person(address: str, *, by: User, now: datetime) -> dict[str, Any]:
    """Return everything that is stored under `address` as plain values, without naming other people.

    The history records the export and the member of the secretariat who made it.
    """
    person = find_person(address)
    given = {
        "address": person.address,
        "given_out_at": now,
        "registrations": [_registration(delegate) for delegate in person.delegates],
        "messages": [
            _field_values(message)
            for message in Delivery.objects.filter(
                Q(email__iexact=person.address) | Q(delegate__in=person.delegates)
            ).order_by("pk")
        ],
        "account": _account(person.account) if person.account else None,
        "mail_to_us": [_field_values(mail) for mail in mails_of(person).order_by("pk")],
        "mail_that_came_back": [
            _field_values(bounce) for bounce in Bounce.objects.filter(address=person.address).order_by("pk")
        ],
    }
    HistoryEvent.objects.bulk_create(
        new_event(HistoryKind.PERSON_EXPORTED, delegation=delegate.delegation, delegate=delegate, by=by, now=now)
        for delegate in person.delegates
    )
    log.info("person_exported", by=by.pk, registrations=len(person.delegates), has_account=person.account is not None)
    return given


def _field_values(row: Model) -> dict[str, Any]:
    """Return the fields of `row` by name, without relations and internal fields."""
    return {
        field.name: field.value_from_object(row)
        for field in row._meta.concrete_fields
        if not field.is_relation and field.name not in INTERNAL
    }


def _registration(delegate: Delegate) -> dict[str, Any]:
    return {
        "webinar": str(delegate.webinar),
        "body": str(delegate.delegation.body),
        "profile": str(delegate.profile) if delegate.profile else None,
        "speaks_as": str(delegate.speaker) if delegate.speaker else None,
        **_field_values(delegate),
        "calendar": [
            {"session": str(entry.session), **_field_values(entry)}
            for entry in delegate.calendar_entries.select_related("session").order_by("pk")
        ],
        "answers_from_calendars": [_field_values(answer) for answer in delegate.calendar_answers.order_by("pk")],
        "arrivals": [
            {"session": str(arrival.session), "at": arrival.at}
            for arrival in delegate.arrivals.select_related("session").order_by("pk")
        ],
        "attendances": [
            {"session": str(attendance.session), **_field_values(attendance)}
            for attendance in Attendance.objects.filter(delegate=delegate).select_related("session").order_by("pk")
        ],
        "history": [_event_values(event) for event in delegate.history.order_by("at", "pk")],
    }


def _event_values(event: HistoryEvent) -> dict[str, Any]:
    # What another country entered about the person belongs to that country.
    changes = {} if event.kind == HistoryKind.ADDRESS_CLASH else event.changes
    return {
        "at": event.at,
        "what": event.kind,
        "why": event.reason,
        "changes": {name: values for name, values in changes.items() if name not in NAMES_OF_OTHERS},
    }


def _account(account: User) -> dict[str, Any]:
    return {
        **_field_values(account),
        "registers_for": [
            {"body": str(focal_point.body), "is_primary": focal_point.is_primary, "removed_at": focal_point.removed_at}
            for focal_point in account.focal_points.select_related("body").order_by("pk")
        ],
        "sign_ins": [_field_values(session) for session in UserSession.objects.filter(user=account).order_by("pk")],
        "second_factors": [
            authenticator.type for authenticator in Authenticator.objects.filter(user=account).order_by("pk")
        ],
        "steps": [
            {"at": event.at, "what": event.kind, "webinar": str(event.webinar)}
            for event in HistoryEvent.objects.filter(actor=account).select_related("webinar").order_by("at", "pk")
        ],
    }
