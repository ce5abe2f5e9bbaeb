"""Every URL of the project and the status that each role gets, in one table (design §8)."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker
from time_machine import TimeMachineFixture

from registrations.models import CalendarEntry, Delegate, Delegation, ParticipantProfile, Quota, QuotaException, User
from registrations.permissions import OBSERVER_URL_NAMES
from registrations.services.delegations import waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.quotas import make_exception
from registrations.tokens import Scope, make_invitation_token, make_token
from sessions_app.models import Presidency, Speaker, Webinar
from sessions_app.releases import release_webinar
from tests import spanish
from tests.factories import (
    NOW,
    make_announcement,
    make_attendance,
    make_calendar_answer,
    make_call_note,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_gap_reminder,
    make_letter,
    make_mail_for_a_person,
    make_observer,
    make_quotas,
    make_reminder_rule,
    make_staff,
    make_verification_code,
    make_webinar,
)

pytestmark = pytest.mark.django_db


class StatusByRole(NamedTuple):
    """The status of a URL for each role. The participant has a valid token, the others a forged one."""

    anonymous: int
    focal_point: int
    of_another_country: int
    participant: int
    staff: int
    observer: int


class UrlRow(NamedTuple):
    """One URL: the status for each role, its arguments and the method."""

    statuses: StatusByRole
    arguments: tuple[str, ...] = ()
    method: str = "get"


PUBLIC = StatusByRole(200, 200, 200, 200, 200, 200)
REDIRECT = StatusByRole(302, 302, 302, 302, 302, 302)
SIGNED_IN_PAGE = StatusByRole(302, 200, 200, 302, 200, 200)
COUNTRY_PAGE = StatusByRole(302, 200, 404, 302, 200, 404)
# Without a sign-in the form is kept and shown after the sign-in (`test_resubmit_after_sign_in`).
COUNTRY_ACTION = StatusByRole(403, 302, 404, 403, 302, 404)
TOKEN_PAGE = StatusByRole(404, 404, 404, 200, 404, 404)
TOKEN_ACTION = StatusByRole(404, 404, 404, 302, 404, 404)

URLS: Mapping[str, UrlRow] = {
    "healthz": UrlRow(PUBLIC),
    "readyz": UrlRow(PUBLIC),
    # 404 unless its settings are set.
    "security-txt": UrlRow(StatusByRole(404, 404, 404, 404, 404, 404)),
    "set_language": UrlRow(REDIRECT, method="post"),
    "sessions_app:home": UrlRow(PUBLIC),
    "sessions_app:webinar": UrlRow(PUBLIC, ("webinar",)),
    "sessions_app_files:agenda-ics": UrlRow(PUBLIC, ("webinar",)),
    "registrations:verify": UrlRow(PUBLIC, ("code",)),
    "registrations:lost-link": UrlRow(PUBLIC),
    "registrations:lost-link-requested": UrlRow(PUBLIC),
    "registrations:my": UrlRow(TOKEN_PAGE, ("token",)),
    "registrations:answer": UrlRow(TOKEN_ACTION, ("token", "1"), method="post"),
    "registrations:cannot-come": UrlRow(TOKEN_PAGE, ("token",)),
    "registrations:preferences": UrlRow(TOKEN_PAGE, ("token",)),
    "registrations:join": UrlRow(TOKEN_PAGE, ("join_token", "1")),
    "registrations_files:feed": UrlRow(TOKEN_PAGE, ("token",)),
    "registrations_files:session-ics": UrlRow(TOKEN_PAGE, ("token", "1")),
    "registrations:privacy": UrlRow(PUBLIC),
    # The focal point whom it was sent to is redirected to the delegation.
    "registrations:invited": UrlRow(PUBLIC._replace(focal_point=302), ("invitation",)),
    "registrations:delegations": UrlRow(SIGNED_IN_PAGE),
    "registrations:delegation": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:register-delegate": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:edit-delegate": UrlRow(COUNTRY_PAGE, ("delegation", "delegate")),
    "registrations:replace-delegate": UrlRow(COUNTRY_PAGE, ("delegation", "delegate")),
    "registrations:withdraw-delegate": UrlRow(COUNTRY_PAGE, ("delegation", "delegate")),
    "registrations:restore-delegate": UrlRow(COUNTRY_ACTION, ("delegation", "withdrawn"), method="post"),
    "registrations:undo-edit": UrlRow(COUNTRY_ACTION, ("delegation", "delegate"), method="post"),
    "registrations:send-invitations-again": UrlRow(COUNTRY_ACTION, ("delegation", "delegate"), method="post"),
    "registrations:import-delegates": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:check-import": UrlRow(StatusByRole(403, 422, 404, 403, 422, 404), ("delegation",), method="post"),
    "registrations:save-import": UrlRow(StatusByRole(403, 422, 404, 403, 422, 404), ("delegation",), method="post"),
    "registrations:import-template": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:carry-over": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:receipt-pdf": UrlRow(COUNTRY_PAGE, ("delegation", "submission")),
    "registrations:letter": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:letter-file": UrlRow(COUNTRY_PAGE, ("delegation", "letter")),
    "registrations:remove-letter": UrlRow(
        # The focal point, who comes first in the test, has removed it.
        COUNTRY_ACTION._replace(staff=404),
        ("delegation", "letter"),
        method="post",
    ),
    "registrations:submit-delegation": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:not-attending": UrlRow(COUNTRY_PAGE, ("delegation",)),
    "registrations:attending-again": UrlRow(COUNTRY_ACTION, ("delegation",), method="post"),
}
# The status for a participant who left; every other URL with a token answers 410.
STATUS_AFTER_LEAVING = {"registrations_files:feed": 200}
# The URLs of Django and allauth, which are checked by rules instead of rows.
SIGN_IN = ("account_", "mfa_", "usersessions_")
GROUPS = ("admin:", *SIGN_IN)


def walk_urls(resolver: URLResolver, namespace: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (qualified name, route) of each URL below `resolver`; the pattern stands in for a missing name."""
    for entry in resolver.url_patterns:
        whole = f"{path}{entry.pattern}"
        if isinstance(entry, URLResolver):
            below = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from walk_urls(entry, below, whole)
        else:
            yield f"{namespace}{entry.name or entry.pattern}", whole


