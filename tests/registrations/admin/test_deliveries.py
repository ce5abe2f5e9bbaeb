"""The list of deliveries and the page of one: what is to be seen there, and what may be done."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from registrations.admin.delivery_pages import mailbox_in_words, report_in_words, state_label
from registrations.messages import message_module
from registrations.models import Bounce, Delegate, Delivery, DeliveryKind, DeliveryState, HistoryEvent, User
from sessions_app.models import Session
from tests.factories import (
    NOW,
    make_announcement,
    make_bounce,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_message,
    make_user,
)
from tests.registrations.queries.mailboxes import make_delivery, make_entry, make_release

LIST = "/admin/registrations/delivery/"
MINUTE = timedelta(minutes=1)


def make_notice(state: DeliveryState, number: int = 1, **fields: object) -> Delivery:
    return make_message(f"notice:{number}", **{"email": f"person{number}@example.org", "state": state, **fields})


@pytest.fixture
def ana(db: None, time_machine: TimeMachineFixture) -> Delegate:
    """Someone of Honduras at a released webinar, a quarter of an hour after the factories' present."""
    time_machine.move_to(NOW + 15 * MINUTE, tick=False)
    delegation = make_delegation(body=make_country("HN", name_en="Honduras"), status="accepted")
    make_release(delegation.webinar)
    return make_delegate(delegation, name="Ana Paz", email="ana@example.org", admitted_at=NOW)


def invitation(person: Delegate, number: int = 1, sequence: int = 0, **fields: object) -> Delivery:
    """The newest message to the mailbox of `person` about a session."""
    session = Session.objects.select_related("released__release").get(number=number)
    entry = make_entry(person, session, sequence=sequence)
    return make_delivery(entry, **{"starts_at": session.starts_at, "may_have_arrived": True, "sent_at": NOW, **fields})


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def press(client: Client, action: str, *deliveries: Delivery) -> list[str]:
    chosen = {"action": action, "_selected_action": [one.pk for one in deliveries]}
    return told(client.post(LIST, chosen))


def done() -> list[tuple[str, Delegate | None, User | None]]:
    return [(event.kind, event.delegate, event.actor) for event in HistoryEvent.objects.order_by("pk")]


LEFT = (
    "1 delivery was left as it is: its state, a newer message to the same calendar, a session that is over, or its "
    "being sent only just now does not allow this."
)


# The list ---------------------------------------------------------------------------------------


def test_failed_deliveries_are_sent_again_and_sent_ones_are_not(
    secretariat: Client, staff: User, ana: Delegate
) -> None:
    failed, sent = invitation(ana, 1, state="failed", attempts=8), invitation(ana, 2)

    said = press(secretariat, "send_again", failed, sent)

    assert said == ["1 delivery is due again.", LEFT]
    assert dict(Delivery.objects.values_list("pk", "state")) == {failed.pk: "due", sent.pk: "sent"}
    assert done() == [("mail_sent_again", ana, staff)]


def test_an_invitation_that_was_sent_is_sent_once_more_on_purpose_alone(
    secretariat: Client, staff: User, ana: Delegate
) -> None:
    failed, sent = invitation(ana, 1, state="failed"), invitation(ana, 2)
    notice = make_notice(DeliveryState.SENT)

    said = press(secretariat, "send_once_more", failed, sent, notice)

    assert (said[0], said[1].partition(":")[0]) == ("1 delivery is due again.", "2 deliveries were left as they are")
    assert [Delivery.objects.get(pk=one.pk).state for one in (failed, sent, notice)] == ["failed", "due", "sent"]
    assert done() == [("mail_sent_again", ana, staff)]


def test_waiting_deliveries_are_stopped(secretariat: Client, staff: User, ana: Delegate) -> None:
    waiting = invitation(ana, state="due", sent_at=None)

    said = press(secretariat, "stop", waiting)

    assert said == ["1 delivery is stopped."]
    assert Delivery.objects.get().state == "stopped"
    assert done() == [("mail_stopped", ana, staff)]


def test_the_list_marks_and_finds_what_is_overdue(secretariat: Client, ana: Delegate) -> None:
    overdue = make_notice(DeliveryState.DUE, 1, attempts=2, last_error="The mail server could not be reached.")
    make_notice(DeliveryState.DUE, 2, created_at=NOW + 10 * MINUTE)

    everything = secretariat.get(LIST).content.decode()
    found = secretariat.get(f"{LIST}?overdue=yes")

    assert everything.count(">overdue</strong>") == 1
    assert list(found.context["cl"].result_list) == [overdue]
    for shown in (">2<", "The mail server could not be reached.", "person1@example.org"):
        assert shown in found.content.decode()


