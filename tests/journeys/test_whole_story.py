"""One delegation is registered, accepted, invited, updated and cancelled in a real browser, and the board shows it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.mailbox import Mailbox, ReceivedMessage

pytestmark = pytest.mark.journey

PASSWORD = "demo-rcm-2020"
FLOWS = "mass-intra-regional-flows"
NEWCOMERS = (
    ("Eva Ejemplo", "eva.ejemplo.hn@example.org", "Prosecutors"),
    ("Raúl Muestra", "raul.muestra.hn@example.org", "Prosecutors"),
    ("Inés Modelo", "ines.modelo.hn@example.org", "Border control"),
)
FOURTH_OF_ALL = "Nora Modelo", "nora.modelo.hn@example.org"
INVITED_WITHIN_SECONDS = 60
# Mail about a focal point's change waits for 20 s, and beat plans every 30 s.
TOLD_WITHIN_SECONDS = 90
CODE = re.compile(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", re.MULTILINE)


@pytest.fixture
def people(browser: Browser, demo: tuple[str, Mailbox]) -> Iterator[tuple[Page, Page, Page]]:
    """The browsers of a focal point, of the secretariat and of a participant with a telephone; all read English."""
    contexts = [
        browser.new_context(base_url=demo[0], locale="en-GB", viewport={"width": width, "height": 900})
        for width in (1280, 1280, 390)
    ]
    for context in contexts:
        context.set_default_timeout(15_000)
    focal_point, secretariat, participant = [context.new_page() for context in contexts]
    yield focal_point, secretariat, participant
    for context in contexts:
        context.close()


def sign_in_by_password(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form:has(input[name=password])").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/delegations/")


def sign_in_by_code(page: Page, email: str, mailbox: Mailbox) -> None:
    """Ask for a code, read it in the demo's mail viewer, and type it."""
    before = len(mailbox.messages(email))
    page.goto("/accounts/login/code/")
    page.locator("input[name=email]").fill(email)
    page.locator("main form button").first.click()

    def with_code(box: Mailbox) -> list[ReceivedMessage]:
        """Return only mails with a code: other mail of the demo may arrive at the same time."""
        return [message for message in box.messages(email)[before:] if CODE.search(message.text)]

    mailbox.wait_for(lambda box: bool(with_code(box)), seconds=10, what="the code")
    reader = page.context.new_page()
    reader.goto(f"/demo/mail/?to={email}")
    reader.get_by_role("link", name=with_code(mailbox)[-1].subject.strip()).first.click()
    text = reader.locator("pre").last.inner_text()
    reader.close()
    code = CODE.search(text)
    assert code is not None, text
    page.locator("input[name=code]").fill(code[1])
    page.locator("main form button").first.click()


def profile_of(page: Page, profile: str) -> Locator:
    return page.locator("section.profile").filter(has=page.get_by_role("heading", name=profile, exact=False))


def name_someone(page: Page, name: str, email: str, profile: str) -> None:
    profile_of(page, profile).get_by_role("link", name=re.compile("Name someone")).click()
    fill_in(page, name, email)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(name)


def fill_in(page: Page, name: str, email: str) -> None:
    page.get_by_label("Full name").fill(name)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Institution").fill("Institución de muestra")


def addresses_on(page: Page) -> set[str]:
    """Return the addresses of the delegates whom the delegation's page shows as active."""
    return set(re.findall(r"[\w.]+@example\.org", page.locator(".profiles").inner_text()))


def hours(message: ReceivedMessage) -> list[str]:
    """Return the start of the session in three time zones."""
    zones = ("America/Tegucigalpa", "America/Panama", "America/Santo_Domingo")
    return [f"{message.starts_in(zone):%a %H:%M}" for zone in zones]


