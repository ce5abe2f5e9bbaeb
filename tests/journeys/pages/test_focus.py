"""After a response the focus is on the error summary or on the message, and is never covered."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.looking import open_view
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
    View(
        "call-noted",
        "/admin/countries/honduras/",
        SECRETARIAT,
        lambda page: page.locator(".rcm-call button.default").click(),
    ),
)


@pytest.mark.parametrize("view", FAILED, ids=lambda view: view.name)
def test_the_summary_of_a_failed_form_has_the_focus_and_its_links_lead_to_inputs(
    view: View, world: World, tab: Page
) -> None:
    page = open_view(view._replace(reach=None), world, tab)
    # Turn off the validation of the browser, so that the server validates.
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


# Records what is put into the live region after the page has loaded, which a screen reader reads out.
LISTEN = """
window.heard = [];
document.addEventListener("DOMContentLoaded", () => {
  const told = new MutationObserver(list => window.heard.push(...list.map(one => one.target.textContent)));
  told.observe(document.getElementById("messages"), {childList: true});
});
"""


def submit_message(page: Page) -> None:
    page.locator("main form .button-primary").click()


def answer(page: Page) -> None:
    page.locator(".answer-button").first.click()


def register_without_javascript(page: Page) -> None:
    page.locator("#id_name").fill("Ana Muestra")
    page.locator("#id_email").fill(f"ana.{page.locator('html').get_attribute('lang')}@example.org")
    page.locator("#id_institution").fill("Dirección de muestra")
    for name in ("timezone", "profile"):
        if page.locator(f"#id_{name}").count():
            page.locator(f"#id_{name}").select_option(index=1)
    page.locator("main form button.button-primary").click()


SAID = (
    View("answered", "/{language}/my/{my}/", NOBODY, answer),
    View("language-chosen", "/{language}/my/{my}/language-and-time-zone/", NOBODY, submit_message),
    View("session-changed", "/admin/sessions_app/session/{session}/change/", SECRETARIAT, save),
    View(
        "body-changed-and-another-added",
        "/admin/registrations/participatingbody/{body}/change/",
        SECRETARIAT,
        lambda page: page.locator("[name=_addanother]").last.click(),
    ),
)


@pytest.mark.parametrize("view", SAID, ids=lambda view: view.name)
def test_the_message_after_a_step_has_the_focus(view: View, world: World, tab: Page) -> None:
    page = open_view(view, world, tab)

    expect(page.locator("#messages")).to_be_focused()
    expect(page.locator("#messages")).not_to_be_empty()


def test_the_message_is_read_out_if_the_focus_is_on_the_saved_seat(world: World, context: BrowserContext) -> None:
    context.add_init_script(LISTEN)
    new = View(
        "", delegation_of("honduras", "delegates/new/?profile=prosecutors"), HONDURAS, register_without_javascript
    )
    page = open_view(new, world, context.new_page())

    expect(page.locator(".person:focus .person-name")).to_contain_text("Ana Muestra")
    page.wait_for_function("window.heard.join('').includes('Ana Muestra')")


def test_an_earlier_message_disappears_when_an_inline_form_fails(world: World, tab: Page) -> None:
    page = open_view(View("", delegation_of("honduras"), HONDURAS, name_someone), world, tab)
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
