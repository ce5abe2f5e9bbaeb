"""Who may open what: every address of the product, for every role, in one table (design §8)."""

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

from registrations.models import Delegate, Delegation, ParticipantProfile, Quota, QuotaException, User
from registrations.permissions import OBSERVED_PAGES
from registrations.services.delegations import waive_seats
from registrations.services.planning import plan
from registrations.services.quotas import make_exception
from registrations.tokens import Scope, make_invitation_token, make_token
from sessions_app.models import Speaker, Webinar
from sessions_app.releases import release_webinar
from tests import spanish
from tests.factories import (
    NOW,
    make_announcement,
    make_attendance,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_gap_reminder,
    make_letter,
    make_observer,
    make_quotas,
    make_reminder_rule,
    make_staff,
    make_webinar,
)

pytestmark = pytest.mark.django_db


class Seen(NamedTuple):
    """What an address answers to each role. A participant holds the token of their mail, the others a forged one."""

    anonymous: int
    focal_point: int
    of_another_country: int
    participant: int
    staff: int
    observer: int


class Row(NamedTuple):
    """What each role sees, with which arguments, and by which method."""

    seen: Seen
    arguments: tuple[str, ...] = ()
    method: str = "get"


PUBLIC = Seen(200, 200, 200, 200, 200, 200)
MOVES_ON = Seen(302, 302, 302, 302, 302, 302)
SIGNED_IN = Seen(302, 200, 200, 302, 200, 200)
OF_THE_COUNTRY = Seen(302, 200, 404, 302, 200, 404)
# Without a sign-in the form is refused (`test_unsent`).
STEP_OF_THE_COUNTRY = Seen(403, 302, 404, 403, 302, 404)
BY_TOKEN = Seen(404, 404, 404, 200, 404, 404)
STEP_BY_TOKEN = Seen(404, 404, 404, 302, 404, 404)

TABLE: Mapping[str, Row] = {
    "healthz": Row(PUBLIC),
    "readyz": Row(PUBLIC),
    # Without its settings.
    "security-txt": Row(Seen(404, 404, 404, 404, 404, 404)),
    "set_language": Row(MOVES_ON, method="post"),
    "sessions_app:home": Row(PUBLIC),
    "sessions_app:webinar": Row(PUBLIC, ("webinar",)),
    "sessions_app_files:agenda-ics": Row(PUBLIC, ("webinar",)),
    "registrations:lost-link": Row(PUBLIC),
    "registrations:lost-link-asked": Row(PUBLIC),
    "registrations:my": Row(BY_TOKEN, ("token",)),
    "registrations:answer": Row(STEP_BY_TOKEN, ("token", "1"), method="post"),
    "registrations:cannot-come": Row(BY_TOKEN, ("token",)),
    "registrations:choices": Row(BY_TOKEN, ("token",)),
    "registrations:join": Row(BY_TOKEN, ("join_token", "1")),
    "registrations_files:feed": Row(BY_TOKEN, ("token",)),
    "registrations_files:session-ics": Row(BY_TOKEN, ("token", "1")),
    "registrations:privacy": Row(PUBLIC),
    # It leads to the sign-in of the one whom it was sent to.
    "registrations:invited": Row(PUBLIC._replace(focal_point=302), ("invitation",)),
    "registrations:delegations": Row(SIGNED_IN),
    "registrations:delegation": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:register-delegate": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:edit-delegate": Row(OF_THE_COUNTRY, ("delegation", "delegate")),
    "registrations:replace-delegate": Row(OF_THE_COUNTRY, ("delegation", "delegate")),
    "registrations:withdraw-delegate": Row(OF_THE_COUNTRY, ("delegation", "delegate")),
    "registrations:restore-delegate": Row(STEP_OF_THE_COUNTRY, ("delegation", "withdrawn"), method="post"),
    "registrations:undo-edit": Row(STEP_OF_THE_COUNTRY, ("delegation", "delegate"), method="post"),
    "registrations:send-invitations-again": Row(STEP_OF_THE_COUNTRY, ("delegation", "delegate"), method="post"),
    "registrations:import-delegates": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:save-import": Row(Seen(403, 422, 404, 403, 422, 404), ("delegation",), method="post"),
    "registrations:import-template": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:carry-over": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:letter": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:letter-file": Row(OF_THE_COUNTRY, ("delegation", "letter")),
    "registrations:remove-letter": Row(
        # The focal point was quicker than the staff.
        STEP_OF_THE_COUNTRY._replace(staff=404),
        ("delegation", "letter"),
        method="post",
    ),
    "registrations:submit-delegation": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:not-attending": Row(OF_THE_COUNTRY, ("delegation",)),
    "registrations:attending-again": Row(STEP_OF_THE_COUNTRY, ("delegation",), method="post"),
}
# What a participant who was withdrawn or replaced is answered; every other address behind a link says 410.
OF_SOMEONE_WHO_LEFT = {"registrations_files:feed": 200}
# Of Django and allauth: many, and held by rules instead of rows.
SIGN_IN = ("account_", "mfa_", "usersessions_")
GROUPS = ("admin:", *SIGN_IN)


