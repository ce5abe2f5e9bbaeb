"""The pages that Django's admin makes of each model: its list, an addition, a change, a deletion, the history. In both
languages none breaks our CSP, and axe finds nothing: there is no list of what is known and left. With them the pages
of ours that need a row of which the demo has none.
"""

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser

from registrations.models import Announcement, Chase, Delegate, User
from sessions_app.models import Session, Webinar
from tests import factories
from tests.journeys.looking import OPTIONS
from tests.journeys.views import ABOUT_A_MADE_ROW, FLOWS, SECRETARIAT
from tests.journeys.world import NARROWEST, NOW, WIDE, World, world
from tests.registered_models import registered_models

__all__ = ["world"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]

OF_A_ROW = ("change", "delete", "history")
# One row of a list is like the next; all of them would cost half of the time.
CONTEXT = {"exclude": [["#result_list tbody tr:nth-child(n + 4)"], [".delete-confirmation li:nth-child(n + 9)"]]}
# Without `preload` axe fetches no style sheets by itself, and puts no style into the page, which our CSP would refuse.
WITHOUT_STYLES = OPTIONS | {"preload": False}
# Listens from the beginning, so that nothing is missed and nothing of axe's is heard.
LISTEN = """
window.broken = [];
document.addEventListener("securitypolicyviolation", event => window.broken.push(
  [event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.sample].join(" ")));
"""


@pytest.fixture(scope="module")
def stocked(world: World) -> World:
    """With a row of each registered model."""
    staff = User.objects.get(email=SECRETARIAT)
    session = Session.objects.get(webinar__slug=FLOWS, number=1)
    factories.make_announcement(session.webinar, by=staff)
    factories.make_chase(session.webinar, by=staff)
    factories.make_attendance(session, by=staff)
    factories.make_delegate(session.webinar.delegations.all()[0], status="withdrawn", withdrawn_at=NOW)
    called_off = factories.make_webinar("called-off", cancelled_at=NOW)
    called_off.sessions.update(cancelled_at=NOW)
    return world


def addresses() -> Iterator[str]:
    for model in registered_models():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk")[0]
        yield from (reverse(f"{name}_changelist"), reverse(f"{name}_add"))
        yield from (reverse(f"{name}_{page}", args=[row.pk]) for page in OF_A_ROW)


def own_addresses() -> Iterator[str]:
    called_off = Webinar.objects.get(slug="called-off")
    rows: dict[str, list[object]] = {
        "stop-announcement": [Announcement.objects.get().pk],
        "edit-announcement": [Announcement.objects.get().pk],
        "stop-chase": [Chase.objects.get().pk],
        "restore-delegate": [Delegate.objects.filter(status="withdrawn").latest("pk").pk],
        "restore-session": [called_off.sessions.all()[0].pk],
        "restore-webinar": [called_off.pk],
        "remove-attendance": [FLOWS, 1],
    }
    assert tuple(rows) == ABOUT_A_MADE_ROW
    yield from (reverse(f"admin:{name}", args=arguments) for name, arguments in rows.items())


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_page_of_a_model_breaks_our_csp_and_axe_finds_nothing(
    stocked: World, browser: Browser, language: str
) -> None:
    context = browser.new_context(
        base_url=stocked.url, viewport={"width": WIDE, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    cookies = {
        settings.LANGUAGE_COOKIE_NAME: language,
        settings.SESSION_COOKIE_NAME: stocked.session_cookie(SECRETARIAT),
    }
    context.add_cookies([{"name": name, "value": value, "url": stocked.url} for name, value in cookies.items()])
    page = context.new_page()
    page.add_init_script(LISTEN)
    complaints, seen = [], 0
    ours = set(own_addresses())
    for address in (*addresses(), *ours):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (200, 403), address
        complaints += [f"{address}: CSP: {broken}" for broken in page.evaluate("window.broken")]
        if not answer.ok:
            continue
        seen += 1
        found = Axe().run(page, context=CONTEXT, options=WITHOUT_STYLES)
        complaints += [
            f"{address}: {violation['id']}: {node['html'][:200]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]
        if address in ours:
            # Not one that it leads on to.
            assert page.url == stocked.url + address
            page.set_viewport_size({"width": NARROWEST, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > NARROWEST:
                complaints.append(f"{address}: too wide")
            page.set_viewport_size({"width": WIDE, "height": 900})
    context.close()

    assert complaints == []
    assert seen > 2 * len(registered_models())


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_show_all_and_the_numbers_of_pages_are_readable_and_no_mere_colour(
    stocked: World, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(base_url=stocked.url, color_scheme=scheme, reduced_motion="reduce")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": stocked.session_cookie(SECRETARIAT), "url": stocked.url}
    context.add_cookies([cookie])
    page = context.new_page()

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
    context.close()
