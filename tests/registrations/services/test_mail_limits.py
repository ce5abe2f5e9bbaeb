from datetime import timedelta

import pytest
from django.core import mail

from registrations.exceptions import AttendanceChangedTooOften, NamedTooOften
from registrations.models import Delegate, Delivery, DeliveryKind, HistoryEvent, HistoryKind, User
from registrations.models.history import ALERT_KINDS
from registrations.queries.delegation_page import history_of
from registrations.services.delegations import mark_attending_again, mark_not_attending
from registrations.services.delivering.plan import plan
from registrations.services.mail_limits import release_mail
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    register_delegates,
    replace_delegate,
    withdraw_delegate,
)
from registrations.services.nominations.undoing import restore_delegate, undo_edit
from registrations.tokens.participants import Scope, make_token
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_focal_point,
    make_quotas,
    make_staff,
    make_webinar,
)
from tests.registrations.services.deliveries import SOON, plan_and_send, released_delegation, sent_by

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
VICTIM = "victim@example.org"


@pytest.fixture
def staff(db) -> User:
    return make_staff(language="en")


def name(delegation, by, now, email=VICTIM) -> Delegate:
    return register_delegate(delegation, details=make_details(email=email), by=by, now=now)


def withdraw(delegate, by, now) -> Delegate:
    return withdraw_delegate(delegate, version=delegate.version, by=by, now=now, reason="Changed")


def correct(delegate, email, by, now) -> Delegate:
    return edit_delegate(delegate, details=make_details(email=email), version=delegate.version, by=by, now=now)


def one_round(delegation, by, now, email=VICTIM) -> None:
    withdraw(name(delegation, by, now, email), by, now + MINUTE)


def held() -> list[str]:
    return sorted(Delegate.objects.with_held_mail().values_list("email", flat=True))


def kinds() -> list[str]:
    alerts = HistoryEvent.objects.filter(kind__in=set(ALERT_KINDS) - {HistoryKind.ADDRESS_CLASH})
    return list(alerts.order_by("pk").values_list("kind", flat=True))


# How often one address is named -------------------------------------------------------------------


def test_after_two_rounds_of_an_address_in_a_day_only_the_secretariat_names_it(delegation, focal_point, staff, now):
    one_round(delegation, focal_point, now)
    one_round(delegation, focal_point, now + 2 * MINUTE)

    with pytest.raises(NamedTooOften, match="Only the secretariat can register it for now"):
        name(delegation, focal_point, now + 4 * MINUTE, "VICTIM@example.org")

    assert not Delegate.objects.active().exists()
    assert name(delegation, staff, now + 5 * MINUTE).is_active


def test_a_stranger_gets_no_more_than_two_invitations_and_two_cancellations():
    delegation = released_delegation()
    focal_point = make_focal_point(delegation.body).user
    now = SOON
    for _round in range(2):
        delegate = name(delegation, focal_point, now)
        plan_and_send(now + MINUTE)
        withdraw(delegate, focal_point, now + 2 * MINUTE)
        plan_and_send(now + 3 * MINUTE)
        now += 4 * MINUTE

    with pytest.raises(NamedTooOften):
        name(delegation, focal_point, now)
    plan_and_send(now + MINUTE)

    sent = Delivery.objects.filter(email=VICTIM, session__number=1).order_by("pk").values_list("kind", flat=True)
    assert list(sent) == ["invitation", "cancellation", "invitation", "cancellation"]


@pytest.mark.parametrize("how", ["list", "replace", "edit"])
def test_an_address_named_too_often_comes_in_by_no_other_way(delegation, focal_point, now, how):
    colleague = make_delegate(delegation)
    for number in range(2):
        one_round(delegation, focal_point, now + 2 * number * MINUTE)
    now, details = now + 5 * MINUTE, make_details(email=VICTIM)

    if how == "list":
        many = [details, make_details(email="other@example.org")]
        outcomes = register_delegates(delegation, people=many, by=focal_point, now=now)
        assert [type(outcome.refusal) for outcome in outcomes] == [NamedTooOften, type(None)]
    elif how == "replace":
        with pytest.raises(NamedTooOften):
            replace_delegate(colleague, details=details, version=1, by=focal_point, now=now)
    else:
        with pytest.raises(NamedTooOften):
            edit_delegate(colleague, details=details, version=1, by=focal_point, now=now)

    assert not Delegate.objects.active().with_address(VICTIM).exists()
    assert kinds() == [HistoryKind.NAMED_TOO_OFTEN]