def latest_messages(mailbox: Mailbox, address: str) -> dict[str, ReceivedMessage]:
    """Return the message with the highest SEQUENCE of each event of this webinar, by UID."""
    messages = [message for message in mailbox.messages(address) if message.calendar and is_of_this_webinar(message)]
    messages.sort(key=lambda message: int(message.event["SEQUENCE"]))
    return {str(message.event["UID"]): message for message in messages}


def is_of_this_webinar(message: ReceivedMessage) -> bool:
    """Whether the message is not about the demo's other webinar, which is today and has some of the same people."""
    return message.starts_in("UTC") - datetime.now(UTC) > timedelta(days=7)


def latest_methods(mailbox: Mailbox, address: str) -> list[str]:
    """Return the METHOD of the latest message of each session."""
    return sorted(message.ical_method for message in latest_messages(mailbox, address).values())


def latest_message_of_day(mailbox: Mailbox, address: str, day: str) -> ReceivedMessage:
    (message,) = [
        one for one in latest_messages(mailbox, address).values() if f"{one.starts_in('America/Tegucigalpa'):%a}" == day
    ]
    return message


def page_links(mailbox: Mailbox, address: str) -> list[str]:
    """Return the links to the participant's page in the invitations to `address`, the oldest first."""
    messages = [message for message in mailbox.messages(address, method="REQUEST") if is_of_this_webinar(message)]
    return [link for message in messages for link in message.links if "/my/" in link and "/join/" not in link]


