"""Announcements: who gets one, once and in which language, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from registrations.exceptions import InvalidInput, NotPossibleNow, RecipientCountChanged, RuleBroken
from registrations.models import (
    Announcement,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FocalPoint,
    HistoryEvent,
    User,
)
from registrations.queries.audiences import Audience, recipient_from, recipients_of
from registrations.services.announcements import (
    AnnouncementDetails,
    delete_draft,
    edit_announcement,
    send_announcement,
    send_test_of_announcement,
    write_announcement,
)
from registrations.services.deliveries import resend_deliveries, stop_deliveries
from registrations.services.delivering.send import send_due
from sessions_app.models import Webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_organisation,
    make_user,
    make_webinar,
)
from tests.registrations.queries.mailboxes import make_entry
from tests.registrations.services.deliveries import admitted, released_delegation

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def honduras() -> Delegation:
    """Accepted, at a released webinar."""
    return released_delegation()


def details(**fields: Any) -> AnnouncementDetails:
    audience = Audience(**{name: fields.pop(name) for name in list(fields) if name in Audience.__annotations__})
    return AnnouncementDetails(
        audience=audience,
        **{
            "subject_en": "The room has moved",
            "subject_es": "La sala cambió",
            "text_en": "See [the programme](https://example.org/en).",
            "text_es": "Vea [el programa](https://example.org/es).",
            **fields,
        },
    )


def write(staff: User, **fields: Any) -> Announcement:
    return write_announcement(Webinar.objects.get(slug="flows"), details(**fields), by=staff, now=NOW)


def emails(webinar: Webinar, **narrowed: Any) -> list[str]:
    return sorted(recipient_from(row).email for row in recipients_of(webinar, Audience(**narrowed)))


def send(announcement: Announcement, staff: User, *, count: int, version: int = 1) -> Announcement:
    return send_announcement(announcement, version=version, count=count, by=staff, now=NOW)


def deliver() -> list[mail.EmailMessage]:
    before = len(mail.outbox)
    send_due(clock=lambda: LATER)
    return mail.outbox[before:]


# Whom it is for --------------------------------------------------------------------------------


def test_delegates_are_those_who_are_invited(honduras: Delegation) -> None:
    admitted(honduras, email="ana@example.org")
    make_delegate(honduras, email="not.admitted@example.org")
    admitted(honduras, email="withdrawn@example.org", status="withdrawn", withdrawn_at=NOW)
    away = make_delegation(honduras.webinar, make_country("PA"), status="not_attending")
    admitted(away, email="away@example.org")
    elsewhere = make_delegation(make_webinar("other"), honduras.body, status="accepted")
    admitted(elsewhere, email="elsewhere@example.org")

    assert emails(honduras.webinar) == ["ana@example.org"]


def test_delegates_are_chosen_by_country_profile_state_and_answer_to_a_session(honduras: Delegation) -> None:
    webinar = honduras.webinar
    panama = make_delegation(webinar, make_country("PA"), status="reopened")
    unodc = make_delegation(webinar, make_organisation(), status="accepted")
    ana = admitted(honduras, email="ana@example.org")
    admitted(honduras, profile="border-control", email="bea@example.org")
    admitted(panama, email="carlos@example.org")
    admitted(unodc, profile=None, email="dora@example.org")
    make_entry(ana, webinar.sessions.get(number=1), ical_partstat="ACCEPTED")
    make_entry(ana, webinar.sessions.get(number=2), ical_partstat="DECLINED")

    assert emails(webinar, bodies=("country-pa", "unodc")) == ["carlos@example.org", "dora@example.org"]
    assert emails(webinar, profiles=("border-control",)) == ["bea@example.org"]
    assert emails(webinar, states=("reopened",)) == ["carlos@example.org"]
    assert emails(webinar, session=1, answer="ACCEPTED") == ["ana@example.org"]
    assert emails(webinar, session=2, answer="ACCEPTED") == []
    assert emails(webinar, bodies=("country-hn",), profiles=("prosecutors",)) == ["ana@example.org"]


def test_focal_points_are_those_with_access_to_a_delegation_that_attends(honduras: Delegation) -> None:
    make_focal_point(honduras.body, make_user("honduras@example.org"))
    make_focal_point(honduras.body, make_user("removed@example.org"), removed_at=NOW)
    make_focal_point(honduras.body, make_user("switched.off@example.org", is_active=False))
    away = make_delegation(honduras.webinar, make_country("PA"), status="not_attending")
    make_focal_point(away.body, make_user("away@example.org"))
    make_focal_point(make_country("SV"), make_user("not.asked@example.org"))

    assert emails(honduras.webinar, readers="focal_points") == ["honduras@example.org"]
    assert emails(honduras.webinar, readers="focal_points", bodies=("country-pa",)) == []


def test_a_person_with_two_roles_gets_one_in_the_language_of_the_delegate(honduras: Delegation, staff: User) -> None:
    admitted(honduras, email="Ana@example.org", language="en")
    make_focal_point(honduras.body, make_user("ana@example.org", language="es"))
    make_focal_point(honduras.body, make_user("bea@example.org", language="es"))

    send(write(staff, readers="both"), staff, count=2)

    assert sorted((one.to[0].lower(), one.subject) for one in deliver()) == [
        ("bea@example.org", "La sala cambió"),
        (f"{Delegate.objects.get().name.lower()} <ana@example.org>", "The room has moved"),
    ]


def test_counting_recipients_costs_one_query(honduras: Delegation, django_assert_num_queries: Any) -> None:
    admitted(honduras)
    make_focal_point(honduras.body)

    with django_assert_num_queries(1):
        assert recipients_of(honduras.webinar, Audience(readers="both")).count() == 2


# Sending ---------------------------------------------------------------------------------------


def test_each_recipient_gets_it_once_in_their_language_with_a_plain_text_part(
    honduras: Delegation, staff: User
) -> None:
    admitted(honduras, name="Ana", email="ana@example.org", language="en")
    admitted(honduras, name="Bea", email="bea@example.org", language="es")

    sent = send(write(staff), staff, count=2)
    messages = deliver()

    assert sorted(one.subject for one in messages) == ["La sala cambió", "The room has moved"]
    english = next(one for one in messages if one.subject.startswith("The"))
    assert english.to == ["Ana <ana@example.org>"]
    assert "Dear Ana," in english.body
    assert "See the programme (https://example.org/en)." in english.body
    html = english.alternatives[0][0]
    assert 'href="https://example.org/en"' in html
    assert "Bea" not in html + english.body
    assert (sent.confirmed_by, sent.confirmed_at, sent.confirmed_count) == (staff, NOW, 2)
    event = HistoryEvent.objects.get()
    assert (event.kind, event.actor, event.changes) == ("announced", staff, {"recipients": [None, 2]})
    assert deliver() == []


def test_another_number_than_the_one_that_was_confirmed_sends_nothing(honduras: Delegation, staff: User) -> None:
    admitted(honduras)
    draft = write(staff)
    admitted(honduras)

    with pytest.raises(RecipientCountChanged):
        send(draft, staff, count=1)

    assert not Delivery.objects.exists()


def test_nobody_who_joins_after_it_was_confirmed_gets_it(honduras: Delegation, staff: User) -> None:
    admitted(honduras, email="ana@example.org")
    send(write(staff), staff, count=1)
    admitted(honduras, email="late@example.org")

    assert [one.to[0].endswith("<ana@example.org>") for one in deliver()] == [True]


def test_it_is_sent_once_and_then_stays_as_it_is(honduras: Delegation, staff: User) -> None:
    admitted(honduras)
    draft = write(staff)
    send(draft, staff, count=1)

    with pytest.raises(NotPossibleNow):
        send(draft, staff, count=1)
    with pytest.raises(NotPossibleNow):
        edit_announcement(draft, details(subject_en="Another"), version=1, by=staff, now=NOW)

    assert Delivery.objects.filter(kind=DeliveryKind.ANNOUNCEMENT).count() == 1


def test_a_draft_that_somebody_else_changed_is_not_sent_unseen(honduras: Delegation, staff: User) -> None:
    admitted(honduras)
    draft = write(staff)
    edit_announcement(draft, details(subject_en="Another"), version=1, by=staff, now=NOW)

    with pytest.raises(RuleBroken):
        send(draft, staff, count=1)
    with pytest.raises(RuleBroken):
        edit_announcement(draft, details(), version=1, by=staff, now=NOW)

    assert Announcement.objects.get().subject_en == "Another"


def test_both_languages_a_recipient_and_a_release_are_needed_to_send(honduras: Delegation, staff: User) -> None:
    with pytest.raises(NotPossibleNow, match="Nobody is among"):
        send(write(staff), staff, count=0)
    admitted(honduras)
    for field in ("subject_es", "text_en"):
        with pytest.raises(NotPossibleNow, match="both languages"):
            send(write(staff, **{field: " "}), staff, count=1)
    other = make_delegation(make_webinar("other"), make_country("PA"))
    admitted(other)
    draft = write_announcement(other.webinar, details(), by=staff, now=NOW)
    with pytest.raises(NotPossibleNow, match="before the agenda is released"):
        send(draft, staff, count=1)

    assert not Delivery.objects.exists()


# The last look ---------------------------------------------------------------------------------


def withdraw(honduras: Delegation) -> None:
    Delegate.objects.update(status="withdrawn", withdrawn_at=NOW)


def stay_away(honduras: Delegation) -> None:
    Delegation.objects.update(status="not_attending")


def remove_focal_point(honduras: Delegation) -> None:
    FocalPoint.objects.update(removed_at=NOW)


@pytest.mark.parametrize(
    ("what", "kept"),
    [
        (withdraw, ["focal@example.org"]),
        (stay_away, []),
        (remove_focal_point, ["Ana <ana@example.org>"]),
    ],
)
def test_a_person_who_left_meanwhile_gets_none(what: Any, kept: list[str], honduras: Delegation, staff: User) -> None:
    admitted(honduras, email="ana@example.org", name="Ana")
    make_focal_point(honduras.body, make_user("focal@example.org"))
    send(write(staff, readers="both"), staff, count=2)
    what(honduras)

    assert [one.to[0] for one in deliver()] == kept
    states = Delivery.objects.filter(kind=DeliveryKind.ANNOUNCEMENT).values_list("state", flat=True)
    assert sorted(states) == ["sent"] * len(kept) + ["superseded"] * (2 - len(kept))


def test_a_focal_point_who_changed_the_country_gets_none(honduras: Delegation, staff: User) -> None:
    focal_point = make_focal_point(honduras.body)
    panama = make_delegation(honduras.webinar, make_country("PA"))
    send(write(staff, readers="focal_points", bodies=("country-hn",)), staff, count=1)
    FocalPoint.objects.filter(pk=focal_point.pk).update(body=panama.body)

    assert deliver() == []


def test_a_corrected_address_gets_what_waited(honduras: Delegation, staff: User) -> None:
    ana = admitted(honduras, email="ana@example.org", name="Ana")
    send(write(staff), staff, count=1)
    Delegate.objects.filter(pk=ana.pk).update(email="ana.paz@example.org")

    assert [one.to for one in deliver()] == [["Ana <ana.paz@example.org>"]]


def test_it_can_be_stopped_and_sent_again(honduras: Delegation, staff: User) -> None:
    make_focal_point(honduras.body)
    announcement = send(write(staff, readers="focal_points"), staff, count=1)
    owed = list(announcement.deliveries.values_list("pk", flat=True))

    assert stop_deliveries(owed, by=staff, now=NOW) == 1
    assert deliver() == []
    assert resend_deliveries(owed, by=staff, now=NOW) == 1
    assert len(deliver()) == 1
    kinds = HistoryEvent.objects.order_by("pk").values_list("kind", "webinar")
    assert list(kinds) == [(kind, honduras.webinar_id) for kind in ("announced", "mail_stopped", "mail_sent_again")]


# Tests to oneself ------------------------------------------------------------------------------


def test_a_test_goes_to_its_writer_alone_in_both_languages(honduras: Delegation, staff: User) -> None:
    admitted(honduras)
    draft = write(staff)

    assert send_test_of_announcement(draft, by=staff, now=NOW) == 2
    messages = deliver()

    assert {one.to[0] for one in messages} == {staff.email}
    assert sorted(one.subject for one in messages) == ["Prueba: La sala cambió", "Test: The room has moved"]
    assert Delivery.objects.filter(state=DeliveryState.SENT, kind=DeliveryKind.TEST).count() == 2
    send(draft, staff, count=1)


def test_a_test_has_the_languages_that_are_written(honduras: Delegation, staff: User) -> None:
    assert send_test_of_announcement(write(staff, text_es=""), by=staff, now=NOW) == 1


# Bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"subject_en": "", "subject_es": " "}, "subject_en"),
        ({"subject_en": "Moved\nBcc: everyone@example.org"}, "subject_en"),
        ({"subject_es": "x" * 151}, "subject_es"),
        ({"text_en": "<script>alert(1)</script>"}, "text_en"),
        ({"text_es": "![](https://example.org/a.png)"}, "text_es"),
        ({"text_es": "[a](javascript:alert(1))"}, "text_es"),
        ({"text_en": "\x00"}, "text_en"),
        ({"text_en": "x" * 10_001}, "text_en"),
        ({"readers": "everyone"}, "readers"),
        ({"session": 1}, "answer"),
        ({"answer": "ACCEPTED"}, "session"),
        ({"session": 1, "answer": "PERHAPS"}, "answer"),
    ],
)
def test_what_no_mail_may_carry_is_refused_at_its_field(
    fields: dict[str, Any], field: str, honduras: Delegation, staff: User
) -> None:
    with pytest.raises(InvalidInput) as refused:
        write(staff, **fields)

    assert list(refused.value.messages) == [field]
    assert not Announcement.objects.exists()


def test_a_draft_is_deleted_with_its_tests_and_the_history_keeps_its_subject(honduras: Delegation, staff: User) -> None:
    draft, kept = write(staff), write(staff, subject_en="Another")
    send_test_of_announcement(draft, by=staff, now=NOW)
    send_test_of_announcement(kept, by=staff, now=NOW)

    delete_draft(draft, version=1, by=staff, now=LATER)

    assert list(Announcement.objects.all()) == [kept]
    assert {one.announcement for one in Delivery.objects.filter(kind="test")} == {kept}
    told = HistoryEvent.objects.get(kind="announcement_deleted")
    assert (told.webinar, told.actor, told.at, told.reason) == (
        honduras.webinar, staff, LATER, "The room has moved"
    )  # fmt: skip


def test_what_was_sent_is_not_deleted(honduras: Delegation, staff: User) -> None:
    admitted(honduras)
    sent = send(write(staff), staff, count=1)

    with pytest.raises(NotPossibleNow, match="has been sent already"):
        delete_draft(sent, version=1, by=staff, now=LATER)

    assert Announcement.objects.get().deliveries.count() == 1


def test_using_a_draft_that_somebody_has_deleted_meanwhile_is_refused_with_the_reason(
    honduras: Delegation, staff: User
) -> None:
    admitted(honduras)
    draft = write(staff)
    steps: list[Callable[[], Any]] = [
        lambda: edit_announcement(draft, details(), version=1, by=staff, now=LATER),
        lambda: send(draft, staff, count=1),
        lambda: send_test_of_announcement(draft, by=staff, now=LATER),
        lambda: delete_draft(draft, version=1, by=staff, now=LATER),
    ]
    delete_draft(Announcement.objects.get(), version=1, by=staff, now=LATER)

    for step in steps:
        with pytest.raises(NotPossibleNow, match="This draft has been deleted"):
            step()

    assert not Delivery.objects.exists()
    assert HistoryEvent.objects.count() == 1


def test_a_draft_that_somebody_changed_meanwhile_is_not_deleted(honduras: Delegation, staff: User) -> None:
    draft = write(staff)
    edit_announcement(draft, details(subject_en="Another"), version=1, by=staff, now=NOW)

    with pytest.raises(RuleBroken, match="Someone else has changed this meanwhile"):
        delete_draft(draft, version=1, by=staff, now=LATER)

    assert Announcement.objects.exists()