def test_correcting_an_address_to_and_fro_counts_as_naming(delegation, focal_point, now):
    delegate = name(delegation, focal_point, now)
    for email in ("other@example.org", VICTIM, "third@example.org"):
        now += MINUTE
        details = make_details(email=email)
        delegate = edit_delegate(delegate, details=details, version=delegate.version, by=focal_point, now=now)

    with pytest.raises(NamedTooOften):
        edit_delegate(
            delegate, details=make_details(email=VICTIM), version=delegate.version, by=focal_point, now=now + MINUTE
        )


def test_being_replaced_counts_as_being_withdrawn(delegation, focal_point, now):
    delegate = name(delegation, focal_point, now)
    for email in ("a@example.org", VICTIM, "b@example.org"):
        now += MINUTE
        delegate = replace_delegate(
            delegate, details=make_details(email=email), version=delegate.version, by=focal_point, now=now
        )

    with pytest.raises(NamedTooOften):
        replace_delegate(
            delegate, details=make_details(email=VICTIM), version=delegate.version, by=focal_point, now=now + MINUTE
        )


def test_an_action_undone_before_any_mail_does_not_count(delegation, focal_point, now):
    for number in range(3):
        delegate = name(delegation, focal_point, now + number * MINUTE)
        withdraw(delegate, focal_point, now + number * MINUTE + timedelta(seconds=5))
    delegate = name(delegation, focal_point, now + 5 * MINUTE)
    for number in range(6, 9):
        details, at = make_details(email="typo@example.org"), now + number * MINUTE
        delegate = edit_delegate(delegate, details=details, version=delegate.version, by=focal_point, now=at)
        delegate = undo_edit(delegate, version=delegate.version, by=focal_point, now=at)
    gone = withdraw(delegate, focal_point, now + 10 * MINUTE)

    assert restore_delegate(gone, by=focal_point, now=now + 10 * MINUTE).is_active
    assert kinds() == []


def test_an_undone_withdrawal_is_no_round(delegation, focal_point, now):
    delegate = name(delegation, focal_point, now)
    for number in range(1, 3):
        gone = withdraw(delegate, focal_point, now + number * MINUTE)
        delegate = restore_delegate(gone, by=focal_point, now=now + number * MINUTE)
    withdraw(delegate, focal_point, now + 4 * MINUTE)

    again = name(delegation, focal_point, now + 5 * MINUTE)
    withdraw(again, focal_point, now + 6 * MINUTE)

    assert kinds() == []
    with pytest.raises(NamedTooOften):
        name(delegation, focal_point, now + 7 * MINUTE)


def test_undoing_a_withdrawal_that_was_no_round_takes_no_round_off(delegation, focal_point, now):
    for number in range(2):
        one_round(delegation, focal_point, now + 2 * number * MINUTE)
    delegate = name(delegation, make_staff(), now + 5 * MINUTE)
    gone = withdraw(delegate, focal_point, now + 5 * MINUTE)
    delegate = restore_delegate(gone, by=focal_point, now=now + 5 * MINUTE)
    withdraw(delegate, focal_point, now + 5 * MINUTE)

    with pytest.raises(NamedTooOften):
        name(delegation, focal_point, now + 7 * MINUTE)


def test_an_undone_replacement_is_no_round(delegation, focal_point, now):
    delegate = name(delegation, focal_point, now)
    for number in range(1, 3):
        details, at = make_details(email="successor@example.org"), now + number * MINUTE
        replace_delegate(delegate, details=details, version=delegate.version, by=focal_point, now=at)
        delegate = restore_delegate(delegate, by=focal_point, now=at)
    withdraw(delegate, focal_point, now + 4 * MINUTE)

    assert name(delegation, focal_point, now + 5 * MINUTE).is_active
    assert kinds() == []


