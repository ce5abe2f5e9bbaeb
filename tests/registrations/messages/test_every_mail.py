"""What holds for each of our mails, in both languages: one button, nothing from elsewhere, a text of equal worth."""

import re
from collections.abc import Iterator
from email.headerregistry import Address
from html import unescape
from html.parser import HTMLParser

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.calendar_client import parse
from tests.registrations.messages.every_mail import every_mail, templates

pytestmark = pytest.mark.django_db
# What its writer wrote is all that they have, and what is taken back asks for nothing.
WITH_CALENDAR = {"invitation", "update", "cancellation"}
WITHOUT_BUTTON = {"announcement", "test", "cancellation"}
OF_A_SESSION = {
    "invitation",
    "update",
    "cancellation",
    "reminder",
    "reminder (asking)",
    "focal_point_reminder",
    "after_session",
}
HOUR = re.compile(r"\b\d{1,2}:\d{2}\b")
WEB_ADDRESS = re.compile(r"https?://[^\s<>\")]+")


class Page(HTMLParser):
    """What a mail program makes of an HTML part: its links and buttons, its words, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.buttons: list[str] = []
        self.loaded: list[str] = re.findall(r"url\(|@import", html)
        self.text = unescape(re.sub(r"<[^>]+>", " ", html.partition("<body")[2].partition(">")[2]))
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values["href"] or "")
            self.buttons += [self.links[-1]] if values.get("class") == "button" else []
        elif tag in {"img", "link", "script", "iframe", "object", "form"} or {"src", "background", "href"} & set(
            values
        ):
            self.loaded.append(tag)


@pytest.fixture(scope="module", params=["en", "es"])
def mails(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, EmailMultiAlternatives]]:
    """Each mail by its name; the story is told once for a language, and leaves no row."""
    with django_db_blocker.unblock(), transaction.atomic():
        mail.outbox.clear()
        told = every_mail(request.param)
        transaction.set_rollback(True)
    return told


def page_of(message: EmailMultiAlternatives) -> Page:
    (html,) = [content for content, mimetype in message.alternatives if mimetype == "text/html"]
    return Page(str(html))


def test_no_mail_is_left_out_of_the_story(mails: dict[str, EmailMultiAlternatives]) -> None:
    assert set(mails) - {"test", "reminder (asking)"} == templates()


def test_a_reply_to_a_mail_without_a_calendar_reaches_the_webinars_contact(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    """An answer to one with a calendar goes to the organizer, who is the sender."""
    asked = {name: [one.addr_spec for one in addresses_of(message, "Reply-To")] for name, message in mails.items()}

    assert asked == {name: [] if name in WITH_CALENDAR else ["secretariat@example.org"] for name in mails}


def test_no_mail_is_answered_by_an_absence_note(mails: dict[str, EmailMultiAlternatives]) -> None:
    assert {parse(message)["X-Auto-Response-Suppress"] for message in mails.values()} == {"OOF"}


def test_the_sender_is_named_in_the_language_of_the_mail(mails: dict[str, EmailMultiAlternatives]) -> None:
    senders = {
        (re.findall(r'<html lang="(\w+)"', str(message.alternatives[0][0]))[0], str(one))
        for message in mails.values()
        for one in addresses_of(message, "From")
    }

    assert senders <= {
        ("en", "RCM webinars <webinars@example.org>"),
        ("es", "Seminarios web de la CRM <webinars@example.org>"),
    }


def addresses_of(message: EmailMultiAlternatives, header: str) -> list[Address]:
    found = parse(message)[header]
    return list(found.addresses) if found else []


def test_a_mail_has_one_button_and_those_that_ask_for_nothing_have_none(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    buttons = {name: len(page_of(message).buttons) for name, message in mails.items()}

    assert buttons == {name: 0 if name in WITHOUT_BUTTON else 1 for name in mails}


def test_the_button_comes_before_every_other_link(mails: dict[str, EmailMultiAlternatives]) -> None:
    pages = [page_of(message) for name, message in mails.items() if name not in WITHOUT_BUTTON]

    assert [page.links[0] for page in pages] == [page.buttons[0] for page in pages]


def test_a_mail_loads_nothing_and_has_a_dark_mode(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    assert {name: page_of(message).loaded for name, message in mails.items()} == {name: [] for name in mails}
    assert all("prefers-color-scheme: dark" in str(message.alternatives[0][0]) for message in mails.values())


def test_the_text_holds_every_link_and_every_hour_of_the_html_and_no_other(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in mails.items():
        page = page_of(message)
        links = {link.removeprefix("mailto:") for link in page.links}
        addresses = {link for link in links if "@" in link}
        assert (name, set(WEB_ADDRESS.findall(message.body))) == (name, links - addresses)
        assert (name, [one for one in addresses if one not in message.body]) == (name, [])
        assert (name, sorted(HOUR.findall(message.body))) == (name, sorted(HOUR.findall(page.text)))


def test_the_text_says_what_the_html_says(mails: dict[str, EmailMultiAlternatives]) -> None:
    """Each list item, and each sentence that stands between two tags."""
    for name, message in mails.items():
        said = plain(message.body)
        (html,) = [str(content) for content, mimetype in message.alternatives if mimetype == "text/html"]
        items = re.findall(r"<li>([^<]+)</li>", html)
        sentences = re.findall(r">\s*([^<>]{30,}?\.)\s*<", html.partition("<body")[2])
        assert (name, [one for one in (*items, *sentences) if plain(unescape(one)) not in said]) == (name, [])


def plain(text: str) -> str:
    """In single blanks; a list of the text part stands in one line, without the colons."""
    return " ".join(text.replace(":", "").split())


def test_the_subject_of_a_session_says_which_when_and_where_that_hour_is(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    subjects = [mails[name].subject for name in OF_A_SESSION]

    hour = r"\w{3} \d+ \w{3}, \d\d:00–\d\d:00 \(Panam[aá], UTC−05:00\)"
    pattern = rf"\S.*: (Context and challenges|Contexto y desafíos) \d, {hour}"
    assert [subject for subject in subjects if not re.fullmatch(pattern, subject)] == []


def test_the_hour_of_the_recipient_comes_before_that_of_the_webinar(mails: dict[str, EmailMultiAlternatives]) -> None:
    for name in OF_A_SESSION:
        for text in (mails[name].body, page_of(mails[name]).text):
            assert re.search(r"Panam[aá]", text).start() < text.index("Costa Rica")


def test_an_invitation_says_that_the_answer_on_the_page_is_the_one_that_counts(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    sentences = {
        "en": "Only the answer on your page counts, not one given in your calendar.",
        "es": "Solo cuenta la respuesta que dé en su página, no la que dé en su calendario.",
    }
    for name in ("invitation", "update"):
        html = str(mails[name].alternatives[0][0])
        sentence = sentences[re.findall(r'<html lang="(\w+)"', html)[0]]
        assert sentence in mails[name].body
        assert sentence in html


def test_the_invitation_says_what_to_do_where_a_calendar_shows_no_buttons(
    mails: dict[str, EmailMultiAlternatives],
) -> None:
    for name in ("invitation", "update"):
        assert "invite.ics" in mails[name].body
        assert "invite.ics" in page_of(mails[name]).text


def test_the_title_of_each_mail_is_its_subject(mails: dict[str, EmailMultiAlternatives]) -> None:
    titles = {}
    # Only the subject of a test to oneself says that it is one.
    read = {name: message for name, message in mails.items() if name != "test"}
    for name, message in read.items():
        (html,) = [str(content) for content, kind in message.alternatives if kind == "text/html"]
        titles[name] = unescape(html.partition("<title>")[2].partition("</title>")[0])

    assert titles == {name: message.subject for name, message in read.items()}
