"""The list of deliveries: what it shows, its filters and its search, and that it reads no more than it must."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registrations.admin.deliveries import MOST_COUNTED
from registrations.models import Delegate, Delivery, DeliveryKind, DeliveryState, User
from tests.factories import make_country, make_delegate, make_delegation, make_user, make_webinar

pytestmark = pytest.mark.django_db
LIST = "/admin/registrations/delivery/"


@pytest.fixture
def ana(db: None) -> Delegate:
    honduras = make_country("HN", name_en="Honduras")
    return make_delegate(make_delegation(make_webinar("flows"), honduras), name="Ana Muestra", email="Ana@example.org")


@pytest.fixture
def user(db: None) -> User:
    return make_user("focal.pa@example.org", name="Pablo Modelo")


def deliver(person: Delegate, number: int = 0, **fields: object) -> Delivery:
    return Delivery.objects.create(
        key=f"links-{person.pk}-{number}",
        **{
            "kind": DeliveryKind.LINKS,
            "email": person.email,
            "webinar": person.webinar,
            "delegate": person,
            "created_at": timezone.now(),
            "due_at": timezone.now(),
            **fields,
        },
    )


def gap_notice(user: User, country: str, slug: str) -> Delivery:
    webinar = make_webinar(slug)
    delegation = make_delegation(webinar, make_country(country, name_en="Panama"))
    return Delivery.objects.create(
        key=f"notice-{slug}",
        kind=DeliveryKind.GAP_NOTICE,
        email=user.email,
        webinar=webinar,
        user=user,
        delegation=delegation,
        created_at=timezone.now(),
        due_at=timezone.now(),
    )


def emails(client: Client, **query: str) -> list[str]:
    return [row.email for row in client.get(LIST, query).context["cl"].result_list]


def test_a_row_names_webinar_country_and_person(secretariat: Client, ana: Delegate, user: User) -> None:
    deliver(ana)
    gap_notice(user, "PA", "borders")

    page = secretariat.get(LIST)

    model_admin = page.context["cl"].model_admin
    rows = page.context["cl"].result_list
    assert [str(model_admin.body(row)) for row in rows] == ["Panama", "Honduras"]
    assert str(model_admin.person(rows[0])) == str(user)
    assert "Ana Muestra</a>" in str(model_admin.person(rows[1]))
    assert [row.name_of_webinar.webinar.slug for row in rows] == ["borders", "flows"]


def test_the_list_is_filtered_by_webinar_country_and_time(secretariat: Client, ana: Delegate, user: User) -> None:
    deliver(ana, created_at=timezone.now() - timedelta(days=3))
    gap_notice(user, "PA", "borders")

    assert emails(secretariat, webinar="flows") == [ana.email]
    assert emails(secretariat, body=ana.delegation.body.slug) == [ana.email]
    assert emails(secretariat, body="country-pa") == emails(secretariat, since="day") == [user.email]
    assert emails(secretariat, since="week") == [user.email, ana.email]


def test_a_whole_address_is_found_whatever_its_case_and_parts_as_before(secretariat: Client, ana: Delegate) -> None:
    deliver(ana)
    deliver(ana, 1, email="joana@example.org")

    assert emails(secretariat, q=" aNA@EXAMPLE.org ") == ["Ana@example.org"]
    assert sorted(emails(secretariat, q="ana@")) == ["Ana@example.org", "joana@example.org"]
    assert emails(secretariat, q="muestra") == ["joana@example.org", "Ana@example.org"]


def many(person: Delegate, count: int) -> None:
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(
            key=f"many-{number}",
            kind=DeliveryKind.LINKS,
            email=f"person{number}@example.org",
            webinar=person.webinar,
            delegate=person,
            created_at=now - timedelta(minutes=number),
            due_at=now,
        )
        for number in range(count)
    )


def test_a_long_list_says_that_it_is_cut_and_refuses_an_action_on_all_of_it(secretariat: Client, ana: Delegate) -> None:
    many(ana, MOST_COUNTED + 1)

    page = secretariat.get(LIST)
    answer = secretariat.post(LIST, {"action": "stop", "select_across": "1", "_selected_action": "1"}, follow=True)

    assert page.context["cl"].result_count == MOST_COUNTED
    assert "The list has the first 5000 alone." in page.text.replace(",", "")
    assert "nothing was changed" in answer.text
    assert not Delivery.objects.exclude(state=DeliveryState.DUE).exists()


@pytest.mark.postgresql
def test_neither_the_order_nor_the_search_for_an_address_reads_the_whole_table(
    secretariat: Client, ana: Delegate
) -> None:
    many(ana, 12_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registrations_delivery")

    with CaptureQueriesContext(connection) as queries:
        secretariat.get(LIST)
        found = emails(secretariat, q="PERSON7@example.org")

    read = [query["sql"] for query in queries if 'FROM "registrations_delivery"' in query["sql"]]
    ordered = [
        sql for sql in read if 'ORDER BY "registrations_delivery"."created_at" DESC' in sql and "LOWER" not in sql
    ]
    searched = [sql for sql in read if "LOWER" in sql]
    plans = {}
    with connection.cursor() as cursor:
        for sql in (*ordered, *searched):
            cursor.execute(f"EXPLAIN {sql}")
            plans[sql] = "\n".join(line for (line,) in cursor.fetchall())
    assert found == ["person7@example.org"]
    assert (len(ordered), len(searched)) == (1, 2)
    assert ["delivery_by_creation" in plans[sql] for sql in ordered] == [True]
    assert ["delivery_by_address" in plans[sql] for sql in searched] == [True, True]
    assert [plan for plan in plans.values() if "Seq Scan on registrations_delivery" in plan] == []
