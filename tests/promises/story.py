"""One webinar from the first invitation to the end of its personal data, told with a fixed clock and fixed ids.

Each step leaves what it mailed and what is owed after it. The services are called as the pages call them.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.utils import parseaddr
from types import TracebackType

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.color import no_style
from django.db import connection
from django.test import Client
from django.urls import reverse

from registrations.exceptions import RuleBroken
from registrations.models import (
    BounceAction,
    BounceReason,
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    IncomingKind,
    ParticipantProfile,
    Partstat,
    Quota,
)
from registrations.queries.audiences import Audience
from registrations.services.announcements import (
    AnnouncementDetails,
    send_announcement,
    send_test_of_announcement,
    write_announcement,
)
from registrations.services.answers import decline_sessions_ahead, record_answer
from registrations.services.bounces import record_bounce
from registrations.services.delegations import (
    accept_delegation,
    mark_attending_again,
    mark_not_attending,
    return_delegation,
    revoke_waiver,
    submit_delegation,
    waive_seats,
)
from registrations.services.deliveries import resend_deliveries, stop_deliveries
from registrations.services.exports import COLUMNS
from registrations.services.focal_points import appoint_focal_point
from registrations.services.gap_reminders import remind_countries, send_test_of_gap_notice
from registrations.services.inbox.bounces import BounceReport
from registrations.services.inbox.calendar_answers import record_reply
from registrations.services.inbox.calendar_replies import CalendarReply
from registrations.services.letters import upload_letter
from registrations.services.lost_links import ask_for_links
from registrations.services.nominations import (
    DelegateDetails,
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
)
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.personal_data.erasing import erase_person
from registrations.services.personal_data.purging import purge
from registrations.services.preferences import choose_language_and_zone
from registrations.services.quotas import change_quota, end_exception, make_exception
from registrations.tokens import Scope, make_token
from sessions_app.cancelling import cancel_webinar, restore_webinar
from sessions_app.editing import cancel_session, restore_session
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegation,
    make_gap_notice_rule,
    make_incoming_mail,
    make_organisation,
    make_pdf,
    make_profiles,
    make_quotas,
    make_reminder_rule,
    make_speaker,
    make_staff,
    make_webinar,
)
from tests.filled_form import filled_form
from tests.promises.texts import READERS, Uuids, deliveries_text, entries_text, history_text, message_text
from tests.registrations.services.attendance_import.reports import zoom, zoom_row
from tests.registrations.services.deliveries import plan_and_send

# Some messages are due only when nothing more has been changed for 20 s.
AFTER_HOLD = timedelta(seconds=30)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEXT = "Las salas **cambian**. Vea [el programa](https://example.org/es).\n\n- primera sesión: por la mañana\n- segunda"


def restart_ids() -> None:
    """Give the next row of each table the id that it would have in a database made anew."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statements = connection.ops.sequence_reset_by_name_sql(no_style(), connection.introspection.sequence_list())
        else:
            statements = connection.ops.sequence_reset_sql(no_style(), list(apps.get_models()))
        for statement in statements:
            cursor.execute(statement)


@dataclass
class Copies:
    """The texts of a story by the path of their file, and the clock that the story turns."""

    texts: dict[str, str] = field(default_factory=dict)
    uuids: Uuids = field(default_factory=Uuids)
    _steps: int = 0

    def __enter__(self) -> "Copies":
        self._travel = time_machine.travel(NOW, tick=False)
        self._clock = self._travel.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._travel.stop()

    def move_to(self, now: datetime) -> datetime:
        self._clock.move_to(now, tick=False)
        return now

    def keep(self, path: str, text: str) -> None:
        assert path not in self.texts, path
        self.texts[path] = self.uuids.number(text)

    def step(self, name: str, now: datetime) -> None:
        """Plan and send at `now`, and keep what was mailed and what is owed afterwards."""
        self._steps += 1
        folder = f"{self._steps:02}-{name}"
        before = len(mail.outbox)
        plan_and_send(self.move_to(now))
        plan_and_send(self.move_to(now + AFTER_HOLD))
        seen: Counter[str] = Counter()
        for message in sorted(mail.outbox[before:], key=lambda one: (one.to[0], one.subject)):
            delivery = Delivery.objects.get(message_id=message.extra_headers["Message-ID"])
            name = f"{delivery.kind}-{parseaddr(message.to[0])[1].partition('@')[0]}"
            seen[name] += 1
            self.keep(f"{folder}/{name}-{seen[name]}.txt", message_text(message))
        self.keep(f"{folder}/deliveries.txt", deliveries_text())

    def download(self, path: str, client: Client, url: str, form: dict[str, object] | None = None) -> None:
        answer = client.get(url) if form is None else client.post(url, form)
        assert answer.status_code == 200, (url, answer.status_code)
        self.keep(path, READERS[path.rpartition(".")[2]](answer.getvalue()))


