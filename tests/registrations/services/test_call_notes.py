"""Notes of calls, the date to look again, and who of the secretariat is on a delegation."""

from datetime import date, timedelta

import pytest

from registrations.exceptions import InvalidInput, NotPossibleNow, ReasonRequired, RuleBroken, WebinarOver
from registrations.models import CallNote, Delegation, HistoryEvent, HistoryKind, RegistrationPolicy, User
from registrations.queries import history_of
from registrations.services.call_notes import end_look_again, hand_over, note_call
from registrations.services.personal_data.erasing import erase_person
from registrations.services.personal_data.purging import preview_purge, purge
from tests.factories import FIRST_START, NOW, make_country, make_delegate, make_delegation, make_staff, make_user

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TODAY = date(2026, 10, 26)
pytestmark = pytest.mark.django_db


@pytest.fixture
def honduras() -> Delegation:
    return make_delegation()


def open_dates() -> list[date | None]:
    return list(CallNote.objects.open().order_by("pk").values_list("look_again_on", flat=True))


def test_a_note_says_who_wrote_what_and_when(honduras: Delegation, staff: User) -> None:
    note = note_call(honduras, text=" The minister signs.\nCall again. ", look_again_on=TODAY, by=staff, now=NOW)

    note.refresh_from_db()
    assert (note.delegation, note.text, note.written_by, note.written_at, note.look_again_on, note.done_at) == (
        honduras,
        "The minister signs.\nCall again.",
        staff,
        NOW,
        TODAY,
        None,
    )


def test_the_same_note_sent_twice_is_one_call_and_the_next_day_another(honduras: Delegation, staff: User) -> None:
    first = note_call(honduras, text="No answer.", look_again_on=TODAY + DAY, by=staff, now=NOW)
    again = note_call(honduras, text="No answer.", look_again_on=TODAY + DAY, by=staff, now=NOW + MINUTE)
    next_day = note_call(honduras, text="No answer.", by=staff, now=NOW + DAY)
    of_a_colleague = note_call(honduras, text="No answer.", by=make_staff(), now=NOW + DAY)

    assert again == first
    assert list(CallNote.objects.order_by("pk")) == [first, next_day, of_a_colleague]


def test_a_note_without_a_date_ends_the_dates_that_have_come(honduras: Delegation, staff: User) -> None:
    note_call(honduras, text="First.", look_again_on=TODAY, by=staff, now=NOW)
    other = make_delegation(honduras.webinar, make_country("PA"))
    note_call(other, text="Of another country.", look_again_on=TODAY, by=staff, now=NOW)

    note_call(honduras, text="They called.", by=staff, now=NOW + MINUTE)

    assert open_dates() == [TODAY]
    ended = CallNote.objects.get(text="First.")
    assert (ended.done_at, ended.done_by) == (NOW + MINUTE, staff)


def test_a_date_that_has_not_come_stays_until_a_note_brings_another(honduras: Delegation, staff: User) -> None:
    note_call(honduras, text="First.", look_again_on=TODAY + DAY, by=staff, now=NOW)

    note_call(honduras, text="They had a question.", by=staff, now=NOW + MINUTE)
    after_a_question = open_dates()
    note_call(honduras, text="Postponed.", look_again_on=TODAY + 2 * DAY, by=staff, now=NOW + 2 * MINUTE)

    assert after_a_question == [TODAY + DAY]
    assert open_dates() == [TODAY + 2 * DAY]


def test_looking_again_ends_a_date_once(honduras: Delegation, staff: User) -> None:
    note = note_call(honduras, text="First.", look_again_on=TODAY, by=staff, now=NOW)

    first = end_look_again(note, by=staff, now=NOW + MINUTE)
    second = end_look_again(note, by=make_staff(), now=NOW + DAY)

    note.refresh_from_db()
    assert (first, second) == (True, False)
    assert (note.done_at, note.done_by) == (NOW + MINUTE, staff)


