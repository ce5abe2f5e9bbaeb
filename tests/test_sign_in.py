import re
from html.parser import HTMLParser
from itertools import count
from typing import NamedTuple

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from time_machine import TimeMachineFixture

from rcm_webinar.settings import PASSWORD_HASHERS
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


def test_a_focal_point_signs_in_with_a_mailed_code(client: Client) -> None:
    make_user("focal@example.org")

    client.post("/accounts/login/code/", {"email": "Focal@example.org"})
    code = re.search(r"^([0-9A-Z]{4,}-?[0-9A-Z]*)$", mail.outbox[0].body, re.MULTILINE)
    assert code is not None
    answer = client.post("/accounts/login/code/confirm/", {"code": code[1]})

    assert answer.url == "/en/delegations/"
    assert get_user(client).is_authenticated


@pytest.mark.parametrize(("language", "name"), [("en", "RCM webinars"), ("es", "Seminarios web de la CRM")])
def test_a_mailed_code_has_our_sender_the_readers_language_and_no_absence_replies(
    client: Client, language: str, name: str
) -> None:
    make_user("focal@example.org")

    client.post("/accounts/login/code/", {"email": "focal@example.org"}, headers={"Accept-Language": language})

    (message,) = mail.outbox
    assert message.from_email == f"{name} <webinars@example.org>"
    assert message.message()["X-Auto-Response-Suppress"] == "OOF"


def test_a_password_signs_in_too_and_a_wrong_one_does_not(client: Client) -> None:
    make_user("focal@example.org", password=PASSWORD)

    wrong = client.post("/accounts/login/", {"login": "focal@example.org", "password": "wrong-wrong-wrong"})
    right = client.post("/accounts/login/", {"login": "FOCAL@example.org", "password": PASSWORD})

    assert (wrong.status_code, right.status_code) == (200, 302)


def test_a_password_is_stored_with_argon2(settings: Settings) -> None:
    """The other tests use a faster hasher."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS

    user = make_user(password=PASSWORD)

    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password(PASSWORD)


def test_requesting_a_code_never_reveals_whether_an_address_is_known(client: Client) -> None:
    make_user("known@example.org")

    known = client.post("/accounts/login/code/", {"email": "known@example.org"}, follow=True)
    unknown = Client().post("/accounts/login/code/", {"email": "nobody@example.org"}, follow=True)

    def text_of(answer) -> str:
        text = re.sub(r'value="[^"]*"', "", answer.content.decode())
        return text.replace("known@example.org", "X").replace("nobody@example.org", "X")

    assert text_of(known) == text_of(unknown)
    assert [message.to for message in mail.outbox] == [["known@example.org"]]


VARYING = ("Content-Length", "Expires", "Set-Cookie")


class Observation(NamedTuple):
    """The observable parts of a response and its queries, without parts that differ in every request."""

    status: int
    location: str
    headers: dict[str, str]
    page: str
    statements: list[str]


def observe(client: Client, path: str, typed: dict[str, str]) -> Observation:
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, typed) if typed else client.get(path)
    page = re.sub(r'value="[^"]*"', "", answer.text)
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    return Observation(
        answer.status_code,
        answer.headers.get("Location", ""),
        headers,
        re.sub(r"[\w.]+@example\.org", "…", page),
        [re.sub(r"'[^']*'|\bs\d+_x\d+\b|\b\d+\b", "…", query["sql"]) for query in queries],
    )


@pytest.mark.parametrize("has_allauth_row", [False, True])
@pytest.mark.parametrize(
    "steps",
    [
        [("login/", {"login": "", "password": "wrong-wrong-wrong"})],
        [("password/reset/", {"email": ""}), ("password/reset/done/", {})],
        [
            ("login/code/", {"email": ""}),
            ("login/code/confirm/", {}),
            ("login/code/confirm/", {"code": "WRONG"}),
            ("login/code/confirm/", {"code": "WRONG"}),
            ("login/code/", {"email": ""}),
            ("login/code/confirm/", {"code": "WRONG"}),
        ],
    ],
    ids=["password", "reset", "code"],
)
def test_neither_responses_nor_queries_reveal_whether_an_address_has_an_account(steps, has_allauth_row: bool) -> None:
    known = make_user("known@example.org")
    if has_allauth_row:
        EmailAddress.objects.create(user=known, email=known.email, verified=True, primary=True)

    def walk(email: str, network: str) -> list[Observation]:
        # Each address uses its own network: attempts are counted per network too, and a first count needs one query
        # more.
        client = Client(REMOTE_ADDR=network)
        client.get("/accounts/login/")
        return [
            observe(client, f"/accounts/{path}", {name: value or email for name, value in typed.items()})
            for path, typed in steps
        ]

    of_nobody = walk("nobody@example.org", "192.0.2.1")
    for seen_of_known, seen_of_nobody in zip(walk(known.email, "192.0.2.2"), of_nobody, strict=True):
        assert seen_of_known == seen_of_nobody
    assert {message.to[0] for message in mail.outbox} <= {known.email}


def test_a_closed_account_cannot_sign_in() -> None:
    make_user("closed@example.org", password=PASSWORD, is_active=False)
    client = Client()

    by_password = client.post("/accounts/login/", {"login": "closed@example.org", "password": PASSWORD})
    client.post("/accounts/login/code/", {"email": "closed@example.org"})

    assert "not correct" in by_password.text
    assert mail.outbox == []


def test_an_address_with_lookalike_letters_gets_no_code_of_another_account() -> None:
    make_user("iris@example.org")

    Client().post("/accounts/login/code/", {"email": "\u0131r\u0131s@example.org"})

    assert mail.outbox == []


@pytest.mark.parametrize(("path", "per_day"), [("login/code/", 20), ("password/reset/", 10)])
def test_codes_and_links_are_limited_per_address_and_day(
    time_machine: TimeMachineFixture, path: str, per_day: int
) -> None:
    make_user("focal@example.org")
    make_user("other@example.org")

    def ask(email: str = "focal@example.org") -> int:
        """Request a code or link for `email` from a new network, and return the number of mails so far."""
        network = f"192.0.2.{next(networks)}"
        Client(REMOTE_ADDR=network).post(f"/accounts/{path}", {"email": email})
        time_machine.shift(61)
        return len(mail.outbox)

    networks = count(1)
    time_machine.move_to(NOW)
    counted = [ask() for _ in range(per_day + 2)]
    of_another = ask("other@example.org")
    time_machine.shift(24 * 60 * 60)
    next_day = ask()

    assert counted == [*range(1, per_day + 1), per_day, per_day]
    assert (of_another, next_day) == (per_day + 1, per_day + 2)


def mailed_code() -> str:
    code = re.search(r"^([0-9A-Z]{4,}-?[0-9A-Z]*)$", mail.outbox[-1].body, re.MULTILINE)
    assert code is not None
    return code[1]


class Forms(HTMLParser):
    """The hidden fields of each form of a page, by the URL of the form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str]] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = given["action"]
            self.fields[self._open] = {}
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[self._open][given["name"]] = given["value"]