def test_the_rounds_are_those_of_one_day_and_one_delegation(delegation, focal_point, now):
    elsewhere = make_delegation(delegation.webinar, make_country("PA"))
    colleague = make_focal_point(elsewhere.body).user
    for number in range(2):
        one_round(delegation, focal_point, now + 2 * number * MINUTE)

    assert name(delegation, focal_point, now + DAY + 4 * MINUTE).is_active
    withdraw(Delegate.objects.active().get(), focal_point, now + DAY + 5 * MINUTE)
    assert name(elsewhere, colleague, now + DAY + 6 * MINUTE).is_active


def test_the_rounds_of_one_focal_point_count_in_all_their_webinars(delegation, focal_point, now):
    others = [make_delegation(make_webinar(slug), delegation.body) for slug in ("second", "third")]
    for other in others:
        make_quotas(other.webinar)
    one_round(delegation, focal_point, now)
    one_round(others[0], focal_point, now + 2 * MINUTE)

    with pytest.raises(NamedTooOften):
        name(others[1], focal_point, now + 4 * MINUTE)

    assert kinds() == [HistoryKind.NAMED_TOO_OFTEN]
    assert list(history_of(others[1])) == []
    assert name(others[1], make_focal_point(delegation.body).user, now + 5 * MINUTE).is_active


def test_a_colleague_s_rounds_in_the_delegation_count_too(delegation, focal_point, now):
    colleague = make_focal_point(delegation.body).user
    one_round(delegation, focal_point, now)
    one_round(delegation, colleague, now + 2 * MINUTE)

    with pytest.raises(NamedTooOften):
        name(delegation, focal_point, now + 4 * MINUTE)


def test_the_secretariat_is_mailed_once_about_an_address_named_too_often(delegation, focal_point, staff, now):
    for number in range(2):
        one_round(delegation, focal_point, now + 2 * number * MINUTE)

    for number in range(3):
        with pytest.raises(NamedTooOften):
            name(delegation, focal_point, now + (5 + number) * MINUTE)
    plan_and_send(now + 10 * MINUTE)

    assert kinds() == [HistoryKind.NAMED_TOO_OFTEN]
    (alert,) = [message for message in mail.outbox if staff.email in message.to[0]]
    assert alert.subject == "Country HN: a person was registered and withdrawn repeatedly"
    assert VICTIM not in alert.body


# How often a country stops attending --------------------------------------------------------------


def stop_attending(delegation, by, now) -> None:
    mark_not_attending(delegation, reason="No budget", by=by, now=now)


def test_a_delegation_that_attends_again_and_again_mails_nobody_after_two_rounds_in_a_day(staff):
    delegation = released_delegation()
    focal_point = make_focal_point(delegation.body).user
    name(delegation, staff, SOON)
    now = SOON + MINUTE
    plan_and_send(now)
    for _round in range(2):
        stop_attending(delegation, focal_point, now)
        plan_and_send(now + MINUTE)
        mark_attending_again(delegation, by=focal_point, now=now + 2 * MINUTE)
        plan_and_send(now + 3 * MINUTE)
        now += 4 * MINUTE
    stop_attending(delegation, focal_point, now)
    plan_and_send(now + MINUTE)

    for number in range(2, 4):
        with pytest.raises(AttendanceChangedTooOften, match="Only the secretariat can note"):
            mark_attending_again(delegation, by=focal_point, now=now + number * MINUTE)
    plan_and_send(now + 5 * MINUTE)

    sent = Delivery.objects.filter(email=VICTIM, session__number=1).order_by("pk").values_list("kind", flat=True)
    assert list(sent) == ["invitation", "cancellation"] * 3
    assert kinds() == [HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN]
    (alert,) = [message for message in mail.outbox if staff.email in message.to[0]]
    assert alert.subject == "Country HN: it was noted repeatedly that it does not attend"
    assert f"/delegation/{delegation.pk}/change/" in alert.body


def test_the_rounds_of_a_country_are_those_of_one_day_and_one_delegation_and_not_the_secretariat_s(
    delegation, focal_point, staff, now
):
    colleague = make_focal_point(delegation.body).user
    elsewhere = make_delegation(delegation.webinar, make_country("PA"))
    for by in (focal_point, staff, colleague, staff, staff):
        stop_attending(delegation, by, now)
        mark_attending_again(delegation, by=by, now=now)
    stop_attending(elsewhere, focal_point, now)
    mark_attending_again(elsewhere, by=focal_point, now=now)

    stop_attending(delegation, colleague, now + MINUTE)
    with pytest.raises(AttendanceChangedTooOften):
        mark_attending_again(delegation, by=focal_point, now=now + 2 * MINUTE)

    assert mark_attending_again(delegation, by=staff, now=now + 3 * MINUTE).status == "draft"
    stop_attending(delegation, focal_point, now + DAY + MINUTE)
    assert mark_attending_again(delegation, by=focal_point, now=now + DAY + MINUTE).status == "draft"


