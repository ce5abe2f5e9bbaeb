"""Appointing and removing those who register for a body (rule 18)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from registrations.exceptions import InvalidInput
from registrations.models import FocalPoint, ParticipatingBody, User
from registrations.services.focal_points import appoint_focal_point, make_primary, remove_focal_point
from tests.factories import make_country, make_focal_point, make_observer, make_staff, make_user


@pytest.fixture
def honduras(db: None) -> ParticipatingBody:
    return make_country("HN", name_en="Honduras")


def test_an_unknown_person_gets_an_account_without_a_password(honduras: ParticipatingBody) -> None:
    focal_point = appoint_focal_point(honduras, email=" Ana.Paz@Example.org ", name="Ana Paz", language="en")

    user = focal_point.user
    assert (user.email, user.name, user.language, user.has_usable_password(), user.is_staff) == (
        "ana.paz@example.org",
        "Ana Paz",
        "en",
        False,
        False,
    )


def test_a_known_person_keeps_the_account_as_it_is(honduras: ParticipatingBody) -> None:
    known = make_user("ana.paz@example.org", name="Ana María Paz", language="en")

    focal_point = appoint_focal_point(honduras, email="ANA.PAZ@example.org", name="Ana", language="es")

    assert (focal_point.user, User.objects.values_list("name", "language").get()) == (known, ("Ana María Paz", "en"))


def test_one_person_registers_for_a_body_once_and_again_after_a_removal(
    honduras: ParticipatingBody, now: datetime
) -> None:
    first = appoint_focal_point(honduras, email="ana.paz@example.org")

    with pytest.raises(InvalidInput) as refused:
        appoint_focal_point(honduras, email="ana.paz@example.org")
    remove_focal_point(first, now=now)
    again = appoint_focal_point(honduras, email="ana.paz@example.org")

    assert refused.value.messages == {"email": ["ana.paz@example.org is a focal point of Honduras already."]}
    assert (again.user, FocalPoint.objects.count()) == (first.user, 2)


def test_a_closed_account_is_not_appointed(honduras: ParticipatingBody) -> None:
    make_user("ana.paz@example.org", is_active=False)

    with pytest.raises(InvalidInput):
        appoint_focal_point(honduras, email="ana.paz@example.org")

    assert not FocalPoint.objects.exists()


@pytest.mark.parametrize("make", [make_staff, make_observer])
def test_nobody_of_the_secretariat_and_no_observer_is_appointed(
    honduras: ParticipatingBody, make: Callable[..., User]
) -> None:
    make("ana.paz@example.org")

    with pytest.raises(InvalidInput) as refused:
        appoint_focal_point(honduras, email="ana.paz@example.org")

    assert refused.value.messages == {
        "email": ["This account belongs to the secretariat or to an observer, who cannot be focal points."]
    }
    assert not FocalPoint.objects.exists()


def test_a_new_primary_takes_over_and_the_present_one_stays(honduras: ParticipatingBody) -> None:
    first = appoint_focal_point(honduras, email="ana.paz@example.org", is_primary=True)
    second = appoint_focal_point(honduras, email="luis.mejia@example.org", is_primary=True)

    after_appointing = dict(FocalPoint.objects.values_list("pk", "is_primary"))
    make_primary(first)

    assert after_appointing == {first.pk: False, second.pk: True}
    assert dict(FocalPoint.objects.values_list("pk", "is_primary")) == {first.pk: True, second.pk: False}


def test_a_removed_focal_point_cannot_be_primary(honduras: ParticipatingBody, now: datetime) -> None:
    removed = make_focal_point(honduras, removed_at=now)

    with pytest.raises(InvalidInput):
        make_primary(removed)


def test_removing_ends_every_open_session_of_the_person_and_of_nobody_else(
    honduras: ParticipatingBody, now: datetime
) -> None:
    removed = make_focal_point(honduras, make_user("ana.paz@example.org", password="a-long-sample-password"))
    make_focal_point(honduras, make_user("luis.mejia@example.org", password="a-long-sample-password"))
    browsers = {email: Client() for email in ("ana.paz@example.org", "luis.mejia@example.org")}
    for email, browser in browsers.items():
        browser.post(reverse("account_login"), {"login": email, "password": "a-long-sample-password"})
    signed_in = {email: is_signed_in(browser) for email, browser in browsers.items()}

    remove_focal_point(removed, now=now)

    assert signed_in == {"ana.paz@example.org": True, "luis.mejia@example.org": True}
    assert {email: is_signed_in(browser) for email, browser in browsers.items()} == {
        "ana.paz@example.org": False,
        "luis.mejia@example.org": True,
    }
    assert [str(session.user.email) for session in UserSession.objects.all()] == ["luis.mejia@example.org"]


def is_signed_in(browser: Client) -> bool:
    """Whether one's own page opens without a sign-in."""
    return browser.get(reverse("registrations:delegations")).status_code == 200


def test_removing_twice_changes_nothing(honduras: ParticipatingBody, now: datetime) -> None:
    focal_point = make_focal_point(honduras)

    remove_focal_point(focal_point, now=now)
    again = remove_focal_point(focal_point, now=now + timedelta(days=1))

    assert again.removed_at == now