def test_the_list_has_the_next_attempt_only_of_deliveries_that_wait(secretariat: Client, ana: Delegate) -> None:
    make_notice(DeliveryState.DUE, due_at=NOW + 45 * MINUTE)
    make_notice(DeliveryState.SENT, 2, due_at=NOW + 46 * MINUTE)

    html = secretariat.get(LIST).content.decode()

    assert ("09:45 (Costa Rica)" in html, "09:46 (Costa Rica)" in html) == (True, False)


def test_the_list_speaks_spanish(secretariat: Client, staff: User, ana: Delegate) -> None:
    make_notice(DeliveryState.FAILED, last_error="The mail server refused the address.")

    html = secretariat.get(LIST, headers={"accept-language": "es"}).content.decode()

    assert "El servidor de correo rechazó la dirección." in html


# One --------------------------------------------------------------------------------------------


def page(delivery: Delivery) -> str:
    return f"{LIST}{delivery.pk}/change/"


def test_a_delivery_is_read_and_not_edited(secretariat: Client, ana: Delegate) -> None:
    delivery = invitation(ana, state="failed", last_error="The mail server refused the address.")

    read = secretariat.get(page(delivery))
    written = secretariat.post(page(delivery), {"email": "other@example.org"})

    assert "The mail server refused the address." in read.content.decode()
    assert (written.status_code, Delivery.objects.get().email) == (403, "ana@example.org")


def test_the_page_describes_the_message_the_recipient_and_the_mailbox(secretariat: Client, ana: Delegate) -> None:
    entry = invitation(ana, sequence=0).entry
    assert entry is not None
    entry.sequence = 1
    entry.save()
    update = make_delivery(entry, kind="update", state="failed", attempts=3, starts_at=entry.starts_at)

    html = secretariat.get(page(update)).content.decode()

    for sentence in (
        "Tells Ana Paz (Honduras) what has changed about session 1, “Context and challenges 1”",
        "Mon 16 Nov 2026, 09:00.",
        "It failed after 3 attempts, and is not tried again by itself.",
        "It is revision 1, the newest word to this mailbox about the session.",
        "The mailbox holds the session, as revision 0 says.",
        "Answer: no answer yet.",
        "Correct the address",
    ):
        assert sentence in html


def test_no_link_and_no_claim_of_a_worker_is_shown(secretariat: Client, ana: Delegate) -> None:
    token = uuid4()
    delivery = invitation(ana, state="claimed", claim_token=token, lease_expires_at=NOW + 20 * MINUTE)

    html = secretariat.get(page(delivery)).content.decode()

    assert "A worker is sending it at this moment." in html
    assert (str(token) in html, "/my/" in html) == (False, False)


def test_a_page_of_no_delivery_is_not_found(secretariat: Client, ana: Delegate) -> None:
    paths = [f"{LIST}999/{rest}/" for rest in ("stop", "send-again")]

    assert [secretariat.post(path).status_code for path in paths] == [404, 404]


@pytest.mark.parametrize(
    ("state", "step", "ends", "kind"),
    [
        ("failed", "send-again", "due", "mail_sent_again"),
        ("stopped", "send-again", "due", "mail_sent_again"),
        ("sent", "send-again", "due", "mail_sent_again"),
        ("failed", "stop", "stopped", "mail_stopped"),
        ("due", "stop", "stopped", "mail_stopped"),
    ],
)
def test_one_delivery_is_stopped_or_sent_again_from_its_page(
    secretariat: Client, staff: User, ana: Delegate, state: str, step: str, ends: str, kind: str
) -> None:
    delivery = invitation(ana, state=state, sent_at=NOW if state == "sent" else None)
    assert f"{LIST}{delivery.pk}/{step}/" in secretariat.get(page(delivery)).content.decode()

    answer = secretariat.post(f"{LIST}{delivery.pk}/{step}/")
    again = secretariat.post(f"{LIST}{delivery.pk}/{step}/")

    assert (answer.url, told(again)[-1]) == (page(delivery), LEFT)
    assert (Delivery.objects.get().state, done()) == (ends, [(kind, ana, staff)])


@pytest.mark.parametrize("state", ["sent", "superseded"])
def test_what_cannot_be_done_is_not_offered(secretariat: Client, ana: Delegate, state: str) -> None:
    delivery = make_notice(DeliveryState(state))

    html = secretariat.get(page(delivery)).content.decode()

    assert ("/stop/" in html, "/send-again/" in html) == (False, False)


def test_opening_the_address_of_a_step_takes_none(secretariat: Client, ana: Delegate) -> None:
    delivery = invitation(ana, state="failed")

    answers = [secretariat.get(f"{LIST}{delivery.pk}/{step}/") for step in ("stop", "send-again")]

    assert [answer.url for answer in answers] == [page(delivery)] * 2
    assert (Delivery.objects.get().state, done()) == ("failed", [])


