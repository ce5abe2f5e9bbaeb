"""Bulk actions on delegations: the page with all of them, the form, and a message for each."""

import re

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registrations.models import Delegation, HistoryEvent, Waiver
from sessions_app.models import Session, Webinar
from tests.factories import make_country, make_delegate, make_delegation, make_quotas, make_staff, make_webinar
from tests.filled_form import filled_form

pytestmark = pytest.mark.django_db
LIST = "/admin/registrations/delegation/"
PROFILES = ("prosecutors", "immigration-control", "border-control", "investigation-units")


@pytest.fixture
def webinar() -> Webinar:
    webinar = make_webinar()
    Session.objects.update(starts_at=timezone.now() + timezone.timedelta(days=30))
    make_quotas(webinar, minimum=1)
    return webinar


def submitted(webinar: Webinar, code: str, name: str, *, lacks: int = 0, **fields: object) -> Delegation:
    delegation = make_delegation(
        webinar, make_country(code, name_en=name, **fields), status="submitted", gap_reason=f"Reason of {name}"
    )
    for profile in PROFILES[lacks:]:
        make_delegate(delegation, profile)
    return delegation


@pytest.fixture
def honduras(webinar: Webinar) -> Delegation:
    return submitted(webinar, "HN", "Honduras")


@pytest.fixture
def belize(webinar: Webinar) -> Delegation:
    """Lacks two people; its language is English."""
    return submitted(webinar, "BZ", "Belize", lacks=2, default_language="en")


def address(step: str, *chosen: Delegation) -> str:
    return f"{reverse(f'admin:bulk-{step}')}?" + "&".join(f"delegation={one.pk}" for one in chosen)


def send(client: Client, step: str, *chosen: Delegation, **typed: str) -> HttpResponse:
    """Submit the form as a browser would, with the fingerprints of the page."""
    page = client.get(address(step, *chosen)).content.decode()
    seen = dict(re.findall(r'name="(seen-\d+)" value="([^"]*)"', page))
    return client.post(address(step, *chosen), {**seen, **typed})


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def statuses() -> dict[str, str]:
    return dict(Delegation.objects.values_list("body__name_en", "status"))


@pytest.mark.parametrize("step", ["accept", "return", "waive"])
def test_the_bulk_action_of_the_list_opens_a_page_with_each_delegation(
    secretariat: Client, honduras: Delegation, belize: Delegation, step: str
) -> None:
    chosen = {"action": f"bulk_{step}", "_selected_action": [honduras.pk, belize.pk]}

    page = secretariat.post(LIST, chosen, follow=True).content.decode()

    assert "Reason of Belize" in page
    assert "1 Prosecutors, 1 Immigration control" in page


def test_each_is_accepted_with_the_comment_in_its_language(
    secretariat: Client, honduras: Delegation, belize: Delegation
) -> None:
    response = send(
        secretariat, "accept", honduras, belize, comment_es="Gracias", comment_en="Thank you", with_gap="on"
    )

    assert flash_messages(response) == ["Belize is accepted.", "Honduras is accepted."]
    assert dict(Delegation.objects.values_list("body__name_en", "decision_comment")) == {
        "Belize": "Thank you", "Honduras": "Gracias"
    }  # fmt: skip
    assert set(HistoryEvent.objects.values_list("kind", flat=True)) == {"accepted", "accepted_with_gap"}


def test_delegations_with_gaps_stay_submitted_unless_gaps_are_accepted(
    secretariat: Client, honduras: Delegation, belize: Delegation
) -> None:
    response = send(secretariat, "accept", honduras, belize)

    assert flash_messages(response)[0].startswith("Belize stays as it is: Some seats are still empty.")
    assert statuses() == {"Belize": "submitted", "Honduras": "accepted"}


def test_the_comment_for_refused_delegations_is_kept_and_mailed_to_them_only(
    secretariat: Client, honduras: Delegation, belize: Delegation
) -> None:
    refused = send(secretariat, "accept", honduras, belize, comment_es="Gracias", comment_en="Thank you")

    assert statuses() == {"Belize": "submitted", "Honduras": "accepted"}
    assert flash_messages(refused)[0].startswith("Belize stays as it is: Some seats are still empty.")
    page = refused.content.decode()
    typed = filled_form(page)
    assert typed["comment_en"] == "Thank you"
    action = re.findall(r'<form id="content-main" method="post" action="([^"]+)"', page)[0].replace("&amp;", "&")
    answer = secretariat.post(action, typed | {"with_gap": "on"})
    assert flash_messages(answer)[-1] == "Belize is accepted."
    assert not [said for said in flash_messages(answer) if "Honduras stays" in said]
    assert Delegation.objects.get(body__name_en="Belize").decision_comment == "Thank you"


@pytest.mark.parametrize("step", ["accept", "return"])
def test_the_comment_on_a_delegation_that_changed_meanwhile_is_kept(
    secretariat: Client, honduras: Delegation, step: str
) -> None:
    page = secretariat.get(address(step, honduras)).content.decode()
    make_delegate(honduras, "prosecutors")

    refused = secretariat.post(address(step, honduras), filled_form(page) | {"comment_es": "Gracias"})
    answer = secretariat.post(address(step, honduras), filled_form(refused.content.decode()))

    assert flash_messages(refused)[0].startswith("Honduras stays as it is: Someone else has changed this meanwhile.")
    assert answer.status_code == 302
    assert Delegation.objects.get().decision_comment == "Gracias"


