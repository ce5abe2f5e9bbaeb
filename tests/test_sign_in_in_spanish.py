"""The sign-in is Spanish for readers of Spanish: allauth's pages, errors, messages and mails contain no English."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import allauth
import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import resolve
from django.utils import translation
from django.utils.translation import gettext
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from rcm_webinar.translation_overrides import ALLAUTH_TEXTS
from registrations.models import User
from tests import spanish
from tests.factories import make_country, make_focal_point, make_user
from tests.test_urls import ROUTES, SIGN_IN

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "focal@example.org", "correct-horse-battery"
SECRET = "A" * 32
TEMPLATES = Path(allauth.__file__).parent / "templates"
# Names that the tests use for a person, a key and a country.
TYPED = frozenset({"Rosa Muestra", "Llave de muestra"})


def nobody(client: Client, user: User) -> None:
    """Leave the client signed out."""


def signed_in(client: Client, user: User) -> None:
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})


def recently_authenticated(client: Client, user: User) -> None:
    """Sign in and authenticate again."""
    signed_in(client, user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def without_a_password(client: Client, user: User) -> None:
    signed_in(client, user)
    user.set_unusable_password()
    user.save()
    client.force_login(user)


def waiting_for_a_code(client: Client, user: User) -> None:
    client.post("/accounts/login/code/", {"email": EMAIL})


def with_too_many_requests(client: Client, user: User) -> None:
    for _ in range(3):
        client.post("/accounts/login/code/", {"email": EMAIL})


def add_totp(user: User) -> None:
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(SECRET)}
    )


def waiting_for_the_second_factor(client: Client, user: User) -> None:
    add_totp(user)
    signed_in(client, user)


def with_totp(client: Client, user: User) -> None:
    recently_authenticated(client, user)
    add_totp(user)


def with_recovery_codes(client: Client, user: User) -> None:
    with_totp(client, user)
    client.post("/accounts/2fa/recovery-codes/generate/", {})


def with_a_passkey(client: Client, user: User) -> None:
    recently_authenticated(client, user)
    key = AttestedCredentialData.from_ctap1(b"key", b"\x04" + bytes(64))
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    attested = AttestationObject.create("none", AuthenticatorData.create(bytes(32), flags, 0, key), {})
    said = CollectedClientData.create("webauthn.create", b"challenge", "http://testserver")
    credential = {
        "id": websafe_encode(b"key"),
        "rawId": websafe_encode(b"key"),
        "type": "public-key",
        "response": {"clientDataJSON": websafe_encode(said), "attestationObject": websafe_encode(attested)},
    }
    data = {"name": "Llave de muestra", "credential": credential}
    Authenticator.objects.create(pk=1, user=user, type=Authenticator.Type.WEBAUTHN, data=data)


def with_a_link_for_a_new_password(client: Client, user: User) -> None:
    client.post("/accounts/password/reset/", {"email": EMAIL})
    client.get(link_in_the_mail())


def link_in_the_mail() -> str:
    link = re.search(r"http://testserver(\S+)", mail.outbox[-1].body)
    assert link is not None
    return link[1]


def with_too_many_attempts(client: Client, user: User) -> None:
    for _ in range(40):
        client.post("/accounts/login/", {"login": EMAIL, "password": "wrong"})


class Visit(NamedTuple):
    """A request after the preparation `who`: `typed` is posted, or else the page is opened."""

    path: str
    typed: dict[str, str] | None = None
    who: Callable[[Client, User], None] = nobody
    status: int = 200


NOTHING: dict[str, str] = {}
WRONG_CODE = {"code": "wrong"}
VISITS = (
    Visit("login/"),
    Visit("login/", NOTHING),
    Visit("login/", {"login": "nonsense", "password": "wrong"}),
    Visit("login/", {"login": EMAIL, "password": "wrong"}),
    Visit("login/", {"login": EMAIL, "password": "wrong"}, with_too_many_attempts, 429),
    Visit("login/code/"),
    Visit("login/code/", NOTHING),
    Visit("login/code/", {"email": "nonsense"}),
    Visit("login/code/", {"email": EMAIL}, with_too_many_requests),
    Visit("login/code/confirm/", None, waiting_for_a_code),
    Visit("login/code/confirm/", NOTHING, waiting_for_a_code),
    Visit("login/code/confirm/", WRONG_CODE, waiting_for_a_code),
    Visit("signup/"),
    Visit("signup/", {"email": "nonsense"}),
    Visit("inactive/"),
    Visit("password/reset/"),
    Visit("password/reset/", NOTHING),
    Visit("password/reset/", {"email": "nonsense"}),
    Visit("password/reset/done/"),
    Visit("password/reset/key/1-wrong/"),
    Visit("password/reset/key/1-set-password/", None, with_a_link_for_a_new_password),
    Visit("password/reset/key/1-set-password/", NOTHING, with_a_link_for_a_new_password),
    Visit(
        "password/reset/key/1-set-password/",
        {"password1": "password", "password2": "other"},
        with_a_link_for_a_new_password,
    ),
    Visit("password/reset/key/done/"),
    Visit("logout/", None, signed_in),
    Visit("reauthenticate/", None, signed_in),
    Visit("reauthenticate/", {"password": "wrong"}, signed_in),
    Visit("password/change/", None, signed_in),
    Visit("password/change/", NOTHING, signed_in),
    Visit("password/change/", {"oldpassword": "wrong", "password1": "12345", "password2": EMAIL}, signed_in),
    Visit("password/change/", {"oldpassword": PASSWORD, "password1": EMAIL, "password2": EMAIL}, signed_in),
    Visit("password/set/", None, without_a_password),
    Visit("password/set/", {"password1": "password", "password2": "password"}, without_a_password),
    Visit("sessions/", None, signed_in),
    Visit("2fa/", None, signed_in),
    Visit("2fa/", None, with_recovery_codes),
    Visit("2fa/", None, with_a_passkey),
    Visit("2fa/totp/activate/", None, recently_authenticated),
    Visit("2fa/totp/activate/", NOTHING, recently_authenticated),
    Visit("2fa/totp/activate/", WRONG_CODE, recently_authenticated),
    Visit("2fa/totp/deactivate/", None, with_totp),
    Visit("2fa/authenticate/", None, waiting_for_the_second_factor),
    Visit("2fa/authenticate/", NOTHING, waiting_for_the_second_factor),
    Visit("2fa/authenticate/", WRONG_CODE, waiting_for_the_second_factor),
    Visit("2fa/reauthenticate/", None, with_totp),
    Visit("2fa/reauthenticate/", WRONG_CODE, with_totp),
    Visit("2fa/recovery-codes/", None, with_recovery_codes),
    Visit("2fa/recovery-codes/generate/", None, with_totp),
    Visit("2fa/recovery-codes/generate/", None, with_recovery_codes),
    Visit("2fa/recovery-codes/download/", None, with_recovery_codes),
    Visit("2fa/webauthn/", None, signed_in),
    Visit("2fa/webauthn/", None, with_a_passkey),
    Visit("2fa/webauthn/add/", None, recently_authenticated),
    Visit("2fa/webauthn/add/", {"name": "", "credential": "wrong"}, recently_authenticated),
    Visit("2fa/webauthn/reauthenticate/", None, with_a_passkey),
    Visit("2fa/webauthn/keys/1/edit/", None, with_a_passkey),
    Visit("2fa/webauthn/keys/1/edit/", {"name": ""}, with_a_passkey),
    Visit("2fa/webauthn/keys/1/remove/", None, with_a_passkey),
)


@pytest.fixture
def user() -> User:
    return make_focal_point(make_country("HN"), make_user(EMAIL, password=PASSWORD, name="Rosa Muestra", pk=1)).user


@pytest.fixture
def client() -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    return client


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: f"{visit.path}-{visit.typed}-{visit.who.__name__}")
def test_no_page_of_the_sign_in_shows_english(client: Client, user: User, visit: Visit) -> None:
    visit.who(client, user)

    with spanish.missing_translations() as missing:
        answer = opened(client, visit)

    assert answer.status_code == visit.status
    texts = spanish.Texts(answer.content.decode()).found
    assert (spanish.english_in(texts, but=TYPED), sorted(missing)) == ([], [])
    assert spanish.informal_in(texts) == []


# These pages are closed, or answer only JavaScript.
WITHOUT_PAGE = {"account_email", "account_email_verification_sent", "account_confirm_email", "mfa_login_webauthn"}


def test_every_page_of_the_sign_in_is_visited() -> None:
    visited = {resolve(f"/accounts/{visit.path}").url_name for visit in VISITS}

    assert visited == {name for name in ROUTES if name.startswith(SIGN_IN)} - WITHOUT_PAGE


def opened(client: Client, visit: Visit) -> HttpResponse:
    if visit.typed is None:
        return client.get(f"/accounts/{visit.path}")
    return client.post(f"/accounts/{visit.path}", visit.typed)


# No account has a telephone number.
NEVER_SAID = {"account/messages/phone_verified.txt"}
# The page itself shows these texts.
SAID_BY_THE_PAGE = {"account/messages/login_code_sent.txt"}
MESSAGES = [
    str(path.relative_to(TEMPLATES))
    for app in ("account", "mfa", "usersessions")
    for path in sorted((TEMPLATES / app / "messages").glob("*.txt"))
]


@pytest.mark.parametrize("template", MESSAGES)
def test_no_message_of_the_sign_in_is_english(template: str) -> None:
    values = {"user": User(name="Rosa Muestra"), "email": EMAIL, "phone": "+504 2222 0000"}

    with translation.override("es"), spanish.missing_translations() as missing:
        text = render_to_string(template, values)

    assert bool(text.strip()) is (template not in SAID_BY_THE_PAGE)
    assert (spanish.english_in([text.strip()]), sorted(missing)) == ([], [])
    assert template in NEVER_SAID or spanish.informal_in([text]) == []


@pytest.mark.parametrize("text", ALLAUTH_TEXTS)
def test_informal_texts_of_allauth_are_overridden(text: str) -> None:
    with translation.override("es"):
        said = gettext(text)

    assert (said != text, spanish.informal_in([said])) == (True, [])


@pytest.mark.parametrize("path", ["login/code/", "password/reset/"])
def test_no_mail_of_the_sign_in_is_english(client: Client, user: User, path: str) -> None:
    with spanish.missing_translations() as missing:
        client.post(f"/accounts/{path}", {"email": EMAIL})

    (message,) = mail.outbox
    lines = [line for line in [message.subject, *message.body.splitlines()] if "http" not in line]
    assert (spanish.english_in(lines), sorted(missing), message.alternatives) == ([], [], [])


def test_a_user_who_begins_in_spanish_returns_to_spanish(user: User) -> None:
    """The browser prefers English and has no language cookie."""
    client = Client(headers={"Accept-Language": "en"})

    to_sign_in = client.get("/es/delegations/")
    ask_for_a_code = client.get(to_sign_in.url.replace("/login/", "/login/code/"))
    to_confirm = client.post("/accounts/login/code/", {"email": EMAIL, "next": "/es/delegations/"})
    confirm = client.get(to_confirm.url)
    code = re.search(r"^[A-Z0-9]{3,}-?[A-Z0-9]*$", mail.outbox[0].body, re.MULTILINE)
    assert code is not None
    back = client.post(to_confirm.url, {"code": code[0], "next": "/es/delegations/"})

    assert [language_of(answer) for answer in (ask_for_a_code, confirm)] == ["es", "es"]
    assert mail.outbox[0].subject == "Su código para iniciar sesión"
    assert back.url == "/es/delegations/"


def test_a_language_chosen_at_the_sign_in_is_kept(client: Client) -> None:
    client.get("/es/")
    client.post("/i18n/setlang/", {"language": "en", "next": "/accounts/login/"})

    assert language_of(client.get("/accounts/login/")) == "en"


def language_of(answer: HttpResponse) -> str:
    found = re.search(r'<html lang="(\w+)"', answer.content.decode())
    assert found is not None
    return found[1]
