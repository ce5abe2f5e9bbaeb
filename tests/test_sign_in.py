import re

import pytest
from django.core import mail
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


def test_a_focal_point_signs_in_with_a_mailed_code(client: Client) -> None:
    make_user("focal@example.org")

    client.post("/accounts/login/code/", {"email": "Focal@example.org"})
    code = re.search(r"^([0-9A-Z]{4,}-?[0-9A-Z]*)$", mail.outbox[0].body, re.MULTILINE)
    assert code is not None
    answer = client.post("/accounts/login/code/confirm/", {"code": code[1]})

    assert answer.url == "/en/delegations/"
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize(("language", "name"), [("en", "RCM webinars"), ("es", "Seminarios web de la CRM")])
def test_a_mailed_code_comes_from_us_in_the_readers_language_and_asks_for_no_absence_note(
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


def test_asking_for_a_code_never_tells_whether_an_address_is_known(client: Client) -> None:
    make_user("known@example.org")

    known = client.post("/accounts/login/code/", {"email": "known@example.org"}, follow=True)
    unknown = Client().post("/accounts/login/code/", {"email": "nobody@example.org"}, follow=True)

    def told(answer) -> str:
        text = re.sub(r'value="[^"]*"', "", answer.content.decode())
        return text.replace("known@example.org", "X").replace("nobody@example.org", "X")

    assert told(known) == told(unknown)
    assert [message.to for message in mail.outbox] == [["known@example.org"]]


def test_nobody_signs_up(client: Client) -> None:
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
