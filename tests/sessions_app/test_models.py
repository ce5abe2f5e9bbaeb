import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from sessions_app.models import Presidency, Session, WebinarOrganiser
from tests.factories import make_webinar

pytestmark = pytest.mark.django_db


def test_a_session_keeps_its_languages_in_the_order_in_which_they_were_chosen() -> None:
    make_webinar(sessions=1)

    Session.objects.update(floor_languages=["es", "en"], interpretation_languages=["fr"])

    session = Session.objects.get()
    session.full_clean()
    assert (session.floor_languages, session.interpretation_languages) == (["es", "en"], ["fr"])


@pytest.mark.parametrize("codes", [["xx"], ["es", "es"], "es", {"es": True}, [["es"]], [None]])
def test_a_language_that_is_unknown_or_chosen_twice_is_refused(codes: object) -> None:
    make_webinar(sessions=1)
    session = Session.objects.get()
    session.floor_languages = codes  # type: ignore[assignment]  # what a bad request could hold

    with pytest.raises(ValidationError) as refused:
        session.full_clean()

    assert set(refused.value.message_dict) == {"floor_languages"}


def test_an_organiser_stands_in_a_webinar_once_and_in_another_again() -> None:
    first, second = make_webinar(), make_webinar("other")
    WebinarOrganiser.objects.create(webinar=first, name_en="Office")
    WebinarOrganiser.objects.create(webinar=second, name_en="Office")

    with pytest.raises(IntegrityError), transaction.atomic():
        WebinarOrganiser.objects.create(webinar=first, name_en="Office")

    assert WebinarOrganiser.objects.count() == 2


def test_organisers_are_listed_in_their_order() -> None:
    webinar = make_webinar()
    for position, name in ((2, "Second"), (1, "First"), (2, "Third")):
        WebinarOrganiser.objects.create(webinar=webinar, position=position, name_en=name)

    assert [str(each) for each in webinar.organisers.all()] == ["First", "Second", "Third"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org", "example.org"])
def test_the_address_of_an_organiser_is_one_of_the_web(url: str) -> None:
    organiser = WebinarOrganiser(webinar=make_webinar(), name_en="Office", url=url)

    with pytest.raises(ValidationError) as refused:
        organiser.full_clean()

    assert set(refused.value.message_dict) == {"url"}


@pytest.mark.parametrize("year", [1999, 2200])
def test_the_database_refuses_a_presidency_in_an_impossible_year(year: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Presidency.objects.create(year=year, country_en="Panama")


def test_one_country_presides_in_a_year() -> None:
    Presidency.objects.create(year=2026, country_en="Panama", country_es="Panamá")

    with pytest.raises(IntegrityError), transaction.atomic():
        Presidency.objects.create(year=2026, country_en="Belize")

    assert str(Presidency.objects.get()) == "2026: Panama"
