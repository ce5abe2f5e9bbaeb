"""The invitation of a focal point: link, sign-in code, privacy notice, and removal of access."""

import re

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from registrations.models import PRIVACY_NOTICE, Delegation, FocalPoint, RegistrationPolicy, User
from registrations.services.focal_points import appoint_focal_point, remove_focal_point
from registrations.tokens import make_invitation_token
from registrations.views.rate_limits import MAX_GUESSES
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegation, make_focal_point, make_staff, make_webinar
from tests.registrations.views.delegation_pages import url

pytestmark = pytest.mark.django_db


@pytest.fixture
def honduras(clock) -> Delegation:
    return make_delegation(body=make_country("HN", name_en="Honduras", name_es="Honduras"))


@pytest.fixture
def ana(honduras: Delegation) -> FocalPoint:
    """A new focal point who never signed in and has not confirmed the privacy notice."""
    return appoint_focal_point(honduras.body, email="ana@example.org", name="Ana Ejemplo", language="en")


@pytest.fixture
def link(ana: FocalPoint, honduras: Delegation) -> str:
    return f"/en/invited/{make_invitation_token(ana, honduras)}/"


def hidden_fields(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(email|next)" value="([^"]*)">', html))


def mailed_code() -> str:
    return re.search(r"^([0-9A-Z]{4,}-?[0-9A-Z]*)$", mail.outbox[-1].body, re.MULTILINE)[1]


def have_code_sent(client: Client, link: str) -> str:
    """Submit the button on the page of `link`; return the mailed code."""
    client.post("/accounts/login/code/", hidden_fields(client.get(link).content.decode()))
    return mailed_code()


def test_the_link_leads_through_code_and_notice_to_the_delegation(
    client: Client, link: str, honduras: Delegation
) -> None:
    code = have_code_sent(client, link)
    to = f"/accounts/login/code/confirm/?next={url(honduras)}"
    signed_in = client.post(to, {"code": code, "next": url(honduras)})
    page = client.get(signed_in.url)
    notice = client.get(page.url)
    agreed = client.post(page.url, {"next": url(honduras)})

    assert (signed_in.url, page.status_code, page.url) == (url(honduras), 302, f"/en/privacy/?next={url(honduras)}")
    assert "I have read this, go on" in notice.content.decode()
    assert (agreed.url, client.get(agreed.url).status_code) == (url(honduras), 200)
    assert mail.outbox[-1].to == ["ana@example.org"]


def test_the_notice_is_confirmed_once_with_its_time(client: Client, ana: FocalPoint) -> None:
    client.force_login(ana.user)

    before = client.get("/en/delegations/").url
    client.post("/en/privacy/")

    assert before == "/en/privacy/?next=/en/delegations/"
    assert User.objects.values_list("privacy_notice", "privacy_read_at").get(pk=ana.user_id) == (PRIVACY_NOTICE, NOW)
    assert client.get("/en/delegations/").status_code == 200
    assert "go on" not in client.get("/en/privacy/").content.decode()


def test_a_new_wording_is_confirmed_again(client: Client, ana: FocalPoint) -> None:
    User.objects.filter(pk=ana.user_id).update(privacy_notice=PRIVACY_NOTICE - 1)
    client.force_login(ana.user)

    assert client.get("/en/delegations/").status_code == 302


def test_a_form_that_was_open_when_the_wording_changed_is_saved(client: Client, ana: FocalPoint, honduras) -> None:
    client.force_login(ana.user)

    answer = client.post(url(honduras, "not-attending/"), {"reason": "Elections", "version": honduras.version})

    honduras.refresh_from_db()
    assert (answer.status_code, honduras.status) == (302, "not_attending")


def test_staff_need_not_confirm_the_notice(client: Client, honduras: Delegation) -> None:
    client.force_login(make_staff(privacy_notice=0))

    assert client.get(url(honduras)).status_code == 200


@pytest.mark.parametrize(
    "away",
    [
        "https://elsewhere.example.org/",
        "//elsewhere.example.org",
        "/\\elsewhere.example.org",
        "javascript:alert(1)",
        "elsewhere",
        "registrations:lost-link",
        "my/elsewhere/",
    ],
)
def test_the_notice_redirects_to_no_other_site(client: Client, ana: FocalPoint, away: str) -> None:
    client.force_login(ana.user)

    assert client.post("/en/privacy/", {"next": away}).url == "/en/delegations/"
    assert 'name="next"' not in client.get("/en/privacy/", {"next": away}).text


def test_the_notice_is_public_and_an_anonymous_confirmation_leads_to_the_sign_in(
    client: Client, ana: FocalPoint
) -> None:
    page = client.get("/es/privacy/").content.decode()
    answer = client.post("/es/privacy/")

    assert "Aviso de privacidad" in page
    assert "go on" not in page
    assert answer.url.startswith("/accounts/login/")


def test_the_notice_names_the_purge_days_of_the_users_own_webinars_only(
    client: Client, ana: FocalPoint, honduras: Delegation
) -> None:
    make_delegation(make_webinar("other"), make_country("PA"))
    RegistrationPolicy.objects.filter(webinar=honduras.webinar).update(purge_on="2027-03-31")
    RegistrationPolicy.objects.exclude(webinar=honduras.webinar).update(purge_on="2029-05-05")
    client.force_login(ana.user)

    page = client.get("/en/privacy/").content.decode()

    assert "Wed 31 Mar 2027" in page
    assert "2029" not in page


def test_the_notice_names_the_contact_of_the_users_webinars(
    client: Client, ana: FocalPoint, honduras: Delegation
) -> None:
    Webinar.objects.filter(pk=honduras.webinar_id).update(contact_email="honduras.knows@example.org")
    release_webinar(make_webinar("newer", contact_email="newer@example.org"), by=None, now=NOW)
    client.force_login(ana.user)

    assert contacts_on(client.get("/en/privacy/")) == {"honduras.knows@example.org"}


def test_the_public_notice_names_the_contact_of_the_newest_public_webinar(client: Client, honduras: Delegation) -> None:
    release_webinar(honduras.webinar, by=None, now=NOW)
    make_webinar("draft", contact_email="draft@example.org")
    as_anybody = client.get("/en/privacy/")
    client.force_login(make_staff())

    assert contacts_on(as_anybody) == contacts_on(client.get("/en/privacy/")) == {honduras.webinar.contact_email}


def test_without_a_public_webinar_the_notice_names_the_sender_of_mail(client: Client, db: None) -> None:
    assert contacts_on(client.get("/en/privacy/")) == {"webinars@example.org"}


def contacts_on(page: HttpResponse) -> set[str]:
    return set(re.findall(r"mailto:([^\"]+)", page.content.decode()))


# The link ---------------------------------------------------------------------------------------


def test_the_link_alone_opens_nothing_and_changes_nothing(client: Client, link: str, honduras: Delegation) -> None:
    page = client.get(link)

    assert (page.status_code, client.get(url(honduras)).status_code, mail.outbox) == (200, 302, [])
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert client.post(link).status_code == 405
    assert User.objects.get(email="ana@example.org").last_login is None


def test_a_signed_in_focal_point_is_redirected_and_another_user_sees_whose_link_it_is(
    client: Client, link: str, honduras
) -> None:
    client.force_login(User.objects.get(email="ana@example.org"))
    assert client.get(link).url == url(honduras)

    client.force_login(make_focal_point(make_country("PA")).user)
    page = client.get(link)
    assert (page.status_code, hidden_fields(page.content.decode())) == (200, {})
    assert "sign out first" in page.content.decode()


def access_removed(focal_point: FocalPoint) -> None:
    remove_focal_point(focal_point, now=NOW)


def account_closed(focal_point: FocalPoint) -> None:
    User.objects.update(is_active=False)


def webinar_purged(focal_point: FocalPoint) -> None:
    RegistrationPolicy.objects.update(purge_on=NOW.date())


@pytest.mark.parametrize("end", [access_removed, account_closed, webinar_purged])
def test_the_link_is_invalid_after_removal_closure_or_purge(client: Client, link: str, ana: FocalPoint, end) -> None:
    end(ana)

    assert client.get(link).status_code == 404


def test_a_link_to_another_countrys_delegation_is_invalid(
    client: Client, ana: FocalPoint, honduras: Delegation
) -> None:
    panama = make_delegation(honduras.webinar, make_country("PA"))

    assert client.get(f"/en/invited/{make_invitation_token(ana, panama)}/").status_code == 404


def test_tampered_links_are_refused_and_rate_limited(client: Client, link: str) -> None:
    token = link.split("/")[-2]
    value, signature = token.split("~")
    forged = [token[:-1], f"{token}A", f"9{token}", f"{value}~", f"~{signature}", value, "x" * 5000, "1.1~é", "%00"]

    assert [client.get(f"/en/invited/{one}/").status_code for one in forged] == [404] * len(forged)
    statuses = [client.get(f"/en/invited/{value}~{number}/").status_code for number in range(MAX_GUESSES)]
    assert statuses[-1] == 429
    assert client.get(link).status_code == 200


# Removing ---------------------------------------------------------------------------------------


def test_removing_access_ends_sessions_links_and_open_forms(client: Client, link: str, ana, honduras) -> None:
    elsewhere, under_way = Client(), Client()
    elsewhere.force_login(ana.user)
    code = have_code_sent(under_way, link)

    remove_focal_point(ana, now=NOW)

    assert elsewhere.get(url(honduras)).status_code in (302, 404)
    assert under_way.get(link).status_code == 404
    under_way.post("/accounts/login/code/confirm/", {"code": code})
    under_way.post("/en/privacy/")
    assert under_way.get(url(honduras)).status_code == 404
    assert "Honduras" not in under_way.get("/en/delegations/").content.decode().partition("<footer")[0]


def test_removing_access_to_one_body_keeps_access_to_another(
    client: Client, ana: FocalPoint, honduras: Delegation
) -> None:
    panama = make_delegation(honduras.webinar, make_country("PA"))
    make_focal_point(panama.body, ana.user)

    remove_focal_point(ana, now=NOW)

    client.force_login(ana.user)
    client.post("/en/privacy/")
    assert [client.get(url(one)).status_code for one in (honduras, panama)] == [404, 200]


# Who else ---------------------------------------------------------------------------------------


def test_the_page_says_who_registers_for_the_country(client: Client, honduras: Delegation) -> None:
    ana = make_focal_point(honduras.body, is_primary=True)
    User.objects.filter(pk=ana.user_id).update(name="Ana Ejemplo")
    make_focal_point(honduras.body, removed_at=NOW)
    luis = make_focal_point(honduras.body).user
    eva = make_focal_point(make_country("PA")).user
    client.force_login(luis)

    page = client.get(url(honduras)).content.decode()
    part = page[page.index('id="focal-points-title"') :].split("</section>")[0]

    assert re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", part)).startswith(
        'id="focal-points-title">Who registers for Honduras Ana Ejemplo primary'
    )
    assert f"{luis.email} (you)" in part
    assert part.count("<li>") == 2
    assert eva.email not in page
