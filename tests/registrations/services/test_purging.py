"""The end of a webinar's personal data: nothing says who came, and every figure stays (design §8)."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import models

from registrations.exceptions import LinkNotValid, NotPossibleNow
from registrations.models import (
    Announcement,
    Arrival,
    Attendance,
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    HistoryEvent,
    HistoryKind,
    MailForAPerson,
    NominationLetter,
    Quota,
    RegistrationPolicy,
    User,
    VerificationCode,
    Waiver,
)
from registrations.queries import quota_board
from registrations.queries.audiences import Audience, recipients_of
from registrations.queries.today import today
from registrations.services.announcements import (
    AnnouncementDetails,
    edit_announcement,
    send_announcement,
    write_announcement,
)
from registrations.services.attendance_import.manual_matching import match_manually
from registrations.services.attendance_import.saving import import_attendance, remove_attendance
from registrations.services.delegate_details import details_of
from registrations.services.delegations import waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.gap_reminders import check_gap_reminder
from registrations.services.nominations import edit_delegate, register_delegate, replace_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.personal_data.anonymising import personal_data_of
from registrations.services.personal_data.purging import preview_purge, purge
from registrations.services.quotas import make_exception
from registrations.tasks import purge as purge_task
from registrations.tokens import Scope, make_token
from registrations.tokens.participants import read_feed_token, read_token
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_announcement,
    make_attendance,
    make_bounce,
    make_calendar_answer,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_focal_point,
    make_letter,
    make_mail_for_a_person,
    make_quotas,
    make_reminder_rule,
    make_staff,
    make_webinar,
)
from tests.registrations.services.attendance_import.stories import attendee

# The factories' webinar is in November 2026, its data end on 17 November 2027.
LATER = NOW + timedelta(days=400)
SECRETS = ("Ximena", "ximena", "Yolanda", "yolanda", "Zapata", "+504", "wheelchair", "her mother", "Nota de Ximena")


@pytest.fixture
def letters(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path / "letters"


def make_past_webinar(slug: str = "flows", iso_code: str = "HN") -> Webinar:
    """A webinar for which people were named, changed, replaced, withdrawn, invited; one of them arrived."""
    webinar = make_webinar(slug)
    make_quotas(webinar)
    staff = User.objects.filter(is_staff=True).first() or make_staff()
    release_webinar(webinar, by=staff, now=NOW)
    delegation = make_delegation(webinar, make_country(iso_code, slug=f"country-{slug}"), status="accepted")
    make_focal_point(delegation.body)
    texts = {"institution": "Zapata office", "position": "Zapata chief", "phone": "+504 1", "needs": "wheelchair"}
    ximena = make_delegate(delegation, name="Ximena", email=f"ximena@{slug}.example.org", admitted_at=NOW, **texts)
    plan(now=NOW)
    ximena = edit_delegate(
        ximena,
        details=make_details(name="Ximena Zapata", email=f"ximena.z@{slug}.example.org", **texts),
        version=ximena.version,
        by=staff,
        now=NOW,
        reason="her mother wrote",
    )
    yolanda = make_details(name="Yolanda Zapata", email=f"yolanda@{slug}.example.org", **texts)
    yolanda = replace_delegate(ximena, details=yolanda, version=ximena.version, by=staff, now=NOW, reason="her mother")
    plan(now=NOW)
    leaver = make_delegate(delegation, "border-control", name="Zapata", admitted_at=NOW)
    withdraw_delegate(leaver, version=1, by=staff, now=NOW, reason="her mother is ill")
    plan(now=NOW)
    profile = yolanda.profile
    waive_seats(delegation, profile=profile, seats=1, reason="Zapata alone", by=staff, now=NOW)
    quota = Quota.objects.get(webinar=webinar, profile=profile)
    make_exception(delegation, quota=quota, minimum=1, maximum=None, reason="Zapata asked", by=staff, now=NOW)
    make_letter(delegation, by=staff, name="Nota de Ximena.pdf")
    make_letter(delegation, by=staff, text="Another", name="Nota de Ximena 2.pdf")
    Delegation.objects.filter(pk=delegation.pk).update(gap_reason="her mother", decision_comment="Thanks, Zapata")
    CalendarEntry.objects.filter(delegate=yolanda).update(ical_partstat="ACCEPTED", answered_at=NOW)
    entry = CalendarEntry.objects.filter(delegate=yolanda).earliest("pk")
    make_calendar_answer(entry, comment="her mother is ill", from_address=f"zapata@{slug}.example.org")
    make_bounce(Delivery.objects.filter(delegate=yolanda).earliest("pk"))
    make_mail_for_a_person(
        delegate=yolanda, sender_name="Yolanda Zapata", excerpt="her mother is ill", received_at=LATER
    )
    Arrival.objects.create(delegate=yolanda, session=webinar.sessions.get(number=1), at=NOW)
    make_attendance(
        webinar.sessions.get(number=1), by=staff, name="Zapata Guest", address="zapata@elsewhere.example.org"
    )
    VerificationCode.objects.create(event=delegation.history.earliest("pk"), facts={"profiles": [yolanda.pk]})
    make_announcement(webinar, by=staff, text_en="Zapata moderates", text_es="Zapata modera")
    return webinar


def everything_held() -> str:
    """All rows of the product, and of what libraries keep about people, as text."""
    labels = ("registrations", "sessions_app", "account", "usersessions", "admin")
    rows: list[models.Model] = []
    for label in labels:
        for model in apps.get_app_config(label).get_models():
            rows += model._base_manager.all()
    return serializers.serialize("json", rows)


def found_in(text: str) -> set[str]:
    return {secret for secret in SECRETS if secret in text}


def test_after_the_purge_nothing_says_who_came(db: None, letters: Path) -> None:
    webinar = make_past_webinar()
    before = found_in(json.dumps(json.loads(everything_held()), ensure_ascii=False))

    purge(now=LATER)

    assert before == set(SECRETS)
    assert found_in(everything_held()) == set()
    assert personal_data_of(webinar).delegates.count() == 0
    assert RegistrationPolicy.objects.get().purged_at == LATER


def test_after_the_purge_a_receipt_names_nobody_and_its_code_stays(db: None, letters: Path) -> None:
    make_past_webinar()
    issued = VerificationCode.objects.get()

    purge(now=LATER)

    assert list(VerificationCode.objects.values_list("code", "facts")) == [(issued.code, {})]


def test_after_the_purge_nothing_says_who_headed_a_delegation(db: None, letters: Path) -> None:
    delegation, staff = make_past_webinar().delegations.get(), User.objects.get(is_staff=True)
    for is_head in (True, False, True):
        person = delegation.delegates.get(status="active")
        details = replace(details_of(person), is_head_of_delegation=is_head)
        edit_delegate(person, details=details, version=person.version, by=staff, now=NOW)

    purge(now=LATER)

    assert not Delegate.objects.filter(is_head_of_delegation=True).exists()
    assert not HistoryEvent.objects.filter(changes__has_key="is_head_of_delegation").exists()


def test_every_figure_survives_the_purge(db: None, letters: Path) -> None:
    webinar = make_past_webinar()
    counted = (
        quota_board(webinar).profile_totals,
        [row.seats for row in quota_board(webinar).rows],
        sorted(Delegate.objects.values_list("pk", "status", "profile", "role", "delegation", "replaced_by")),
        sorted(CalendarEntry.objects.values_list("pk", "session", "delegate", "ical_partstat", "answered_at")),
        sorted(Arrival.objects.values_list("pk", "delegate", "session", "at")),
        sorted(HistoryEvent.objects.values_list("pk", "kind", "delegate", "actor", "at")),
        sorted(Waiver.objects.values_list("pk", "seats", "profile")),
        sorted(NominationLetter.objects.values_list("pk", "size")),
        Delivery.objects.filter(state="sent").count(),
    )

    purge(now=LATER)

    HistoryEvent.objects.filter(kind=HistoryKind.PURGED).delete()
    assert counted == (
        quota_board(webinar).profile_totals,
        [row.seats for row in quota_board(webinar).rows],
        sorted(Delegate.objects.values_list("pk", "status", "profile", "role", "delegation", "replaced_by")),
        sorted(CalendarEntry.objects.values_list("pk", "session", "delegate", "ical_partstat", "answered_at")),
        sorted(Arrival.objects.values_list("pk", "delegate", "session", "at")),
        sorted(HistoryEvent.objects.values_list("pk", "kind", "delegate", "actor", "at")),
        sorted(Waiver.objects.values_list("pk", "seats", "profile")),
        sorted(NominationLetter.objects.values_list("pk", "size")),
        Delivery.objects.filter(state="sent").count(),
    )


def test_the_history_keeps_that_something_was_changed_and_not_what_it_was(db: None, letters: Path) -> None:
    make_past_webinar()

    purge(now=LATER)

    edited = HistoryEvent.objects.get(kind=HistoryKind.EDITED)
    assert (edited.reason, edited.changes) == ("", {"name": ["", ""], "email": ["", ""]})
    purged = HistoryEvent.objects.get(kind=HistoryKind.PURGED)
    assert (purged.delegation, purged.delegate, purged.actor, purged.at) == (None, None, None, LATER)


def test_a_second_purge_changes_nothing(db: None, letters: Path) -> None:
    make_past_webinar()
    purge(now=LATER)
    once = everything_held()

    again = purge(now=LATER + timedelta(days=1))

    assert again.webinars == {}
    assert everything_held() == once


def test_an_interrupted_purge_is_continued(db: None, letters: Path, monkeypatch) -> None:
    monkeypatch.setattr("registrations.services.personal_data.purging.BATCH", 1)
    webinar = make_past_webinar()
    first = Delegate.objects.order_by("pk").first()
    Delegate.objects.filter(pk=first.pk).update(anonymised_at=NOW, name="#1", email="1@anonymised.invalid")

    purged = purge(now=LATER)

    assert purged.webinars[webinar.slug]["delegates"] == 2
    assert Delegate.objects.get(pk=first.pk).anonymised_at == NOW
    assert not Delegate.objects.filter(anonymised_at=None).exists()


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=386)], ids=["before the webinar", "the day before"])
def test_nothing_ends_before_its_day(db: None, letters: Path, now) -> None:
    make_past_webinar()
    before = everything_held()

    assert purge(now=now).webinars == {}
    assert everything_held() == before


def test_a_webinar_that_is_not_over_keeps_its_people_whatever_its_date_says(db: None, letters: Path) -> None:
    make_past_webinar()
    RegistrationPolicy.objects.update(purge_on=NOW.date() - timedelta(days=1))

    assert purge(now=NOW).webinars == {}
    assert Delegate.objects.filter(anonymised_at=None).exists()


def test_another_webinar_of_the_same_people_is_left_alone(db: None, letters: Path) -> None:
    make_past_webinar()
    other = make_past_webinar("other", "PA")
    RegistrationPolicy.objects.filter(webinar=other).update(purge_on=LATER.date() + timedelta(days=1))
    held = personal_data_of(other).counts()

    purge(now=LATER)

    assert personal_data_of(other).counts() == held
    assert all(held.values())


def test_the_links_of_participants_end_even_if_the_date_is_moved_ahead(db: None, letters: Path, time_machine) -> None:
    make_past_webinar()
    tokens = {person.pk: make_token(person, Scope.PAGE) for person in Delegate.objects.all()}
    purge(now=LATER)
    RegistrationPolicy.objects.update(purge_on=LATER.date() + timedelta(days=9))
    time_machine.move_to(LATER)

    for token in tokens.values():
        for read in (lambda token: read_token(token, Scope.PAGE), read_feed_token):
            with pytest.raises(LinkNotValid):
                read(token)


def test_the_files_of_letters_go_once_it_is_committed(
    db: None, letters: Path, django_capture_on_commit_callbacks
) -> None:
    make_past_webinar()
    before = len(list(letters.iterdir()))

    with django_capture_on_commit_callbacks(execute=True):
        purge(now=LATER)

    assert (before, list(letters.iterdir())) == (2, [])
    assert len(set(NominationLetter.objects.values_list("file", flat=True))) == 2


def test_files_without_a_row_are_erased_once_they_are_a_day_old(db: None, letters: Path) -> None:
    make_past_webinar()
    kept = set(letters.iterdir())
    for name, age in (("old.pdf", 2), ("young.pdf", 0)):
        (letters / name).write_bytes(b"%PDF-")
        at = (NOW - timedelta(days=age)).timestamp()
        os.utime(letters / name, (at, at))

    purge(now=NOW)

    assert set(letters.iterdir()) == kept | {letters / "young.pdf"}


def test_no_mail_follows_from_a_purge(db: None, letters: Path, time_machine) -> None:
    webinar = make_past_webinar()
    make_reminder_rule(webinar, moment="after", recipients="all")
    purge(now=LATER)
    mails = Delivery.objects.count()

    plan(now=LATER)

    assert Delivery.objects.count() == mails
    assert not Delivery.objects.filter(state__in=["due", "claimed"]).exists()


@pytest.mark.parametrize("state", ["failed", "stopped", "due"])
def test_a_purge_leaves_no_failed_deliveries_to_handle(db: None, letters: Path, state: str) -> None:
    make_past_webinar()
    once, never = Delivery.objects.filter(delegate__isnull=False).order_by("pk")[:2]
    Delivery.objects.filter(pk=once.pk).update(state=state, sent_at=NOW, resent_at=NOW)
    Delivery.objects.filter(pk=never.pk).update(state=state)

    purge(now=LATER)

    once.refresh_from_db()
    never.refresh_from_db()
    assert (once.state, never.state) == ("sent", "superseded")
    assert today(now=LATER).failed.count == 0


def test_actions_that_would_store_personal_data_after_the_purge_are_refused(
    db: None, letters: Path, staff: User
) -> None:
    webinar = make_past_webinar()
    session = webinar.sessions.select_related("webinar").get(number=1)
    row = Attendance.objects.get()
    draft = Announcement.objects.get()
    purge(now=LATER)
    before = everything_held()
    text = AnnouncementDetails(audience=Audience(), subject_en="Zapata", text_en="Zapata moderates")
    steps = [
        lambda: import_attendance(
            session, people=[attendee("Zapata")], zone="UTC", is_confirmed=True, by=staff, now=LATER
        ),
        lambda: match_manually(session, answers={row.pk: "nobody"}, by=staff, now=LATER),
        lambda: remove_attendance(session, reason="Zapata was never there", by=staff, now=LATER),
        lambda: write_announcement(webinar, text, by=staff, now=LATER),
        lambda: edit_announcement(draft, text, version=1, by=staff, now=LATER),
        lambda: send_announcement(draft, version=1, count=1, by=staff, now=LATER),
        lambda: check_gap_reminder(webinar, now=LATER),
    ]

    for step in steps:
        with pytest.raises(NotPossibleNow, match="The day on which the personal data of this webinar end has come"):
            step()

    assert everything_held() == before


def test_text_is_refused_from_the_purge_date_on(db: None, letters: Path, staff: User) -> None:
    webinar = make_past_webinar()
    text = AnnouncementDetails(audience=Audience(), subject_en="Zapata", text_en="Zapata moderates")
    day = datetime(2027, 11, 17, tzinfo=UTC)

    write_announcement(webinar, text, by=staff, now=day - timedelta(seconds=1))
    with pytest.raises(NotPossibleNow):
        write_announcement(webinar, text, by=staff, now=day)

    assert RegistrationPolicy.objects.get().purge_on == day.date()


def test_a_later_agenda_brings_no_people_back_to_a_webinar_whose_data_ended(
    db: None, letters: Path, staff: User
) -> None:
    webinar = make_past_webinar()
    purge(now=LATER)
    webinar.sessions.update(starts_at=LATER + timedelta(days=30))
    release_webinar(Webinar.objects.get(), by=staff, now=LATER)

    with pytest.raises(NotPossibleNow, match="The day on which the personal data of this webinar end has come"):
        register_delegate(Delegation.objects.get(), details=make_details(), by=staff, now=LATER)

    assert not Delegate.objects.filter(anonymised_at=None).exists()


def test_anonymised_people_receive_no_announcement(db: None, letters: Path) -> None:
    webinar = make_past_webinar()
    before = recipients_of(webinar, Audience()).count()

    purge(now=LATER)

    assert (before, recipients_of(webinar, Audience()).count()) == (1, 0)


def test_the_preview_counts_what_the_purge_then_ends(db: None, letters: Path) -> None:
    webinar = make_past_webinar()
    foreseen = preview_purge(now=LATER)

    purged = purge(now=LATER)

    ended = purged.webinars[webinar.slug]
    counted = foreseen.webinars[webinar.slug]
    texts = ("delegations", "waivers", "exceptions", "announcements", "call_notes")
    assert counted.pop("texts") == sum(ended.pop(sort) for sort in texts)
    assert counted.pop("incoming") == sum(ended.pop(sort) for sort in ("bounces", "answers", "mails"))
    assert ended == counted


def test_the_command_counts_first_and_ends_then(db: None, letters: Path, time_machine) -> None:
    make_past_webinar()
    time_machine.move_to(LATER, tick=False)
    counted, ended, again = StringIO(), StringIO(), StringIO()

    call_command("purge", "--dry-run", stdout=counted)
    still = Delegate.objects.filter(anonymised_at=None).count()
    call_command("purge", stdout=ended)
    call_command("purge", stdout=again)

    assert still == 3
    assert counted.getvalue().splitlines()[0].startswith("flows: 3 delegates, ")
    assert counted.getvalue().splitlines()[-1] == "Nothing was changed."
    assert ended.getvalue().splitlines()[0].startswith("flows: 3 delegates, ")
    assert again.getvalue().splitlines()[0] == "No webinar is due."


def test_beat_runs_the_purge_every_day(db: None, letters: Path, time_machine) -> None:
    make_past_webinar()
    time_machine.move_to(LATER)
    entry = settings.CELERY_BEAT_SCHEDULE["purge"]

    purge_task()

    assert (entry["task"], entry["schedule"].hour, entry["options"]["expires"]) == (purge_task.name, {3}, 43_200)
    assert not Delegate.objects.filter(anonymised_at=None).exists()


def make_former_focal_point(days_ago: int = 31, **fields) -> User:
    body = make_country("BZ")
    return make_focal_point(body, make_user_named(**fields), removed_at=LATER - timedelta(days=days_ago)).user


def make_user_named(**fields) -> User:
    return User.objects.create_user("ximena@zapata.example.org", "secret", name="Ximena", **fields)


def test_the_account_of_a_former_focal_point_ends_with_all_that_says_who_it_was(db: None) -> None:
    account = make_former_focal_point()
    session = UserSession.objects.create(
        user=account, ip="192.0.2.1", session_key="x" * 32, user_agent="Ximena's", last_seen_at=LATER
    )
    LogEntry.objects.create(
        user=make_staff(),
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(account.pk),
        object_repr="Ximena",
        action_flag=CHANGE,
        change_message="Ximena",
    )

    purged = purge(now=LATER)

    account.refresh_from_db()
    assert purged.accounts == 1
    assert (account.name, account.is_active, account.has_usable_password()) == (f"#{account.pk}", False, False)
    assert not UserSession.objects.filter(pk=session.pk).exists()
    assert found_in(everything_held()) == set()


@pytest.mark.parametrize(
    "fields", [{"days_ago": 29}, {"is_staff": True}, {"is_observer": True}], ids=["lately", "staff", "observer"]
)
def test_an_account_that_may_be_needed_stays(db: None, fields: dict[str, object]) -> None:
    account = make_former_focal_point(**fields)

    assert purge(now=LATER).accounts == 0
    account.refresh_from_db()
    assert account.name == "Ximena"


def test_an_account_stays_while_a_webinar_at_which_it_acted_is_known(db: None) -> None:
    account = make_former_focal_point()
    delegation = make_delegation()
    RegistrationPolicy.objects.update(purge_on=LATER.date() + timedelta(days=9))
    HistoryEvent.objects.create(
        webinar=delegation.webinar, delegation=delegation, kind="submitted", actor=account, at=NOW
    )

    assert purge(now=LATER).accounts == 0


def test_traces_of_sign_ins_end_after_a_month(db: None) -> None:
    for number, days in enumerate((29, 31)):
        seen = {"last_seen_at": LATER - timedelta(days=days), "session_key": f"{number}" * 32}
        UserSession.objects.create(
            user=make_user_named() if number == 0 else User.objects.get(), ip="192.0.2.1", **seen
        )

    purge(now=LATER)

    assert [session.session_key[0] for session in UserSession.objects.all()] == ["0"]


def test_a_person_whose_data_have_ended_does_not_come_back(db: None, letters: Path, staff: User) -> None:
    webinar = make_past_webinar()
    gone = Delegate.objects.filter(webinar=webinar, status="withdrawn").first()
    Delegate.objects.filter(pk=gone.pk).update(anonymised_at=NOW)

    with pytest.raises(NotPossibleNow):
        restore_delegate(gone, by=staff, now=NOW)


def test_the_storage_of_letters_is_the_one_that_is_searched(letters: Path, db: None) -> None:
    assert default_storage.path("letters") == str(letters)


def test_mail_for_a_person_is_forgotten_after_a_while(db: None) -> None:
    staff = make_staff()
    long_ago, lately = LATER - timedelta(days=90), LATER - timedelta(days=89)
    make_mail_for_a_person(received_at=long_ago, dealt_with_at=long_ago, dealt_with_by=staff, subject="dealt with")
    make_mail_for_a_person(received_at=long_ago, dealt_with_at=lately, dealt_with_by=staff, subject="dealt with lately")
    make_mail_for_a_person(received_at=long_ago, subject="open")
    make_mail_for_a_person(received_at=LATER - timedelta(days=365), subject="open for a year")

    purge(now=LATER)

    assert set(MailForAPerson.objects.values_list("subject", flat=True)) == {"dealt with lately", "open"}