# How many new ones are mailed ---------------------------------------------------------------------


@pytest.fixture
def accepted(settings):
    settings.NEW_ADDRESSES_PER_DAY = 3
    return released_delegation()


@pytest.fixture
def user(accepted) -> User:
    return make_focal_point(accepted.body).user


def addresses(count: int, of: str = "p") -> list[str]:
    return [f"{of}{number}@example.org" for number in range(count)]


def name_many(delegation, emails, by, now):
    return register_delegates(delegation, people=[make_details(email=email) for email in emails], by=by, now=now)


def invited() -> list[str]:
    mails = Delivery.objects.filter(kind=DeliveryKind.INVITATION, session__number=1)
    return sorted(mails.values_list("email", flat=True))


def test_mail_to_new_addresses_above_the_daily_limit_is_held(accepted, user, staff):
    outcomes = name_many(accepted, addresses(5), user, SOON)
    plan_and_send(SOON + MINUTE)

    assert all(outcome.delegate is not None for outcome in outcomes)
    assert [one.admitted_at for one in Delegate.objects.active()] == [SOON] * 5
    assert held() == addresses(5)[3:]
    assert invited() == addresses(3)
    assert kinds() == [HistoryKind.MAIL_HELD]
    (alert,) = [message for message in mail.outbox if staff.email in message.to[0]]
    assert alert.subject == "Country HN: mail is held until you release it"


def test_staff_release_held_mail_in_one_action(accepted, user, staff):
    name_many(accepted, addresses(5), user, SOON)
    plan_and_send(SOON + MINUTE)

    assert release_mail(accepted, by=staff, now=SOON + 2 * MINUTE) == 2
    assert release_mail(accepted, by=staff, now=SOON + 2 * MINUTE) == 0
    plan_and_send(SOON + 3 * MINUTE)

    assert (held(), invited()) == ([], addresses(5))
    assert HistoryEvent.objects.filter(kind=HistoryKind.MAIL_RELEASED).count() == 1


def test_people_named_one_by_one_or_in_a_place_of_others_count_alike(accepted, user):
    first = name(accepted, user, SOON, "p0@example.org")
    first = edit_delegate(first, details=make_details(email="p1@example.org"), version=1, by=user, now=SOON + MINUTE)
    second = replace_delegate(
        first, details=make_details(email="p2@example.org"), version=first.version, by=user, now=SOON + 2 * MINUTE
    )
    assert held() == []

    edit_delegate(second, details=make_details(email="p3@example.org"), version=1, by=user, now=SOON + 3 * MINUTE)
    plan_and_send(SOON + 4 * MINUTE)

    assert held() == ["p3@example.org"]
    assert "p3@example.org" not in invited()


def test_registering_a_person_again_does_not_release_their_held_mail(accepted, user):
    name_many(accepted, addresses(4), user, SOON)
    (waiting,) = Delegate.objects.with_held_mail()

    withdraw(waiting, user, SOON + MINUTE)
    name(accepted, user, SOON + 2 * MINUTE, waiting.email)
    plan(now=SOON + 3 * MINUTE)

    assert held() == [waiting.email]
    assert invited() == addresses(3)


def test_mail_to_an_address_mailed_before_is_not_held(accepted, user, staff):
    known = name(accepted, staff, SOON, "known@example.org")
    plan_and_send(SOON + MINUTE)
    withdraw(known, staff, SOON + 2 * MINUTE)
    name_many(accepted, addresses(3), user, SOON + 3 * MINUTE)

    name(accepted, user, SOON + 4 * MINUTE, "Known@example.org")

    assert held() == []


def test_an_undone_edit_to_a_new_address_leaves_nothing_held(accepted, user):
    name_many(accepted, addresses(3), user, SOON)
    person = Delegate.objects.first()
    was = person.email

    person = edit_delegate(person, details=make_details(email="new@example.org"), version=1, by=user, now=SOON + MINUTE)
    assert held() == ["new@example.org"]
    person = undo_edit(person, version=person.version, by=user, now=SOON + MINUTE)

    assert (person.email, held()) == (was, [])


