"""Functions that create rows with readable defaults; the webinar begins on Mon 16 Nov 2026, 09:00 in San José."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile

from registrations.models import (
    PRIVACY_NOTICE,
    Announcement,
    AnswerState,
    Attendance,
    AttendanceReport,
    AttentionReason,
    BodyKind,
    Bounce,
    BounceAction,
    BounceReason,
    CalendarAnswer,
    CalendarEntry,
    CallNote,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FocalPoint,
    GapNoticeRule,
    GapReminder,
    IncomingKind,
    IncomingMail,
    MailForAPerson,
    MatchedBy,
    NominationLetter,
    ParticipantProfile,
    ParticipatingBody,
    Partstat,
    Quota,
    RegistrationPolicy,
    ReminderRule,
    User,
    VerificationCode,
)
from registrations.models.delivery import DELEGATION_KINDS, EVENT_KINDS
from registrations.queries.focal_points import Appointment
from registrations.services.letters import upload_letter
from registrations.services.nominations import DelegateDetails
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar

NOW = datetime(2026, 10, 26, 15, 0, tzinfo=UTC)
FIRST_START = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
PROFILES = {
    "prosecutors": "Prosecutors",
    "immigration-control": "Immigration control",
    "border-control": "Border control",
    "investigation-units": "Investigation units",
}
_numbers = count(1)


def make_webinar(slug: str = "flows", *, sessions: int = 2, with_policy: bool = True, **fields: Any) -> Webinar:
    """Create an unreleased webinar of two-hour sessions on consecutive days; registration is open at `NOW`."""
    webinar = Webinar.objects.create(
        slug=slug,
        **{
            "title_en": "Mass intra-regional flows",
            "title_es": "Flujos masivos intrarregionales",
            "timezone": "America/Costa_Rica",
            "contact_email": "secretariat@example.org",
            **fields,
        },
    )
    if with_policy:
        RegistrationPolicy.objects.create(
            webinar=webinar,
            opens_at=NOW - timedelta(days=14),
            closes_at=NOW + timedelta(days=11),
            purge_on=date(2027, 11, 17),
        )
    for number in range(1, sessions + 1):
        make_session(webinar, number=number)
    return webinar


def make_session(webinar: Webinar, *, number: int = 1, **fields: Any) -> Session:
    """Create a session of two hours with two agenda items of 20 and 100 minutes."""
    session = Session.objects.create(
        webinar=webinar,
        number=number,
        **{
            "title_en": f"Context and challenges {number}",
            "title_es": f"Contexto y desafíos {number}",
            "starts_at": FIRST_START + timedelta(days=number - 1),
            "duration_minutes": 120,
            "room_url": "https://rooms.example.org/flows",
            **fields,
        },
    )
    items = [("opening", 20, "Opening remarks", "Apertura"), ("panel", 100, "Panel", "Panel")]
    AgendaItem.objects.bulk_create(
        AgendaItem(session=session, position=position, kind=kind, minutes=minutes, title_en=english, title_es=spanish)
        for position, (kind, minutes, english, spanish) in enumerate(items, start=1)
    )
    return session


def make_speaker(webinar: Webinar, name: str, *, kind: str = "person", **fields: Any) -> Speaker:
    """Create a speaker who is a panelist of the first session."""
    speaker = Speaker.objects.create(
        webinar=webinar, kind=kind, code=f"speaker-{next(_numbers)}", **{"name_en": name, **fields}
    )
    item = AgendaItem.objects.get(session__webinar=webinar, session__number=1, kind="panel")
    AgendaItemSpeaker.objects.create(item=item, speaker=speaker, role="panelist")
    return speaker


def make_country(iso_code: str = "HN", **fields: Any) -> ParticipatingBody:
    return ParticipatingBody.objects.create(
        kind=BodyKind.COUNTRY,
        iso_code=iso_code,
        **{
            "slug": f"country-{iso_code.lower()}",
            "name_en": f"Country {iso_code}",
            "name_es": f"País {iso_code}",
            "timezones": ["America/Tegucigalpa"],
            **fields,
        },
    )


def make_profiles() -> dict[str, ParticipantProfile]:
    """Return the four profiles by code, and create the missing ones."""
    found = {profile.code: profile for profile in ParticipantProfile.objects.filter(code__in=PROFILES)}
    missing = [
        ParticipantProfile(code=code, position=position, name_en=name, name_es=f"{name} (es)")
        for position, (code, name) in enumerate(PROFILES.items(), start=1)
        if code not in found
    ]
    found |= {profile.code: profile for profile in ParticipantProfile.objects.bulk_create(missing)}
    return {code: found[code] for code in PROFILES}


def make_quotas(webinar: Webinar, *, minimum: int = 2, maximum: int | None = None) -> dict[str, Quota]:
    """Create one quota per profile; return them by the code of the profile."""
    quotas = [
        Quota(webinar=webinar, profile=profile, minimum=minimum, maximum=maximum)
        for profile in make_profiles().values()
    ]
    return {quota.profile.code: quota for quota in Quota.objects.bulk_create(quotas)}


def make_user(email: str = "", *, password: str | None = None, **fields: Any) -> User:
    """Create an account that has confirmed the privacy notice."""
    fields = {"privacy_notice": PRIVACY_NOTICE, "privacy_read_at": NOW, **fields}
    return User.objects.create_user(email or f"user{next(_numbers)}@example.org", password, **fields)


def make_staff(email: str = "", *, has_second_factor: bool = True, **fields: Any) -> User:
    """Create a staff account, with the second factor that every admin page requires."""
    user = make_user(email, **{"is_staff": True, "is_superuser": True, **fields})
    if has_second_factor:
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "of the factories"})
    return user


def make_observer(email: str = "", **fields: Any) -> User:
    """Create an observer, with the second factor that every admin page requires."""
    return make_staff(
        email, **{"is_staff": False, "is_superuser": False, "is_observer": True, "name": "Olga Ejemplo", **fields}
    )


def make_focal_point(body: ParticipatingBody, user: User | None = None, **fields: Any) -> FocalPoint:
    """Create a focal point who was invited by mail to register each present delegation of `body`."""
    focal_point = FocalPoint.objects.create(body=body, user=user or make_user(), **fields)
    for delegation in Delegation.objects.filter(body=body):
        make_registration_invitation(focal_point, delegation)
    return focal_point


def make_registration_invitation(focal_point: FocalPoint, delegation: Delegation, **fields: Any) -> Delivery:
    """Create the sent delivery that invited `focal_point` to register `delegation`."""
    user = focal_point.user
    return Delivery.objects.create(
        key=Appointment(focal_point, delegation).key,
        kind=DeliveryKind.REGISTRATION,
        webinar_id=delegation.webinar_id,
        email=user.email,
        language=user.language,
        user=user,
        delegation=delegation,
        **{
            "created_at": NOW,
            "due_at": NOW,
            "state": DeliveryState.SENT,
            "attempted_at": NOW,
            "sent_at": NOW,
            "may_have_arrived": True,
            "attempts": 1,
            **fields,
        },
    )


def make_message(key: str, kind: DeliveryKind = DeliveryKind.GAP_NOTICE, **fields: Any) -> Delivery:
    """A message of `kind` about the subject in `fields`, else about the first delegation that there is.

    To the first account that there is, if `fields` name no recipient.
    """
    subjects = ("delegation", "event", "session", "announcement", "delegate")
    about = next((fields[name] for name in subjects if name in fields), None)
    about = about or Delegation.objects.first() or make_delegation()
    usual = {"webinar_id": about.webinar_id, "email": "person@example.org", "language": "es"}
    if kind in (*DELEGATION_KINDS, *EVENT_KINDS):
        usual["delegation"] = about if isinstance(about, Delegation) else about.delegation
    if not {"delegate", "user"} & set(fields):
        usual["user"] = User.objects.first() or make_user()
    return Delivery.objects.create(key=key, kind=kind, **{**usual, "created_at": NOW, "due_at": NOW, **fields})


def make_delegation(webinar: Webinar | None = None, body: ParticipatingBody | None = None, **fields: Any) -> Delegation:
    """Create a draft delegation of a country; without `webinar`, create one with four quotas of two."""
    if webinar is None:
        webinar = make_webinar()
        make_quotas(webinar)
    return Delegation.objects.create(webinar=webinar, body=body or make_country(), **fields)


def make_delegate(
    delegation: Delegation, profile: ParticipantProfile | str | None = "prosecutors", **fields: Any
) -> Delegate:
    """Create an active delegate without checking any rule; use the services where a rule matters."""
    delegate = _delegate(delegation, profile, **fields)
    delegate.save()
    return delegate


def make_delegates(count: int, delegation: Delegation, **fields: Any) -> list[Delegate]:
    """Create `count` prosecutors in one statement."""
    profile = make_profiles()["prosecutors"]
    return Delegate.objects.bulk_create(_delegate(delegation, profile, **fields) for _ in range(count))


def _delegate(delegation: Delegation, profile: ParticipantProfile | str | None, **fields: Any) -> Delegate:
    number = next(_numbers)
    if isinstance(profile, str):
        profile = make_profiles()[profile]
    return Delegate(
        webinar=delegation.webinar,
        delegation=delegation,
        profile=profile,
        **{
            "name": f"Delegate {number}",
            "email": f"delegate{number}@example.org",
            "institution": "Example institution",
            "timezone": "America/Tegucigalpa",
            "registered_at": NOW,
            "mail_not_before": NOW,
            **fields,
        },
    )


def make_details(profile: ParticipantProfile | str | None = "prosecutors", **fields: Any) -> DelegateDetails:
    """Return the details of a person with a unique address, as a form passes them to the services."""
    number = next(_numbers)
    if isinstance(profile, str):
        profile = make_profiles()[profile]
    return DelegateDetails(
        profile=profile,
        **{
            "name": f"Delegate {number}",
            "email": f"delegate{number}@example.org",
            "institution": "Example institution",
            "timezone": "America/Tegucigalpa",
            **fields,
        },
    )


def make_organisation(slug: str = "unodc", **fields: Any) -> ParticipatingBody:
    return ParticipatingBody.objects.create(
        kind=BodyKind.ORGANISATION, slug=slug, **{"name_en": slug.upper(), "name_es": slug.upper(), **fields}
    )


def make_reminder_rule(webinar: Webinar, amount: int = 1, unit: str = "hours", **fields: Any) -> ReminderRule:
    """Create a reminder before each session to everyone who has not declined."""
    return ReminderRule.objects.create(webinar=webinar, amount=amount, unit=unit, **{"created_at": NOW, **fields})


def make_gap_notice_rule(webinar: Webinar, days_before: int = 5, **fields: Any) -> GapNoticeRule:
    return GapNoticeRule.objects.create(webinar=webinar, days_before=days_before, **{"created_at": NOW, **fields})


def make_announcement(webinar: Webinar, *, by: User, **fields: Any) -> Announcement:
    """Create a draft announcement in both languages, for all delegates."""
    return Announcement.objects.create(
        webinar=webinar,
        author=by,
        created_at=NOW,
        **{
            "subject_en": "The room has moved",
            "subject_es": "La sala cambió",
            "text_en": "See [the programme](https://example.org/en).",
            "text_es": "Vea [el programa](https://example.org/es).",
            "audience": {"readers": "delegates"},
            **fields,
        },
    )


def make_gap_reminder(webinar: Webinar, *, by: User, **fields: Any) -> GapReminder:
    """Create a gap reminder to two focal points of one country at `NOW`, without its deliveries."""
    return GapReminder.objects.create(
        webinar=webinar,
        confirmed_by=by,
        **{"confirmed_at": NOW, "body_count": 1, "confirmed_count": 2, **fields},
    )


def make_call_note(delegation: Delegation, *, by: User, text: str = "The minister signs.", **fields: Any) -> CallNote:
    """Create a note of a call at `NOW`, without checking any rule; by default without a date to look again."""
    return CallNote.objects.create(delegation=delegation, text=text, written_by=by, **{"written_at": NOW, **fields})


def make_incoming_mail(kind: IncomingKind = IncomingKind.BOUNCE, **fields: Any) -> IncomingMail:
    """Create the record of a mail that was read at `NOW`."""
    number = IncomingMail.objects.count() + 1
    usual = {"mailbox": "imap.example.org/INBOX", "uid_validity": "1", "uid": str(number), "digest": f"{number:064x}"}
    return IncomingMail.objects.create(kind=kind, **{**usual, "read_at": NOW, **fields})


def make_bounce(delivery: Delivery, **fields: Any) -> Bounce:
    """Create the bounce of a delivery, by default since there is no such mailbox; the delivery says that it came back.

    Owes no notice.
    """
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.BOUNCED)
    usual = {
        "address": delivery.email.lower(),
        "action": BounceAction.FAILED,
        "reason": BounceReason.UNKNOWN_ADDRESS,
        "status_code": "5.1.1",
        "reported_at": NOW,
        "resend_count": delivery.resend_count,
    }
    return Bounce.objects.create(delivery=delivery, mail=make_incoming_mail(), **{**usual, **fields})


def make_calendar_answer(entry: CalendarEntry, **fields: Any) -> CalendarAnswer:
    """Create an answer from a calendar that staff have to confirm; it has no effect yet."""
    usual = {
        "ical_partstat": Partstat.ACCEPTED,
        "ical_sequence": entry.sequence,
        "ical_stamp": NOW,
        "from_address": entry.address,
        "received_at": NOW,
        "state": AnswerState.TO_CONFIRM,
    }
    mail = make_incoming_mail(IncomingKind.ANSWER)
    return CalendarAnswer.objects.create(mail=mail, entry=entry, delegate=entry.delegate, **{**usual, **fields})


def make_mail_for_a_person(**fields: Any) -> MailForAPerson:
    """Create a mail of an unknown person that waits for the secretariat."""
    usual = {
        "reason": AttentionReason.WRITTEN_BY_A_PERSON,
        "sender_name": "Olga Ruiz",
        "sender_address": "olga.ruiz@example.org",
        "subject": "Can I bring a colleague?",
        "excerpt": "Good morning,\nmay a colleague listen in?",
        "received_at": NOW,
    }
    return MailForAPerson.objects.create(mail=make_incoming_mail(IncomingKind.FOR_A_PERSON), **{**usual, **fields})


def make_pdf(text: str = "Nomination") -> bytes:
    """Return bytes that are recognised as a PDF; another `text` gives other bytes."""
    return b"%PDF-1.4\n" + text.encode() + b"\n%%EOF\n"


def make_upload(content: bytes | None = None, *, name: str = "Nota verbal.pdf") -> SimpleUploadedFile:
    """Return an uploaded file, by default a PDF."""
    return SimpleUploadedFile(name, make_pdf() if content is None else content, content_type="application/pdf")


class RawUpload(SimpleUploadedFile):
    """An uploaded file that keeps the submitted name, which Django's property would clean."""

    name = ""


