"""On a page of several forms the browser asks before what is typed in another form is lost."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.journeys.looking import open_view
from tests.journeys.views import VIEWS
from tests.journeys.world import World

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

REGISTRATION = next(view for view in VIEWS if view.name == "registration")


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_registration_asks_before_what_is_typed_in_another_part_is_lost(world: World, tab: Page) -> None:
    page = open_view(REGISTRATION, world, tab)
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.locator("[name=reason]").fill("As agreed")
    page.locator("[name=dates]").click()

    assert [question.partition(",")[0] for question in asked] == [
        "What you typed in another part of this page is not saved"
    ]
    expect(page.locator("[name=reason]")).to_have_value("As agreed")

    page.locator("[name=reason]").fill("")
    page.locator("[name=minimum_stay_minutes]").fill("10")
    page.locator("[name=dates]").click()
    page.locator("#messages li").wait_for()
    assert len(asked) == 1
    page.remove_listener("dialog", refuse)
