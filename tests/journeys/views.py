"""Lists every page, in every state that is worth checking, and how a browser gets there."""

import re
from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page

HONDURAS, BELIZE, CANADA = "focal.hn@example.org", "focal.bz@example.org", "focal.ca@example.org"
NICARAGUA, GUATEMALA, DOMINICAN_REPUBLIC = "focal.ni@example.org", "focal.gt@example.org", "focal.do@example.org"
EL_SALVADOR, PANAMA, UNITED_STATES = "focal.sv@example.org", "focal.pa@example.org", "focal.us@example.org"
MEXICO = "focal.mx@example.org"
SECRETARIAT, OBSERVER = "secretariat@example.org", "observer@example.org"
ADMINISTRATOR = "administrator@example.org"
# This focal point of Honduras has never signed in.
NEWCOMER = "newcomer@example.org"
NOBODY = ""
FLOWS = "mass-intra-regional-flows"
# A webinar without delegations, in a database of its own.
NEXT = "next-webinar"
LONG_NAME = "María de los Ángeles Fernández-Villalobos de la Cruz"
LONG_INSTITUTION = (
    "Unidad Fiscal Especializada contra la Trata de Personas y el Tráfico Ilícito de Migrantes de muestra"
)


class View(NamedTuple):
    """One page in one state.

    `path` may contain {language}. It may contain the token {my} of a participant, {absent} of one who cannot come,
    {left} of one who was withdrawn, {join} of one whose room is open, or {invited} of a new focal point, or the {code}
    of a receipt. It may contain the ids {flows}, {body}, {session}, {release}, {quota}, {exception}, {waiver},
    {person}, {speaking}, {mail} and {returned}, and those of the delegations {draft}, {submitted}, {accepted}, {away}
    and {organisation}. `reach` brings the opened page into its state. `make screenshots` stores a picture if
    `has_screenshot`. One page of each layout is checked `in_every_look`.
    """

    name: str
    path: str
    who: str = NOBODY
    reach: Callable[[Page], None] | None = None
    status: int = 200
    has_screenshot: bool = False
    in_every_look: bool = False


def delegation_of(country: str, rest: str = "", webinar: str = FLOWS) -> str:
    return f"/{{language}}/delegations/{webinar}-{country}/{rest}"


def open_the_first(name: str) -> Callable[[Page], None]:
    """Return a function that follows the first link of a person whose URL ends with `name` and opens an inline form."""

    def reach(page: Page) -> None:
        page.locator(f".person-actions a[href$='/{name}/']").first.click()
        page.locator(".in-place form").wait_for()

    return reach


def name_someone(page: Page) -> None:
    page.locator("#add-prosecutors").click()
    page.locator("#in-place-prosecutors form").wait_for()


def name_someone_badly(page: Page) -> None:
    name_someone(page)
    page.locator("#in-place-prosecutors-name").fill(LONG_NAME)
    page.locator("#in-place-prosecutors-email").fill("nobody")
    page.locator("#in-place-prosecutors .button-primary").click()
    page.locator("#in-place-prosecutors .error-summary").wait_for()


def submit_badly(page: Page) -> None:
    page.locator("main form button.button-primary").click()
    page.locator(".error-summary").wait_for()


def decline_badly(page: Page) -> None:
    page.locator("#id_reason").fill("www.example.org")
    submit_badly(page)


def check_rows(page: Page) -> None:
    """Import four rows: a correct one, one that is there already, one with a wrong address, and one with a new word."""
    here = page.context.new_page()
    here.goto(page.url.replace("import/", ""))
    known = re.search(r"[\w.]+@example\.org", here.locator(".profiles").inner_text())
    assert known is not None
    here.close()
    rows = [
        ("Name", "E-mail", "Institution", "Profile"),
        (LONG_NAME, "pilar.ensayo.hn@example.org", LONG_INSTITUTION, "Prosecutors"),
        ("Ana Muestra", known[0], "Dirección de migración de muestra", "Immigration control"),
        ("Tomás Prueba", "tomas.prueba", "Policía de fronteras de muestra", "Border control"),
        ("Nora Ensayo", "nora.ensayo@example.org", "Policía de fronteras de muestra", "Enlace"),
    ]
    page.locator("main textarea").first.fill("\n".join("\t".join(row) for row in rows))
    page.locator("main form button.button-primary").click()
    page.locator("main table").first.wait_for()