def test_a_focal_point_neither_sees_deliveries_nor_takes_a_step(client: Client, ana: Delegate) -> None:
    delivery = invitation(ana, state="failed")
    client.force_login(make_focal_point(ana.delegation.body).user)

    answers = [
        client.get(page(delivery)),
        *(client.post(f"{LIST}{delivery.pk}/{step}/") for step in ("stop", "send-again")),
    ]

    assert all(answer.status_code == 302 and answer.url.startswith("/admin/login/") for answer in answers)
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_the_page_asks_as_much_with_one_message_to_the_mailbox_as_with_many(secretariat: Client, ana: Delegate) -> None:
    delivery = invitation(ana)
    entry = delivery.entry
    assert entry is not None
    secretariat.get(page(delivery))
    with CaptureQueriesContext(connection) as with_one:
        secretariat.get(page(delivery))
    for sequence in range(1, 30):
        entry.sequence = sequence
        entry.save()
        make_delivery(entry, kind="update")

    with CaptureQueriesContext(connection) as with_many:
        secretariat.get(page(delivery))

    assert len(with_one) == len(with_many)


# In words ---------------------------------------------------------------------------------------


def test_each_kind_describes_its_message(ana: Delegate) -> None:
    event = HistoryEvent.objects.create(
        webinar=ana.webinar, delegation=ana.delegation, kind="returned", at=NOW, reason="A prosecutor is missing"
    )
    of_ana = HistoryEvent.objects.create(
        webinar=ana.webinar, delegation=ana.delegation, delegate=ana, kind="cannot_come", at=NOW
    )
    user = make_user("eva@example.org", name="Eva Ejemplo")
    of_session = {"delegate": ana, "session": Session.objects.get(number=2)}
    announcement = make_announcement(ana.webinar, by=user)
    facts = {
        DeliveryKind.REGISTRATION: {"user": user, "delegation": ana.delegation},
        DeliveryKind.GAP_NOTICE: {"user": user, "delegation": ana.delegation},
        DeliveryKind.RECEIPT: {"user": user, "delegation": ana.delegation, "event": event},
        DeliveryKind.DECISION: {"user": user, "delegation": ana.delegation, "event": event},
        DeliveryKind.CANNOT_COME: {"user": user, "delegation": ana.delegation, "event": of_ana},
        DeliveryKind.LINKS: {"delegate": ana},
        DeliveryKind.CLASH_ALERT: {"user": user, "event": event},
        DeliveryKind.ANNOUNCEMENT: {"delegate": ana, "announcement": announcement},
        DeliveryKind.BOUNCE_NOTICE: {"user": user, "delegation": ana.delegation, "event": event},
        DeliveryKind.TEST: {"user": user, "announcement": announcement},
    }

    texts = [message_module(kind).describe(Delivery(kind=kind, **facts.get(kind, of_session))) for kind in DeliveryKind]

    session = "session 2, “Context and challenges 2”"
    assert texts == [
        f"Invites Ana Paz (Honduras) to {session}.",
        f"Tells Ana Paz (Honduras) what has changed about {session}.",
        f"Takes back the invitation of Ana Paz (Honduras) to {session}.",
        f"Reminds Ana Paz (Honduras) of {session}.",
        "Asks Eva Ejemplo to register the delegation of Honduras.",
        "Tells Eva Ejemplo what is missing in the delegation of Honduras.",
        "Acknowledges to Eva Ejemplo that the delegation of Honduras was submitted.",
        "Tells Eva Ejemplo what was decided about the delegation of Honduras: Returned.",
        "Tells Eva Ejemplo that Ana Paz (Honduras) cannot come.",
        "Brings Ana Paz (Honduras) the links to their pages, which somebody asked for.",
        "Tells Eva Ejemplo that Honduras typed an address which is registered already.",
        "Brings Ana Paz (Honduras) the announcement “The room has moved”.",
        "Tells Eva Ejemplo that a message to a person of Honduras came back.",
        "Shows Eva Ejemplo how a mail reads, before others get it.",
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "due"}, "It waits to be sent since Mon 26 Oct 2026, 15:00."),
        ({"state": "due", "resent_at": NOW + MINUTE}, "It was made due once more on Mon 26 Oct 2026, 15:01, and waits"),
        ({"state": "due", "attempts": 1}, "1 attempt has failed; the next is due on Mon 26 Oct 2026, 15:00."),
        ({"state": "due", "attempts": 2}, "2 attempts have failed; the next is due"),
        ({"state": "claimed", "lease_expires_at": NOW + MINUTE}, "A worker is sending it at this moment."),
        ({"state": "claimed", "lease_expires_at": NOW}, "The worker that was sending it did not come back"),
        ({"state": "sent", "sent_at": NOW}, "The mail server took it on Mon 26 Oct 2026, 15:00."),
        ({"state": "failed", "attempts": 1}, "It failed after 1 attempt, and is not tried again by itself."),
        ({"state": "superseded"}, "It is not sent any more"),
        ({"state": "stopped"}, "It was stopped, and waits until somebody sends it again."),
        ({"state": "bounced", "sent_at": NOW}, "It came back: the mail server had taken it on Mon 26 Oct 2026, 15:00"),
        ({"state": "held"}, "It is held until the address is corrected, since other mail to it came back."),
    ],
)
def test_the_state_is_described_in_words(fields: dict[str, object], words: str) -> None:
    delivery = Delivery(created_at=NOW, due_at=NOW, **fields)

    assert state_label(delivery, NOW).startswith(words)


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        (
            {},
            (
                "On Mon 26 Oct 2026, 15:00 a mail server reported that it could not be delivered.",
                "There is no mailbox with this address. (5.1.1)",
                "Permanent: the address has to be corrected.",
            ),
        ),
        (
            {"reason": "mailbox_full", "status_code": ""},
            (
                "On Mon 26 Oct 2026, 15:00 a mail server reported that it could not be delivered.",
                "The mailbox is full.",
                "Temporary: the address may be right, and a later message may arrive.",
            ),
        ),
        (
            {"reason": "policy", "status_code": "5.7.1"},
            (
                "On Mon 26 Oct 2026, 15:00 a mail server reported that it could not be delivered.",
                "The receiving server refuses mail from our server. (5.7.1)",
                "Technical: the address may be right.",
            ),
        ),
        (
            {"action": "delayed", "reason": "temporary", "status_code": "4.4.1"},
            (
                "On Mon 26 Oct 2026, 15:00 a mail server reported that it is late. It is still being tried.",
                "The receiving server did not take the message in time. (4.4.1)",
            ),
        ),
        ({"action": "delivered"}, ("On Mon 26 Oct 2026, 15:00 a mail server reported that it was delivered.",)),
    ],
)
def test_a_report_about_a_message_is_told_in_words(
    ana: Delegate, fields: dict[str, str], sentences: tuple[str, ...]
) -> None:
    assert report_in_words(make_bounce(invitation(ana), **fields)) == sentences