def every_address(resolver: URLResolver, namespace: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """(qualified name, route) of each address below `resolver`; one without a name by its pattern."""
    for entry in resolver.url_patterns:
        whole = f"{path}{entry.pattern}"
        if isinstance(entry, URLResolver):
            below = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from every_address(entry, below, whole)
        else:
            yield f"{namespace}{entry.name or entry.pattern}", whole


def an_address_of(route: str, *, argument: str = "1") -> str:
    """A path of `route`, with `argument` for each of its own (of a regular expression, for each group), and the first
    session's number."""
    plain = re.sub(r"<[^>]+>", argument, re.sub(r"\(\?P<\w+>[^)]*\)", argument, route.replace("<int:n>", "1")))
    return "/" + re.sub(r"[\^$]|\\Z", "", plain)


ADDRESSES = dict(every_address(get_resolver()))


class World(NamedTuple):
    """The people of the table's roles and what the addresses need."""

    clients: dict[str, Client]
    arguments: dict[str, str | int]
    forged: dict[str, str]


def forge(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


@pytest.fixture(scope="module")
def stored_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world, stored once for the module; what a test changes of it is rolled back after the test."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _store_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(stored_world: World) -> World:
    """The world with browsers of the test's own: a sign-out or a choice of language stays in one test."""
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
    clients = {role: Client() for role in Seen._fields}
    focal_point = make_focal_point(honduras)
    clients["focal_point"].force_login(focal_point.user)
    clients["of_another_country"].force_login(make_focal_point(panama).user)
    clients["staff"].force_login(staff)
    clients["observer"].force_login(make_observer())
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
            "token": token,
            "join_token": join_token,
        },
        forged={"token": forge(token), "join_token": forge(join_token)},
    )