def save_after_the_sign_in_ended(page: Page) -> None:
    page.locator("#id_name").fill(LONG_NAME)
    page.context.clear_cookies(name="sessionid")
    page.locator("main form button.button-primary").click()
    page.locator("main input[name=unsent]").wait_for(state="attached")


def raise_the_quota(page: Page) -> None:
    page.locator("#id_minimum").fill("4")
    page.locator("#id_reason").fill("As agreed")
    page.locator(".submit-row input").click()
    page.locator(".rcm-warning").wait_for()


def open_an_item_badly(page: Page) -> None:
    page.locator("button[value^='item-']").nth(2).click()
    page.locator("#id_speaker-new1-person").fill("nobody@example.org")
    page.locator(".rcm-open button.default").click()
    page.locator(".error-summary").wait_for()


def look_at_a_table(page: Page) -> None:
    rows = [
        ("Hora", "Título", "Title", "Ponentes"),
        ("9:00", "Palabras de apertura", "Opening remarks", "Elena Muestra (Presidencia Pro Témpore)"),
        ("09:20 – 09:50", "Panel de personas expertas", "", "Moderador: Efraín Muestra (OIM); Gisela Prueba (UNODC)"),
        ("pronto", "Receso", "Break", ""),
        ("10:00", "Preguntas y respuestas", "Questions and answers", ""),
    ]
    page.locator("#id_table").fill("\n".join("\t".join(row) for row in rows))
    page.locator("#id_replaces").check()
    page.locator(".submit-row input").click()
    page.locator("#look").wait_for()


def ask_one_country_badly(page: Page) -> None:
    page.locator("#id_delegation").select_option(index=1)
    page.locator("#id_maximum").fill("1")
    page.locator(".submit-row input").click()
    page.locator(".error-summary").wait_for()


def ask_anew_what_differs(page: Page) -> None:
    """Save an exception for a country whose present exception was not shown."""
    page.locator("#id_delegation").select_option(f"{FLOWS}-dominican-republic")
    page.locator("#id_minimum").fill("0")
    page.locator("#id_reason").fill("As agreed")
    page.locator(".submit-row input").click()
    page.locator(".rcm-warning").wait_for()


def raise_a_quota_in_the_table(page: Page) -> None:
    page.locator("#quotas input[name$=-minimum]").first.fill("4")
    page.locator("#id_reason").fill("As agreed")
    page.locator("#quotas button[name=quotas]").click()
    page.locator("#quotas .rcm-warning").wait_for()


def paste_focal_points(page: Page) -> None:
    """Paste four lines: one that is right, one of a person who is a focal point already, and two that are wrong."""
    lines = [
        ("Honduras", LONG_NAME, "maria.ejemplo@example.org", "español"),
        ("CA", "Ana Muestra", CANADA, "inglés"),
        ("Atlantis", "Luz Prueba", "luz.prueba@example.org", ""),
        ("Guatemala", "Tomás Ensayo", "tomas.ensayo", "Klingon"),
    ]
    page.locator("#id_text").fill("\n".join("; ".join(line) for line in lines))
    page.locator("main form input.default").click()
    page.locator("main table").wait_for()


def press_join(page: Page) -> None:
    page.locator(".join-form button").click()
    page.locator("main a[rel=noreferrer]").wait_for()


def switch_room_badly(page: Page) -> None:
    page.locator("main [name=second_address]").fill("the other one")
    page.locator("main button[value=second]").click()
    page.locator(".error-summary").wait_for()


def note_badly(page: Page) -> None:
    page.locator("#id_look_again_on").fill("2026-11-01")
    page.locator(".rcm-call button[type=submit]").click()
    page.locator(".error-summary").wait_for()


