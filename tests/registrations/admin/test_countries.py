"""The pages of all countries and of one, and the notes on Today."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import CallNote, Delegation, HistoryEvent, HistoryKind, RegistrationPolicy, User
from registrations.services.call_notes import hand_over, note_call
from sessions_app.models import Session, Webinar
from tests.factories import (
    NOW,
    make_call_note,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_message,
    make_observer,
    make_organisation,
    make_quotas,
    make_staff,
    make_user,
    make_webinar,
)
from tests.hostile_text import HOSTILE

DAY = timedelta(days=1)
TODAY = date(2026, 10, 26)
COUNTRIES = "/admin/countries/"
HONDURAS = "/admin/countries/honduras/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def honduras() -> Delegation:
    """A draft of a country that writes in Spanish, which lacks eight people."""
    webinar = make_webinar()
    make_quotas(webinar)
    return make_delegation(webinar, make_country("HN", slug="honduras", name_en="Honduras", name_es="Honduras"))


def text_of(client: Client, path: str = HONDURAS) -> str:
    """Return the words of a page, without markup."""
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", answer.text.partition("<main")[2]))


def today_of(client: Client, staff: User) -> str:
    """Return the words of Today after a new sign-in, since an earlier one has ended by the next day."""
    client.force_login(staff)
    return text_of(client, "/admin/")


def missing_on(client: Client) -> str:
    """Return the text that is to be copied."""
    found = re.search(r'<textarea class="rcm-copied"[^>]*>(.*?)</textarea>', client.get(HONDURAS).text, re.S)
    return found[1].strip() if found else ""


def post_note(client: Client, about: Delegation, **fields: str) -> str:
    """Save a note; return where the answer leads, or its text if it does not."""
    answer = client.post(HONDURAS, {"text": "Called.", "delegation": str(about.pk), **fields})
    return answer.headers.get("Location", answer.text)


def test_a_country_lists_its_webinars_ahead_with_what_is_missing(secretariat: Client, honduras: Delegation) -> None:
    make_delegate(honduras, name="Ana Paz", is_head_of_delegation=True)
    RegistrationPolicy.objects.update(requires_letter=True)
    later = make_webinar("later", title_en="Later webinar")
    Session.objects.filter(webinar=later).update(starts_at=NOW + 60 * DAY)
    make_delegation(later, honduras.body, status="not_attending")
    make_delegation(make_webinar("cancelled", title_en="Cancelled webinar", cancelled_at=NOW), honduras.body)
    over = make_webinar("over", title_en="Past webinar")
    Session.objects.filter(webinar=over).update(starts_at=NOW - DAY)
    make_delegation(over, honduras.body, status="accepted")

    text = text_of(secretariat)

    assert "0 of 1 delegation ahead is complete." in text
    table = text.partition("Delegations at the webinars ahead")[2].partition("Note a call")[0]
    assert "1 Prosecutors , 2 Immigration control , 2 Border control , 2 Investigation units , the nomination" in table
    assert "Fri 6 Nov, 09:00 (Costa Rica)" in table
    assert table.count("head of delegation: Ana Paz") == 1
    assert table.index("Mass intra-regional flows") < table.index("Later webinar")
    assert "Past webinar" not in table
    assert "Cancelled webinar" not in table
    past = text.partition("Over, or cancelled")[2]
    assert "Past webinar" in past
    assert "Cancelled webinar" in past


def test_a_note_is_saved_from_the_page_and_shown_in_the_timeline(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    colleague = make_staff(name="Tina Enlace")

    leads_to = post_note(
        secretariat,
        honduras,
        text="The minister signs on Friday.",
        look_again_on="2026-10-30",
        handled_by=str(colleague.pk),
    )
    text = text_of(secretariat)

    assert leads_to == HONDURAS
    note = CallNote.objects.get()
    assert (note.text, note.look_again_on, note.written_by) == (
        "The minister signs on Friday.",
        date(2026, 10, 30),
        staff,
    )
    assert "The note is kept. Today shows it on Fri 30 Oct 2026." in text
    assert text.index("What happened") < text.index("The minister signs on Friday.")
    honduras.refresh_from_db()
    assert honduras.handled_by == colleague
    assert "who is on it: Tina Enlace" in text


def test_a_form_that_is_sent_twice_keeps_one_note(secretariat: Client, honduras: Delegation) -> None:
    assert [post_note(secretariat, honduras) for _ in range(2)] == [HONDURAS] * 2

    assert CallNote.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "This field is required."),
        ({"text": "x" * 1001}, "at most 1000 characters"),
        ({"text": "a\u200bb"}, "an invisible character"),
        ({"text": "a\x07b"}, "characters that cannot be seen"),
        ({"look_again_on": "2026-10-25"}, "This day is over. Please choose today or a later day."),
        ({"look_again_on": "2027-01-01"}, "The webinar is over by then. Please choose an earlier day."),
        ({"look_again_on": "soon"}, "Enter a valid date."),
        ({"look_again_on": "0001-01-01"}, "Please give a year from"),
        ({"delegation": "0"}, "Select a valid choice."),
        ({"handled_by": "0"}, "Select a valid choice."),
    ],
)
def test_a_wrong_note_keeps_what_was_typed_and_says_why(
    secretariat: Client, honduras: Delegation, fields: dict[str, str], message: str
) -> None:
    shown = post_note(secretariat, honduras, **{"text": "The ministry is closed.", **fields})

    assert message in shown
    assert 'id="error-summary"' in shown
    assert fields.get("text", "The ministry is closed.")[:20] in shown
    assert not CallNote.objects.exists()


def test_a_delegation_of_another_country_cannot_be_noted_on_this_page(
    secretariat: Client, honduras: Delegation
) -> None:
    other = make_delegation(honduras.webinar, make_country("PA"))

    assert "Select a valid choice." in post_note(secretariat, other)
    assert not CallNote.objects.exists()


def test_staff_put_themselves_on_a_delegation_with_one_button(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    path = reverse("admin:take-over-delegation", args=[honduras.pk])

    by_get = secretariat.get(path)
    after_get = Delegation.objects.get().handled_by
    answers = [secretariat.post(path) for _ in range(2)]

    assert (by_get.headers["Location"], after_get) == (HONDURAS, None)
    assert [answer.headers["Location"] for answer in answers] == [HONDURAS] * 2
    assert Delegation.objects.get().handled_by == staff
    assert HistoryEvent.objects.filter(kind=HistoryKind.HANDED_OVER).count() == 1
    assert path not in secretariat.get(HONDURAS).text


def test_nobody_takes_a_delegation_over_after_its_webinar(
    client: Client, staff: User, honduras: Delegation, clock: TimeMachineFixture
) -> None:
    clock.move_to(NOW + 60 * DAY)
    client.force_login(staff)

    answer = client.post(reverse("admin:take-over-delegation", args=[honduras.pk]), follow=True)

    assert "The webinar is over" in answer.text
    assert Delegation.objects.get().handled_by is None


def test_today_shows_a_note_from_its_day_until_it_is_dealt_with(
    client: Client, staff: User, honduras: Delegation, clock: TimeMachineFixture
) -> None:
    note = note_call(honduras, text="The minister signs.", look_again_on=TODAY + DAY, by=staff, now=NOW)
    the_day_before = today_of(client, staff)
    clock.move_to(NOW + DAY)
    on_its_day = today_of(client, staff)
    clock.move_to(NOW + 3 * DAY)
    later = today_of(client, staff)
    path = reverse("admin:end-look-again", args=[note.pk])
    by_get = client.get(path)
    answer = client.post(path, {"back": "today"})

    assert "Look again" not in the_day_before
    assert "Look again (1) Honduras Tue 27 Oct 2026" in on_its_day
    assert "“The minister signs.” secretariat@example.org" in later
    assert by_get.headers["Location"] == HONDURAS
    assert answer.headers["Location"] == "/admin/"
    assert "Look again" not in today_of(client, staff)


def test_today_shows_no_note_of_a_webinar_that_is_over_or_cancelled(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    make_call_note(honduras, by=staff, look_again_on=TODAY)
    Webinar.objects.update(cancelled_at=NOW)
    of_cancelled = text_of(secretariat, "/admin/")
    Webinar.objects.update(cancelled_at=None)
    Session.objects.update(starts_at=NOW - DAY)
    of_past = text_of(secretariat, "/admin/")

    assert "Look again" not in of_cancelled + of_past


def test_the_missing_text_is_in_the_language_of_the_country_with_its_zone(
    secretariat: Client, honduras: Delegation
) -> None:
    make_delegate(honduras, "immigration-control")
    make_delegate(honduras, "immigration-control")
    make_delegate(honduras)
    RegistrationPolicy.objects.update(requires_letter=True)

    assert missing_on(secretariat) == (
        "Honduras\n\n"
        "Flujos masivos intrarregionales\n"
        "lun 16 nov 2026 – mar 17 nov 2026\n"
        "Aún faltan:\n"
        "- Prosecutors (es): 1 persona (1 de 2 designadas)\n"
        "- Border control (es): 2 personas (0 de 2 designadas)\n"
        "- Investigation units (es): 2 personas (0 de 2 designadas)\n"
        "- la carta de designación\n"
        "Cierre del registro: vie 6 nov, 09:00 (Tegucigalpa, UTC−06:00)\n"
        f"http://testserver/es/delegations/{honduras.slug}/"
    )


def test_the_missing_text_says_when_registration_has_closed_and_names_both_zones(
    secretariat: Client, honduras: Delegation
) -> None:
    RegistrationPolicy.objects.update(closes_at=NOW - DAY)
    honduras.body.timezones = ["America/Panama"]
    honduras.body.default_language = "en"
    honduras.body.save()

    text = missing_on(secretariat)

    assert "Registration has closed; whoever is missing can still be named." in text
    assert "Sun 25 Oct, 10:00 (Panama, UTC−05:00) · 09:00 (Costa Rica, UTC−06:00)" in text


def test_there_is_no_text_where_nothing_is_missing(secretariat: Client, honduras: Delegation) -> None:
    Delegation.objects.update(status="not_attending")

    assert missing_on(secretariat) == ""
    assert "Nothing is missing." in text_of(secretariat)


def test_the_missing_text_names_no_delegate(secretariat: Client, honduras: Delegation) -> None:
    make_delegate(honduras, name="Ximena Zapata", email="ximena@example.org")

    assert "imena" not in missing_on(secretariat)


def test_the_timeline_holds_calls_mails_and_decisions_of_all_webinars_of_this_country_alone(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    other_webinar = make_webinar("other", title_en="Other webinar")
    elsewhere = make_delegation(other_webinar, honduras.body)
    panama = make_delegation(honduras.webinar, make_country("PA"))
    for delegation, words in ((honduras, "First call."), (elsewhere, "Second call."), (panama, "Of Panama.")):
        make_call_note(delegation, by=staff, text=words)
        HistoryEvent.objects.create(
            webinar=delegation.webinar, delegation=delegation, kind="returned", at=NOW, reason=f"After: {words}"
        )
    for number, user in enumerate((make_user(), make_user())):
        make_message(f"gap-{number}", delegation=honduras, user=user, state="sent")
        make_message(f"gap-failed-{number}", delegation=panama, user=user, state="failed", last_error="Refused")
    make_message("superseded", delegation=honduras, state="superseded")

    everything, calls, mails, history = (
        text_of(secretariat, f"{HONDURAS}?show={shown}").partition("What happened")[2]
        for shown in ("all", "calls", "mails", "history")
    )

    for words in ("First call.", "Second call.", "After: First call.", "After: Second call.", "Other webinar"):
        assert words in everything
    assert "Gap notice , to 2 focal points · Sent" in everything
    assert "Panama" not in everything
    assert "Refused" not in everything
    assert ("First call." in calls, "Gap notice" in calls, "Returned" in calls) == (True, False, False)
    assert ("First call." in mails, "Gap notice" in mails, "Returned" in mails) == (False, True, False)
    assert (" First call." in history.replace("After: First", ""), "Gap notice" in history) == (False, False)


def test_an_older_part_of_the_timeline_is_a_page_away(secretariat: Client, staff: User, honduras: Delegation) -> None:
    for number in range(45):
        make_call_note(honduras, by=staff, text=f"Call {number:02}.", written_at=NOW - number * DAY)

    first, second = (text_of(secretariat, f"{HONDURAS}?page={page}") for page in (1, 2))

    assert [number for number in range(45) if f"Call {number:02}." in first] == list(range(40))
    assert [number for number in range(45) if f"Call {number:02}." in second] == list(range(40, 45))
    assert ("Older" in first, "Newer" in first, "Older" in second, "Newer" in second) == (True, False, False, True)


def test_messages_of_the_timeline_lead_to_the_list_of_exactly_these(secretariat: Client, honduras: Delegation) -> None:
    for number in range(2):
        make_message(
            f"sent-{number}", delegation=honduras, user=make_user(), email=f"f{number}@example.org", state="sent"
        )
    make_message("failed", delegation=honduras, user=make_user(), email="failed@example.org", state="failed")

    links = [unescape(link) for link in re.findall(r'href="([^"]*/delivery/[^"]+)"', secretariat.get(HONDURAS).text)]
    pages = [secretariat.get(link) for link in links]

    assert [page.status_code for page in pages] == [200, 200]
    found = [set(re.findall(r"(?:f\d|failed)@example.org", page.text)) for page in pages]
    assert sorted(found, key=len) == [{"failed@example.org"}, {"f0@example.org", "f1@example.org"}]


@pytest.mark.parametrize("query", ["show=nothing", "page=-1", "page=0", "page=x", f"page={'9' * 18}", "delegation=x"])
def test_an_address_that_was_changed_by_hand_shows_a_page(
    secretariat: Client, honduras: Delegation, query: str
) -> None:
    assert secretariat.get(f"{HONDURAS}?{query}").status_code == 200


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_or_shown_as_it_was_typed(secretariat: Client, honduras: Delegation, text: str) -> None:
    post_note(secretariat, honduras, text=text, look_again_on="2026-10-26")

    pages = [secretariat.get(path) for path in (HONDURAS, "/admin/")]

    assert [page.status_code for page in pages] == [200, 200]
    assert "<script> " not in "".join(page.text for page in pages)
    assert "<b>Ana</b>" not in "".join(page.text for page in pages)


def test_the_list_names_every_country_and_what_is_open_with_it(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    note_call(honduras, text="Called.", look_again_on=TODAY, handled_by=staff, by=staff, now=NOW)
    make_country("PA", name_en="Panama")
    make_delegation(honduras.webinar, make_organisation("iom"), handled_by=staff)
    make_organisation("absent")

    text = text_of(secretariat, COUNTRIES)

    assert "Honduras 1 0 8 people Fri 6 Nov, 09:00 (Costa Rica) Mon 26 Oct 2026 due secretariat@example.org" in text
    assert "Panama 0 – – – – –" in text
    assert "IOM 1 1 nobody – – secretariat@example.org" in text
    assert "ABSENT" not in text


def test_the_delegation_names_who_is_on_it_and_leads_to_the_country(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    hand_over(honduras, to=make_staff(name="Tina Enlace"), by=staff, now=NOW)

    page = secretariat.get(reverse("admin:registrations_delegation_change", args=[honduras.pk])).text

    assert f"{HONDURAS}?delegation={honduras.pk}#note" in page
    assert f'href="{COUNTRIES}"' in page
    assert "Who is on it: Tina Enlace" in page


def test_a_note_is_about_the_delegation_that_the_address_names(secretariat: Client, honduras: Delegation) -> None:
    later = make_webinar("later")
    Session.objects.filter(webinar=later).update(starts_at=NOW + 60 * DAY)
    chosen = make_delegation(later, honduras.body)

    named, unnamed = (secretariat.get(f"{HONDURAS}{query}").text for query in (f"?delegation={chosen.pk}", ""))

    assert f'<option value="{chosen.pk}" selected' in named
    assert f'<option value="{honduras.pk}" selected' in unnamed


def test_observers_and_focal_points_read_no_country_and_note_nothing(
    client: Client, staff: User, honduras: Delegation
) -> None:
    note = make_call_note(honduras, by=staff, look_again_on=TODAY)
    paths = [
        COUNTRIES,
        HONDURAS,
        reverse("admin:end-look-again", args=[note.pk]),
        reverse("admin:take-over-delegation", args=[honduras.pk]),
    ]
    found = {}
    for user in (make_observer(), make_focal_point(honduras.body).user):
        client.force_login(user)
        found[user.is_observer] = [client.get(path).status_code for path in paths] + [
            client.post(path, {"text": "Called.", "delegation": str(honduras.pk)}).status_code for path in paths
        ]

    assert found == {True: [403] * 8, False: [302] * 8}
    assert list(CallNote.objects.open()) == [note]
    assert Delegation.objects.get().handled_by is None


def test_a_post_without_the_token_of_its_form_is_refused(staff: User, honduras: Delegation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)

    answers = [
        client.post(HONDURAS, {"text": "Called.", "delegation": str(honduras.pk)}),
        client.post(reverse("admin:take-over-delegation", args=[honduras.pk])),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert not CallNote.objects.exists()


def test_notes_and_who_is_on_it_are_not_shown_to_the_country(client: Client, staff: User, honduras: Delegation) -> None:
    colleague = make_staff(name="Tina Enlace")
    note_call(honduras, text="The minister signs.", look_again_on=TODAY, by=staff, now=NOW)
    hand_over(honduras, to=colleague, by=staff, now=NOW)
    client.force_login(make_focal_point(honduras.body).user)

    page = client.get(honduras.get_absolute_url()).text

    assert "minister" not in page
    assert "Tina Enlace" not in page


def test_the_pages_take_the_same_queries_with_one_delegation_as_with_a_hundred(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    paths = (HONDURAS, COUNTRIES, "/admin/")
    fill(honduras, staff)
    with_one = {path: queries_of(secretariat, path) for path in paths}
    for number in range(100):
        webinar = make_webinar(f"webinar-{number}")
        make_quotas(webinar)
        fill(make_delegation(webinar, honduras.body), staff)

    with_many = {path: queries_of(secretariat, path) for path in paths}

    assert with_many == with_one


def fill(delegation: Delegation, staff: User) -> None:
    """Add a person, a note, an event, a message and a focal point to a delegation, and somebody who is on it."""
    make_delegate(delegation)
    make_focal_point(delegation.body)
    make_call_note(delegation, by=staff, look_again_on=TODAY, written_at=NOW - DAY)
    Delegation.objects.filter(pk=delegation.pk).update(handled_by=make_staff())
    HistoryEvent.objects.create(
        webinar=delegation.webinar,
        delegation=delegation,
        kind="edited",
        actor=make_user(),
        at=NOW + timedelta(minutes=1),
        changes={"profile": ["prosecutors", "border-control"]},
    )
    make_message(f"gap-{delegation.pk}", delegation=delegation, user=make_user(), state="sent")


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
