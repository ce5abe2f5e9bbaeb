"""A webinar between its two sessions, with one row or more of every model; all people are invented."""

from datetime import date, datetime, timedelta

import time_machine
from django.apps import apps

from registrations.models import Delegate, Delegation, Delivery, ImportWord, ParticipantProfile, User
from registrations.queries.audiences import Audience
from registrations.services.announcements import AnnouncementDetails, send_announcement, write_announcement
from registrations.services.answers import record_answer
from registrations.services.arrivals import record_arrival
from registrations.services.attendance_import.people import attendees_from_rows
from registrations.services.attendance_import.reading import read_report
from registrations.services.attendance_import.saving import import_attendance
from registrations.services.call_notes import note_call
from registrations.services.cloning import clone_webinar
from registrations.services.delegations import accept_delegation, submit_delegation, waive_seats
from registrations.services.deliveries import stop_deliveries
from registrations.services.focal_points import appoint_focal_point
from registrations.services.gap_reminders import remind_countries
from registrations.services.letters import upload_letter
from registrations.services.lost_links import ask_for_links
from registrations.services.nominations import (
    DelegateDetails,
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
)
from registrations.services.quotas import change_quota, make_exception
from sessions_app.bilingual import Bilingual
from sessions_app.models import Presidency, WebinarOrganiser
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegation,
    make_gap_notice_rule,
    make_observer,
    make_organisation,
    make_profiles,
    make_quotas,
    make_reminder_rule,
    make_speaker,
    make_staff,
    make_upload,
    make_webinar,
)
from tests.registrations.services.attendance_import.reports import zoom, zoom_row
from tests.registrations.services.deliveries import plan_and_send
from tests.released import APPS, DUMPED_AT

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE = "America/Costa_Rica"


class ModelWithoutRow(Exception):
    """The story creates no row of the models that the message names."""


def tell_story() -> None:
    """Fill the database in use, which is migrated and empty; everything that is owed at `DUMPED_AT` has been sent.

    Raises ModelWithoutRow if a model was added and the story does not mention it yet.
    """
    with time_machine.travel(NOW, tick=False) as clock:
        story = _Story(clock)
        story.prepare()
        story.register()
        story.accept()
        story.change()
        story.write_to_people()
        story.hold_first_session()
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    if missing := [model._meta.label for model in models if not model.objects.exists()]:
        raise ModelWithoutRow(", ".join(missing))