def test_another_code_can_be_requested_on_the_page_of_the_code(client: Client) -> None:
    make_user("focal@example.org")
    asked = client.post("/accounts/login/code/", {"email": "focal@example.org", "next": "/en/privacy/"})
    page = client.get(asked.url)
    first = mailed_code()

    again = client.post("/accounts/login/code/", Forms(page.text).fields["/accounts/login/code/"])
    refused = client.post(again.url, {"code": first})
    signed_in = client.post(again.url, {"code": mailed_code(), "next": "/en/privacy/"})

    assert "Send another code" in page.text
    assert again.url == asked.url
    assert len(mail.outbox) == 2
    assert (refused.status_code, signed_in.url) == (200, "/en/privacy/")


def test_the_page_of_the_code_offers_another_way_to_sign_in(client: Client) -> None:
    make_user("focal@example.org")
    page = client.get(client.post("/accounts/login/code/", {"email": "focal@example.org"}).url)

    answer = client.post("/accounts/logout/", Forms(page.text).fields["/accounts/logout/"], follow=True)

    assert answer.redirect_chain == [("/accounts/login/", 302)]


def test_the_field_of_the_code_has_the_focus(client: Client) -> None:
    page = client.post("/accounts/login/code/", {"email": "focal@example.org"}, follow=True).text

    assert re.search(r'<input[^>]*name="code"[^>]*autofocus', page)


@pytest.mark.parametrize("email", ["known@example.org", "nobody@example.org"])
def test_the_third_wrong_code_leads_to_requesting_another(client: Client, email: str) -> None:
    make_user("known@example.org")
    confirm = client.post("/accounts/login/code/", {"email": email}).url

    for _ in range(2):
        client.post(confirm, {"code": "WRONG"})
    answer = client.post(confirm, {"code": "WRONG"}, follow=True)

    assert answer.redirect_chain == [("/accounts/login/code/", 302)]
    assert "That was the third wrong code. Please ask for another one." in answer.text
    assert "later" not in answer.text
    assert client.post("/accounts/login/code/", {"email": email}).url == confirm


@pytest.mark.parametrize("email", ["known@example.org", "nobody@example.org"])
def test_the_error_after_too_many_codes_says_what_to_do(email: str) -> None:
    make_user("known@example.org")

    answers = [Client().post("/accounts/login/code/", {"email": email}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 200]
    assert (
        "Too many codes were requested for this address. Please wait a minute, or sign in another way. "
        "If no code can be requested after that, try again tomorrow." in answers[-1].text
    )


def test_a_link_for_a_new_password_begins_with_the_base_url() -> None:
    """The port and host of the request do not matter."""
    make_user("focal@example.org")

    for host in ("testserver:8443", "localhost"):
        Client(headers={"host": host}).post("/accounts/password/reset/", {"email": "focal@example.org"})

    links = [re.findall(r"\S+://\S+", message.body) for message in mail.outbox]
    assert [[link.split("/accounts/")[0] for link in of_one] for of_one in links] == [["http://testserver"]] * 2


def test_sign_up_is_closed(client: Client) -> None:
    values = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}

    answer = client.post("/accounts/signup/", values)

    assert "Accounts are by invitation" in answer.content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize("path", ["login/", "login/code/", "password/reset/", "signup/"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_pages_name_their_language_and_have_landmarks(client: Client, path: str, language: str) -> None:
    text = client.get(f"/accounts/{path}", headers={"Accept-Language": language}).content.decode()

    assert f'<html lang="{language}">' in text
    assert text.count("<main") == text.count("<h1") == text.count("<footer") == 1
