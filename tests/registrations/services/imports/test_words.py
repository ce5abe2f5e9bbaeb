import pytest

from registrations.models import Delegate, ImportWord, ParticipantProfile
from registrations.services.imports.checking import check_import
from registrations.services.imports.saving import import_delegates
from registrations.services.imports.words import MAX_WORDS
from tests.factories import make_country, make_delegation, make_organisation, make_webinar
from tests.registrations.services.imports.stories import people_in, row


@pytest.fixture
def check(delegation, focal_point, now):
    def check(*words, answers=None, column="profile"):
        rows = [row(number, **{column: word}) for number, word in enumerate(words)]
        return check_import(delegation, people_in(delegation, rows), by=focal_point, now=now, answers=answers)

    return check


def asked(checked):
    return [(word.text, word.rows, word.choice) for word in checked.words]


@pytest.mark.parametrize(
    ("word", "profile"),
    [
        ("Fiscal", "prosecutors"),
        ("Procuradora adjunta", "prosecutors"),
        ("PROSECUTOR", "prosecutors"),
        ("Migración", "immigration-control"),
        ("Immigration officer", "immigration-control"),
        ("Policía de fronteras", "border-control"),
        ("border guard", "border-control"),
        ("Investigador DPI", "investigation-units"),
        ("Policía Nacional", "investigation-units"),
        ("Enlace", ""),
    ],
)
def test_the_obvious_words_are_preselected(check, word, profile) -> None:
    assert asked(check(word)) == [(word, 1, profile)]


@pytest.mark.parametrize("word", ["Fiscal de migración", "Control migratorio y fronterizo", "Investigador fiscal"])
def test_a_word_that_means_two_profiles_is_asked(check, word) -> None:
    checked = check(word)

    assert asked(checked) == [(word, 1, "")]
    assert [error.message for error in checked.invalid[0].errors] == [f"Please say what “{word}” means."]


def test_a_word_is_asked_once_however_often_and_however_it_is_written(check) -> None:
    checked = check("Fiscal", "Enlace", "FISCAL", "Prosecutors", "físcal ")

    assert asked(checked) == [("Fiscal", 3, "prosecutors"), ("Enlace", 1, "")]
    assert [one.details.profile.code for one in checked.new] == ["prosecutors"] * 4


def test_an_answer_is_stronger_than_what_is_obvious(check) -> None:
    answers = {("profile", "fiscal"): "border-control", ("profile", "migracion"): "", ("profile", "enlace"): "forged"}

    checked = check("Fiscal", "Migración", "Enlace", answers=answers)

    assert [choice for _text, _rows, choice in asked(checked)] == ["border-control", "", ""]
    assert [one.details.profile.code for one in checked.new] == ["border-control"]


def test_answers_are_remembered_for_the_country_alone(check, delegation, focal_point, now) -> None:
    people = people_in(delegation, [row(1, profile="Enlace"), row(2, profile="Fiscal"), row(3, profile="Otro")])
    answers = {("profile", "enlace"): "border-control", ("profile", "fiscal"): "prosecutors"}

    for _time in range(2):
        import_delegates(delegation, people=people, by=focal_point, now=now, answers=answers)

    stored = ImportWord.objects.values_list("body", "word", "profile__code")
    assert set(stored) == {
        (delegation.body_id, "enlace", "border-control"),
        (delegation.body_id, "fiscal", "prosecutors"),
    }
    assert Delegate.objects.count() == 2
    assert asked(check("ENLACE")) == [("ENLACE", 1, "border-control")]
    other = make_delegation(delegation.webinar, make_country("GT"))
    seen_there = check_import(other, people_in(other, [row(9, profile="Enlace")]), by=focal_point, now=now)
    assert asked(seen_there) == [("Enlace", 1, "")]


def test_words_of_rows_that_were_not_saved_are_not_remembered(delegation, focal_point, now) -> None:
    people = people_in(delegation, [row(1, profile="Fiscal Ana Ejemplo", name="")])

    import_delegates(delegation, people=people, by=focal_point, now=now)

    assert not ImportWord.objects.exists()


def test_a_later_answer_replaces_the_remembered_one(check, delegation, focal_point, now) -> None:
    border = ParticipantProfile.objects.get(code="border-control")
    ImportWord.objects.create(body=delegation.body, word="enlace", profile=border)
    people = people_in(delegation, [row(1, profile="Enlace")])

    import_delegates(delegation, people=people, by=focal_point, now=now, answers={("profile", "enlace"): "prosecutors"})

    assert ImportWord.objects.get().profile.code == "prosecutors"


@pytest.mark.parametrize(
    ("word", "language"), [("Español/Inglés", "es"), ("English, some Spanish", "en"), ("Francés", "")]
)
def test_a_word_for_no_language_or_for_two_is_asked(check, word, language) -> None:
    checked = check(word, "español", column="language")

    assert asked(checked) == [(word, 1, language)]
    assert len(checked.new) == (2 if language else 1)


def test_a_column_of_hundreds_of_words_asks_only_for_the_most_frequent(check) -> None:
    words = [f"Palabra {number}" for number in range(MAX_WORDS + 5)]

    checked = check(*words, words[-1])

    assert len(checked.words) == MAX_WORDS
    assert (words[-1], 2, "") in asked(checked)


def test_formulas_and_long_texts_are_errors_and_not_asked(check) -> None:
    assert asked(check("=A1", "#REF!", "x" * 61, "!?")) == []


def test_people_of_an_organisation_are_not_asked_for_profiles(focal_point, now, db) -> None:
    unodc = make_delegation(make_webinar("other"), make_organisation(timezones=["America/Panama"]))
    rows = [["Ana", "ana@example.org", "UNODC", "Fiscal"]]

    checked = check_import(
        unodc, people_in(unodc, rows, ["Name", "E-mail", "Institution", "Profile"]), by=focal_point, now=now
    )

    assert asked(checked) == []
    assert len(checked.new) == 1


def test_any_number_of_words_is_looked_up_with_one_query(
    delegation, focal_point, now, django_assert_num_queries
) -> None:
    for count in (1, 30):
        people = people_in(delegation, [row(number, profile=f"Palabra {number}") for number in range(count)])
        with django_assert_num_queries(6):
            check_import(delegation, people, by=focal_point, now=now)