def test_a_mailbox_holds_nothing_of_a_message_that_came_back(ana: Delegate) -> None:
    returned = invitation(ana)
    make_bounce(returned)
    returned.refresh_from_db()
    assert returned.entry is not None

    assert mailbox_in_words(returned, returned.entry, [returned])[1] == "The mailbox holds nothing of the session."


def test_what_came_back_says_why_and_is_sent_again(secretariat: Client, ana: Delegate) -> None:
    returned = invitation(ana)
    make_bounce(returned)

    listed = secretariat.get(f"{LIST}?state__exact=bounced").content.decode()
    page = secretariat.get(f"{LIST}{returned.pk}/change/").content.decode()
    said = told(secretariat.post(f"{LIST}{returned.pk}/send-again/"))

    assert "There is no mailbox with this address. (5.1.1)" in listed
    assert "Permanent: the address has to be corrected." in page
    assert f'href="/admin/registrations/delegate/{ana.pk}/change/#id_email"' in page
    assert said == ["1 delivery is due again."]
    assert not Bounce.objects.current().exists()


@pytest.mark.parametrize(
    ("arrived", "words"),
    [
        ([], "The mailbox holds nothing of the session."),
        ([("REQUEST", 0, NOW)], "The mailbox holds the session, as revision 0 says."),
        ([("CANCEL", 1, NOW), ("REQUEST", 0, NOW)], "The session was taken out of the mailbox by revision 1."),
        (
            [("REQUEST", 1, None), ("REQUEST", 0, NOW)],
            "The mailbox may hold revision 1: the mail server did not say whether it took the message.",
        ),
    ],
)
def test_what_a_mailbox_holds_is_what_arrived_last(
    ana: Delegate, arrived: list[tuple[str, int, object]], words: str
) -> None:
    newest = invitation(ana, sequence=2, may_have_arrived=False)
    assert newest.entry is not None
    messages = [
        Delivery(ical_method=method, ical_sequence=sequence, sent_at=sent_at, may_have_arrived=True)
        for method, sequence, sent_at in arrived
    ]

    sentences = mailbox_in_words(newest, newest.entry, [newest, *messages])

    assert sentences[1] == words


def test_a_message_whose_place_is_taken_says_so(ana: Delegate) -> None:
    older = invitation(ana)
    assert older.entry is not None
    older.entry.sequence = 3

    place, *_ = mailbox_in_words(older, older.entry, [older])

    assert place == "It is revision 0. Revision 3 has taken its place: this one is not sent any more."
