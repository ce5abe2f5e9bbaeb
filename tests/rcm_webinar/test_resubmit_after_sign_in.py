"""A form that is sent without a sign-in, or with an old CSRF token, is returned with all that was typed."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from registrations.models import Delegate, Delegation
from tests.factories import make_country, make_delegation, make_focal_point
from tests.registrations.views.delegation_pages import draft_at_present, url
from tests.registrations.views.delegation_pages import form_data as typed

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


class Form(HTMLParser):
    """The form in the content of a page, with its URL and its fields."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.address = ""
        self.fields: list[tuple[str, str]] = []
        self.feed(answer.content.decode().partition("<main")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.address = given["action"]
        elif tag == "input":
            self.fields.append((given["name"], given["value"]))

    @property
    def typed(self) -> list[tuple[str, str]]:
        return [field for field in self.fields if field[0] not in {"csrfmiddlewaretoken", "unsent"}]

    @property
    def as_sent(self) -> dict[str, list[str]]:
        return {name: [value for other, value in self.fields if other == name] for name, _ in self.fields}


@pytest.fixture
def delegation() -> Delegation:
    return draft_at_present()


@pytest.fixture
def client() -> Client:
    """A client that is not signed in, and whose requests need a CSRF token."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def sign_in(client: Client, delegation: Delegation) -> Callable[[], None]:
    """Sign in as in another tab, which rotates the CSRF token."""
    user = make_focal_point(delegation.body).user
    user.set_password("correct-horse-battery")
    user.save()

    def signed_in() -> None:
        client.get("/accounts/login/")
        values = {"login": user.email, "password": "correct-horse-battery"}
        secret = client.cookies["csrftoken"].value
        assert client.post("/accounts/login/", values | {"csrfmiddlewaretoken": secret}).status_code == 302

    return signed_in


def test_without_a_sign_in_the_form_is_returned_with_all_that_was_typed(client, delegation) -> None:
    path = url(delegation, "delegates/new/?profile=prosecutors&x=%22%3E")
    said = typed(name='<b>"Ana" & María</b>', position="first\nsecond", phone=["1", "1", ""])

    answer = client.post(path, said, headers=OURS)

    html, form = answer.content.decode(), Form(answer)
    assert answer.status_code == 403
    assert form.address == path
    assert [(name, value) for name, value in form.typed if name != "phone"] == [
        (name, str(value)) for name, value in said.items() if name != "phone"
    ]
    assert [value for name, value in form.typed if name == "phone"] == ["1", "1", ""]
    assert ("You are no longer signed in" in html, "<b>" in html, "the file" in html) == (True, False, False)
    assert re.search(r'href="/accounts/login/" target="_blank"', html)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_of_a_returned_form_has_the_language_of_the_form(client, delegation, language) -> None:
    answer = client.post(url(delegation, "submit/").replace("/en/", f"/{language}/"), headers=OURS)

    assert f'<html lang="{language}">' in answer.content.decode()


def test_after_the_sign_in_the_returned_form_is_accepted(client, delegation, sign_in) -> None:
    form = Form(client.post(url(delegation, "delegates/new/"), typed(name="Ana  Ejemplo"), headers=OURS))
    sign_in()

    answer = client.post(form.address, form.as_sent, headers=OURS)

    assert answer.status_code == 302
    assert Delegate.objects.get().name == "Ana  Ejemplo"


def test_without_a_sign_in_the_returned_form_is_returned_again(client, delegation) -> None:
    first = Form(client.post(url(delegation, "delegates/new/"), typed(), headers=OURS))

    again = Form(client.post(first.address, first.as_sent, headers=OURS))

    assert (again.address, again.typed) == (first.address, first.typed)
    assert Delegate.objects.count() == 0


def test_an_old_csrf_token_of_a_signed_in_user_returns_the_form_once(client, delegation, sign_in) -> None:
    sign_in()

    answer = client.post(url(delegation, "delegates/new/"), typed() | {"csrfmiddlewaretoken": "a" * 64}, headers=OURS)

    form = Form(answer)
    assert (answer.status_code, "signed in anew" in answer.content.decode()) == (403, True)
    assert client.post(form.address, form.as_sent, headers=OURS).status_code == 302
    assert Delegate.objects.get().email == "ana@example.org"


def test_a_form_that_is_sent_again_is_answered_as_usual(client, delegation, sign_in) -> None:
    form = Form(client.post(url(delegation, "delegates/new/"), typed(email="nonsense"), headers=OURS))
    sign_in()

    answer = client.post(form.address, form.as_sent, headers=OURS)

    assert (answer.status_code, 'value="nonsense"' in answer.content.decode()) == (422, True)


# Other origins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://attacker.example.org"},
        {"Origin": "http://testserver.attacker.example.org"},
        {"Origin": "null", "Referer": "http://testserver/en/delegations/"},
        {"Origin": "http://["},
        {"Referer": "https://attacker.example.org/?http://testserver/"},
        {},
    ],
)
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_form_of_another_origin_is_never_returned(client, delegation, sign_in, headers, is_signed_in) -> None:
    if is_signed_in:
        sign_in()

    answer = client.post(url(delegation, "delegates/new/"), typed(name="Planted"), headers=headers)

    html = answer.content.decode()
    assert (answer.status_code, "Planted" in html, 'method="post"' in html.partition("<main")[2]) == (403, False, False)


@pytest.mark.parametrize("headers", [{"Origin": "http://testserver"}, {"Referer": "http://testserver/en/delegations/"}])
def test_a_browser_without_fetch_metadata_is_believed_by_its_origin(client, delegation, headers) -> None:
    answer = client.post(url(delegation, "delegates/new/"), typed(), headers=headers)

    assert ("name", "Ana Ejemplo") in Form(answer).typed


@pytest.mark.parametrize(
    "spoil",
    [
        lambda client, form: client.cookies.pop("unsent"),
        lambda client, form: client.cookies.load({"unsent": "b" * 32}),
        lambda client, form: form.fields.remove(("unsent", dict(form.fields)["unsent"])),
        lambda client, form: form.fields.append(("unsent", dict(form.fields)["unsent"] + "x")),
    ],
    ids=["no cookie", "another cookie", "no ticket", "a forged ticket"],
)
def test_the_ticket_is_good_for_this_browser_alone(client, delegation, sign_in, spoil) -> None:
    form = Form(client.post(url(delegation, "delegates/new/"), typed(), headers=OURS))
    sign_in()
    spoil(client, form)

    assert client.post(form.address, form.as_sent, headers=OURS).status_code == 403
    assert Delegate.objects.count() == 0


def test_the_ticket_is_good_for_its_address_and_a_page_of_ours_alone(client, delegation, sign_in) -> None:
    form = Form(client.post(url(delegation, "delegates/new/"), typed(), headers=OURS))
    sign_in()

    elsewhere = client.post(url(delegation, "delegates/new/?profile=prosecutors"), form.as_sent, headers=OURS)
    from_another = client.post(form.address, form.as_sent, headers={"Sec-Fetch-Site": "cross-site"})

    assert (elsewhere.status_code, from_another.status_code) == (403, 403)
    assert Delegate.objects.count() == 0


# What does not come back ------------------------------------------------------------------------


def test_a_returned_form_holds_no_secrets_or_files_and_names_the_missing_file(client, delegation) -> None:
    values = {"csrfmiddlewaretoken": "m" * 64, "password": "p-secret", "code": "c-secret", "comment": "kept"}
    letter = SimpleUploadedFile("letter.pdf", b"%PDF-1.7 confidential", content_type="application/pdf")

    answer = client.post(url(delegation, "letter/"), values | {"file": letter}, headers=OURS)

    html = answer.content.decode()
    assert Form(answer).typed == [("comment", "kept")]
    assert not [word for word in ("m" * 64, "p-secret", "c-secret", "confidential", "letter.pdf") if word in html]
    assert "Only the file could not be kept" in html


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ('{"name": "Anastasia"}', "application/json", 403),
        (
            "name=Anastasia&" + "&".join(f"a{number}=1" for number in range(2_001)),
            "application/x-www-form-urlencoded",
            400,
        ),
        ("name=" + "A" * 3_000_000, "application/x-www-form-urlencoded", 400),
        ("not whole", "multipart/form-data; boundary=x", 403),
        ("nothing", "multipart/form-data", 400),
        ("name=%00%ff%0d%0aA", "application/x-www-form-urlencoded", 403),
    ],
)
def test_a_malformed_or_oversized_form_is_answered_without_a_server_error(
    client, delegation, body, content_type, status
) -> None:
    answer = client.generic("POST", url(delegation, "delegates/new/"), body, content_type, headers=OURS)

    assert (answer.status_code, b"Anastasia" in answer.content) == (status, False)


def test_the_answer_never_tells_whether_a_delegation_exists(client, delegation) -> None:
    make_delegation(delegation.webinar, make_country("PA"))

    def told(slug: str) -> str:
        answer = client.post(f"/en/delegations/{slug}/delegates/new/", typed(), headers=OURS)
        return re.sub(r'value="[^"]{40,}"', "", answer.content.decode()).replace(slug, "X")

    assert told(delegation.slug) == told("there-is-none")


def test_other_pages_are_not_affected(client) -> None:
    answer = client.post("/accounts/login/", {"login": "focal@example.org", "password": "p-secret"}, headers=OURS)

    html = answer.content.decode()
    assert (answer.status_code, "too old to be sent" in html, "focal@example.org" in html) == (403, True, False)


# htmx -------------------------------------------------------------------------------------------


def test_htmx_gets_a_403_and_not_the_page_of_the_sign_in(client, delegation) -> None:
    answer = client.get(url(delegation, "delegates/new/"), headers={"HX-Request": "true"})
    plain = client.get(url(delegation, "delegates/new/"))

    assert (answer.status_code, plain.status_code) == (403, 302)