def test_every_address_stands_in_the_table() -> None:
    ours = {name for name in ADDRESSES if not name.startswith(GROUPS)}

    assert ours == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_each_role_sees_what_the_table_says(name: str, world: World, time_machine: TimeMachineFixture) -> None:
    row = TABLE[name]
    time_machine.move_to(NOW, tick=True)

    statuses = {}
    for role, client in world.clients.items():
        known = world.arguments if role == "participant" else world.arguments | world.forged
        path = reverse(name, args=[known.get(argument, argument) for argument in row.arguments])
        response = getattr(client, row.method)(path)
        if response.streaming:
            # To its end, where the client closes the file; `close` would close the database's connection too.
            list(response.streaming_content)
        statuses[role] = response.status_code

    assert statuses == row.seen._asdict()


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if {"token", "join_token"} & set(row.arguments)])
@pytest.mark.parametrize("status", ["withdrawn", "replaced"])
def test_whoever_left_is_told_so_at_every_address_of_their_link(
    name: str, status: str, world: World, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    row, person = TABLE[name], Delegate.objects.get(pk=world.arguments["delegate"])
    path = reverse(name, args=[world.arguments.get(argument, argument) for argument in row.arguments])
    # Leaving raises the version of the links.
    Delegate.objects.filter(pk=person.pk).update(
        status=status, withdrawn_at=NOW, token_version=person.token_version + 1
    )

    statuses = {getattr(client, row.method)(path).status_code for client in world.clients.values()}

    assert statuses == {OF_SOMEONE_WHO_LEFT.get(name, 410)}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_our_own_pages_speak_spanish_to_the_end(
    name: str, method: str, world: World, time_machine: TimeMachineFixture
) -> None:
    """Their forms are sent empty, which shows their errors."""
    time_machine.move_to(NOW, tick=True)
    with translation.override("es"):
        path = reverse(name, args=[world.arguments.get(argument, argument) for argument in TABLE[name].arguments])

    for role in ("focal_point", "participant"):
        with spanish.asked_in_vain() as missing:
            answer = getattr(world.clients[role], method)(path, headers={"Accept-Language": "es"})

        assert (english_on(answer), sorted(missing)) == ([], [])


def english_on(answer: HttpResponseBase) -> list[str]:
    """Without the titles of the factories, for which the English one stands in where the Spanish one is sent empty."""
    if answer.streaming:
        # To its end, as above.
        list(answer.streaming_content)
        return []
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    texts = spanish.Texts(answer.content.decode()).found
    return spanish.english_in([re.sub("Context and challenges|Opening remarks", "", text) for text in texts])


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.method == "post"])
def test_a_step_is_never_taken_by_opening_its_address(name: str, world: World) -> None:
    path = reverse(name, args=[world.arguments.get(argument, argument) for argument in TABLE[name].arguments])

    assert {client.get(path).status_code for client in world.clients.values()} <= {302, 405}


OF_ATTENDANCE = (
    "attendance",
    "export-attendance",
    "session-attendance",
    "import-attendance",
    "save-attendance",
    "remove-attendance",
    "arrivals",
    "switch-room",
)


@pytest.fixture(scope="module")
def everything(stored_world: World, django_db_blocker: DjangoDbBlocker) -> dict[str, str]:
    """A key of a row of each model of the product, by "<app>_<model>"; and of what the admin's own pages are about."""
    with django_db_blocker.unblock():
        return _store_everything(stored_world)


def _store_everything(world: World) -> dict[str, str]:
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
    make_attendance(
        delegation.webinar.sessions.get(number=1), by=staff, name="Phone +504 5678", address="x@example.org"
    )
    models = [model for app in ("registrations", "sessions_app") for model in apps.get_app_config(app).get_models()]
    first = {f"{model._meta.app_label}_{model._meta.model_name}": model._base_manager.first() for model in models}
    keys = {name: str(row.pk) for name, row in first.items() if row is not None}
    return keys | {
        "-delegation": str(delegation.pk),
        "register-delegate": str(delegation.pk),
        "-delivery": keys["registrations_delivery"],
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
        "clone-webinar": delegation.webinar.slug,
        "quota-board": delegation.webinar.slug,
        "webinar-history": delegation.webinar.slug,
        **dict.fromkeys(OF_ATTENDANCE, delegation.webinar.slug),
        "auth_user_password_change": str(staff.pk),
        "app_list": "registrations",
    }


def key_for(name: str, keys: dict[str, str]) -> str:
    """That of the row which the address `name` of the admin is about."""
    own = name.removeprefix("admin:")
    if own in keys:
        return keys[own]
    found = [key for part, key in keys.items() if own.startswith(f"{part}_") or own.endswith(part)]
    return found[-1] if found else "1"


def is_observed(name: str) -> bool:
    return name.removeprefix("admin:") in OBSERVED_PAGES | {"logout"}


