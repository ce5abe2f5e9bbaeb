"""The pages that Django's admin makes of each model: its list, an addition, a change, a deletion, the history. In both
languages none breaks our CSP, and axe finds nothing: there is no list of what is known and left. With them the pages
of ours that need a row of which the demo has none.
"""

from collections.abc import Iterator
from typing import Literal

import pytest
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Page

from registrations.models import Announcement, Delegate, GapReminder, User
from sessions_app.models import Presidency, Session, Webinar
from tests import factories
from tests.journeys.looking import LOOKS, axe_findings, collect_page_errors, complaints_about, prepare
from tests.journeys.views import ABOUT_A_MADE_ROW, FLOWS, SECRETARIAT, View
from tests.journeys.world import NOW, World
from tests.registered_models import registered_models

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

OF_A_ROW = ("change", "delete", "history")
# One row is enough: all rows of a list are alike, and checking them would take half of the time.
REPEATED = [["#result_list tbody tr:nth-child(n + 4)"], [".delete-confirmation li:nth-child(n + 9)"]]


@pytest.fixture
def stocked(world: World) -> World:
    """The world with further rows, so that each registered model has one."""
    staff = User.objects.get(email=SECRETARIAT)
    session = Session.objects.get(webinar__slug=FLOWS, number=1)
    Presidency.objects.create(year=NOW.year, country_en="Example country", country_es="País de muestra")
    factories.make_announcement(session.webinar, by=staff)
    factories.make_gap_reminder(session.webinar, by=staff)
    factories.make_attendance(session, by=staff)
    factories.make_delegate(session.webinar.delegations.all()[0], status="withdrawn", withdrawn_at=NOW)
    called_off = factories.make_webinar("called-off", cancelled_at=NOW)
    called_off.sessions.update(cancelled_at=NOW)
    return world


def addresses(model: type[Model]) -> Iterator[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.order_by("pk")[0]
    yield from (reverse(f"{name}_changelist"), reverse(f"{name}_add"))
    yield from (reverse(f"{name}_{page}", args=[row.pk]) for page in OF_A_ROW)


def arguments_of(name: str) -> list[object]:
    """Return the arguments of the URL of a page about a created row."""
    called_off = Webinar.objects.get(slug="called-off")
    rows: dict[str, list[object]] = {
        "stop-announcement": [Announcement.objects.get().pk],
        "edit-announcement": [Announcement.objects.get().pk],
        "stop-gap-reminder": [GapReminder.objects.get().pk],
        "restore-delegate": [Delegate.objects.filter(status="withdrawn").latest("pk").pk],
        "restore-session": [called_off.sessions.all()[0].pk],
        "restore-webinar": [called_off.pk],
        "remove-attendance": [FLOWS, 1],
    }
    return rows[name]


@pytest.mark.parametrize("model", registered_models(), ids=lambda model: model._meta.model_name)
def test_every_admin_page_of_a_model_passes_axe_and_obeys_the_csp(
    stocked: World, tab: Page, language: str, model: type[Model]
) -> None:
    prepare(tab, stocked, SECRETARIAT)
    tab.emulate_media(color_scheme=LOOKS[language].scheme)
    complaints, seen = [], 0
    for address in addresses(model):
        with collect_page_errors(tab, stocked, is_refusal_expected=True) as errors:
            answer = tab.goto(address)
            assert answer is not None
            assert answer.status in (200, 403), address
            if answer.ok:
                seen += 1
                errors += axe_findings(tab, exclude=REPEATED)
        complaints += [f"{address}: {what}" for what in errors]

    assert complaints == []
    assert seen > 2


@pytest.mark.parametrize("name", ABOUT_A_MADE_ROW)
def test_every_page_about_a_created_row_passes_axe_and_obeys_the_csp(stocked: World, tab: Page, name: str) -> None:
    address = reverse(f"admin:{name}", args=arguments_of(name))

    assert complaints_about(View(name, address, SECRETARIAT), stocked, tab) == []
    # The page itself must answer, without a redirect.
    assert tab.url == stocked.url + address


CONTRAST = """link => {
  const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(one => one / 255).map(
    one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4
  ).reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const style = getComputedStyle(link);
  const own = style.backgroundColor, body = getComputedStyle(document.body).backgroundColor;
  const behind = own === "rgba(0, 0, 0, 0)" ? body : own;
  const [less, more] = [light(style.color), light(behind)].sort((one, other) => one - other);
  return (more + 0.05) / (less + 0.05);
}"""


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("es", "dark")], indirect=["language"])
def test_show_all_and_the_page_numbers_are_readable_and_differ_by_more_than_colour(
    stocked: World, tab: Page, scheme: Literal["light", "dark"]
) -> None:
    page = prepare(tab, stocked, SECRETARIAT)
    page.emulate_media(color_scheme=scheme)

    page.goto(reverse("admin:registrations_delivery_changelist"))
    links = page.locator(".paginator a").all()
    contrasts = []
    for link in links:
        contrasts.append(link.evaluate(CONTRAST))
        link.hover()
        contrasts.append(link.evaluate(CONTRAST))
        page.mouse.move(0, 0)
        link.focus()
        contrasts.append(link.evaluate(CONTRAST))
    underlined = [page.locator(".showall").evaluate("link => getComputedStyle(link).textDecorationLine")]
    page.goto(f"{reverse('admin:registrations_delegate_changelist')}?q=ana")
    underlined.append(
        page.locator("#changelist-search .quiet a").evaluate("link => getComputedStyle(link).textDecorationLine")
    )

    assert len(links) >= 2
    assert [contrast for contrast in contrasts if contrast < 4.5] == []
    assert underlined == ["underline", "underline"]
