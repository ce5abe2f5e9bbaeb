from datetime import date, timedelta

from django.utils import timezone

from registrations.models import HistoryEvent, HistoryKind
from registrations.queries import DelegationChanges, RegistrationDay, recent_changes_of
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_organisation, make_webinar

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def happened(delegation, kind, ago):
    HistoryEvent.objects.create(webinar=delegation.webinar, delegation=delegation, kind=kind, at=NOW - ago)


def test_changes_are_those_of_the_last_24_hours_by_delegation_with_the_steps_in_their_order(delegation):
    panama = make_delegation(delegation.webinar, make_country("PA"))
    for kind, ago in (
        (HistoryKind.REGISTERED, HOUR),
        (HistoryKind.REGISTERED, 2 * HOUR),
        (HistoryKind.REGISTERED, 25 * HOUR),
        (HistoryKind.REPLACED, HOUR),
        (HistoryKind.EDITED, HOUR),
        (HistoryKind.ADDRESS_CLASH, HOUR),
        (HistoryKind.RETURNED, 3 * HOUR),
        (HistoryKind.SUBMITTED, 2 * HOUR),
        (HistoryKind.ACCEPTED, -HOUR),
    ):
        happened(delegation, kind, ago)
    happened(panama, HistoryKind.WITHDRAWN, HOUR)
    happened(panama, HistoryKind.RESTORED, HOUR)
    happened(make_delegation(make_webinar("other"), panama.body), HistoryKind.REGISTERED, HOUR)

    changes = recent_changes_of(delegation.webinar, now=NOW).changes

    assert changes == {
        delegation.pk: DelegationChanges(added=2, removed=1, other_kinds=(HistoryKind.RETURNED, HistoryKind.SUBMITTED)),
        panama.pk: DelegationChanges(added=1, removed=1),
    }


def test_making_and_ending_an_exception_are_listed_as_changes(delegation):
    happened(delegation, HistoryKind.EXCEPTION_MADE, 2 * HOUR)
    happened(delegation, HistoryKind.EXCEPTION_ENDED, HOUR)

    (changes,) = recent_changes_of(delegation.webinar, now=NOW).changes.values()

    assert changes.other_kinds == (HistoryKind.EXCEPTION_MADE, HistoryKind.EXCEPTION_ENDED)


def test_the_last_daily_total_equals_the_headline(delegation):
    webinar = delegation.webinar
    absent = make_delegation(webinar, make_country("MX"), status="not_attending")
    unodc = make_delegation(webinar, make_organisation())
    for ago in (3 * DAY, 3 * DAY, DAY):
        make_delegate(delegation, registered_at=NOW - ago)
    make_delegate(delegation, registered_at=NOW - 3 * DAY, status="withdrawn", withdrawn_at=NOW - 2 * DAY)
    make_delegate(absent, registered_at=NOW)
    make_delegate(unodc, None, registered_at=NOW)

    daily_totals = recent_changes_of(webinar, now=NOW).daily_totals

    assert daily_totals == (
        RegistrationDay(date(2026, 10, 23), added=3, removed=0, total=3),
        RegistrationDay(date(2026, 10, 24), added=0, removed=1, total=2),
        RegistrationDay(date(2026, 10, 25), added=1, removed=0, total=3),
    )


def test_daily_totals_use_days_of_the_current_zone(delegation):
    make_delegate(delegation, registered_at=NOW.replace(hour=3))

    with timezone.override("America/Costa_Rica"):
        (day,) = recent_changes_of(delegation.webinar, now=NOW).daily_totals

    assert day.day == date(2026, 10, 25)


def test_recent_changes_cost_one_query(delegation, django_assert_num_queries):
    make_delegate(delegation)

    with django_assert_num_queries(1):
        recent_changes_of(delegation.webinar, now=NOW)