def example_path(route: str, *, argument: str = "1") -> str:
    """Return a path of `route` with `argument` for each parameter or regular expression group, and 1 for `n`."""
    plain = re.sub(r"<[^>]+>", argument, re.sub(r"\(\?P<\w+>[^)]*\)", argument, route.replace("<int:n>", "1")))
    return "/" + re.sub(r"[\^$]|\\Z", "", plain)


ROUTES = dict(walk_urls(get_resolver()))


class World(NamedTuple):
    """A client for each role, and the arguments of the URLs."""

    clients: dict[str, Client]
    arguments: dict[str, str | int]
    forged: dict[str, str]


def forge(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


@pytest.fixture(scope="module")
def stored_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Create the rows once for the module; changes of a test are rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _store_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(stored_world: World) -> World:
    """The world with new clients, so that a sign-out or a choice of language affects one test only."""
    clients = {role: Client() for role in stored_world.clients}
    for role, client in clients.items():
        client.cookies = deepcopy(stored_world.clients[role].cookies)
    return stored_world._replace(clients=clients)


def _store_world() -> World:
    webinar = make_webinar()
    make_quotas(webinar)
    staff = make_staff()
    release_webinar(webinar, by=staff, now=NOW)
    honduras, panama = make_country("HN"), make_country("PA")
    delegation = make_delegation(webinar, honduras)
    make_delegation(webinar, panama)
    delegate = make_delegate(delegation, admitted_at=NOW)
    withdrawn = make_delegate(delegation, status="withdrawn", withdrawn_at=NOW, mail_not_before=NOW)
    clients = {role: Client() for role in StatusByRole._fields}
    focal_point = make_focal_point(honduras)
    clients["focal_point"].force_login(focal_point.user)
    clients["of_another_country"].force_login(make_focal_point(panama).user)
    clients["staff"].force_login(staff)
    clients["observer"].force_login(make_observer())
    code = make_verification_code(delegation, by=staff)
    token, join_token = make_token(delegate, Scope.PAGE), make_token(delegate, Scope.JOIN)
    return World(
        clients=clients,
        arguments={
            "webinar": webinar.slug,
            "delegation": delegation.slug,
            "delegate": delegate.pk,
            "withdrawn": withdrawn.pk,
            "letter": make_letter(delegation, by=staff).pk,
            "invitation": make_invitation_token(focal_point, delegation),
            "code": code.written,
            "submission": code.event_id,
            "token": token,
            "join_token": join_token,
        },
        forged={"token": forge(token), "join_token": forge(join_token)},
    )


def test_every_url_is_in_the_table() -> None:
    ours = {name for name in ROUTES if not name.startswith(GROUPS)}

    assert ours == set(URLS)


@pytest.mark.parametrize("name", URLS)
def test_each_role_gets_the_status_in_the_table(name: str, world: World, time_machine: TimeMachineFixture) -> None:
    row = URLS[name]
    time_machine.move_to(NOW, tick=True)

    statuses = {}
    for role, client in world.clients.items():
        known = world.arguments if role == "participant" else world.arguments | world.forged
        path = reverse(name, args=[known.get(argument, argument) for argument in row.arguments])
        response = getattr(client, row.method)(path)
        if response.streaming:
            # Reading to the end closes the file; `close` would close the database connection too.
            list(response.streaming_content)
        statuses[role] = response.status_code

    assert statuses == row.statuses._asdict()


@pytest.mark.parametrize("name", [name for name, row in URLS.items() if {"token", "join_token"} & set(row.arguments)])
@pytest.mark.parametrize("status", ["withdrawn", "replaced"])
def test_every_url_of_a_link_answers_gone_after_its_person_left(
    name: str, status: str, world: World, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    row, person = URLS[name], Delegate.objects.get(pk=world.arguments["delegate"])
    path = reverse(name, args=[world.arguments.get(argument, argument) for argument in row.arguments])
    # Leaving increases the token version.
    Delegate.objects.filter(pk=person.pk).update(
        status=status, withdrawn_at=NOW, token_version=person.token_version + 1
    )

    statuses = {getattr(client, row.method)(path).status_code for client in world.clients.values()}

    assert statuses == {STATUS_AFTER_LEAVING.get(name, 410)}


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_is_completely_translated_into_spanish(
    name: str, method: str, world: World, time_machine: TimeMachineFixture
) -> None:
    """Forms are submitted empty, so that their errors are checked too."""
    time_machine.move_to(NOW, tick=True)
    with translation.override("es"):
        path = reverse(name, args=[world.arguments.get(argument, argument) for argument in URLS[name].arguments])

    for role in ("focal_point", "participant"):
        with spanish.missing_translations() as missing:
            answer = getattr(world.clients[role], method)(path, headers={"Accept-Language": "es"})

        assert (english_on(answer), sorted(missing)) == ([], [])


def english_on(answer: HttpResponseBase) -> list[str]:
    """Return the English texts on a page, except titles of the factories, which lack Spanish when posted empty."""
    if answer.streaming:
        # Read to the end, as above.
        list(answer.streaming_content)
        return []
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    texts = spanish.Texts(answer.content.decode()).found
    return spanish.english_in([re.sub("Context and challenges|Opening remarks", "", text) for text in texts])


@pytest.mark.parametrize("name", [name for name, row in URLS.items() if row.method == "post"])
def test_a_get_of_a_post_url_does_nothing(name: str, world: World) -> None:
    path = reverse(name, args=[world.arguments.get(argument, argument) for argument in URLS[name].arguments])

    assert {client.get(path).status_code for client in world.clients.values()} <= {302, 404, 405}


OF_ATTENDANCE = (
    "attendance",
    "export-attendance",
    "session-attendance",
    "import-attendance",
    "save-attendance",
    "remove-attendance",
    "arrivals",
    "switch-room",
    "export-room-list",
)


@pytest.fixture(scope="module")
def admin_keys(stored_world: World, django_db_blocker: DjangoDbBlocker) -> dict[str, str]:
    """The key of one row of each model, by "<app>_<model>", and of the rows of the admin's own pages."""
    with django_db_blocker.unblock():
        return _store_admin_rows(stored_world)


def _store_admin_rows(world: World) -> dict[str, str]:
    delegation = Delegation.objects.get(slug=world.arguments["delegation"])
    staff, profile = User.objects.get(is_staff=True), ParticipantProfile.objects.first()
    Speaker.objects.create(webinar=delegation.webinar, code="speaker", name_en="Speaker")
    make_reminder_rule(delegation.webinar)
    make_gap_notice_rule(delegation.webinar)
    waiver = waive_seats(delegation, profile=profile, seats=1, reason="One alone", by=staff, now=NOW)
    quota = Quota.objects.first()
    make_exception(delegation, quota=quota, minimum=1, maximum=None, reason="Small", by=staff, now=NOW)
    exception = QuotaException.objects.get()
    plan(now=NOW)
    announcement = make_announcement(delegation.webinar, by=staff)
    make_gap_reminder(delegation.webinar, by=staff)
    Presidency.objects.create(year=2026, country_en="Panama", country_es="Panamá")
    make_call_note(delegation, by=staff, text="La ministra firma.", look_again_on=NOW.date())
    make_attendance(
        delegation.webinar.sessions.get(number=1), by=staff, name="Phone +504 5678", address="x@example.org"
    )
    entry = CalendarEntry.objects.first()
    make_calendar_answer(entry)
    make_mail_for_a_person()
    models = [model for app in ("registrations", "sessions_app") for model in apps.get_app_config(app).get_models()]
    first = {f"{model._meta.app_label}_{model._meta.model_name}": model._base_manager.first() for model in models}
    keys = {name: str(row.pk) for name, row in first.items() if row is not None}
    return keys | {
        "-delegation": str(delegation.pk),
        "register-delegate": str(delegation.pk),
        "-delivery": keys["registrations_delivery"],
        "confirm-answer": keys["registrations_calendaranswer"],
        "dismiss-answer": keys["registrations_calendaranswer"],
        "deal-with-mail": keys["registrations_mailforaperson"],
        "-delegate": str(world.arguments["delegate"]),
        "restore-delegate": str(world.arguments["withdrawn"]),
        "revoke-waiver": str(waiver.pk),
        "except-quota": str(quota.pk),
        "end-exception": str(exception.pk),
        "-announcement": str(announcement.pk),
        "announcement-mail": str(announcement.pk),
        "stop-gap-reminder": keys["registrations_gapreminder"],
        "write-gap-reminder": str(delegation.webinar_id),
        "gap-reminder-mail": str(delegation.webinar_id),
        "test-gap-reminder": str(delegation.webinar_id),
        "release-webinar": str(delegation.webinar_id),
        "preview-public": str(delegation.webinar_id),
        "preview-delegate": str(delegation.webinar_id),
        "preview-release": keys["sessions_app_release"],
        "restore-release": keys["sessions_app_release"],
        "cancel-webinar": str(delegation.webinar_id),
        "restore-webinar": str(delegation.webinar_id),
        "cancel-session": keys["sessions_app_session"],
        "restore-session": keys["sessions_app_session"],
        "quota-board": delegation.webinar.slug,
        "webinar-history": delegation.webinar.slug,
        "webinar-home": delegation.webinar.slug,
        "webinar-messages": delegation.webinar.slug,
        "webinar-registration": delegation.webinar.slug,
        "webinar-focal-points": delegation.webinar.slug,
        "webinar-agenda": delegation.webinar.slug,
        "agenda-table": delegation.webinar.slug,
        **dict.fromkeys(OF_ATTENDANCE, delegation.webinar.slug),
        "auth_user_password_change": str(staff.pk),
        "country": delegation.body.slug,
        "end-look-again": keys["registrations_callnote"],
        "app_list": "registrations",
    }


def key_for(name: str, keys: dict[str, str]) -> str:
    """Return the key of the row that the admin URL `name` needs."""
    own = name.removeprefix("admin:")
    if own in keys:
        return keys[own]
    found = [key for part, key in keys.items() if own.startswith(f"{part}_") or own.endswith(part)]
    return found[-1] if found else "1"


def observer_may_open(name: str) -> bool:
    return name.removeprefix("admin:") in OBSERVER_URL_NAMES | {"logout"}


# The pages that an observer may open, written out so that adding one is a deliberate change.
OBSERVER_PAGES = {
    "index", "app_list", "jsi18n", "webinars", "quota-boards", "quota-board", "webinar-history", "webinar-agenda",
    "preview-public", "preview-delegate", "preview-release",
    "attendance-of-webinars", "attendance", "session-attendance",
    "registrations_delegation_changelist", "registrations_delegation_change",
    "registrations_delegate_changelist",
    "sessions_app_webinar_changelist", "sessions_app_webinar_change",
    "sessions_app_session_changelist", "sessions_app_session_change",
    "sessions_app_agendaitem_changelist", "sessions_app_agendaitem_change",
    "sessions_app_speaker_changelist", "sessions_app_speaker_change",
    "sessions_app_release_changelist", "sessions_app_release_change",
}  # fmt: skip


def test_an_observer_may_open_only_the_listed_admin_pages() -> None:
    assert OBSERVER_PAGES == OBSERVER_URL_NAMES
    assert {name.removeprefix("admin:") for name in ROUTES} >= OBSERVER_PAGES


@pytest.mark.parametrize("name", sorted(OBSERVER_PAGES))
def test_pages_for_observers_have_no_addresses_telephones_and_letters(
    name: str, world: World, admin_keys: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    Delegate.objects.update(phone="+504 1234", needs="wheelchair", withdrawn_reason="Ill")
    path = example_path(ROUTES[f"admin:{name}"], argument=key_for(f"admin:{name}", admin_keys))

    shown = world.clients["observer"].get(path, follow=True).text

    of_the_secretariat = Webinar.objects.get().contact_email
    assert "@example.org" not in shown.replace(of_the_secretariat, "")
    assert not [word for word in ("+504", "wheelchair", "Nota verbal", "rooms.example.org", "Ill") if word in shown]


@pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith("admin:")])
def test_an_observer_may_not_post(
    name: str, world: World, admin_keys: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    path = example_path(ROUTES[name], argument=key_for(name, admin_keys))

    answer = world.clients["observer"].post(path, {"action": "accept", "_selected_action": "1", "post": "yes"})

    assert answer.status_code == {"admin:login": 302, "admin:logout": 200}.get(name, 403)


# URLs of Django's admin that concern no row.
WITHOUT_ROW = {"admin:view_on_site", "admin:(?P<url>.*)$", "admin:login", "admin:autocomplete"}


@pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith("admin:")])
def test_only_staff_may_open_the_admin(
    name: str, world: World, admin_keys: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    path = example_path(ROUTES[name], argument=key_for(name, admin_keys))

    answers = {role: client.get(path) for role, client in world.clients.items()}
    of_staff, of_observer = answers.pop("staff"), answers.pop("observer")

    # 302 leads to the sign-in page, which says to a signed-in user that the page is not for them.
    assert {answer.status_code for answer in answers.values()} <= {302, 403, 404}
    if name not in WITHOUT_ROW:
        # 403: nobody may add or delete these rows; 405: a URL that needs a POST.
        closed = {403, 405} if name.endswith(("_add", "_delete", "logout", "export-quota-board")) else set()
        assert of_staff.status_code in {200, 302} | closed
        assert (
            (of_observer.status_code in {200, 302, 405})
            if observer_may_open(name)
            else (of_observer.status_code == 403)
        )
        # Django redirects to the index from a row that does not exist.
        assert of_staff.headers.get("Location") != reverse("admin:index")


@pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith("admin:")])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_admin_is_completely_translated_into_spanish(
    name: str, method: str, world: World, admin_keys: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    """Forms are submitted empty, so that their errors are checked too."""
    time_machine.move_to(NOW, tick=True)
    path = example_path(ROUTES[name], argument=key_for(name, admin_keys))
    staff = world.clients["staff"]
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"

    with spanish.missing_translations() as missing:
        answer = getattr(staff, method)(path)

    assert (english_on(answer), sorted(missing)) == ([], [])


@pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith(SIGN_IN)])
def test_every_sign_in_page_opens_without_a_server_error(name: str, world: World) -> None:
    path = example_path(ROUTES[name])

    statuses = {client.get(path).status_code for client in world.clients.values()}

    assert statuses <= {200, 302, 401, 403, 404, 405}


def test_nobody_signs_up_alone(world: World) -> None:
    response = world.clients["anonymous"].post(
        reverse("account_signup"),
        {"email": "new@example.org", "password1": "a-long-password", "password2": "a-long-password"},
    )

    assert response.status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()