@pytest.mark.parametrize("are_in_between_mailed", [False, True])
@pytest.mark.parametrize("corrects", ["user", "staff"])
def test_returning_to_an_invited_address_sends_mail_with_valid_links(
    accepted, user, staff, corrects, are_in_between_mailed
):
    name_many(accepted, addresses(3), user, SOON)
    plan_and_send(SOON + MINUTE)
    person = Delegate.objects.get(email="p0@example.org")
    for email in ("typo@example.org", "typo2@example.org"):
        person = correct(person, email, user, SOON + 2 * MINUTE)
    assert held() == ["typo2@example.org"]
    if are_in_between_mailed:
        plan_and_send(SOON + 3 * MINUTE)

    person = correct(person, "P0@example.org", {"user": user, "staff": staff}[corrects], SOON + 4 * MINUTE)
    mails = sent_by(SOON + 5 * MINUTE)

    assert held() == []
    written = [message.body for message in mails if "p0@example.org" in message.to[0].lower()]
    assert len(written) == 2
    assert all(make_token(person, Scope.PAGE) in body for body in written)


def test_returning_to_the_address_before_the_hold_releases_the_mail(accepted, user):
    name_many(accepted, addresses(3), user, SOON)
    person = correct(Delegate.objects.get(email="p0@example.org"), "typo@example.org", user, SOON + 2 * MINUTE)

    correct(person, "p0@example.org", user, SOON + 3 * MINUTE)

    assert held() == []


def test_mail_held_from_the_start_stays_held_under_each_address(accepted, user):
    name_many(accepted, addresses(4), user, SOON)
    plan_and_send(SOON + MINUTE)
    (waiting,) = Delegate.objects.with_held_mail()
    withdraw(Delegate.objects.get(email="p0@example.org"), user, SOON + 2 * MINUTE)

    waiting = correct(waiting, "p0@example.org", user, SOON + 3 * MINUTE)
    assert held() == ["p0@example.org"]
    correct(waiting, "p3@example.org", user, SOON + 4 * MINUTE)
    assert held() == ["p3@example.org"]


def test_held_mail_is_not_released_by_an_edit_and_its_undo(accepted, user):
    name_many(accepted, addresses(4), user, SOON)
    (waiting,) = Delegate.objects.with_held_mail()
    withdraw(Delegate.objects.get(email="p0@example.org"), user, SOON + MINUTE)

    details, at = make_details(email="p0@example.org"), SOON + 2 * MINUTE
    edited = edit_delegate(waiting, details=details, version=1, by=user, now=at)
    undo_edit(edited, version=edited.version, by=user, now=at)

    assert held() == [waiting.email]


def test_the_limit_is_one_person_s_and_one_day_s_and_not_the_secretariat_s(accepted, user, staff):
    colleague = make_focal_point(accepted.body).user
    name_many(accepted, addresses(3), user, SOON)

    name_many(accepted, addresses(3, "c"), colleague, SOON + MINUTE)
    name_many(accepted, addresses(5, "s"), staff, SOON + MINUTE)
    name_many(accepted, addresses(3, "t"), user, SOON + DAY + MINUTE)

    assert held() == []


def test_staff_are_alerted_once_while_a_delegation_has_held_mail(accepted, user, staff):
    name_many(accepted, addresses(4), user, SOON)
    name(accepted, user, SOON + MINUTE, "more@example.org")
    assert kinds() == [HistoryKind.MAIL_HELD]

    release_mail(accepted, by=staff, now=SOON + 2 * MINUTE)
    name(accepted, user, SOON + 3 * MINUTE, "still.more@example.org")

    assert kinds() == [HistoryKind.MAIL_HELD] * 2
    assert held() == ["still.more@example.org"]


def test_five_hundred_people_are_saved_as_before_and_two_hundred_of_them_mailed(settings):
    delegation = released_delegation()
    focal_point = make_focal_point(delegation.body).user

    outcomes = name_many(delegation, addresses(500), focal_point, NOW)

    assert all(outcome.delegate is not None for outcome in outcomes)
    assert (Delegate.objects.active().count(), len(held())) == (500, 300)
