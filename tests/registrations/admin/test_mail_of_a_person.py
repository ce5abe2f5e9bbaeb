"""The mail of one delegate on their admin page, and sending it again."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import Delegate, Delivery, HistoryEvent, User
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_focal_point
from tests.registrations.queries.mailboxes import make_delivery, make_entry, make_release

REFUSED = "The mail server refused the address."


@pytest.fixture
def ana(db: None, time_machine: TimeMachineFixture) -> Delegate:
    """A delegate of Honduras whose first invitation was sent and whose second was refused."""
    time_machine.move_to(NOW, tick=False)
    delegation = make_delegation(body=make_country("HN", name_en="Honduras"), status="accepted")
    make_release(delegation.webinar)
    ana = make_delegate(delegation, name="Ana Paz", email="ana@example.org", admitted_at=NOW)
    first, second = delegation.webinar.sessions.select_related("released__release").order_by("number")
    make_delivery(make_entry(ana, first, ical_partstat="ACCEPTED"), sent_at=NOW)
    make_delivery(make_entry(ana, second), state="failed", last_error=REFUSED)
    return ana


def page(ana: Delegate) -> str:
    return f"/admin/registrations/delegate/{ana.pk}/change/"


def send_again(ana: Delegate) -> str:
    return f"/admin/registrations/delegate/{ana.pk}/send-again/"


def test_the_page_shows_the_state_of_each_invitation_and_offers_both_repairs(
    secretariat: Client, ana: Delegate
) -> None:
    html = " ".join(secretariat.get(page(ana)).content.decode().split())

    for shown in (
        "1 invitation could not be delivered",
        REFUSED,
        '<a href="#id_email">Correct the address</a>',
        f'<form method="post" action="{send_again(ana)}"><input type="hidden" name="csrfmiddlewaretoken"',
        f'/delivery/{Delivery.objects.get(state="failed").pk}/change/">2. Context and challenges 2</a>',
        '<strong class="is-failed">Failed</strong> · no answer yet',
        "Mon 26 Oct 2026, 09:00</time> · accepted",
    ):
        assert shown in html


def test_the_page_of_the_delegation_names_the_people_whose_mail_failed_and_why(
    secretariat: Client, ana: Delegate
) -> None:
    html = secretariat.get(f"/admin/registrations/delegation/{ana.delegation_id}/change/").content.decode()

    assert "1 invitation could not be delivered:" in html
    assert (html.count(page(ana)), REFUSED in html) == (2, True)


def test_sending_invitations_again_records_the_user(secretariat: Client, staff: User, ana: Delegate) -> None:
    answers = [secretariat.post(send_again(ana)) for _ in range(2)]

    said = [str(message) for message in get_messages(answers[1].wsgi_request)]
    assert [answer.url for answer in answers] == [page(ana)] * 2
    assert said == ["The invitation of Ana Paz is sent again now.", "The invitation of Ana Paz is on its way already."]
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["due", "sent"]
    assert [(one.kind, one.delegate, one.actor) for one in HistoryEvent.objects.all()] == [
        ("mail_sent_again", ana, staff)
    ]
    assert "Mail sent again" in secretariat.get(page(ana)).content.decode()


def test_a_get_sends_nothing(secretariat: Client, ana: Delegate) -> None:
    answer = secretariat.get(send_again(ana))

    assert (answer.url, HistoryEvent.objects.count()) == (page(ana), 0)


def test_a_focal_point_may_not_send_invitations_again_in_the_admin(client: Client, ana: Delegate) -> None:
    client.force_login(make_focal_point(ana.delegation.body).user)

    answer = client.post(send_again(ana))

    assert answer.url.startswith("/admin/login/")
    assert HistoryEvent.objects.count() == 0


@pytest.mark.parametrize("changed", [{"admitted_at": None}, {"status": "withdrawn", "withdrawn_at": NOW}])
def test_sending_again_is_not_offered_for_someone_who_is_not_invited(
    secretariat: Client, ana: Delegate, changed: dict[str, object]
) -> None:
    Delegate.objects.filter(pk=ana.pk).update(**changed)

    html = secretariat.get(page(ana)).content.decode()
    answer = secretariat.post(send_again(ana), follow=True).content.decode()

    assert send_again(ana) not in html
    assert "Ana Paz is not invited at present." in answer