def note_and_copy(page: Page) -> None:
    page.locator("#id_text").fill("The ministry called back.")
    page.locator(".rcm-call button.default").click()
    page.locator("#messages .success").wait_for()
    page.locator("[data-copies]").click()


def export_for_the_room(page: Page) -> None:
    with page.expect_download():
        page.locator("#room-lists button").first.click()
    page.reload()


def check_a_report(page: Page) -> None:
    """Import a report with one person identified by their link, and one unknown person."""
    link = page.url.partition("?link=")[2]
    rows = ("Name,Personal link,Join time,Duration", f"{LONG_NAME},{link},12/14/2026 09:01,118", "Luz Muestra,,,64")
    report = {"name": "report.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    page.locator("#id_file").set_input_files(report)
    page.locator(".submit-row input").click()
    page.locator("#known-heading").wait_for()


def unfold(page: Page) -> None:
    page.locator("main details > summary").last.click()


PUBLIC = (
    View("home", "/{language}/"),
    View("agenda", f"/{{language}}/webinars/{FLOWS}/", has_screenshot=True, in_every_look=True),
    View("nowhere", "/{language}/nowhere/", status=404),
)
SIGN_IN = (
    View("invited", "/{language}/invited/{invited}/", has_screenshot=True),
    View("invited-as-someone-else", "/{language}/invited/{invited}/", CANADA),
    View("sign-in", "/accounts/login/", has_screenshot=True, in_every_look=True),
    View("sign-in-code", "/accounts/login/code/"),
    View("password-reset", "/accounts/password/reset/"),
    View("sign-out", "/accounts/logout/", HONDURAS),
    View("security-keys", "/accounts/2fa/webauthn/", HONDURAS),
    View("second-factor", "/accounts/2fa/", HONDURAS),
    View("privacy-notice", "/{language}/privacy/"),
    View("privacy-notice-to-confirm", "/{language}/delegations/", NEWCOMER, has_screenshot=True),
)
IMPORT = (
    View("import", delegation_of("honduras", "import/"), HONDURAS),
    View(
        "import-check",
        delegation_of("honduras", "import/"),
        HONDURAS,
        check_rows,
        has_screenshot=True,
        in_every_look=True,
    ),
    View("letter", delegation_of("honduras", "letter/"), HONDURAS),
    View("earlier", delegation_of("honduras", "earlier/"), HONDURAS),
)
DELEGATION = (
    View("delegations", "/{language}/delegations/", HONDURAS),
    View("delegation-empty", delegation_of("nicaragua"), NICARAGUA, has_screenshot=True),
    View("delegation-half", delegation_of("honduras"), HONDURAS, has_screenshot=True, in_every_look=True),
    View("delegation-history", delegation_of("honduras"), HONDURAS, unfold),
    View("delegation-naming", delegation_of("honduras"), HONDURAS, name_someone, has_screenshot=True),
    View(
        "delegation-errors",
        delegation_of("honduras"),
        HONDURAS,
        name_someone_badly,
        has_screenshot=True,
        in_every_look=True,
    ),
    View("delegation-editing", delegation_of("honduras"), HONDURAS, open_the_first("edit")),
    View("delegation-replacing", delegation_of("honduras"), HONDURAS, open_the_first("replace")),
    View("delegation-withdrawing", delegation_of("honduras"), HONDURAS, open_the_first("withdraw")),
    View("delegation-complete", delegation_of("canada"), CANADA, has_screenshot=True),
    View("delegation-long-names", delegation_of("united-states"), UNITED_STATES, has_screenshot=True),
    View("delegation-submitted", delegation_of("dominican-republic"), DOMINICAN_REPUBLIC, has_screenshot=True),
    View("delegation-returned", delegation_of("guatemala"), GUATEMALA, has_screenshot=True),
    View("delegation-waived", delegation_of("panama"), PANAMA),
    View("delegation-accepted-with-gap", delegation_of("el-salvador"), EL_SALVADOR),
    View("delegation-not-attending", delegation_of("belize"), BELIZE),
    View("delegation-closed", delegation_of("honduras", webinar="connection-test"), HONDURAS, has_screenshot=True),
    View("delegation-cannot-come", delegation_of("mexico"), MEXICO),
    View("delegation-of-an-organisation", delegation_of("unodc"), SECRETARIAT),
    View("naming-without-scripts", delegation_of("honduras", "delegates/new/?profile=prosecutors"), HONDURAS),
    View("unsent", delegation_of("honduras", "delegates/new/"), HONDURAS, save_after_the_sign_in_ended),
    View("submit-with-gaps", delegation_of("honduras", "submit/"), HONDURAS, submit_badly, has_screenshot=True),
    View("submit-complete", delegation_of("united-states", "submit/"), UNITED_STATES),
    View("not-attending", delegation_of("honduras", "not-attending/"), HONDURAS),
)
PARTICIPANT = (
    View("participant", "/{language}/my/{my}/", has_screenshot=True, in_every_look=True),
    View("participant-cannot-come", "/{language}/my/{absent}/"),
    View("participant-left", "/{language}/my/{left}/", status=410),
    View("cannot-come", "/{language}/my/{my}/cannot-come/"),
    View("cannot-come-errors", "/{language}/my/{my}/cannot-come/", NOBODY, decline_badly),
    View("language-and-zone", "/{language}/my/{my}/language-and-time-zone/"),
    View("lost-link", "/{language}/my/"),
    View("lost-link-errors", "/{language}/my/", NOBODY, submit_badly),
    View("lost-link-asked", "/{language}/my/asked/"),
    View("verification", "/{language}/verify/{code}/"),
    View("join", "/{language}/my/{my}/join/1/", has_screenshot=True),
    View("join-open", "/{language}/my/{join}/join/1/", has_screenshot=True),
    View("room", "/{language}/my/{join}/join/1/", reach=press_join, has_screenshot=True),
)
DELEGATIONS = "/admin/registrations/delegation/"
PEOPLE = "/admin/registrations/delegate/"
AGENDA = "/admin/sessions_app/"
ANSWERS = "/admin/registrations/calendaranswer/"
MAIL = "/admin/registrations/mailforaperson/"
SECRETARIAT_PAGES = (
    View("today", "/admin/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("board", f"/admin/quota-board/{FLOWS}/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("board-filtered", f"/admin/quota-board/{FLOWS}/?sort=name&lacks=anything&profile=prosecutors", SECRETARIAT),
    View("board-asked-badly", f"/admin/quota-board/{FLOWS}/?state=unknown", SECRETARIAT),
    View("export", f"/admin/registrations/delegate/export/?webinar={FLOWS}", SECRETARIAT, has_screenshot=True),
    View("attendance", f"/admin/attendance/{FLOWS}/", SECRETARIAT, has_screenshot=True),
    View("attendance-of-a-session", f"/admin/attendance/{FLOWS}/1/", SECRETARIAT),
    View("attendance-import", f"/admin/attendance/{FLOWS}/1/import/", SECRETARIAT),
    View("attendance-check", f"/admin/attendance/{FLOWS}/1/import/?link={{my}}", SECRETARIAT, check_a_report),
    View("arrivals", f"/admin/attendance/{FLOWS}/1/arrivals/", SECRETARIAT),
    View("arrivals-exported", f"/admin/attendance/{FLOWS}/1/arrivals/", SECRETARIAT, export_for_the_room),
    View("room-switched-badly", f"/admin/attendance/{FLOWS}/1/arrivals/", SECRETARIAT, switch_room_badly),
    View("countries", "/admin/countries/", SECRETARIAT, has_screenshot=True),
    View("country", "/admin/countries/honduras/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("came-back", "/admin/registrations/delivery/?state__exact=bounced", SECRETARIAT),
    View("delivery-that-came-back", "/admin/registrations/delivery/{returned}/change/", SECRETARIAT),
    View("answers-to-confirm", ANSWERS, SECRETARIAT, in_every_look=True),
    View("answers-that-count", f"{ANSWERS}?state=counted", SECRETARIAT),
    View("mail-for-a-person", f"{MAIL}{{mail}}/change/", SECRETARIAT, in_every_look=True),
    View("mail-noted-badly", f"{MAIL}{{mail}}/change/", SECRETARIAT, note_badly),
    View("mail-for-a-person-list", MAIL, SECRETARIAT),
    View("country-with-returned-mail", "/admin/countries/el-salvador/", SECRETARIAT),
    View("delegation-with-returned-mail", delegation_of("el-salvador"), EL_SALVADOR),
    View("country-noted", "/admin/countries/costa-rica/", SECRETARIAT, note_and_copy),
    View("country-noted-badly", "/admin/countries/honduras/", SECRETARIAT, note_badly),
    View("country-calls", "/admin/countries/honduras/?show=calls", SECRETARIAT),
    View("country-of-speakers", "/admin/countries/unodc/", SECRETARIAT),
    View("remind", "/admin/registrations/gapreminder/of/{flows}/", SECRETARIAT, has_screenshot=True),
    View("announcement-of-which", "/admin/registrations/announcement/add/", SECRETARIAT),
    View(
        "several",
        "/admin/registrations/delegation/several/accept/?delegation={submitted}",
        SECRETARIAT,
        has_screenshot=True,
    ),
    View(
        "delegation-in-admin",
        "/admin/registrations/delegation/{submitted}/change/",
        SECRETARIAT,
        has_screenshot=True,
        in_every_look=True,
    ),
    View("waiting", f"{DELEGATIONS}waiting/", SECRETARIAT, has_screenshot=True),
    View("deciding", "/admin/registrations/delegation/{submitted}/accept/", SECRETARIAT, has_screenshot=True),
    View("release", "/admin/sessions_app/webinar/{flows}/release/", SECRETARIAT, has_screenshot=True),
    View("preview-public", "/admin/sessions_app/webinar/{flows}/preview/", SECRETARIAT),
    View("preview-delegate", "/admin/sessions_app/webinar/{flows}/preview/delegate/", SECRETARIAT),
    View("cancel-webinar", "/admin/sessions_app/webinar/{flows}/cancel/", SECRETARIAT),
    View("webinar-home", f"/admin/webinars/{FLOWS}/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View(
        "webinar-messages", f"/admin/webinars/{FLOWS}/messages/", SECRETARIAT, has_screenshot=True, in_every_look=True
    ),
    View("webinar-record", "/admin/sessions_app/webinar/{flows}/change/", SECRETARIAT),
    View("presidencies", "/admin/sessions_app/presidency/", SECRETARIAT),
    View("new-presidency", "/admin/sessions_app/presidency/add/", SECRETARIAT),
    View("all-records", "/admin/records/", ADMINISTRATOR),
    View("new-webinar", "/admin/webinars/new/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("new-webinar-from-an-earlier-one", f"/admin/webinars/new/?from={FLOWS}", SECRETARIAT, has_screenshot=True),
    View(
        "registration", f"/admin/webinars/{FLOWS}/registration/", SECRETARIAT, has_screenshot=True, in_every_look=True
    ),
    View(
        "registration-quota-raised", f"/admin/webinars/{FLOWS}/registration/", SECRETARIAT, raise_a_quota_in_the_table
    ),
    View(
        "focal-points-at-once",
        f"/admin/webinars/{FLOWS}/registration/focal-points/",
        SECRETARIAT,
        paste_focal_points,
        has_screenshot=True,
    ),
    View(
        "agenda-desk",
        "/admin/sessions_app/session/{session}/change/",
        SECRETARIAT,
        has_screenshot=True,
        in_every_look=True,
    ),
    View("agenda-page", f"/admin/webinars/{FLOWS}/agenda/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("agenda-item", f"/admin/webinars/{FLOWS}/agenda/", SECRETARIAT, open_an_item_badly, has_screenshot=True),
    View("agenda-observed", f"/admin/webinars/{FLOWS}/agenda/", OBSERVER),
    View("agenda-table", f"/admin/webinars/{FLOWS}/agenda/1/table/", SECRETARIAT, look_at_a_table, has_screenshot=True),
    View("policy", "/admin/registrations/registrationpolicy/{flows}/change/", SECRETARIAT),
    View(
        "announcement-form", f"/admin/registrations/announcement/add/?webinar={FLOWS}", SECRETARIAT, has_screenshot=True
    ),
    View("board-observed", f"/admin/quota-board/{FLOWS}/", OBSERVER),
    View("delegation-observed", f"{DELEGATIONS}{{submitted}}/change/", OBSERVER),
    View("quota", "/admin/registrations/quota/{quota}/change/", SECRETARIAT, has_screenshot=True),
    View("quota-raised", "/admin/registrations/quota/{quota}/change/", SECRETARIAT, raise_the_quota),
    View("quota-exception", "/admin/registrations/quota/{quota}/exception/", SECRETARIAT, ask_one_country_badly),
    View(
        "quota-exception-replaced",
        "/admin/registrations/quota/{quota}/exception/",
        SECRETARIAT,
        ask_anew_what_differs,
    ),
    View("quota-exception-end", "/admin/registrations/quota/exceptions/{exception}/end/", SECRETARIAT),
    View("person-who-speaks", "/admin/registrations/delegate/{speaking}/change/", SECRETARIAT),
    View("entry-as-speaker", "/admin/registrations/delegate/{speaking}/speaker/", SECRETARIAT),
    View("delegation-of-speakers", f"{DELEGATIONS}{{organisation}}/change/", SECRETARIAT),
    View("personal-data", "/admin/registrations/registrationpolicy/personal-data/", SECRETARIAT),
)
STEPS = (
    View("returning", f"{DELEGATIONS}{{submitted}}/return/", SECRETARIAT),
    View("submitting", f"{DELEGATIONS}{{draft}}/submit/", SECRETARIAT),
    View("reopening", f"{DELEGATIONS}{{accepted}}/reopen/", SECRETARIAT),
    View("waiving", f"{DELEGATIONS}{{draft}}/waive/", SECRETARIAT),
    View("waiver-revoked", f"{DELEGATIONS}waivers/{{waiver}}/revoke/", SECRETARIAT),
    View("staying-away", f"{DELEGATIONS}{{draft}}/not-attending/", SECRETARIAT),
    View("attending-again", f"{DELEGATIONS}{{away}}/attending-again/", SECRETARIAT),
    View("several-returned", f"{DELEGATIONS}several/return/?delegation={{submitted}}", SECRETARIAT),
    View("several-waived", f"{DELEGATIONS}several/waive/?delegation={{submitted}}", SECRETARIAT),
    View("registering", f"{PEOPLE}register/{{draft}}/", SECRETARIAT),
    View("replacing", f"{PEOPLE}{{person}}/replace/", SECRETARIAT),
    View("withdrawing", f"{PEOPLE}{{person}}/withdraw/", SECRETARIAT),
    View("cancel-session", f"{AGENDA}session/{{session}}/cancel/", SECRETARIAT),
    View("release-read", f"{AGENDA}release/{{release}}/agenda/", SECRETARIAT),
    View("release-restored", f"{AGENDA}release/{{release}}/restore/", SECRETARIAT),
)
HISTORY = (
    View("boards", "/admin/quota-board/", SECRETARIAT),
    View("webinars", "/admin/webinars/", SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("attendance-of-webinars", "/admin/attendance/", SECRETARIAT),
    View("history-of-a-webinar", f"/admin/quota-board/{FLOWS}/history/", SECRETARIAT),
    View("history-of-everything", f"/admin/quota-board/{FLOWS}/history/?all=1", SECRETARIAT),
    View("attendance-observed", f"/admin/attendance/{FLOWS}/", OBSERVER),
    View("attendance-of-a-session-observed", f"/admin/attendance/{FLOWS}/1/", OBSERVER),
    View("history-observed", f"/admin/quota-board/{FLOWS}/history/", OBSERVER),
)
VIEWS = (*PUBLIC, *SIGN_IN, *DELEGATION, *IMPORT, *PARTICIPANT, *SECRETARIAT_PAGES, *STEPS, *HISTORY)
# The pages that the head of a webinar links to.
OF_A_WEBINAR = (
    *(
        view
        for view in VIEWS
        if view.name
        in {
            "webinar-home",
            "agenda-page",
            "agenda-table",
            "registration",
            "board",
            "webinar-messages",
            "attendance",
            "history-of-a-webinar",
        }
    ),
    View("people-of-a-webinar", f"{PEOPLE}?webinar={FLOWS}&status__exact=active", SECRETARIAT),
    View("deliveries-of-a-webinar", f"/admin/registrations/delivery/?webinar={FLOWS}", SECRETARIAT),
)
# Pages of a webinar without people; {next} is its id.
EMPTY = (
    View("empty-today", "/admin/", SECRETARIAT, has_screenshot=True),
    View("empty-boards", "/admin/quota-board/", SECRETARIAT),
    View("empty-webinar-messages", f"/admin/webinars/{NEXT}/messages/", SECRETARIAT, has_screenshot=True),
    View("empty-webinar-home", f"/admin/webinars/{NEXT}/", SECRETARIAT, has_screenshot=True),
    View("empty-board", f"/admin/quota-board/{NEXT}/", SECRETARIAT, has_screenshot=True),
    View("empty-countries", "/admin/countries/", SECRETARIAT),
    View("empty-history", f"/admin/quota-board/{NEXT}/history/", SECRETARIAT),
    View("empty-waiting", f"{DELEGATIONS}waiting/", SECRETARIAT, has_screenshot=True),
    View("empty-delegations", DELEGATIONS, SECRETARIAT, has_screenshot=True),
    View("empty-people", PEOPLE, SECRETARIAT, has_screenshot=True, in_every_look=True),
    View("empty-deliveries", "/admin/registrations/delivery/", SECRETARIAT),
    View("empty-quotas", "/admin/registrations/quota/", SECRETARIAT),
    View("empty-attendance", f"/admin/attendance/{NEXT}/", SECRETARIAT, has_screenshot=True),
    View("empty-attendance-of-a-session", f"/admin/attendance/{NEXT}/1/", SECRETARIAT),
    View("empty-arrivals", f"/admin/attendance/{NEXT}/1/arrivals/", SECRETARIAT),
    View("empty-remind", "/admin/registrations/gapreminder/of/{next}/", SECRETARIAT, has_screenshot=True),
    View("empty-announcement", f"/admin/registrations/announcement/add/?webinar={NEXT}", SECRETARIAT),
    View("empty-agenda", f"/admin/webinars/{NEXT}/agenda/", SECRETARIAT, has_screenshot=True),
    View("empty-agenda-table", f"/admin/webinars/{NEXT}/agenda/1/table/", SECRETARIAT),
    View("empty-export", f"{PEOPLE}export/?webinar={NEXT}", SECRETARIAT),
    View("empty-registration", f"/admin/webinars/{NEXT}/registration/", SECRETARIAT, has_screenshot=True),
    View("empty-release", f"{AGENDA}webinar/{{next}}/release/", SECRETARIAT, has_screenshot=True),
    View("empty-preview-delegate", f"{AGENDA}webinar/{{next}}/preview/delegate/", SECRETARIAT),
    View("new-webinar-from-an-empty-one", f"/admin/webinars/new/?from={NEXT}", SECRETARIAT),
)
# Eleven webinars ahead, in a database of its own.
BUSY = View("busy-today", "/admin/", SECRETARIAT, has_screenshot=True, in_every_look=True)
# Admin pages about rows that the demo does not have; `pages/test_stock_admin.py` creates a row for each.
ABOUT_A_MADE_ROW = (
    "stop-announcement",
    "edit-announcement",
    "stop-gap-reminder",
    "restore-delegate",
    "restore-session",
    "restore-webinar",
    "remove-attendance",
)
