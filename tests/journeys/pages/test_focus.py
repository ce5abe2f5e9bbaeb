"""Where the focus is after a page has answered: on what went wrong, or on what was said; never behind something."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.looking import opened
from tests.journeys.views import HONDURAS, NOBODY, SECRETARIAT, View, delegation_of, name_someone, submit_badly
from tests.journeys.world import World

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def empty_the_title(page: Page) -> None:
    page.locator("#id_title_en").fill("")
    page.locator("[name=_save]").last.click()


def save(page: Page) -> None:
    page.locator("[name=_save]").last.click()


def switch_room_badly(page: Page) -> None:
    page.locator("main [name=second_address]").fill("the other one")
    page.locator("main button[value=second]").click()


FAILED = (
    View("lost-link", "/{language}/my/", NOBODY, submit_badly),
    View("sign-in-code", "/accounts/login/code/", NOBODY, lambda page: page.locator("main form button").click()),
    View("naming", delegation_of("honduras", "delegates/new/"), HONDURAS, submit_badly),
    View("body-added", "/admin/registrations/participatingbody/add/", SECRETARIAT, save),
    View("session-changed", "/admin/sessions_app/session/{session}/change/", SECRETARIAT, empty_the_title),
    View("room-switched", "/admin/attendance/mass-intra-regional-flows/1/arrivals/", SECRETARIAT, switch_room_badly),
)


@pytest.mark.parametrize("view", FAILED, ids=lambda view: view.name)
def test_a_form_that_failed_is_read_out_and_each_of_its_links_leads_to_an_input(
    view: View, world: World, tab: Page
) -> None:
    page = opened(view._replace(reach=None), world, tab)
    # Without the checks of the browser, as somebody has it whose browser makes none.
    page.locator("main form").evaluate_all("forms => forms.forEach(form => { form.noValidate = true; })")
    assert view.reach is not None
    view.reach(page)

    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    links = summary.get_by_role("link")
    for number in range(links.count()):
        links.nth(number).press("Enter")
        expect(page.locator(str(links.nth(number).get_attribute("href")))).to_be_focused()
    assert links.count() > 0


# What a screen reader is told of by the live region: what is put into it once the page is there.
LISTEN = """
window.heard = [];
document.addEventListener("DOMContentLoaded", () => {
  const told = new MutationObserver(list => window.heard.push(...list.map(one => one.target.textContent)));
  told.observe(document.getElementById("messages"), {childList: true});
});
"""


def say_so(page: Page) -> None:
    page.locator("main form .button-primary").click()


def answer(page: Page) -> None:
    page.locator(".answer-button").first.click()


def name_without_scripts(page: Page) -> None:
    page.locator("#id_name").fill("Ana Muestra")
    page.locator("#id_email").fill(f"ana.{page.locator('html').get_attribute('lang')}@example.org")
    page.locator("#id_institution").fill("Dirección de muestra")
    for name in ("timezone", "profile"):
        if page.locator(f"#id_{name}").count():
            page.locator(f"#id_{name}").select_option(index=1)
    page.locator("main form button.button-primary").click()


SAID = (
    View("answered", "/{language}/my/{my}/", NOBODY, answer),
    View("language-chosen", "/{language}/my/{my}/language-and-time-zone/", NOBODY, say_so),
    View("session-changed", "/admin/sessions_app/session/{session}/change/", SECRETARIAT, save),
    View(
        "body-changed-and-another-added",
        "/admin/registrations/participatingbody/1/change/",
        SECRETARIAT,
        lambda page: page.locator("[name=_addanother]").last.click(),
    ),
)


@pytest.mark.parametrize("view", SAID, ids=lambda view: view.name)
def test_what_is_said_after_a_step_has_the_focus_of_the_page_that_says_it(view: View, world: World, tab: Page) -> None:
    page = opened(view, world, tab)

    expect(page.locator("#messages")).to_be_focused()
    expect(page.locator("#messages")).not_to_be_empty()


def test_what_is_said_is_read_out_where_the_focus_is_on_the_seat_that_was_saved(
    world: World, context: BrowserContext
) -> None:
    context.add_init_script(LISTEN)
    new = View("", delegation_of("honduras", "delegates/new/?profile=prosecutors"), HONDURAS, name_without_scripts)
    page = opened(new, world, context.new_page())

    expect(page.locator(".person:focus .person-name")).to_contain_text("Ana Muestra")
    page.wait_for_function("window.heard.join('').includes('Ana Muestra')")


def test_what_was_said_before_goes_when_a_form_in_place_fails(world: World, tab: Page) -> None:
    page = opened(View("", delegation_of("honduras"), HONDURAS, name_someone), world, tab)
    page.locator("#in-place-prosecutors-name").fill("Luz Muestra")
    page.locator("#in-place-prosecutors-email").fill(f"luz.{page.locator('html').get_attribute('lang')}@example.org")
    page.locator("#in-place-prosecutors-institution").fill("Dirección de muestra")
    if page.locator("#in-place-prosecutors-timezone").count():
        page.locator("#in-place-prosecutors-timezone").select_option(index=1)
    page.locator("#in-place-prosecutors .button-primary").click()
    expect(page.locator("#messages")).to_contain_text("Luz Muestra")

    name_someone(page)
    page.locator("#in-place-prosecutors .button-primary").click()

    expect(page.locator("#in-place-prosecutors .error-summary")).to_be_focused()
    expect(page.locator("#messages")).to_be_empty()
    assert page.title().startswith("Error: ")
