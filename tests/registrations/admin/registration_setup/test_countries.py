"""Countries are added with ticks, and removed while they have nobody."""

import pytest
from django.test import Client

from registrations.models import Delegation
from sessions_app.models import Webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_organisation, make_webinar
from tests.registrations.admin.registration_setup.pages import URL, flash_messages, text_of


def test_several_countries_are_added_with_ticks(secretariat: Client, webinar: Webinar) -> None:
    bodies = [make_country("GT", name_en="Guatemala"), make_organisation(), make_country("CR")]
    chosen = [bodies[0].pk, bodies[1].pk]

    response = secretariat.post(URL, {"countries": "", "bodies": chosen})
    again = secretariat.post(URL, {"countries": "", "bodies": chosen})

    assert flash_messages(response) == ["Added: Guatemala, UNODC."]
    assert again.status_code == 302
    assert set(webinar.delegations.values_list("body__name_en", flat=True)) == {
        "Honduras",
        "Panama",
        "Guatemala",
        "UNODC",
    }


@pytest.mark.parametrize("bodies", [[], ["999"], ["9" * 30], ["x"]])
def test_ticks_that_name_no_country_add_nothing(secretariat: Client, webinar: Webinar, bodies: list[str]) -> None:
    response = secretariat.post(URL, {"countries": "", "bodies": bodies})

    assert response.context["countries"].errors["bodies"]
    assert webinar.delegations.count() == 2


def test_a_country_with_nobody_is_removed(secretariat: Client, webinar: Webinar, honduras: Delegation) -> None:
    page = secretariat.get(URL).content.decode()

    response = secretariat.post(URL, {"remove": honduras.pk})
    again = secretariat.post(URL, {"remove": honduras.pk})

    assert f'name="remove" value="{honduras.pk}"' in page
    assert flash_messages(response) == ["Honduras no longer takes part in this webinar."]
    assert flash_messages(again)[-1] == "This has changed meanwhile. Please look at it as it is now."
    assert list(webinar.delegations.values_list("body__name_en", flat=True)) == ["Panama"]


def test_a_country_with_people_stays_and_the_page_says_why(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    make_delegate(honduras, status="withdrawn", withdrawn_at=NOW)

    response = secretariat.post(URL, {"remove": honduras.pk})

    assert "Honduras has or had people at this webinar, so it stays." in text_of(response)
    assert webinar.delegations.count() == 2


@pytest.mark.parametrize("part", ["remove", "invite"])
@pytest.mark.parametrize("key", ["", "x", "0", "9" * 30, "\0"])
def test_a_button_with_an_unknown_key_does_nothing(secretariat: Client, webinar: Webinar, part: str, key: str) -> None:
    response = secretariat.post(URL, {part: key})

    assert (response.status_code, webinar.delegations.count()) == (302, 2)


def test_a_country_of_another_webinar_is_not_removed_here(secretariat: Client, webinar: Webinar) -> None:
    other = make_delegation(make_webinar("other"), make_country("GT"))

    secretariat.post(URL, {"remove": other.pk})

    assert Delegation.objects.filter(pk=other.pk).exists()
