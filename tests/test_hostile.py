"""Requests that an attacker sends without our forms: other addresses, codecs, cookies, and names that are links."""

from collections.abc import Iterable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from rcm_webinar.wsgi import ForceUTF8
from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.models import User
from registrations.services.focal_points import appoint_focal_point
from registrations.services.nominations import register_delegate, replace_delegate, withdraw_delegate
from registrations.tokens import Scope, make_invitation_token, make_token
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_focal_point,
    make_staff,
    make_user,
    make_webinar,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "confirm-email/a-key/"])
def test_no_page_changes_the_address_of_an_account(path: str, client: Client) -> None:
    focal_point = make_focal_point(make_country("CR")).user
    client.force_login(focal_point)

    answers = [
        client.get(f"/accounts/{path}"),
        client.post(f"/accounts/{path}", {"action_add": "", "email": "new.focal.pa@example.org"}),
        client.post(f"/accounts/{path}", {"action_primary": "", "email": "new.focal.pa@example.org"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert not EmailAddress.objects.filter(email="new.focal.pa@example.org").exists()


def test_an_address_that_an_administrator_changed_no_longer_signs_in(client: Client) -> None:
    user = make_user("old@example.org", password="correct-horse-battery")
    client.post("/accounts/login/", {"login": "old@example.org", "password": "correct-horse-battery"})
    administrator = Client()
    administrator.force_login(make_staff())
    values = {
        "email": "new@example.org",
        "name": "Ana",
        "language": "es",
        "timezone": "",
        "is_active": "on",
        "role": "none",
    }

    changed = administrator.post(f"/admin/registrations/user/{user.pk}/change/", values)
    old, new = (
        Client().post("/accounts/login/", {"login": address, "password": "correct-horse-battery"}).status_code
        for address in ("old@example.org", "new@example.org")
    )

    assert (changed.status_code, old, new) == (302, 200, 302)


@pytest.mark.parametrize("charset", ["hex", "utf-7", "raw_unicode_escape", "undefined", "latin-1", "no-such"])
def test_a_request_is_decoded_as_utf_8_whatever_its_charset(charset: str) -> None:
    received: list[str] = []

    def inner(request: dict[str, Any], start_response: object) -> Iterable[bytes]:
        received.append(request["CONTENT_TYPE"])
        return []

    ForceUTF8(inner)({"CONTENT_TYPE": f"multipart/form-data; boundary=x; Charset={charset}"}, None)
    ForceUTF8(inner)({}, None)

    assert received == ["multipart/form-data; boundary=x", ""]


@pytest.mark.parametrize("key", ["\0abcdefgh", "'; drop table x; --", "a" * 400])
def test_an_impossible_session_key_belongs_to_no_session(key: str, client: Client) -> None:
    client.cookies["sessionid"] = key

    assert client.get("/en/delegations/").status_code == 302


@pytest.mark.parametrize(
    "name",
    [
        "your account is locked, open http://evil.example.org/login",
        "see www.evil.example.org",
        "=?utf-8?q?Ministra_=0D=0ABcc=3A_evil?=",
        "\u00a0\u200b",
    ],
)
def test_a_name_that_a_mail_program_would_misread_is_refused(name: str) -> None:
    delegation = make_delegation()

    with pytest.raises(InvalidInput) as refused:
        register_delegate(delegation, details=make_details(name=name), by=make_staff(), now=NOW)

    assert set(refused.value.messages) == {"name"}


def test_an_address_with_a_letter_that_looks_like_another_appoints_nobody(client: Client) -> None:
    make_user("karl@example.org")
    client.force_login(make_staff())

    answer = client.post(
        "/admin/registrations/focalpoint/add/",
        {"body": make_country().pk, "email": "\u212aarl@example.org", "language": "es"},
    )

    assert answer.status_code == 200
    assert "Please write the address with plain letters." in answer.content.decode()


def test_one_address_appointed_for_two_bodies_has_one_account() -> None:
    for code in ("HN", "PA"):
        appoint_focal_point(make_country(code), email="Ana@example.org")

    assert User.objects.filter(email__iexact="ana@example.org").count() == 1


def test_slugs_of_webinars_and_bodies_stay_distinct_when_joined() -> None:
    one = make_delegation(make_webinar("a"), make_country("HN", slug="b-c"))
    other = make_delegation(make_webinar("a-b"), make_country("PA", slug="c"))

    assert one.slug != other.slug


def test_withdrawing_a_replaced_person_names_the_replacement() -> None:
    staff = make_staff()
    old = register_delegate(make_delegation(), details=make_details(), by=staff, now=NOW)
    replace_delegate(old, details=make_details(name="Luis Muestra"), version=1, by=staff, now=NOW)

    with pytest.raises(NotPossibleNow, match="Luis Muestra"):
        withdraw_delegate(old, version=1, by=staff, now=NOW, reason="Ill")


@pytest.mark.parametrize("year", ["0001", "1999", "2200", "9999"])
def test_a_session_in_an_extreme_year_is_refused(year: str, secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = f"/admin/sessions_app/session/{session.pk}/change/"
    form = secretariat.get(url).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields if name != "starts_at"}

    answer = secretariat.post(url, typed | {"starts_at_0": f"{year}-01-01", "starts_at_1": "09:00", **NO_ITEMS})

    assert answer.status_code == 200
    assert "Please give a year from 2000 to 2199." in answer.content.decode()


NO_ITEMS = {"items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0"}
LISTS = (
    "delegation",
    "delegate",
    "delivery",
    "focalpoint",
    "registrationpolicy",
    "historyevent",
    "user",
    "reminderrule",
    "gapnoticerule",
)
GARBAGE = (
    "status__exact=%00",
    "webinar=99999999999999999999999",
    "created_at__year=9999",
    "created_at__month=99999999999999999999999",
    "id__in=99999999999999999999999",
    "name__regex=[",
    "name__range=1",
    "state__exact=%00&kind__exact=%00&language__exact=%00",
)


@pytest.mark.parametrize("room", LISTS)
def test_no_filter_or_selection_of_a_list_causes_a_server_error(room: str, secretariat: Client) -> None:
    url = f"/admin/registrations/{room}/"

    asked = {query: secretariat.get(f"{url}?{query}", follow=True).status_code for query in GARBAGE}
    chosen = {
        key: secretariat.post(url, {"action": action, "_selected_action": key}, follow=True).status_code
        for action in ("accept", "stop", "send_again", "remove_access", "appoint_as_primary", "delete_selected")
        for key in ("abc", "", "99999999999999999999999")
    }

    assert asked == dict.fromkeys(GARBAGE, 200)
    assert set(chosen.values()) == {200}


def test_a_url_prefills_no_date_and_time(secretariat: Client) -> None:
    assert secretariat.get("/admin/registrations/registrationpolicy/add/?opens_at=x").status_code == 200


def test_the_mail_for_a_new_password_has_the_language_of_the_page(client: Client, mailoutbox: list[Any]) -> None:
    make_user("ana@example.org", password="correct-horse-battery")

    client.post("/accounts/password/reset/", {"email": "ana@example.org"}, headers={"Accept-Language": "es"})

    (message,) = mailoutbox
    assert message.subject == "Una contraseña nueva"
    assert "Hello" not in message.body
    assert "/accounts/password/reset/key/" in message.body


def test_a_refusal_at_a_url_with_a_token_is_not_cached() -> None:
    delegation = make_delegation()
    page = reverse("registrations:my", args=[make_token(make_delegate(delegation, admitted_at=NOW), Scope.PAGE)])
    invitation = make_invitation_token(make_focal_point(delegation.body), delegation)

    wrong_method = Client().post(page)
    without_secret = Client(enforce_csrf_checks=True).post(reverse("registrations:invited", args=[invitation]))

    assert (wrong_method.status_code, without_secret.status_code) == (405, 403)
    for answer in (wrong_method, without_secret):
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
