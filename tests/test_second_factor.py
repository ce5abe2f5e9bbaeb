"""The second factor of staff is valid for one session; a change of the sign-in ends other sessions and is mailed."""

import base64
import hashlib
import hmac
import re
import time

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from registrations.models import User, UserRole
from tests import spanish
from tests.factories import make_country, make_delegate, make_delegation, make_staff, make_user, make_webinar

# Allauth sends the signal of a new factor after the commit.
pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, PASSWORD, NEW_PASSWORD = "secretariat@example.org", "correct-horse-battery", "staple-correct-horse"
SECRET = base64.b32encode(bytes(20)).decode()
PEOPLE = "/admin/registrations/delegate/"


@pytest.fixture
def owner() -> User:
    """An account of the secretariat without a second factor."""
    return make_staff(EMAIL, password=PASSWORD, has_second_factor=False, language="es")


@pytest.fixture
def person() -> str:
    """The name of a delegate that the secretariat's pages show."""
    return make_delegate(make_delegation(make_webinar(), make_country("HN"))).name


def totp(secret: str) -> str:
    """Return the code that an authenticator app shows now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def add_totp(user: User) -> None:
    data = {"secret": get_adapter().encrypt(SECRET)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)


def sign_in(email: str = EMAIL, password: str = PASSWORD) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": password})
    return client


def sign_in_with_both(email: str = EMAIL, password: str = PASSWORD) -> Client:
    client = sign_in(email, password)
    client.post(reverse("mfa_authenticate"), {"code": totp(SECRET)})
    return client


def sign_in_with_a_code() -> Client:
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": EMAIL})
    code = re.search(r"^[A-Z0-9]{3,}-?[A-Z0-9]*$", mail.outbox.pop().body, re.MULTILINE)
    assert code is not None
    client.post(reverse("account_confirm_login_code"), {"code": code[0]})
    return client


def show_the_password_again(client: Client, password: str = PASSWORD) -> None:
    client.post(reverse("account_reauthenticate"), {"password": password})


def enrol(client: Client) -> None:
    """Set up an authenticator app."""
    show_the_password_again(client)
    page = client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": totp(page.context["form"].secret)})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("usersessions_list")).status_code == 200


def reads(client: Client, person: str) -> bool:
    return person in client.get(PEOPLE, follow=True).text


@pytest.mark.parametrize("sign_in_before", [sign_in, sign_in_with_a_code])
def test_a_session_from_before_the_enrolment_is_signed_out(owner: User, person: str, sign_in_before) -> None:
    attacker, browser = sign_in_before(), sign_in()
    assert is_signed_in(attacker)

    enrol(browser)

    assert (reads(browser, person), reads(attacker, person)) == (True, False)
    assert (is_signed_in(browser), is_signed_in(attacker)) == (True, False)


def test_a_session_without_the_second_factor_is_asked_for_it(owner: User, person: str) -> None:
    """Such a session existed before an upgrade, or signed in at the moment of the enrolment."""
    browser = sign_in()
    add_totp(owner)

    refused = browser.get(browser.get(PEOPLE).url)
    passed = browser.post(refused.url, {"code": totp(SECRET)})

    assert refused.url == f"{reverse('mfa_reauthenticate')}?next={PEOPLE.replace('/', '%2F')}"
    assert passed.url == PEOPLE
    assert reads(browser, person)


@pytest.mark.parametrize("name", ["mfa_deactivate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"])
def test_a_password_alone_opens_no_page_that_changes_a_factor(owner: User, name: str) -> None:
    browser = sign_in()
    add_totp(owner)

    show_the_password_again(browser)
    answer = browser.get(reverse(name), follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("mfa_reauthenticate"))


def test_a_recovery_code_counts_as_a_second_factor(owner: User, person: str) -> None:
    first = sign_in()
    enrol(first)
    code = first.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]

    second = sign_in()
    before = reads(second, person)
    second.post(reverse("mfa_authenticate"), {"code": code})

    assert (before, reads(second, person)) == (False, True)


def test_a_user_who_removed_the_only_factor_must_set_one_up(owner: User, person: str) -> None:
    browser = sign_in()
    enrol(browser)

    browser.post(reverse("mfa_deactivate_totp"))

    answer = browser.get(PEOPLE, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("mfa_index")
    assert person not in answer.text


def change_password(client: Client) -> None:
    values = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(reverse("account_change_password"), values)


def reset_password(client: Client) -> None:
    """Reset the password in a browser that is not signed in."""
    stranger = Client()
    stranger.post(reverse("account_reset_password"), {"email": EMAIL})
    link = re.search(r"http://testserver(\S+)", mail.outbox.pop().body)
    assert link is not None
    form = stranger.get(link[1]).url
    stranger.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})


def remove_factor(client: Client) -> None:
    client.post(reverse("mfa_reauthenticate"), {"code": totp(SECRET)})
    client.post(reverse("mfa_deactivate_totp"))


def make_new_recovery_codes(client: Client) -> None:
    client.post(reverse("mfa_reauthenticate"), {"code": totp(SECRET)})
    client.post(reverse("mfa_generate_recovery_codes"))


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (change_password, "Su contraseña ha cambiado"),
        (reset_password, "Su contraseña ha cambiado"),
        (remove_factor, "Se eliminó un segundo factor de su cuenta"),
        (make_new_recovery_codes, "Se generaron nuevos códigos de recuperación para su cuenta"),
    ],
)
def test_each_change_of_password_or_factor_ends_the_other_sessions_and_is_mailed(
    owner: User, change, subject: str
) -> None:
    add_totp(owner)
    with time_machine.travel(time.time() - 60, tick=True):
        other = sign_in_with_both()
    with time_machine.travel(time.time() - 30, tick=True):
        browser = sign_in_with_both()
    assert is_signed_in(other)
    assert is_signed_in(browser)

    with spanish.missing_translations() as missing:
        change(browser)

    assert not is_signed_in(other)
    assert is_signed_in(browser) is (change is not reset_password)
    (message,) = mail.outbox
    lines = [line for line in [message.subject, *message.body.splitlines()] if "http" not in line]
    assert (message.to, message.subject) == ([EMAIL], subject)
    assert (spanish.english_in(lines), sorted(missing), message.alternatives) == ([], [], [])
    assert spanish.informal_in(lines) == []
    assert f"http://testserver{reverse('account_reset_password')}" in message.body


def test_an_enrolment_is_mailed_to_the_owner_without_the_secret(owner: User) -> None:
    browser = sign_in()
    show_the_password_again(browser)
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret

    browser.post(reverse("mfa_activate_totp"), {"code": totp(secret)}, HTTP_USER_AGENT="http://hostile.example.org")

    (message,) = mail.outbox
    codes = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert message.subject == "Se agregó un segundo factor a su cuenta"
    assert [word for word in [secret, "hostile", *codes] if word in message.body] == []


def change_role(of: User, role: UserRole) -> None:
    administrator = Client()
    administrator.force_login(make_staff())
    values = {"email": of.email, "name": "Rosa Muestra", "language": of.language, "timezone": "", "is_active": "on"}
    url = reverse("admin:registrations_user_change", args=[of.pk])
    assert administrator.post(url, values | {"role": role}).status_code == 302


def test_becoming_staff_ends_all_sessions_and_is_mailed_to_the_person() -> None:
    user = make_user(EMAIL, password=PASSWORD, language="es")
    browser = sign_in()

    change_role(user, UserRole.SECRETARIAT)

    assert not is_signed_in(browser)
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([EMAIL], "Ha cambiado la función de su cuenta")
    assert "«Secretaría»" in message.body
    assert spanish.english_in([message.subject]) == []


def test_a_new_name_or_fewer_rights_end_no_session() -> None:
    user = make_user(EMAIL, password=PASSWORD, is_observer=True)
    browser = sign_in()

    change_role(user, UserRole.OBSERVER)
    change_role(user, UserRole.NONE)

    assert is_signed_in(browser)
    assert mail.outbox == []


def test_a_password_that_an_administrator_sets_ends_all_sessions_and_is_mailed_to_the_owner() -> None:
    user = make_user(EMAIL, password=PASSWORD)
    browser, administrator = sign_in(), Client()
    administrator.force_login(make_staff())

    administrator.post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
    )

    assert not is_signed_in(browser)
    assert [message.to for message in mail.outbox] == [[EMAIL]]