@pytest.mark.parametrize(
    ("fields", "field", "refusal"),
    [
        ({"text": " \n "}, "text", ReasonRequired),
        ({"text": "x" * 1001}, "text", InvalidInput),
        ({"text": "a\x00b"}, "text", InvalidInput),
        ({"look_again_on": TODAY - DAY}, "look_again_on", InvalidInput),
        ({"look_again_on": (FIRST_START + 2 * DAY).date()}, "look_again_on", InvalidInput),
    ],
)
def test_a_note_that_cannot_be_kept_is_refused_beside_its_field(
    honduras: Delegation, staff: User, fields: dict[str, object], field: str, refusal: type[RuleBroken]
) -> None:
    with pytest.raises(refusal) as refused:
        note_call(honduras, **{"text": "Called.", **fields}, by=staff, now=NOW)  # type: ignore[arg-type]  # mixed

    assert refused.value.field == field
    assert not CallNote.objects.exists()


def test_a_colleague_takes_a_delegation_over_and_the_history_says_so(honduras: Delegation, staff: User) -> None:
    colleague = make_staff(name="Tina Enlace")

    note_call(honduras, text="Called.", handled_by=colleague, by=staff, now=NOW)
    repeated = hand_over(honduras, to=colleague, by=staff, now=NOW)

    honduras.refresh_from_db()
    assert (honduras.handled_by, repeated) == (colleague, False)
    (event,) = HistoryEvent.objects.all()
    assert (event.kind, event.actor, event.at, event.changes) == (
        HistoryKind.HANDED_OVER,
        staff,
        NOW,
        {"handled_by": ["", "Tina Enlace"]},
    )
    assert list(history_of(honduras)) == []


@pytest.mark.parametrize("fields", [{}, {"is_staff": True, "is_active": False}, {"is_observer": True}])
def test_only_active_staff_can_be_on_a_delegation(honduras: Delegation, staff: User, fields: dict[str, bool]) -> None:
    other = make_user(**fields)

    with pytest.raises(InvalidInput):
        note_call(honduras, text="Called.", handled_by=other, by=staff, now=NOW)
    with pytest.raises(InvalidInput):
        hand_over(honduras, to=other, by=staff, now=NOW)

    assert not CallNote.objects.exists()
    assert not HistoryEvent.objects.exists()


def test_nothing_is_noted_after_the_webinar_or_when_its_data_end(honduras: Delegation, staff: User) -> None:
    with pytest.raises(WebinarOver):
        note_call(honduras, text="Called.", by=staff, now=FIRST_START + 2 * DAY)
    RegistrationPolicy.objects.update(purge_on=NOW.date())
    with pytest.raises(NotPossibleNow):
        note_call(honduras, text="Called.", by=staff, now=NOW)
    with pytest.raises(WebinarOver):
        hand_over(honduras, to=staff, by=staff, now=FIRST_START + 2 * DAY)

    assert not CallNote.objects.exists()


def test_notes_end_with_the_personal_data_of_their_webinar(honduras: Delegation, staff: User) -> None:
    note_call(honduras, text="Ximena Zapata signs.", handled_by=staff, by=staff, now=NOW)
    later = NOW + 400 * DAY

    counted = preview_purge(now=later).webinars["flows"]["texts"]
    purge(now=later)

    assert counted == 1
    assert not CallNote.objects.exists()
    assert HistoryEvent.objects.get(kind=HistoryKind.HANDED_OVER).changes == {"handled_by": ["", ""]}
    assert RegistrationPolicy.objects.get().purged_at == later


def test_a_person_who_is_erased_is_erased_from_the_notes(honduras: Delegation, staff: User) -> None:
    make_delegate(honduras, name="Ximena Zapata", email="ximena@example.org")
    for text in ("Called Ximena ZAPATA.", "Writes from XIMENA@example.org.", "The ministry is closed."):
        note_call(honduras, text=text, by=staff, now=NOW)
    elsewhere = make_delegation(honduras.webinar, make_country("PA"))
    note_call(elsewhere, text="Another Ximena Zapata.", by=staff, now=NOW)

    erase_person("ximena@example.org", by=staff, now=NOW + DAY)

    assert set(CallNote.objects.values_list("text", flat=True)) == {"The ministry is closed.", "Another Ximena Zapata."}
