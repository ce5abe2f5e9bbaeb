from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import Delegate, HistoryEvent, HistoryKind, Quota
from registrations.services.imports.saving import import_delegates
from registrations.services.nominations import register_delegate
from tests.factories import make_country, make_delegate, make_delegation, make_details, make_organisation, make_webinar
from tests.registrations.services.imports.stories import many, people_in, row


def messages(imported) -> list[str]:
    return [error.message for one in imported.checked.invalid for error in one.errors]


def test_valid_rows_are_saved_and_recorded_and_invalid_rows_are_reported(delegation, focal_point, now) -> None:
    people = people_in(delegation, [row(1, position="Fiscal"), row(2, email="wrong"), row(3)])

    imported = import_delegates(delegation, people=people, by=focal_point, now=now)

    assert list(
        Delegate.objects.values_list("name", "position", "registered_at", "admitted_at", "mail_not_before")
    ) == [
        ("Persona Ejemplo 1", "Fiscal", now, None, now + timedelta(seconds=20)),
        ("Persona Ejemplo 3", "", now, None, now + timedelta(seconds=20)),
    ]
    assert messages(imported) == ["Enter a valid email address."]
    history = HistoryEvent.objects.order_by("delegate__email").values_list("kind", "actor", "delegate__name", "changes")
    assert list(history) == [
        ("registered", focal_point.pk, "Persona Ejemplo 1", {}),
        ("registered", focal_point.pk, "Persona Ejemplo 3", {}),
    ]


def test_a_row_is_saved_as_the_single_form_saves_it(delegation, focal_point, now) -> None:
    one = register_delegate(
        delegation, details=make_details(name="Ana", email="Ana@EXAMPLE.org", language="en"), by=focal_point, now=now
    )
    cells = {"name": "Ana", "email": " Ana2@EXAMPLE.org ", "language": "en"}

    (other,) = import_delegates(
        delegation, people=people_in(delegation, [row(1, **cells)]), by=focal_point, now=now
    ).delegates

    left_out = {"id", "email"}
    columns = [field.attname for field in Delegate._meta.concrete_fields if field.name not in left_out]
    stored = Delegate.objects.get(pk=other.pk)
    assert [getattr(stored, name) for name in columns] == [getattr(one, name) for name in columns]
    assert stored.email == "Ana2@example.org"


def test_the_same_rows_again_add_nobody(delegation, focal_point, now) -> None:
    people = many(delegation, 5)
    import_delegates(delegation, people=people, by=focal_point, now=now)

    again = import_delegates(delegation, people=people, by=focal_point, now=now)

    assert (again.delegates, len(again.checked.already_registered)) == ((), 5)
    assert Delegate.objects.count() == HistoryEvent.objects.count() == 5


def test_people_who_join_an_accepted_delegation_are_admitted_at_once(delegation, focal_point, now) -> None:
    delegation.status = "accepted"
    delegation.save()

    import_delegates(delegation, people=many(delegation, 2), by=focal_point, now=now)

    assert set(Delegate.objects.values_list("admitted_at", flat=True)) == {now}


def test_an_address_of_another_delegation_is_refused_alone_and_alerts_the_secretariat(
    delegation, focal_point, now
) -> None:
    holder = make_delegate(
        make_delegation(delegation.webinar, make_country("GT")), name="Somebody Else", email="PERSONA2@example.org"
    )

    imported = import_delegates(delegation, people=many(delegation, 3), by=focal_point, now=now)

    assert [one.email for one in imported.delegates] == ["persona1@example.org", "persona3@example.org"]
    assert messages(imported) == ["This person could not be registered; the secretariat has been told."]
    clash = HistoryEvent.objects.get(kind=HistoryKind.ADDRESS_CLASH)
    assert (clash.delegation, clash.delegate, clash.actor) == (delegation, holder, focal_point)
    assert clash.changes == {"name": ["", "Persona Ejemplo 2"], "email": ["", "persona2@example.org"]}


def test_staff_see_who_has_the_address(delegation, staff, now) -> None:
    make_delegate(make_delegation(delegation.webinar, make_country("GT")), name="Eva", email="persona1@example.org")

    imported = import_delegates(delegation, people=many(delegation, 1), by=staff, now=now)

    assert messages(imported) == ["Eva is registered with this address for Country GT."]
    assert not HistoryEvent.objects.exists()


def test_once_the_days_clashes_are_used_up_the_rest_of_the_rows_is_refused(
    delegation, focal_point, now, settings
) -> None:
    settings.ADDRESS_CLASHES_PER_DAY = 2
    other = make_delegation(delegation.webinar, make_country("GT"))
    for number in (2, 3, 4):
        make_delegate(other, email=f"persona{number}@example.org")

    first = import_delegates(delegation, people=many(delegation, 5), by=focal_point, now=now)
    second = import_delegates(delegation, people=many(delegation, 5), by=focal_point, now=now + timedelta(hours=1))

    assert [one.email for one in first.delegates] == ["persona1@example.org"]
    told, limit = "the secretariat has been told", "Too many addresses"
    assert [told in text for text in messages(first)] == [True, True, False, False]
    assert [limit in text for text in messages(second)] == [True] * 4
    assert HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).count() == 2


def test_rows_are_checked_again_when_they_are_saved(delegation, focal_point, now) -> None:
    people = many(delegation, 3)
    Quota.objects.filter(profile__code="prosecutors").update(maximum=2)

    imported = import_delegates(delegation, people=people, by=focal_point, now=now)

    assert len(imported.delegates) == 2
    assert messages(imported) == ["All seats of this profile are taken. Replace someone, or ask the secretariat."]


def test_people_of_an_organisation_are_imported_without_a_profile(focal_point, now, db) -> None:
    unodc = make_delegation(make_webinar("other"), make_organisation(timezones=["America/Panama"]))

    imported = import_delegates(unodc, people=many(unodc, 3, profile=""), by=focal_point, now=now)

    assert [one.profile for one in imported.delegates] == [None] * 3


def test_the_number_of_queries_does_not_grow_with_the_rows(delegation, focal_point, now) -> None:
    other = make_delegation(delegation.webinar, make_country("GT"))
    # SQLite takes so many values in one statement that 35 rows are one.
    counts = []
    for count, where in ((2, delegation), (35, other)):
        people = people_in(where, [row(number, email=f"{where.pk}-{number}@example.org") for number in range(count)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            imported = import_delegates(where, people=people, by=focal_point, now=now)
        assert len(imported.delegates) == count
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 24


@pytest.mark.postgresql
def test_five_hundred_rows_take_as_many_queries_as_five(
    delegation, focal_point, now, settings, django_assert_num_queries
) -> None:
    # Whose mail is held costs two more, once.
    settings.NEW_ADDRESSES_PER_DAY = 1_000
    other = make_delegation(delegation.webinar, make_country("GT"))
    people = people_in(other, [row(number, email=f"other{number}@example.org") for number in range(500)])
    with CaptureQueriesContext(connection) as few:
        import_delegates(delegation, people=many(delegation, 5), by=focal_point, now=now)

    with django_assert_num_queries(len(few)):
        imported = import_delegates(other, people=people, by=focal_point, now=now)

    assert len(imported.delegates) == 500