def make_letter(
    delegation: Delegation, *, by: User, text: str = "Nomination", name: str = "Nota verbal.pdf"
) -> NominationLetter:
    """Upload a letter through the service at `NOW`."""
    upload = make_upload(make_pdf(text), name=name)
    return upload_letter(delegation, upload=upload, by=by, now=NOW)


def make_verification_code(delegation: Delegation, *, by: User) -> VerificationCode:
    """Create the code of a submission at `NOW` that named the present prosecutors; the delegation stays as it is."""
    event = delegation.history.create(webinar=delegation.webinar, kind="submitted", actor=by, at=NOW)
    people = list(delegation.delegates.active().filter(profile__code="prosecutors").values_list("pk", flat=True))
    facts = {"profiles": [{"code": "prosecutors", "asked": 2, "people": people}], "lacks_letter": False}
    return VerificationCode.objects.create(event=event, facts=facts)


def make_attendance(session: Session, delegate: Delegate | None = None, *, by: User, **fields: Any) -> Attendance:
    """Create a row of a report of `session`, matched with `delegate` by address, or unmatched without one."""
    name = delegate.name if delegate else f"Guest {next(_numbers)}"
    report = AttendanceReport.objects.create(session=session, imported_by=by, imported_at=NOW, people=1)
    return Attendance.objects.create(
        session=session,
        delegate=delegate,
        report=report,
        **{
            "key": delegate.address if delegate else f"name:{name.lower()}",
            "name": name,
            "address": delegate.email if delegate else "",
            "matched_by": MatchedBy.ADDRESS if delegate else MatchedBy.NOTHING,
            "minutes": 60,
            **fields,
        },
    )
