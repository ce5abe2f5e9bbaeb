"""The history of a webinar: who changed what, when and why."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from registrations.models import Delegation, HistoryEvent, HistoryKind, Quota, User
from registrations.queries import quota_board
from registrations.services.exports import FileFormat, export_board
from registrations.services.participating_bodies import add_bodies, remove_body
from registrations.services.quotas import change_quota
from sessions_app.models import Webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_observer, make_webinar

HISTORY = "/admin/quota-board/flows/history/"


@pytest.fixture
def delegation(db: None) -> Delegation:
    return make_delegation()


def make_event(webinar: Webinar, kind: HistoryKind, *, by: User | None = None, **fields: object) -> HistoryEvent:
    return HistoryEvent.objects.create(webinar=webinar, kind=kind, actor=by, at=NOW, **fields)


def test_a_changed_quota_is_shown_with_profile_difference_reason_and_actor(
    secretariat: Client, delegation: Delegation
) -> None:
    staff = User.objects.get(is_staff=True)
    quota = Quota.objects.get(profile__code="prosecutors")
    change_quota(quota, minimum=3, maximum=None, reason="Two offices", by=staff, now=NOW)

    page = secretariat.get(HISTORY)

    (told,) = page.context["history"]
    assert told.event.get_kind_display() == "Quota changed"
    assert told.changes == (("profile", "", str(quota.profile)), ("at least", "2", "3"))
    assert (told.event.reason, told.event.actor) == ("Two offices", staff)
    assert f"<ins>{quota.profile}</ins>" in page.text
    assert "<del>2</del> → <ins>3</ins>" in page.text
    assert "Two offices" in page.text


def test_an_export_is_described_as_text(secretariat: Client, delegation: Delegation) -> None:
    staff = User.objects.get(is_staff=True)
    export_board(quota_board(delegation.webinar), file_format=FileFormat.XLSX, by=staff, now=NOW)

    (told,) = secretariat.get(HISTORY).context["history"]

    assert {label: new for label, _old, new in told.changes} == {"how many": "1", "what": "quota board", "file": "XLSX"}


def test_a_country_that_was_added_and_removed_is_named(secretariat: Client, delegation: Delegation) -> None:
    staff, panama = User.objects.get(is_staff=True), make_country("PA", name_en="Panama")
    (added,) = add_bodies(delegation.webinar, [delegation.body, panama], by=staff, now=NOW)
    remove_body(added, by=staff, now=NOW + timedelta(minutes=1))
    remove_body(added, by=staff, now=NOW + timedelta(minutes=2))

    history = secretariat.get(HISTORY).context["history"]

    assert [(each.event.get_kind_display(), each.event.actor, each.changes) for each in history] == [
        ("Removed from the webinar", staff, (("country", "Panama", "\N{EN DASH}"),)),
        ("Added to the webinar", staff, (("country", "", "Panama"),)),
    ]


def test_the_newest_event_is_first_and_events_of_people_are_shown_on_demand(
    secretariat: Client, delegation: Delegation
) -> None:
    delegate = make_delegate(delegation)
    old = make_event(delegation.webinar, HistoryKind.ROOM_SWITCHED)
    chased = make_event(delegation.webinar, HistoryKind.CHASED, delegation=delegation)
    edited = make_event(delegation.webinar, HistoryKind.EDITED, delegation=delegation, delegate=delegate)
    HistoryEvent.objects.filter(pk=old.pk).update(at=NOW - timedelta(days=1))
    make_event(make_webinar("other"), HistoryKind.PURGED)

    whole = [one.event for one in secretariat.get(HISTORY).context["history"]]
    everything = [one.event for one in secretariat.get(HISTORY, {"all": "1"}).context["history"]]

    assert whole == [chased, old]
    assert everything == [edited, chased, old]


@pytest.mark.parametrize(("asked", "shown"), [("1", 50), ("2", 10), ("99", 10), ("\x00", 50), ("-5", 10)])
def test_a_long_history_has_pages_and_an_unknown_page_shows_an_existing_one(
    secretariat: Client, delegation: Delegation, asked: str, shown: int
) -> None:
    for _number in range(60):
        make_event(delegation.webinar, HistoryKind.CHASED, delegation=delegation)

    page = secretariat.get(HISTORY, {"page": asked})

    assert page.status_code == 200
    assert len(page.context["history"]) == shown


def test_a_long_history_takes_the_same_queries_as_a_short_one(
    secretariat: Client, delegation: Delegation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        delegate = make_delegate(delegation)
        staff = User.objects.create(email=f"staff.{number}@example.org")
        make_event(delegation.webinar, HistoryKind.EDITED, delegation=delegation, delegate=delegate, by=staff)

    # Session, user, second factor and current webinar; then the webinar, the count of events, the events, the profiles.
    with django_assert_max_num_queries(8):
        secretariat.get(HISTORY, {"all": "1"})


def test_an_observer_sees_figures_of_the_webinar_without_reasons_rooms_and_addresses(
    client: Client, delegation: Delegation
) -> None:
    client.force_login(make_observer())
    nameless = User.objects.create(email="nameless@example.org")
    delegate = make_delegate(delegation)
    seats = {"profile": ["prosecutors", "prosecutors"], "minimum": [2, 3]}
    make_event(delegation.webinar, HistoryKind.QUOTA_CHANGED, by=nameless, reason="Ana is ill", changes=seats)
    make_event(
        delegation.webinar, HistoryKind.ROOM_SWITCHED, by=nameless, changes={"room": [None, "2 (rooms.example.org)"]}
    )
    make_event(delegation.webinar, HistoryKind.EDITED, delegation=delegation, delegate=delegate, by=nameless)

    page = client.get(HISTORY, {"all": "1"})

    assert [one.event.kind for one in page.context["history"]] == [HistoryKind.ROOM_SWITCHED, HistoryKind.QUOTA_CHANGED]
    assert "<del>2</del> → <ins>3</ins>" in page.text
    assert not [word for word in ("Ana is ill", "rooms.example.org", "nameless@") if word in page.text]


def test_the_history_link_of_a_quota_leads_to_the_history_of_its_webinar(
    secretariat: Client, delegation: Delegation
) -> None:
    quota = Quota.objects.all()[0]

    of_a_quota = secretariat.get(reverse("admin:registrations_quota_history", args=[quota.pk]))
    of_none = secretariat.get(reverse("admin:registrations_quota_history", args=[quota.pk + 999]))

    assert of_a_quota.headers["Location"] == HISTORY
    assert of_none.status_code == 404


def test_pages_of_a_webinar_link_to_its_history(secretariat: Client, delegation: Delegation) -> None:
    quota = reverse("admin:registrations_quota_change", args=[Quota.objects.all()[0].pk])
    attendance = "/admin/attendance/flows/"

    pages = ["/admin/quota-board/flows/", quota, attendance, f"{attendance}1/", f"{attendance}1/arrivals/"]

    assert [page for page in pages if f'href="{HISTORY}"' not in secretariat.get(page).text] == []