def test_the_whole_story(people: tuple[Page, Page, Page], demo: tuple[str, Mailbox]) -> None:
    focal_point, secretariat, participant = people
    _url, mailbox = demo

    # The focal point of Honduras signs in with a code from the mail and sees what is missing.
    sign_in_by_code(focal_point, "focal.hn@example.org", mailbox)
    focal_point.goto("/en/delegations/")
    focal_point.locator(f"a[href*='/delegations/{FLOWS}-honduras/']").click()
    expect(focal_point.locator("#gaps")).to_contain_text("Prosecutors (0 of 2), Border control (1 of 2)")

    # They name the three who are missing, and submit: a complete delegation is accepted at once.
    for name, email, profile in NEWCOMERS:
        name_someone(focal_point, name, email, profile)
    expect(focal_point.locator("#gaps")).to_contain_text("Every quota is met")
    focal_point.get_by_role("link", name="Submit the delegation").click()
    focal_point.get_by_role("button", name="Submit").click()
    expect(focal_point.locator(".state-bar")).to_contain_text("Accepted")

    # Everyone is invited to both sessions, at the right hours; the focal point is told the decision.
    named = addresses_on(focal_point)
    assert len(named) == 9
    seconds = mailbox.wait_for(
        lambda box: all(latest_methods(box, address) == ["REQUEST", "REQUEST"] for address in named),
        seconds=INVITED_WITHIN_SECONDS,
        what="the invitations",
    )
    print(f"\n{2 * len(named)} invitations sent {seconds:.0f} s after submitting.")
    first = latest_message_of_day(mailbox, NEWCOMERS[0][1], "Mon")
    assert hours(first) == ["Mon 09:00", "Mon 10:00", "Mon 11:00"]
    assert str(first.event["ATTENDEE"]) == f"mailto:{NEWCOMERS[0][1]}"
    assert not [other for other in named - {NEWCOMERS[0][1]} if other in first.message.as_string()]
    assert any("aceptada" in message.subject for message in mailbox.messages("focal.hn@example.org"))

    # The secretariat sees all four quotas met.
    sign_in_by_password(secretariat, "secretariat@example.org")
    secretariat.goto(f"/admin/quota-board/{FLOWS}/")
    honduras = secretariat.get_by_role("row", name=re.compile("Honduras"))
    for cell in ("2 of 2", "2 of 2", "2 of 2", "3 of 2"):
        expect(honduras).to_contain_text(cell)
    expect(honduras).to_contain_text("Accepted")

    # It moves the second session by half an hour and releases the agenda: only that session's calendars change.
    before = latest_message_of_day(mailbox, NEWCOMERS[0][1], "Tue")
    secretariat.goto("/admin/sessions_app/session/")
    secretariat.get_by_role("link", name=re.compile("potential practical tools")).click()
    secretariat.locator("#id_starts_at_1").fill("09:30:00")
    secretariat.get_by_role("button", name="Save", exact=True).first.click()
    secretariat.goto("/admin/sessions_app/webinar/")
    secretariat.get_by_role("link", name=re.compile("Massive intra-regional flows")).click()
    secretariat.get_by_role("link", name=re.compile("Release the agenda")).click()
    expect(secretariat.locator("#content")).to_contain_text("moved:")
    secretariat.get_by_role("button", name="Release").click()
    expect(secretariat.locator(".messagelist")).to_contain_text("is public")
    mailbox.wait_for(
        lambda box: all(hours(latest_message_of_day(box, address, "Tue"))[0] == "Tue 09:30" for address in named),
        seconds=TOLD_WITHIN_SECONDS,
        what="the updates",
    )
    update = latest_message_of_day(mailbox, NEWCOMERS[0][1], "Tue")
    assert update.event["UID"] == before.event["UID"]
    assert int(update.event["SEQUENCE"]) > int(before.event["SEQUENCE"])
    assert update.starts_in("UTC") - before.starts_in("UTC") == timedelta(minutes=30)
    assert latest_message_of_day(mailbox, NEWCOMERS[0][1], "Mon").message["Message-ID"] == first.message["Message-ID"]

    # A participant opens the link of the mail on a telephone, says yes, and sees when the room opens.
    participant.goto(page_links(mailbox, NEWCOMERS[0][1])[-1])
    participant.goto(participant.url.replace("/es/", "/en/"))
    participant.get_by_role("button", name="Yes").first.click()
    expect(participant.get_by_role("status")).to_contain_text("You said yes")
    participant.get_by_role("link", name="Go to the join page").click()
    expect(participant.locator("main")).to_contain_text("The room is not open yet")
    focal_point.reload()
    expect(profile_of(focal_point, "Prosecutors")).to_contain_text("session 1: accepted")

    # One prosecutor is replaced, one investigator of three withdrawn: two calendars are cleared, one is filled.
    prosecutors = profile_of(focal_point, "Prosecutors")
    prosecutors.get_by_role("link", name=re.compile(f"Replace {NEWCOMERS[1][0]}")).click()
    fill_in(focal_point, *FOURTH_OF_ALL)
    focal_point.get_by_role("button", name="Replace").click()
    expect(focal_point.get_by_role("status")).to_contain_text(f"{FOURTH_OF_ALL[0]} takes the place")
    investigators = profile_of(focal_point, "Investigation units")
    leaving = re.findall(r"[\w.]+@example\.org", investigators.inner_text())[-1]
    investigators.get_by_role("link", name=re.compile("Withdraw")).last.click()
    focal_point.get_by_role("button", name="Withdraw").click()
    expect(focal_point.get_by_role("status")).to_contain_text("is withdrawn")
    mailbox.wait_for(
        lambda box: (
            [latest_methods(box, address) for address in (NEWCOMERS[1][1], leaving, FOURTH_OF_ALL[1])]
            == [["CANCEL", "CANCEL"], ["CANCEL", "CANCEL"], ["REQUEST", "REQUEST"]]
        ),
        seconds=TOLD_WITHIN_SECONDS,
        what="the cancellations",
    )

    # The link of someone who left says so.
    gone = participant.goto(page_links(mailbox, leaving)[0])
    assert gone is not None
    assert gone.status == 410

    # The board and the page tell the same.
    secretariat.goto(f"/admin/quota-board/{FLOWS}/")
    expect(secretariat.get_by_role("row", name=re.compile("Honduras"))).not_to_contain_text("3 of 2")
    expect(focal_point.locator("#gaps")).to_contain_text("Every quota is met")
