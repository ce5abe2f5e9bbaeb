"""Compares registering a delegate through the service with a bare INSERT of the same row."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from django.db import connection

from bench.timing import Ratio, compare
from registrations.models import Delegate
from registrations.services.delegate_details import DelegateDetails
from registrations.services.nominations import register_delegate
from tests.factories import (
    NOW,
    make_country,
    make_delegation,
    make_focal_point,
    make_profiles,
    make_quotas,
    make_webinar,
)

ROUNDS = 300


def measure() -> Sequence[Ratio]:
    webinar = make_webinar("registering")
    make_quotas(webinar)
    body = make_country("GT")
    delegation = make_delegation(webinar, body)
    user = make_focal_point(body).user
    profile = make_profiles()["prosecutors"]
    numbers = count(1)

    def through_the_service() -> None:
        details = DelegateDetails(
            name="Ana Ejemplo",
            email=f"service{next(numbers)}@example.org",
            institution="Example institution",
            timezone="America/Guatemala",
            profile=profile,
        )
        register_delegate(delegation, details=details, by=user, now=NOW)

    row = Delegate(
        webinar=webinar,
        delegation=delegation,
        profile=profile,
        name="Ana Ejemplo",
        email="bare@example.org",
        institution="Example institution",
        timezone="America/Guatemala",
        registered_at=NOW,
        mail_not_before=NOW + timedelta(seconds=20),
    )
    columns = [field for field in Delegate._meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in columns)
    marks = ", ".join(["%s"] * len(columns))
    statement = f'INSERT INTO "{Delegate._meta.db_table}" ({names}) VALUES ({marks})'

    def bare_insert() -> None:
        row.email = f"bare{next(numbers)}@example.org"
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in columns]
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return [compare("Naming a delegate", through_the_service, "a bare INSERT", bare_insert, rounds=ROUNDS)]
