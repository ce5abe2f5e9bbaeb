"""A participant chooses language and zone: everything said later follows, and no calendar is touched."""

from datetime import timedelta

import pytest

from registrations.exceptions import EditConflict, InvalidInput, NotPossibleNow
from registrations.models import CalendarEntry, Delegate, Delivery, HistoryEvent, HistoryKind
from registrations.services.delivering.plan import plan
from registrations.services.nominations import edit_delegate, withdraw_delegate
from registrations.services.preferences import choose_language_and_zone
from tests.factories import FIRST_START, NOW, make_details, make_reminder_rule, make_staff
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation, sent_by

pytestmark = pytest.mark.django_db
END = FIRST_START + timedelta(days=1, hours=2)


@pytest.fixture
def ana() -> Delegate:
    """Invited to both sessions; in Spanish, in Tegucigalpa."""
    delegation = released_delegation()
    make_reminder_rule(delegation.webinar)
    ana = admitted(delegation, name="Ana Ejemplo", email="ana@example.org")
    plan_and_send(NOW)
    return ana


def choices(delegate: Delegate) -> tuple[str, str, int]:
    return Delegate.objects.values_list("language", "timezone", "version").get(pk=delegate.pk)


def test_a_choice_is_recorded_with_the_former_value(ana: Delegate) -> None:
    assert choose_language_and_zone(ana, language="en", timezone="America/Panama", now=SOON)

    assert choices(ana) == ("en", "America/Panama", 2)
    event = HistoryEvent.objects.get(kind=HistoryKind.OWN_CHOICE)
    assert (event.delegate, event.delegation, event.actor, event.is_by_participant) == (ana, ana.delegation, None, True)
    assert event.changes == {"language": ["es", "en"], "timezone": ["America/Tegucigalpa", "America/Panama"]}


def test_the_same_again_changes_nothing(ana: Delegate) -> None:
    assert not choose_language_and_zone(ana, language="es", timezone="America/Tegucigalpa", now=SOON)

    assert choices(ana) == ("es", "America/Tegucigalpa", 1)
    assert not HistoryEvent.objects.exists()


def test_no_calendar_is_touched_and_nothing_is_mailed(ana: Delegate) -> None:
    before = list(CalendarEntry.objects.order_by("pk").values())

    choose_language_and_zone(ana, language="en", timezone="Europe/Vienna", now=SOON)
    plan(now=SOON)

    assert list(CalendarEntry.objects.order_by("pk").values()) == before
    assert Delivery.objects.filter(created_at__gt=NOW).count() == 0


def test_the_next_mail_is_in_that_language_and_those_hours(ana: Delegate) -> None:
    choose_language_and_zone(ana, language="en", timezone="America/Panama", now=SOON)

    (reminder,) = sent_by(FIRST_START - timedelta(hours=1))

    assert reminder.subject == "Reminder: Context and challenges 1, Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00)"


def test_a_form_that_a_focal_point_opened_before_is_stale(ana: Delegate) -> None:
    details = make_details(name="Ana María Ejemplo", email="ana@example.org")
    choose_language_and_zone(ana, language="en", timezone="America/Panama", now=SOON)

    with pytest.raises(EditConflict) as stale:
        edit_delegate(ana, details=details, version=1, by=make_staff(), now=SOON)

    assert (stale.value.current.language, stale.value.current.version) == ("en", 2)


def test_what_a_focal_point_saved_before_is_kept(ana: Delegate) -> None:
    edit_delegate(
        ana, details=make_details(name="Ana María", email="ana@example.org"), version=1, by=make_staff(), now=SOON
    )

    choose_language_and_zone(ana, language="en", timezone="America/Panama", now=SOON)

    assert Delegate.objects.values_list("name", "language", "version").get() == ("Ana María", "en", 3)


@pytest.mark.parametrize(
    ("language", "timezone", "field"),
    [("fr", "America/Panama", "language"), ("en", "Mars/Olympus", "timezone"), ("en", "", "timezone")],
)
def test_what_does_not_exist_is_refused_by_field(ana: Delegate, language: str, timezone: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        choose_language_and_zone(ana, language=language, timezone=timezone, now=SOON)

    assert list(refused.value.messages) == [field]
    assert choices(ana) == ("es", "America/Tegucigalpa", 1)


def test_after_the_last_session_nothing_changes_any_more(ana: Delegate) -> None:
    with pytest.raises(NotPossibleNow, match="over"):
        choose_language_and_zone(ana, language="en", timezone="America/Panama", now=END)

    assert choices(ana) == ("es", "America/Tegucigalpa", 1)


def test_someone_who_was_withdrawn_meanwhile_chooses_nothing(ana: Delegate) -> None:
    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")

    with pytest.raises(NotPossibleNow, match="any more"):
        choose_language_and_zone(ana, language="en", timezone="America/Panama", now=SOON)