class _Story:
    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock = clock
        self.now = NOW

    def prepare(self) -> None:
        self.profiles = make_profiles()
        self.webinar = make_webinar(sessions=2)
        self.quotas = make_quotas(self.webinar)
        make_speaker(self.webinar, "Paula Muestra")
        WebinarOrganiser.objects.create(webinar=self.webinar, name_en="Sample Office", name_es="Oficina de muestra")
        Presidency.objects.create(year=2026, country_en="Panama", country_es="Panamá")
        make_reminder_rule(self.webinar, 1)
        make_gap_notice_rule(self.webinar, 5)
        self.staff = make_staff("secretariat@example.org", language="en", name="Eva Ejemplo")
        make_observer("observer@example.org")
        self.honduras = make_delegation(self.webinar, make_country("HN"))
        self.panama = make_delegation(self.webinar, make_country("PA", timezones=["America/Panama"]))
        self.unodc = make_delegation(self.webinar, make_organisation(), status="accepted")
        ImportWord.objects.create(body=self.honduras.body, word="fiscal", profile=self.profiles["prosecutors"])
        self.focal_point = self.appoint(self.honduras, "focal.hn@example.org", "Rosa Ejemplo")
        self.appoint(self.panama, "focal.pa@example.org", "Pablo Muestra")
        release_webinar(self.webinar, by=self.staff, now=NOW, note="First")
        self.send_everything()
        clone_webinar(
            self.webinar,
            slug="next-year",
            title=Bilingual(en="Next year's webinar", es="Webinario del próximo año"),
            starts_on=date(2027, 11, 15),
            now=NOW,
        )

    def register(self) -> None:
        self.pass_time(HOUR)
        self.ana = self.name(self.honduras, "Ana Ejemplo", "ana@example.org", "prosecutors")
        self.luis = self.name(self.honduras, "Luis Muestra", "luis@example.org", "prosecutors")
        self.mara = self.name(self.honduras, "Mara Muestra", "mara@example.org", "border-control")
        self.olga = self.name(self.honduras, "Olga D'Ejemplo; de la Muestra", "olga@example.org", "investigation-units")
        self.name(self.unodc, "Paula Muestra", "panelist@example.org", None)
        upload_letter(self.honduras, upload=make_upload(), by=self.focal_point, now=self.now)
        self.send_everything()

    def accept(self) -> None:
        self.pass_time(HOUR)
        profile = ParticipantProfile.objects.get(code="border-control")
        waive_seats(self.honduras, profile=profile, seats=1, reason="One post.", by=self.staff, now=self.now)
        quota = self.quotas["immigration-control"]
        make_exception(
            self.panama, quota=quota, minimum=1, maximum=None, reason="A small office.", by=self.staff, now=self.now
        )
        change_quota(quota, minimum=1, maximum=9, reason="Fewer are wanted.", by=self.staff, now=self.now)
        version = Delegation.objects.get(pk=self.honduras.pk).version
        reason = "Dos puestos vacantes.\nSe designarán pronto."
        submit_delegation(self.honduras, version=version, by=self.focal_point, now=self.now, reason=reason)
        accept_delegation(self.honduras, by=self.staff, now=self.now, with_gap=True, comment="Gracias.")
        self.send_everything()

    def change(self) -> None:
        """People and agenda after the invitations: an answer, a departure, a replacement, a correction, a move."""
        self.pass_time(DAY)
        first = self.webinar.sessions.get(number=1)
        record_answer(_fresh(self.ana), first, partstat="ACCEPTED", now=self.now)
        record_answer(_fresh(self.mara), first, partstat="DECLINED", now=self.now)
        luis, mara, olga = _fresh(self.luis), _fresh(self.mara), _fresh(self.olga)
        withdraw_delegate(luis, version=luis.version, by=self.focal_point, now=self.now, reason="Enfermo.")
        nora = self.details("Nora Muestra", "nora@example.org", "border-control")
        self.nora = replace_delegate(mara, details=nora, version=mara.version, by=self.focal_point, now=self.now)
        corrected = self.details(olga.name, "olga.ejemplo@example.org", "investigation-units")
        edit_delegate(olga, details=corrected, version=olga.version, by=self.focal_point, now=self.now)
        self.send_everything()
        self.pass_time(DAY)
        second = self.webinar.sessions.get(number=2)
        second.starts_at += HOUR
        second.save()
        release_webinar(self.webinar, by=self.staff, now=self.now, note="The second session begins later")
        self.send_everything()

    def write_to_people(self) -> None:
        self.pass_time(DAY)
        remind_countries(
            self.webinar, delegations=[self.panama.pk], count=1, is_meant_again=False, by=self.staff, now=self.now
        )
        note_call(
            self.panama,
            text="The ministry signs on Friday.",
            look_again_on=self.now.date() + DAY,
            handled_by=self.staff,
            by=self.staff,
            now=self.now,
        )
        text = "The rooms **open** at 08:45.\n\n- bring a headset"
        details = AnnouncementDetails(Audience(), "The rooms", "Las salas", text, text)
        announcement = write_announcement(self.webinar, details, by=self.staff, now=self.now)
        count = Delegate.objects.active().filter(webinar=self.webinar).count()
        send_announcement(announcement, version=1, count=count, by=self.staff, now=self.now)
        stopped = Delivery.objects.filter(announcement=announcement, email="nora@example.org")
        stop_deliveries([one.pk for one in stopped], by=self.staff, now=self.now)
        self.send_everything()
        # The gap notice of the rule, five days before registration closes.
        self.move_to(NOW + 6 * DAY)
        self.send_everything()

    def hold_first_session(self) -> None:
        session = self.webinar.sessions.get(number=1)
        self.move_to(FIRST_START - HOUR)
        self.send_everything()
        self.move_to(FIRST_START)
        record_arrival(_fresh(self.ana), session, now=self.now)
        self.move_to(DUMPED_AT - HOUR)
        report = zoom(zoom_row("Ana Ejemplo", "ana@example.org"), zoom_row("Somebody", "somebody@example.org"))
        people = attendees_from_rows(read_report(report), day=FIRST_START.date(), zone=ZONE)
        import_attendance(session, people=people, zone=ZONE, is_confirmed=True, by=self.staff, now=self.now)
        self.move_to(DUMPED_AT - MINUTE)
        self.send_everything()
        # The next plan deletes this request, and owes nothing, because nobody has the address.
        ask_for_links("nobody@example.org", now=self.now)

    def appoint(self, delegation: Delegation, email: str, name: str) -> User:
        return appoint_focal_point(delegation.body, email=email, name=name, language="es").user

    def name(self, delegation: Delegation, name: str, email: str, profile: str | None) -> Delegate:
        by = self.focal_point if delegation == self.honduras else self.staff
        return register_delegate(delegation, details=self.details(name, email, profile), by=by, now=self.now)

    def details(self, name: str, email: str, profile: str | None) -> DelegateDetails:
        return DelegateDetails(
            profile=self.profiles[profile] if profile else None,
            name=name,
            email=email,
            institution="Institución de muestra",
            position="Cargo de muestra",
            language="es",
            timezone="America/Tegucigalpa",
        )

    def pass_time(self, time: timedelta) -> None:
        self.move_to(self.now + time)

    def move_to(self, now: datetime) -> None:
        self.now = now
        self.clock.move_to(now, tick=False)

    def send_everything(self) -> None:
        """Plan and send a minute later, when also the latest changes of focal points are due."""
        self.pass_time(MINUTE)
        plan_and_send(self.now)


def _fresh(delegate: Delegate) -> Delegate:
    return Delegate.objects.get(pk=delegate.pk)