def test_the_comment_on_a_delegation_that_a_colleague_decided_is_shown(
    secretariat: Client, honduras: Delegation
) -> None:
    Delegation.objects.update(status="accepted")

    refused = secretariat.post(address("accept", honduras), {"comment_es": "Gracias por todo"})

    assert "None of the chosen delegations can be decided on so." in refused.content.decode()
    assert "<blockquote>Gracias por todo</blockquote>" in refused.content.decode()


def test_returning_needs_a_comment_in_each_language_of_the_selected_countries(
    secretariat: Client, honduras: Delegation, belize: Delegation
) -> None:
    one_missing = send(secretariat, "return", honduras, belize, comment_es="Falta la carta")
    both = send(
        secretariat, "return", honduras, belize, comment_es="Falta la carta", comment_en="The letter is missing"
    )

    assert one_missing.context["form"].errors == {"comment_en": ["This field is required."]}
    assert "Falta la carta" in one_missing.content.decode()
    assert flash_messages(both) == ["Belize is returned with your comment.", "Honduras is returned with your comment."]
    assert "comment_en" not in secretariat.get(address("return", honduras)).context["form"].fields


def test_all_gaps_are_waived_with_one_reason(secretariat: Client, honduras: Delegation, belize: Delegation) -> None:
    refused = send(secretariat, "waive", honduras, belize)
    response = send(secretariat, "waive", honduras, belize, reason="No such unit")

    assert refused.context["form"].errors == {"reason": ["This field is required."]}
    assert flash_messages(response) == [
        "What Belize lacks is waived. The delegation is complete now, and accepted.",
        "Honduras stays as it is: this does not fit its state, “Submitted”",
    ]
    waivers = Waiver.objects.values_list("delegation", "profile__code", "seats", "reason")
    assert set(waivers) == {(belize.pk, profile, 1, "No such unit") for profile in PROFILES[:2]}


@pytest.mark.parametrize(("most", "said"), [(1, ["1 that you chose is left out"]), (2, [])])
def test_a_selection_over_the_limit_says_how_many_are_left_out(
    secretariat: Client, honduras: Delegation, belize: Delegation, monkeypatch: pytest.MonkeyPatch,
    most: int, said: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("registrations.admin.bulk_actions.MAX_DELEGATIONS", most)
    chosen = {"action": "bulk_accept", "_selected_action": [str(honduras.pk), str(belize.pk)]}

    page = secretariat.post(LIST, chosen, follow=True)

    shown = [one.delegation for one in page.context["selected"]]
    assert shown == [belize, honduras][:most]
    messages = [str(message) for message in page.context["messages"]]
    assert len(messages) == len(said)
    assert all(text in message for text, message in zip(said, messages, strict=True))


def test_a_delegation_that_changed_meanwhile_is_left_and_the_others_are_accepted(
    secretariat: Client, honduras: Delegation, belize: Delegation
) -> None:
    page = secretariat.get(address("accept", honduras, belize)).content.decode()
    seen = dict(re.findall(r'name="(seen-\d+)" value="([^"]*)"', page))
    make_delegate(belize, "prosecutors")

    response = secretariat.post(address("accept", honduras, belize), {**seen, "with_gap": "on"})

    assert [text.split(":")[0] for text in flash_messages(response)] == [
        "Belize stays as it is",
        "Honduras is accepted.",
    ]
    assert statuses() == {"Belize": "submitted", "Honduras": "accepted"}


def test_a_form_sent_twice_accepts_once(secretariat: Client, honduras: Delegation) -> None:
    send(secretariat, "accept", honduras)
    again = send(secretariat, "accept", honduras)

    assert again.status_code == 200
    assert HistoryEvent.objects.filter(kind="accepted").count() == 1


@pytest.mark.parametrize("query", ["", "delegation=0", "delegation=x", "delegation=" + "9" * 40, "delegation=%00"])
def test_an_address_without_delegations_says_so(secretariat: Client, query: str) -> None:
    page = secretariat.get(f"{reverse('admin:bulk-accept')}?{query}")

    assert "None of the chosen delegations can be decided on so." in page.content.decode()
    assert secretariat.post(f"{reverse('admin:bulk-accept')}?{query}").status_code == 200


def test_a_focal_point_may_not_open_or_send_a_bulk_action(client: Client, honduras: Delegation) -> None:
    client.force_login(make_staff(is_staff=False, is_superuser=False))

    assert client.post(address("accept", honduras), {}).status_code == 302
    assert statuses() == {"Honduras": "submitted"}


def test_the_page_takes_the_same_queries_for_one_as_for_many(
    secretariat: Client, webinar: Webinar, honduras: Delegation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many = [honduras, *(submitted(webinar, f"A{letter}", f"Country {letter}") for letter in "BCDEFGHIJ")]
    secretariat.get(address("accept", *many))

    for chosen in ([honduras], many):
        with django_assert_max_num_queries(10):
            secretariat.get(address("accept", *chosen))