def tell_story(language: str) -> dict[str, str]:
    """The text of each golden copy by its path. All readers read `language`; call it in a transaction of its own."""
    restart_ids()
    mail.outbox.clear()
    with Copies() as copies:
        _Story(copies, language).tell()
    return copies.texts


class _Story:
    def __init__(self, copies: Copies, language: str) -> None:
        self.copies, self.language = copies, language
        self.profiles = make_profiles()
        self.webinar = make_webinar(sessions=2)
        make_quotas(self.webinar)
        make_speaker(self.webinar, "Panelist Sample")
        self.staff = make_staff("secretariat@example.org", language=language, name="Eva Ejemplo")
        self.honduras = make_delegation(self.webinar, make_country("HN"))
        self.panama = make_delegation(self.webinar, make_country("PA", timezones=["America/Panama"]))
        self.mexico = make_delegation(
            self.webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"])
        )
        self.unodc = make_delegation(self.webinar, make_organisation("unodc"), status="accepted")
        self.focal_points = {
            one.body.iso_code: appoint_focal_point(
                one.body, email=f"focal.{one.body.iso_code.lower()}@example.org", name=name, language=language
            ).user
            for one, name in ((self.honduras, "Rosa Ejemplo"), (self.panama, "Pablo Muestra"))
        }

    def tell(self) -> None:
        self.register()
        self.decide()
        self.change_the_agenda()
        self.change_the_people()
        self.write_to_them()
        self.hold_the_sessions()
        self.take_files()
        self.read_the_inbox()
        self.end_personal_data()

    def register(self) -> None:
        release_webinar(self.webinar, by=self.staff, now=self.copies.move_to(NOW), note="First")
        self.copies.step("released", NOW + MINUTE)
        now = self.copies.move_to(NOW + HOUR)
        self.ana = self.name("Ana Ejemplo de la Muestra", "ana@example.org", "prosecutors", now)
        self.luis = self.name("Luis Muestra", "luis@example.org", "prosecutors", now)
        self.mara = self.name("Mara Muestra", "mara@example.org", "border-control", now)
        self.olga = self.name("=Olga Ejemplo", "olga@example.org", "investigation-units", now)
        self.panelist = register_delegate(
            self.unodc, details=self.details("Panelist Sample", "panelist@example.org", None), by=self.staff, now=now
        )
        clash = self.details("Ana Ejemplo", "ANA@example.org", "prosecutors")
        with pytest.raises(RuleBroken):
            register_delegate(self.panama, details=clash, by=self.focal_points["PA"], now=now)
        make_gap_notice_rule(self.webinar, 5)
        self.copies.step("named", now + MINUTE)
        self.copies.step("gap-notices", NOW + 6 * DAY)

    def decide(self) -> None:
        focal_point, now = self.focal_points["HN"], self.copies.move_to(NOW + 6 * DAY + HOUR)
        letter = SimpleUploadedFile("Nota verbal.pdf", make_pdf(), content_type="application/pdf")
        upload_letter(self.honduras, upload=letter, by=focal_point, now=now)
        self.submit(self.honduras, now)
        return_delegation(self.honduras, comment="Falta una firma.\nGracias.", by=self.staff, now=now)
        self.copies.step("returned", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        self.submit(self.honduras, now)
        accept_delegation(self.honduras, by=self.staff, now=now, with_gap=True, comment="Los demás, cuando los haya.")
        self.copies.step("accepted", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        mark_not_attending(self.mexico, reason="No official is free.", by=self.staff, now=now)
        mark_attending_again(Delegation.objects.get(pk=self.mexico.pk), by=self.staff, now=now)
        mark_not_attending(Delegation.objects.get(pk=self.mexico.pk), reason="After all.", by=self.staff, now=now)
        profile = ParticipantProfile.objects.get(code="prosecutors")
        waiver = waive_seats(self.panama, profile=profile, seats=1, reason="One post.", by=self.staff, now=now)
        revoke_waiver(waiver, reason="It is filled.", by=self.staff, now=now)
        quota = Quota.objects.get(webinar=self.webinar, profile__code="immigration-control")
        make_exception(self.panama, quota=quota, minimum=1, maximum=None, reason="Small", by=self.staff, now=now)
        end_exception(self.panama, quota=quota, reason="Grown", by=self.staff, now=now)
        change_quota(quota, minimum=3, maximum=9, reason="More are wanted.", by=self.staff, now=now)

    def change_the_agenda(self) -> None:
        now = self.copies.move_to(NOW + 7 * DAY)
        session = self.webinar.sessions.get(number=1)
        session.starts_at += HOUR
        session.save()
        release_webinar(self.webinar, by=self.staff, now=now)
        self.copies.step("moved", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        self.webinar.sessions.filter(number=1).update(title_en="Routes", title_es="Rutas")
        release_webinar(self.webinar, by=self.staff, now=now)
        self.copies.step("retitled", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        cancel_session(self.webinar.sessions.get(number=2), now=now)
        release_webinar(self.webinar, by=self.staff, now=now)
        self.copies.step("cancelled", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        restore_session(self.webinar.sessions.get(number=2))
        release_webinar(self.webinar, by=self.staff, now=now)
        self.copies.step("restored", now + MINUTE)
        self.cancel_another_webinar()

    def cancel_another_webinar(self) -> None:
        """A second webinar, cancelled whole and restored."""
        now = self.copies.move_to(NOW + 7 * DAY + 6 * HOUR)
        other: Webinar = make_webinar("asylum", sessions=1, title_en="Asylum", title_es="Asilo")
        release_webinar(other, by=self.staff, now=now)
        delegation = make_delegation(other, self.unodc.body, status="accepted")
        register_delegate(
            delegation, details=self.details("Panelist Sample", "panelist@example.org", None), by=self.staff, now=now
        )
        self.copies.step("another-webinar", now + MINUTE)
        cancel_webinar(other, by=self.staff, now=self.copies.move_to(now + HOUR), reason="The host is away.")
        self.copies.step("webinar-cancelled", now + HOUR + MINUTE)
        now = self.copies.move_to(now + 2 * HOUR)
        restore_webinar(Webinar.objects.get(pk=other.pk))
        restore_session(other.sessions.get())
        release_webinar(Webinar.objects.get(pk=other.pk), by=self.staff, now=now)
        self.copies.step("webinar-restored", now + MINUTE)

    def change_the_people(self) -> None:
        focal_point, now = self.focal_points["HN"], self.copies.move_to(NOW + 8 * DAY)
        withdraw_delegate(fresh(self.luis), version=fresh(self.luis).version, by=focal_point, now=now, reason="Ill.")
        self.copies.step("withdrawn", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        restore_delegate(fresh(self.luis), by=self.staff, now=now)
        self.copies.step("withdrawal-undone", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        newcomer = self.details("Nora Muestra", "nora@example.org", "border-control")
        mara = fresh(self.mara)
        self.nora = replace_delegate(mara, details=newcomer, version=mara.version, by=focal_point, now=now)
        self.copies.step("replaced", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        ana = fresh(self.ana)
        corrected = self.details(ana.name, "ana.ejemplo@example.org", "prosecutors")
        edit_delegate(ana, details=corrected, version=ana.version, by=focal_point, now=now)
        self.copies.step("address-corrected", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        first = self.webinar.sessions.get(number=1)
        record_answer(fresh(self.ana), first, partstat="ACCEPTED", now=now)
        record_answer(fresh(self.luis), first, partstat="DECLINED", now=now)
        self.copies.step("answered", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        decline_sessions_ahead(fresh(self.olga), reason="Un viaje de servicio.", now=now)
        self.copies.step("cannot-come", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        choose_language_and_zone(fresh(self.nora), language=self.language, timezone="America/New_York", now=now)
        ask_for_links("nora@example.org", now=now)
        self.copies.step("lost-link", now + MINUTE)

    def write_to_them(self) -> None:
        now = self.copies.move_to(NOW + 9 * DAY)
        send_test_of_gap_notice(self.panama, by=self.staff, now=now)
        remind_countries(
            self.webinar, delegations=[self.panama.pk], count=1, is_meant_again=False, by=self.staff, now=now
        )
        self.copies.step("chased", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        details = AnnouncementDetails(
            audience=Audience(), subject_en="The rooms", subject_es="Las salas", text_en=TEXT, text_es=TEXT
        )
        announcement = write_announcement(self.webinar, details, by=self.staff, now=now)
        send_test_of_announcement(announcement, by=self.staff, now=now)
        send_announcement(announcement, version=1, count=5, by=self.staff, now=now)
        waiting = Delivery.objects.filter(announcement=announcement, state="due", email="olga@example.org")
        stop_deliveries([one.pk for one in waiting], by=self.staff, now=now)
        self.copies.step("announced", now + MINUTE)
        now = self.copies.move_to(now + HOUR)
        stopped = Delivery.objects.filter(announcement=announcement, state="stopped")
        resend_deliveries([one.pk for one in stopped], by=self.staff, now=now)
        self.copies.step("sent-again", now + MINUTE)

    def hold_the_sessions(self) -> None:
        for fields in (
            {},
            {"recipients": "accepted", "amount": 30, "unit": "minutes"},
            {"recipients": "unanswered", "amount": 2},
            {"recipients": "focal_points", "amount": 1, "unit": "days"},
            {"moment": "after", "amount": 30, "unit": "minutes"},
        ):
            make_reminder_rule(self.webinar, **fields)
        begins = FIRST_START + HOUR
        self.copies.step("day-before", begins - DAY)
        self.copies.step("two-hours-before", begins - 2 * HOUR)
        self.copies.step("hour-before", begins - HOUR)
        self.copies.step("half-hour-before", begins - HOUR / 2)
        self.copies.move_to(begins)
        for delegate in (self.ana, self.nora):
            Client().post(reverse("registrations:join", args=[make_token(fresh(delegate), Scope.JOIN), 1]))
        self.copies.step("after-session", begins + 2 * HOUR + HOUR / 2)

    def take_files(self) -> None:
        """What is downloaded, by the addresses that the design promises."""
        self.copies.move_to(FIRST_START + 4 * HOUR)
        browser, secretariat = Client(), Client(headers={"Accept-Language": self.language})
        secretariat.force_login(self.staff)
        report = zoom(
            zoom_row("Ana Ejemplo de la Muestra", "ana.ejemplo@example.org"), zoom_row("Somebody", "else@example.org")
        )
        attendance = f"/admin/attendance/{self.webinar.slug}/"
        upload = SimpleUploadedFile("report.csv", report, content_type="text/csv")
        checked = secretariat.post(f"{attendance}1/import/", {"file": upload, "timezone": "America/Costa_Rica"})
        saved = filled_form(checked.text)
        assert secretariat.post(f"{attendance}1/save/", saved).status_code == 302
        token = make_token(fresh(self.nora), Scope.PAGE)
        self.copies.download("files/agenda.ics", browser, f"/webinars/{self.webinar.slug}/agenda.ics")
        self.copies.download("files/feed.ics", browser, f"/my/{token}/calendar.ics")
        self.copies.download("files/session.ics", browser, f"/my/{token}/sessions/2.ics")
        for extension in ("csv", "xlsx"):
            form = {"columns": list(COLUMNS), "file_format": extension}
            self.copies.download(
                f"files/people.{extension}", secretariat, "/admin/registrations/delegate/export/", form
            )
            board = f"/admin/quota-board/{self.webinar.slug}/export/"
            self.copies.download(f"files/board.{extension}", secretariat, board, {"file_format": extension})
        self.copies.download("files/attendance.xlsx", secretariat, f"{attendance}export/", {})
        self.copies.keep("calendar-entries.txt", entries_text())

    def read_the_inbox(self) -> None:
        """An answer from a calendar comes in, and a message back; the first session is over, the second ahead."""
        now = self.copies.move_to(FIRST_START + 5 * HOUR)
        nora, second = fresh(self.nora), self.webinar.sessions.get(number=2)
        entry = CalendarEntry.objects.get(delegate=nora, session=second)
        reply = CalendarReply(
            uid=str(second.ical_uid),
            attendee=nora.email,
            partstat=Partstat.TENTATIVE,
            sequence=entry.sequence,
            stamp=now - HOUR,
            comment="Quizá llegue tarde.",
        )
        record_reply(make_incoming_mail(IncomingKind.ANSWER), reply, is_proven=True, from_address=nora.email, now=now)
        lost = Delivery.objects.filter(delegate=nora).latest("pk")
        report = BounceReport(BounceAction.FAILED, BounceReason.UNKNOWN_ADDRESS, "5.1.1", (), (), ())
        record_bounce(make_incoming_mail(), lost, report, message_id=lost.message_id, now=now)
        self.copies.step("came-back", now + MINUTE)
        erase_person("olga@example.org", by=self.staff, now=now)
        self.copies.step("erased", now + MINUTE)
        self.copies.keep("history.txt", history_text())

    def end_personal_data(self) -> None:
        now = self.copies.move_to(datetime.combine(self.webinar.policy.purge_on, time(12), tzinfo=UTC) + DAY)
        purge(now=now)
        self.copies.step("purged", now + MINUTE)
        self.copies.keep("history-after-purge.txt", history_text())

    def name(self, name: str, email: str, profile: str, now: datetime) -> Delegate:
        """Named by the focal point of Honduras."""
        details = self.details(name, email, profile)
        return register_delegate(self.honduras, details=details, by=self.focal_points["HN"], now=now)

    def details(self, name: str, email: str, profile: str | None) -> DelegateDetails:
        return DelegateDetails(
            profile=self.profiles[profile] if profile else None,
            name=name,
            email=email,
            institution="Example institution",
            language=self.language,
            timezone="America/Tegucigalpa",
        )

    def submit(self, delegation: Delegation, now: datetime) -> None:
        delegation.refresh_from_db()
        reason = "Two posts are vacant."
        submit_delegation(delegation, version=delegation.version, by=self.focal_points["HN"], now=now, reason=reason)


def fresh(delegate: Delegate) -> Delegate:
    return Delegate.objects.get(pk=delegate.pk)