# What an observer may read, page by page: written out, so that nobody opens one more by the way.
READ_BY_OBSERVERS = {
    "index", "app_list", "jsi18n", "quota-boards", "quota-board", "webinar-history",
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


def test_an_observer_opens_these_pages_of_the_admin_and_no_other() -> None:
    assert READ_BY_OBSERVERS == OBSERVED_PAGES
    assert {name.removeprefix("admin:") for name in ADDRESSES} >= READ_BY_OBSERVERS


@pytest.mark.parametrize("name", sorted(READ_BY_OBSERVERS))
def test_what_an_observer_reads_has_no_addresses_telephones_and_letters(
    name: str, world: World, everything: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    Delegate.objects.update(phone="+504 1234", needs="wheelchair", withdrawn_reason="Ill")
    path = an_address_of(ADDRESSES[f"admin:{name}"], argument=key_for(f"admin:{name}", everything))

    shown = world.clients["observer"].get(path, follow=True).text

    of_the_secretariat = Webinar.objects.get().contact_email
    assert "@example.org" not in shown.replace(of_the_secretariat, "")
    assert not [word for word in ("+504", "wheelchair", "Nota verbal", "rooms.example.org", "Ill") if word in shown]


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name.startswith("admin:")])
def test_an_observer_sends_nothing(
    name: str, world: World, everything: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    path = an_address_of(ADDRESSES[name], argument=key_for(name, everything))

    answer = world.clients["observer"].post(path, {"action": "accept", "_selected_action": "1", "post": "yes"})

    assert answer.status_code == {"admin:login": 302, "admin:logout": 200}.get(name, 403)


# Of Django, and of no row of ours.
ABOUT_NOTHING_OF_OURS = {"admin:view_on_site", "admin:(?P<url>.*)$", "admin:login", "admin:autocomplete"}


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name.startswith("admin:")])
def test_the_admin_opens_for_staff_alone(
    name: str, world: World, everything: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW, tick=True)
    path = an_address_of(ADDRESSES[name], argument=key_for(name, everything))

    answers = {role: client.get(path) for role, client in world.clients.items()}
    of_staff, of_observer = answers.pop("staff"), answers.pop("observer")

    # 302 leads to the sign-in, which tells someone who is signed in already that this is not for them.
    assert {answer.status_code for answer in answers.values()} <= {302, 403, 404}
    if name not in ABOUT_NOTHING_OF_OURS:
        # 403: what nobody may add or delete, 405: a step that is sent and not opened.
        closed = {403, 405} if name.endswith(("_add", "_delete", "logout", "export-quota-board")) else set()
        assert of_staff.status_code in {200, 302} | closed
        assert (of_observer.status_code in {200, 302, 405}) if is_observed(name) else (of_observer.status_code == 403)
        # Where Django leads to from a row that does not exist.
        assert of_staff.headers.get("Location") != reverse("admin:index")


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name.startswith("admin:")])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_admin_speaks_spanish_to_the_end(
    name: str, method: str, world: World, everything: dict[str, str], time_machine: TimeMachineFixture
) -> None:
    """Its forms are sent empty, which shows their errors."""
    time_machine.move_to(NOW, tick=True)
    path = an_address_of(ADDRESSES[name], argument=key_for(name, everything))
    staff = world.clients["staff"]
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"

    with spanish.asked_in_vain() as missing:
        answer = getattr(staff, method)(path)

    assert (english_on(answer), sorted(missing)) == ([], [])


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name.startswith(SIGN_IN)])
def test_the_sign_in_fails_for_nobody(name: str, world: World) -> None:
    path = an_address_of(ADDRESSES[name])

    statuses = {client.get(path).status_code for client in world.clients.values()}

    assert statuses <= {200, 302, 401, 403, 404, 405}


def test_nobody_signs_up_alone(world: World) -> None:
    response = world.clients["anonymous"].post(
        reverse("account_signup"),
        {"email": "new@example.org", "password1": "a-long-password", "password2": "a-long-password"},
    )

    assert response.status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()
