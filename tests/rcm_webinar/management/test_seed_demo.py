from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker, Settings
from time_machine import TimeMachineFixture, travel

from rcm_webinar.management.commands.seed_demo import first_monday
from registrations.models import Delegate, Delegation, Delivery, DeliveryKind, HistoryEvent, User, UserRole
from registrations.queries import quota_board
from registrations.services.delivering.plan import plan
from sessions_app.models import Webinar

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 24, 17, 32, 41, tzinfo=UTC)


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Run the command once for the module and yield its output; the changes of each test are rolled back."""
    output = StringIO()
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(RCM_DEMO=True), travel(START, tick=False):
            call_command("seed_demo", stdout=output)
        yield output.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def command_output(seeded: str, settings: Settings, time_machine: TimeMachineFixture) -> str:
    """The output of the command; the clock shows the time at which it ran."""
    settings.RCM_DEMO = True
    time_machine.move_to(START, tick=False)
    return seeded


@pytest.mark.parametrize(
    ("today", "monday"),
    [
        (date(2026, 11, 23), date(2026, 12, 7)),
        (date(2026, 11, 24), date(2026, 12, 14)),
        (date(2026, 11, 29), date(2026, 12, 14)),
    ],
)
def test_the_webinar_begins_on_the_first_monday_at_least_14_days_ahead(today: date, monday: date) -> None:
    assert first_monday(today) == monday


@pytest.mark.usefixtures("command_output")
def test_both_webinars_are_released_at_their_hours() -> None:
    starts = {
        webinar.slug: [session.released.starts_at for session in webinar.sessions.all()]
        for webinar in Webinar.objects.all()
    }

    assert starts == {
        "mass-intra-regional-flows": [
            datetime(2026, 12, 14, 15, tzinfo=UTC),
            datetime(2026, 12, 15, 15, tzinfo=UTC),
        ],
        "connection-test": [datetime(2026, 11, 24, 18, 37, tzinfo=UTC)],
    }


@pytest.mark.usefixtures("command_output")
def test_eleven_delegations_are_in_different_states() -> None:
    delegations = Delegation.objects.filter(webinar__slug="mass-intra-regional-flows", body__kind="country")

    assert dict(delegations.values_list("body__iso_code", "status")) == {
        "BZ": "not_attending",
        "CA": "accepted",
        "CR": "accepted",
        "DO": "submitted",
        "GT": "returned",
        "HN": "draft",
        "MX": "accepted",
        "NI": "draft",
        "PA": "accepted",
        "SV": "accepted",
        "US": "reopened",
    }


@pytest.mark.usefixtures("command_output")
def test_honduras_lacks_three_officials_for_the_visitor_to_register() -> None:
    board = quota_board(Webinar.objects.get(slug="mass-intra-regional-flows"))

    honduras = next(row for row in board.rows if row.delegation.body.iso_code == "HN")
    assert {seat.profile.code: (seat.named, seat.missing) for seat in honduras.seats} == {
        "prosecutors": (0, 2),
        "immigration-control": (2, 0),
        "border-control": (1, 1),
        "investigation-units": (3, 0),
    }


@pytest.mark.usefixtures("command_output")
def test_each_country_has_a_focal_point_who_can_sign_in_and_each_role_one_account() -> None:
    users = {user.email: (user.role, user.check_password("demo-rcm-2020")) for user in User.objects.all()}

    countries = ("bz", "ca", "cr", "do", "gt", "hn", "mx", "ni", "pa", "sv", "us")
    assert users == {f"focal.{code}@example.org": (UserRole.NONE, True) for code in countries} | {
        "secretariat@example.org": (UserRole.SECRETARIAT, True),
        "administrator@example.org": (UserRole.ADMINISTRATOR, True),
        "observer@example.org": (UserRole.OBSERVER, True),
    }


@pytest.mark.usefixtures("command_output")
def test_every_sample_person_is_invented_and_lives_at_example_org() -> None:
    surnames = {"Sample", "Example", "Specimen", "Pattern", "Trial", "Ejemplo", "Muestra", "Modelo", "Ensayo", "Prueba"}
    people = list(Delegate.objects.all())

    assert len(people) > 60
    assert {person.name.rpartition(" ")[2] for person in people} == surnames
    assert {person.email.rpartition("@")[2] for person in people} == {"example.org"}


@pytest.mark.usefixtures("command_output")
def test_every_step_is_in_the_history_before_the_present() -> None:
    kinds = set(HistoryEvent.objects.values_list("kind", flat=True))

    assert kinds == {
        "registered",
        "submitted",
        "accepted",
        "accepted_with_gap",
        "returned",
        "reopened",
        "replaced",
        "withdrawn",
        "waived",
        "not_attending",
    }
    assert not HistoryEvent.objects.filter(at__gt=START).exists()


@pytest.mark.usefixtures("command_output")
def test_no_gap_notice_is_planned_at_the_start_and_honduras_gets_one_on_each_day_of_the_rules() -> None:
    webinar = Webinar.objects.get(slug="mass-intra-regional-flows")

    plan(now=START)
    at_the_start = set(Delivery.objects.values_list("kind", flat=True))
    for rule in webinar.gap_notice_rules.all():
        plan(now=rule.due_at)

    assert at_the_start == {
        DeliveryKind.INVITATION,
        DeliveryKind.DECISION,
        DeliveryKind.RECEIPT,
        DeliveryKind.REGISTRATION,
    }
    notices = Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE)
    assert set(notices.values_list("delegation__body__iso_code", flat=True)) == {"CR", "GT", "HN", "NI", "SV"}
    assert notices.filter(email="focal.hn@example.org").count() == 2


def test_a_second_run_changes_nothing_and_prints_the_same(command_output: str) -> None:
    output = StringIO()
    people = Delegate.objects.count()

    call_command("seed_demo", stdout=output)

    assert (output.getvalue(), Delegate.objects.count()) == (command_output, people)


def test_the_command_says_that_the_webinar_is_over(command_output: str, time_machine) -> None:
    time_machine.move_to(datetime(2026, 12, 16, tzinfo=UTC))
    output = StringIO()

    call_command("seed_demo", stdout=output)

    assert "ended on 15 December 2026" in output.getvalue()
    assert "ended on" not in command_output


def test_the_command_is_refused_outside_of_the_demo(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.RCM_DEMO = False

    with django_assert_num_queries(0), pytest.raises(CommandError, match="for the demo alone"):
        call_command("seed_demo")
