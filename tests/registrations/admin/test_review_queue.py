"""The review queue: what it lists, in which order, and decisions from it."""

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.admin import bulk_actions
from registrations.models import Delegation, HistoryEvent, HistoryKind, User, Waiver
from registrations.queries.review_queue import latest_history
from sessions_app.models import Session, Webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_quotas, make_webinar
from tests.filled_form import filled_form

QUEUE = "/admin/registrations/delegation/waiting/"
PROFILES = ("prosecutors", "immigration-control", "border-control", "investigation-units")


@pytest.fixture(autouse=True)
def it_is_now(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def webinar(db: None) -> Webinar:
    webinar = make_webinar()
    make_quotas(webinar, minimum=1)
    return webinar


def submitted(webinar: Webinar, code: str, name: str, *, hours_ago: int = 1, lacks: int = 0) -> Delegation:
    delegation = make_delegation(
        webinar, make_country(code, name_en=name), status="submitted", gap_reason=f"Reason of {name}",
        submitted_at=NOW - timedelta(hours=hours_ago),
    )  # fmt: skip
    for profile in PROFILES[lacks:]:
        make_delegate(delegation, profile)
    return delegation


def note(delegation: Delegation, kind: HistoryKind, *, by: User | None, minutes_ago: int) -> HistoryEvent:
    return HistoryEvent.objects.create(
        webinar=delegation.webinar, delegation=delegation, kind=kind, actor=by, at=NOW - timedelta(minutes=minutes_ago),
        reason=f"{minutes_ago} minutes ago",
    )  # fmt: skip


def page_text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def press(client: Client, delegation: Delegation) -> HttpResponse:
    """Submit the form of the queue that accepts `delegation`, as a browser would."""
    page = client.get(QUEUE).content.decode()
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    (action, inputs) = next(one for one in forms if f"delegation={delegation.pk}&" in one[0])
    typed = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', inputs))
    return client.post(action.replace("&amp;", "&"), typed)


def test_delegations_with_gaps_are_ordered_by_waiting_time_with_reason_and_latest_history(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    submitted(webinar, "HN", "Honduras", hours_ago=2, lacks=1)
    belize = submitted(webinar, "BZ", "Belize", hours_ago=30, lacks=2)
    make_delegation(webinar, make_country("PA", name_en="Panama"))
    for minutes_ago in range(1, 7):
        note(belize, HistoryKind.RETURNED, by=staff, minutes_ago=minutes_ago)

    shown = page_text(secretariat.get(QUEUE))

    assert "Panama" not in shown
    assert shown.index("Reason of Belize") < shown.index("Reason of Honduras")
    assert "Still missing: 1 Prosecutors, 1 Immigration control." in shown
    assert "omplete now" not in shown
    assert [minutes for minutes in range(1, 7) if f"{minutes} minutes ago" in shown] == [1, 2, 3, 4]


def test_complete_delegations_are_first_in_the_queue_and_counted_on_the_dashboard(
    secretariat: Client, webinar: Webinar
) -> None:
    webinar.policy.accepts_complete_at_once = False
    webinar.policy.save()
    submitted(webinar, "BZ", "Belize", hours_ago=30, lacks=2)
    submitted(webinar, "HN", "Honduras", hours_ago=2)

    queue, front = secretariat.get(QUEUE), secretariat.get("/admin/")

    assert [one.delegation.body.name_en for one in queue.context["selected"]] == ["Honduras", "Belize"]
    assert page_text(queue).count("Complete now.") == 1
    assert "Reason of Honduras" not in page_text(queue)
    waiting = [(one.body.name_en, one.is_complete) for one in front.context["today"].awaiting]
    assert waiting == [("Honduras", True), ("Belize", False)]
    assert "Honduras ● complete now" in page_text(front)


def test_a_complete_delegation_is_accepted_with_one_click_and_the_queue_shows_the_next(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    honduras = submitted(webinar, "HN", "Honduras")
    submitted(webinar, "BZ", "Belize", lacks=1)

    answer = press(secretariat, honduras)

    assert (answer.headers["Location"], flash_messages(answer)) == (QUEUE, ["Honduras is accepted."])
    assert Delegation.objects.get(status="accepted").decided_by == staff
    shown = page_text(secretariat.get(QUEUE))
    assert "Complete now." not in shown
    assert "Reason of Belize" in shown


def test_a_delegation_with_a_gap_is_accepted_with_the_gap_open(secretariat: Client, webinar: Webinar) -> None:
    belize = submitted(webinar, "BZ", "Belize", lacks=1)

    assert "Accept with the gap open: Belize" in page_text(secretariat.get(QUEUE)).replace(" :", ":")
    press(secretariat, belize)

    assert HistoryEvent.objects.get(delegation=belize).kind == "accepted_with_gap"
    assert not Waiver.objects.exists()


def test_a_delegation_that_changed_since_it_was_shown_is_not_accepted_with_one_click(
    secretariat: Client, webinar: Webinar
) -> None:
    honduras = submitted(webinar, "HN", "Honduras")
    action = f"{reverse('admin:bulk-accept')}?delegation={honduras.pk}&from=waiting"

    answer = secretariat.post(action, {f"seen-{honduras.pk}": "something else"})

    assert flash_messages(answer)[0].startswith("Honduras stays as it is")
    assert Delegation.objects.get().status == "submitted"


def comment_link(client: Client, delegation: Delegation) -> str:
    """Return the link of the queue that accepts `delegation` with a comment."""
    page = client.get(QUEUE).content.decode()
    links = re.findall(r'href="([^"]+)">Accept with a comment …', page)
    return next(link for link in links if f"/{delegation.pk}/" in link).replace("&amp;", "&")


@pytest.mark.parametrize(("lacks", "kind"), [(0, "accepted"), (1, "accepted_with_gap")])
def test_a_delegation_is_accepted_with_a_comment(secretariat: Client, webinar: Webinar, lacks: int, kind: str) -> None:
    belize = submitted(webinar, "BZ", "Belize", lacks=lacks)
    address = comment_link(secretariat, belize)
    opened = secretariat.get(address)

    answer = secretariat.post(address, filled_form(opened.content.decode()) | {"comment": "Gracias"})

    assert opened.context["title"] == "Accept the delegation"
    assert (answer.headers["Location"], flash_messages(answer)) == (
        QUEUE,
        ["Belize is accepted; its people are invited."],
    )
    assert Delegation.objects.get().decision_comment == "Gracias"
    assert HistoryEvent.objects.get(delegation=belize).kind == kind


def test_a_comment_is_kept_when_the_gap_must_be_confirmed(secretariat: Client, webinar: Webinar) -> None:
    belize = submitted(webinar, "BZ", "Belize", lacks=1)
    address = comment_link(secretariat, belize)

    answer = secretariat.post(address, {"comment": "Gracias"})

    assert filled_form(answer.content.decode())["comment"] == "Gracias"
    assert "Some seats are still empty. Accept with the gap open" in page_text(answer)
    assert Delegation.objects.get().status == "submitted"


@pytest.mark.parametrize(
    ("step", "typed", "kind"),
    [("waive", {"reason": "No such unit"}, "waived"), ("return", {"comment_es": "Falta alguien"}, "returned")],
)
def test_an_action_that_needs_a_text_leads_back_to_the_queue(
    secretariat: Client, webinar: Webinar, step: str, typed: dict[str, str], kind: str
) -> None:
    belize = submitted(webinar, "BZ", "Belize", lacks=1)
    address = f"{reverse(f'admin:bulk-{step}')}?delegation={belize.pk}&from=waiting"
    assert address.replace("&", "&amp;") in secretariat.get(QUEUE).content.decode()

    answer = secretariat.post(address, typed)

    assert answer.headers["Location"] == QUEUE
    assert HistoryEvent.objects.filter(delegation=belize).earliest("pk").kind == kind


def test_the_bulk_action_page_shows_the_latest_history_of_each_delegation(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    honduras, belize = submitted(webinar, "HN", "Honduras"), submitted(webinar, "BZ", "Belize")
    note(honduras, HistoryKind.REOPENED, by=staff, minutes_ago=3)
    note(belize, HistoryKind.RETURNED, by=staff, minutes_ago=5)
    chosen = [("delegation", honduras.pk), ("delegation", belize.pk)]

    shown = page_text(secretariat.get(f"{reverse('admin:bulk-accept')}?" + "&".join(f"{k}={v}" for k, v in chosen)))

    assert shown.index("Belize") < shown.index("5 minutes ago") < shown.index("3 minutes ago")


def test_an_empty_queue_says_so_and_links_to_incomplete_delegations(secretariat: Client, webinar: Webinar) -> None:
    make_delegation(webinar, make_country("PA", name_en="Panama"))

    page = secretariat.get(QUEUE)

    assert "No delegation waits. Delegations that lack something" in page_text(page)
    listed = secretariat.get("/admin/registrations/delegation/")
    assert QUEUE in listed.content.decode()


def test_delegations_of_a_past_webinar_are_neither_in_the_queue_nor_on_the_dashboard(
    secretariat: Client, webinar: Webinar
) -> None:
    submitted(webinar, "HN", "Honduras")
    for slug, code, name in (("over", "BZ", "Belize"), ("cancelled", "PA", "Panama")):
        submitted(make_webinar(slug), code, name)
    Session.objects.filter(webinar__slug="over").update(starts_at=NOW - timedelta(days=2))
    Webinar.objects.filter(slug="cancelled").update(cancelled_at=NOW)

    queue, front, listed = (
        secretariat.get(url) for url in (QUEUE, "/admin/", "/admin/registrations/delegation/?status__exact=submitted")
    )

    assert [one.delegation.body.name_en for one in queue.context["selected"]] == ["Honduras"]
    today = front.context["today"]
    assert ([one.body.name_en for one in today.awaiting], today.awaiting_count) == (["Honduras"], 1)
    assert all(name in page_text(listed) for name in ("Honduras", "Belize", "Panama"))


def test_the_queue_shows_no_more_than_the_limit_of_a_bulk_action(
    secretariat: Client, webinar: Webinar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registrations.admin.review_queue.MAX_DELEGATIONS", 2)
    for number, code in enumerate(("HN", "BZ", "PA")):
        submitted(webinar, code, f"Country {code}", hours_ago=9 - number)

    shown = page_text(secretariat.get(QUEUE))

    assert bulk_actions.MAX_DELEGATIONS > 2
    assert "Country BZ" in shown
    assert "Country PA" not in shown
    assert "1 more waits; it is shown once these are decided." in shown


def test_the_queue_takes_the_same_queries_with_one_as_with_many(
    secretariat: Client, staff: User, webinar: Webinar
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert secretariat.get(QUEUE).status_code == 200
        return len(captured)

    note(submitted(webinar, "HN", "Honduras"), HistoryKind.SUBMITTED, by=staff, minutes_ago=1)
    queries()
    with_one = queries()
    for code in ("BZ", "PA", "SV", "GT", "MX", "CR"):
        note(submitted(webinar, code, f"Country {code}"), HistoryKind.SUBMITTED, by=staff, minutes_ago=1)

    assert queries() == with_one


def test_the_latest_events_are_selected_for_each_delegation(staff: User, webinar: Webinar) -> None:
    honduras, belize = submitted(webinar, "HN", "Honduras"), submitted(webinar, "BZ", "Belize")
    of_honduras = [note(honduras, HistoryKind.RETURNED, by=staff, minutes_ago=minutes) for minutes in (1, 2, 3)]
    of_belize = note(belize, HistoryKind.RETURNED, by=staff, minutes_ago=9)

    found = latest_history([honduras.pk, belize.pk], most=2)

    assert found == {honduras.pk: tuple(of_honduras[:2]), belize.pk: (of_belize,)}
