"""Compares planning with plain SQL: inserting the same rows, and one anti-join over the same tables."""

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from bench.timing import Ratio, compare
from registrations.models import CalendarEntry, Delegate, Delivery
from registrations.services.delivering.plan import plan
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegation, make_quotas, make_webinar

PEOPLE = 10_000
ROUNDS = 3
NOTHING_TO_DO_ROUNDS = 30
TABLES = (CalendarEntry._meta.db_table, Delivery._meta.db_table)
ANTI_JOIN = f"""
    SELECT count(*)
    FROM {Delegate._meta.db_table} person
    JOIN sessions_app_session session ON session.webinar_id = person.webinar_id
    JOIN sessions_app_releasedsession released ON released.session_id = session.id
    WHERE NOT EXISTS (
        SELECT FROM {TABLES[0]} entry
        WHERE entry.session_id = session.id AND entry.address = lower(person.email)
          AND entry.delegate_id = person.id AND entry.released_sequence >= released.sequence
    )
"""


def measure() -> Sequence[Ratio]:
    webinar = make_webinar("planning")
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    delegation = make_delegation(webinar, make_country("NI"), status="accepted")
    Delegate.objects.bulk_create(
        Delegate(
            webinar=webinar,
            delegation=delegation,
            name=f"Delegate {number}",
            email=f"Planned{number}@example.org",
            institution="Example institution",
            timezone="America/Managua",
            registered_at=NOW,
            mail_not_before=NOW,
            admitted_at=NOW,
        )
        for number in range(PEOPLE)
    )
    assert plan(now=NOW).count("calendar") == 2 * PEOPLE
    _run(*(f"CREATE TABLE planned_{table} AS TABLE {table}" for table in TABLES))
    ratios = [
        compare(
            f"Planning {PEOPLE:,} people in 2 sessions",
            lambda: plan(now=NOW),
            "INSERT … SELECT of the same rows",
            _in_one_transaction(*(f"INSERT INTO {table} TABLE planned_{table}" for table in TABLES)),
            rounds=ROUNDS,
            warm_up=1,
            before_each=_in_one_transaction(f"TRUNCATE {', '.join(TABLES)} CASCADE"),
        )
    ]
    _run("VACUUM ANALYZE")
    ratios.append(
        compare(
            "Planning where nothing is owed",
            lambda: plan(now=NOW),
            "one anti-join over the same tables",
            lambda: _run(ANTI_JOIN),
            rounds=NOTHING_TO_DO_ROUNDS,
        )
    )
    _run(*(f"DROP TABLE planned_{table}" for table in TABLES))
    return ratios


def _in_one_transaction(*statements: str) -> Callable[[], None]:
    def run() -> None:
        with transaction.atomic():
            _run(*statements)

    return run


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
