"""The state of a delegate's mail on the focal point's page, and sending it again."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import Client

from registrations.models import (
    BounceAction,
    Delegate,
    Delegation,
    Delivery,
    HistoryEvent,
    RegistrationPolicy,
    User,
)
from tests.factories import (
    NOW,
    make_bounce,
    make_calendar_answer,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_staff,
    make_user,
)
from tests.registrations.queries.mailboxes import invite, make_delivery, make_entry, make_release

pytestmark = pytest.mark.django_db
REFUSED = "The mail server refused the address."


@pytest.fixture
def delegation(clock) -> Delegation:
    """The accepted delegation of Honduras at a released webinar whose registration is open."""
    delegation = make_delegation(body=make_country("HN"), status="accepted")
    make_release(delegation.webinar)
    return delegation


@pytest.fixture
def focal_point(delegation: Delegation) -> User:
    return make_focal_point(delegation.body).user


@pytest.fixture
def owner(focal_point: User) -> Client:
    return sign_in(focal_point)


def to_delegates() -> "QuerySet[Delivery]":
    return Delivery.objects.filter(delegate__isnull=False).order_by("pk")


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def invited(delegation: Delegation, *states: str, **fields: object) -> Delegate:
    """Create Ana with one invitation in each of these states."""
    ana = make_delegate(delegation, name="Ana Paz", email="ana@example.org", admitted_at=NOW)
    sessions = delegation.webinar.sessions.select_related("released__release").order_by("number")
    for session, state in zip(sessions, states, strict=False):
        make_delivery(make_entry(ana, session), state=state, **fields)
    return ana


def url(delegation: Delegation, *, language: str = "en") -> str:
    return f"/{language}/delegations/{delegation.slug}/"


def send_again(ana: Delegate, *, slug: str = "") -> str:
    return f"/en/delegations/{slug or ana.delegation.slug}/delegates/{ana.pk}/send-again/"


def page(client: Client, delegation: Delegation, **fields: str) -> str:
    return " ".join(client.get(url(delegation, **fields)).content.decode().split())


# What is seen -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "fields", "words"),
    [
        (["sent", "sent"], {}, ["invited"]),
        (["claimed", "claimed"], {"claim_token": "0" * 32, "lease_expires_at": NOW}, ["the invitation is on its way"]),
        (["stopped", "stopped"], {}, ["the secretariat has stopped the invitation"]),
        (["failed", "failed"], {"last_error": REFUSED}, ["the invitation could not be delivered", REFUSED]),
        (
            ["due", "due"],
            {"attempts": 2, "last_error": "The mail server did not answer in time."},
            ["not delivered yet, and tried again by itself", "The mail server did not answer in time."],
        ),
        (["due", "due"], {"sent_at": NOW}, ["the invitation is being sent again"]),
        (["sent", "due"], {}, ["session 1: invited · session 2: the invitation is on its way"]),
    ],
)
def test_the_page_describes_the_state_of_a_persons_mail(owner, delegation, states, fields, words) -> None:
    invited(delegation, *states, **fields)

    html = page(owner, delegation)

    assert [word in html for word in words] == [True] * len(words)


def test_failed_mail_is_summarised_with_both_repairs(owner, delegation) -> None:
    ana = invited(delegation, "failed", "failed", last_error=REFUSED)

    html = page(owner, delegation)

    assert "<strong>2 invitations could not be delivered:</strong>" in html
    for way in (
        f'<a href="#delegate-{ana.pk}">Ana Paz</a>',
        f'<li class="person" id="delegate-{ana.pk}"',
        f'href="{url(delegation)}delegates/{ana.pk}/edit/#id_email">Correct the address',
        f'<form method="post" action="{send_again(ana)}"><input type="hidden" name="csrfmiddlewaretoken"',
    ):
        assert way in html


def test_the_page_gives_the_reason_in_spanish(owner, delegation) -> None:
    invited(delegation, "failed", "sent", last_error=REFUSED)

    assert "El servidor de correo rechazó la dirección." in page(owner, delegation, language="es")


@pytest.mark.parametrize(
    ("state", "is_offered"), [("sent", True), ("failed", True), ("stopped", False), ("due", False)]
)
def test_an_invitation_can_be_sent_again_unless_it_is_on_its_way(owner, delegation, state, is_offered) -> None:
    ana = invited(delegation, state, state)

    html = page(owner, delegation)

    assert (send_again(ana) in html, "could not be delivered" in html) == (is_offered, state == "failed")


def test_sending_again_is_not_offered_before_an_invitation_or_after_the_last_session(owner, delegation, clock) -> None:
    waiting = make_delegate(delegation)
    before = page(owner, delegation)
    ana = invited(delegation, "failed", "failed", last_error=REFUSED)

    clock.move_to(NOW + timedelta(days=40))
    after = page(owner, delegation)

    assert (send_again(waiting) in before, send_again(ana) in after, 'id="failed-mail"' in after) == (False,) * 3


def test_after_the_closing_the_page_names_the_secretariat_for_corrections_of_an_address(owner, delegation) -> None:
    ana = invited(delegation, "failed", "failed", last_error=REFUSED)
    RegistrationPolicy.objects.update(closes_at=NOW)

    html = page(owner, delegation)

    assert 'please write to <a href="mailto:secretariat@example.org">' in html
    assert (send_again(ana) in html, "/edit/" in html) == (True, False)


def test_the_page_takes_the_same_queries_with_one_invited_person_as_with_many(
    owner, delegation, django_assert_max_num_queries
) -> None:
    invited(delegation, "failed", "sent", last_error=REFUSED)
    with django_assert_max_num_queries(12) as with_one:
        owner.get(url(delegation))
    invite(delegation, 200)
    Delivery.objects.filter(entry__address__endswith="9@country-hn.example.org").update(state="failed")

    with django_assert_max_num_queries(12) as with_many:
        owner.get(url(delegation))

    assert len(with_many) == len(with_one)


# What may be done -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_sending_again_shows_a_message_and_records_the_user(owner, focal_point, delegation, state) -> None:
    ana = invited(delegation, state, state)

    answer = owner.post(send_again(ana), follow=True)

    html = answer.content.decode()
    assert answer.redirect_chain == [(url(delegation), 302)]
    assert "2 invitations of Ana Paz are sent again now." in html
    assert "<strong>Mail sent again</strong>: Ana Paz" in html
    assert set(to_delegates().values_list("state", "due_at")) == {("due", NOW)}
    assert [(one.kind, one.delegate, one.actor) for one in HistoryEvent.objects.all()] == [
        ("mail_sent_again", ana, focal_point)
    ]


def test_only_the_secretariat_sends_stopped_mail_again(owner, delegation, client) -> None:
    ana = invited(delegation, "stopped", "stopped")

    html = owner.post(send_again(ana), follow=True).content.decode()

    assert "The secretariat has stopped the invitation of Ana Paz. Please ask there." in html
    assert set(to_delegates().values_list("state", flat=True)) == {"stopped"}

    client.force_login(make_staff())
    assert send_again(ana) in page(client, delegation)
    assert "are sent again now" in client.post(send_again(ana), follow=True).content.decode()


def test_sending_again_repeats_only_failed_invitations(owner, delegation) -> None:
    ana = invited(delegation, "failed", "sent")

    html = owner.post(send_again(ana), follow=True).content.decode()

    assert "The invitation of Ana Paz is sent again now." in html
    assert list(to_delegates().order_by("session__number").values_list("state", flat=True)) == ["due", "sent"]


def test_clicking_twice_sends_once(owner, delegation) -> None:
    ana = invited(delegation, "failed", "failed")

    owner.post(send_again(ana))
    html = owner.post(send_again(ana), follow=True).content.decode()

    assert "The invitation of Ana Paz is on its way already." in html
    assert HistoryEvent.objects.count() == 1


def test_an_invitation_that_was_just_sent_is_not_repeated_and_the_message_says_why(owner, delegation) -> None:
    ana = invited(delegation, "sent", "sent", attempted_at=NOW - timedelta(minutes=4))

    html = owner.post(send_again(ana), follow=True).content.decode()

    assert "The invitation of Ana Paz went out less than 5 minutes ago. Please wait a little." in html
    assert set(to_delegates().values_list("state", flat=True)) == {"sent"}


def test_a_corrected_address_says_that_the_invitation_follows(owner, delegation) -> None:
    ana = invited(delegation, "failed", "failed")
    typed = {
        "name": "Ana Paz",
        "email": "ana.paz@example.org",
        "institution": ana.institution,
        "profile": ana.profile_id,
        "language": "es",
        "timezone": ana.timezone,
        "version": 1,
    }

    html = owner.post(f"{url(delegation)}delegates/{ana.pk}/edit/", typed, follow=True).content.decode()

    assert "The details of Ana Paz are saved. The invitation goes to the new address." in html


def test_only_staff_and_colleagues_send_a_countrys_mail_again(delegation) -> None:
    ana = invited(delegation, "failed", "failed")
    outsider = make_focal_point(make_country("GT")).user
    removed = make_focal_point(delegation.body, removed_at=NOW).user
    refused = [sign_in(user).post(send_again(ana)).status_code for user in (outsider, removed, make_user())]
    anonymous = Client().post(send_again(ana))
    untouched = set(to_delegates().values_list("state", flat=True))
    by = [make_staff(), make_focal_point(delegation.body).user]

    allowed = []
    for user in by:
        to_delegates().update(state="failed")
        allowed.append((sign_in(user).post(send_again(ana)).status_code, to_delegates()[0].state))

    assert (refused, untouched) == ([404] * 3, {"failed"})
    assert anonymous.status_code == 403
    assert allowed == [(302, "due")] * 2
    assert [event.actor for event in HistoryEvent.objects.order_by("pk")] == by


def test_a_person_of_another_delegation_cannot_be_reached_through_ones_own(owner, delegation) -> None:
    other = make_delegation(delegation.webinar, make_country("GT"), status="accepted")
    stranger = invited(other, "failed", "failed")

    answer = owner.post(send_again(stranger, slug=delegation.slug))

    assert (answer.status_code, Delivery.objects.filter(state="failed").count()) == (404, 2)


def test_the_button_needs_a_csrf_token_and_no_script(delegation, focal_point) -> None:
    ana = invited(delegation, "failed", "failed")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(focal_point)

    assert strict.post(send_again(ana)).status_code == 403
    assert strict.get(send_again(ana)).status_code == 405


# What came back ---------------------------------------------------------------------------------


def returned(ana: Delegate, **fields: object) -> None:
    """Let the first invitation of Ana come back, or be late."""
    bounce = make_bounce(Delivery.objects.filter(delegate=ana).earliest("pk"), **fields)
    if bounce.action == BounceAction.DELAYED:
        Delivery.objects.filter(pk=bounce.delivery_id).update(state="sent")


@pytest.mark.parametrize(
    ("fields", "shown", "has_link"),
    [
        (
            {},
            ["the invitation came back", "There is no mailbox with this address.", "Please correct the address."],
            True,
        ),
        (
            {"reason": "mailbox_full"},
            ["the invitation came back", "The mailbox is full. Please ask the person, then send the invitation again."],
            False,
        ),
        ({"reason": "technical"}, ["The message got lost", "The address may be right. Please ask the person."], False),
        ({"action": "delayed", "reason": "temporary"}, ["a message to this person is delayed"], False),
    ],
)
def test_what_came_back_stands_beside_the_person_in_plain_words(owner, delegation, fields, shown, has_link) -> None:
    ana = invited(delegation, "sent", "sent")
    returned(ana, **fields)

    html = page(owner, delegation)

    assert [text in html for text in shown] == [True] * len(shown)
    assert ("#id_email" in html) == has_link
    assert ("session 2: invited" in html) == (fields.get("action") != "delayed")
    assert ('id="returned-mail"' in html) == (fields.get("action") != "delayed")


def test_a_full_mailbox_that_is_tried_again_asks_for_nothing(owner, delegation) -> None:
    ana = invited(delegation, "sent")
    returned(ana, reason="mailbox_full", retry_at=NOW + timedelta(hours=6))

    assert "The mailbox is full. It is sent again by itself." in page(owner, delegation)


@pytest.mark.parametrize("reason", ["policy", "content_refused"])
def test_what_our_own_server_caused_is_not_told_to_the_country(owner, delegation, reason) -> None:
    returned(invited(delegation, "sent"), reason=reason)

    html = page(owner, delegation)

    assert "came back" not in html
    assert "the invitation is on its way" in html
    assert "The receiving server refuses" not in html


def test_after_the_address_was_corrected_nothing_is_said(owner, delegation) -> None:
    ana = invited(delegation, "sent")
    returned(ana)
    Delegate.objects.filter(pk=ana.pk).update(email="corrected@example.org")

    assert "came back" not in page(owner, delegation)


def test_the_page_takes_as_many_queries_when_mail_came_back(owner, delegation, django_assert_max_num_queries) -> None:
    ana = invited(delegation, "sent", "sent")
    returned(ana)
    make_calendar_answer(ana.calendar_entries.earliest("pk"), state="counted")

    with django_assert_max_num_queries(12):
        owner.get(url(delegation))


def test_an_answer_from_a_calendar_says_so_and_quotes_the_comment_as_text(owner, delegation) -> None:
    ana = invited(delegation, "sent")
    entry = ana.calendar_entries.get()
    make_calendar_answer(entry, state="counted", comment="Late, see <a href='https://example.org'>this</a>")
    type(entry).objects.update(ical_partstat="ACCEPTED", answered_at=NOW)

    html = page(owner, delegation)

    assert "accepted, answered in their calendar," in html
    assert "<q>Late, see &lt;a href=&#x27;https://example.org&#x27;&gt;this&lt;/a&gt;</q>" in html


def test_an_answer_on_the_page_that_is_later_is_not_said_to_be_from_the_calendar(owner, delegation) -> None:
    ana = invited(delegation, "sent")
    entry = ana.calendar_entries.get()
    make_calendar_answer(entry, state="counted", comment="Late")
    type(entry).objects.update(ical_partstat="DECLINED", answered_at=NOW + timedelta(hours=1))

    html = page(owner, delegation)

    assert "in their calendar" not in html
    assert "Late" not in html


def test_the_history_tells_answers_and_bounces_in_words(owner, delegation) -> None:
    ana = invited(delegation, "sent")
    facts = {"webinar": delegation.webinar, "delegation": delegation, "delegate": ana, "at": NOW}
    HistoryEvent.objects.create(
        kind="answered", reason="Late", changes={"session": [1, 1], "answer": ["NEEDS-ACTION", "TENTATIVE"]}, **facts
    )
    HistoryEvent.objects.create(kind="bounced", **facts)

    html = page(owner, delegation)

    assert "<strong>Answered in their calendar</strong>: Ana Paz, session 1: maybe" in html
    assert '<q class="history-why">Late</q>' in html
    assert "<strong>Mail came back</strong>: Ana Paz" in html
    assert "reported by a mail server" in html
