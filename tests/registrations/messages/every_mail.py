"""The story of one webinar in which every mail that we have is sent, each as its reader gets it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from registrations.exceptions import RuleBroken
from registrations.models import Delegate, Delivery, DeliveryKind, User
from registrations.queries.audiences import Audience
from registrations.services.announcements import (
    AnnouncementDetails,
    send_announcement,
    send_test_of_announcement,
    write_announcement,
)
from registrations.services.answers import decline_sessions_ahead, record_answer
from registrations.services.delegations import accept_delegation, return_delegation, submit_delegation
from registrations.services.focal_points import appoint_focal_point
from registrations.services.lost_links import ask_for_links
from registrations.services.nominations import register_delegate
from sessions_app.editing import cancel_session
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_bounce,
    make_country,
    make_delegation,
    make_details,
    make_gap_notice_rule,
    make_reminder_rule,
    make_staff,
)
from tests.registrations.services.deliveries import SOON, move_session, plan_and_send, released_delegation

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "Las salas **cambian**. Vea [el programa](https://example.org/es).\n\n- primera sesión: por la mañana\n- segunda"


def every_mail(language: str) -> dict[str, EmailMultiAlternatives]:
    """The newest message of each template by its name; of a reminder that asks for the answer, and of a test to
    oneself, as "reminder (asking)" and "test". All readers read `language`; who comes is in Panama, one hour from the
    webinar's clock."""
    delegation = released_delegation("draft")
    webinar, staff = delegation.webinar, make_staff("secretariat@example.org", language=language, name="Eva Ejemplo")
    focal_point = appoint_focal_point(
        delegation.body, email="focal@example.org", name="Rosa Ejemplo", language=language
    ).user
    User.objects.filter(pk=focal_point.pk).update(timezone="America/Panama")
    plan_and_send(SOON)

    ana = _named(delegation, focal_point, language, "Ana Ejemplo de la Muestra", "ana@example.org")
    _named(delegation, focal_point, language, "Luis Muestra", "luis@example.org")
    mara = _named(delegation, focal_point, language, "Mara Muestra", "mara@example.org")
    other = make_delegation(webinar, make_country("PA"))
    details = make_details("prosecutors", email="ana@example.org")
    with pytest.raises(RuleBroken):
        register_delegate(other, details=details, by=focal_point, now=SOON)
    make_gap_notice_rule(webinar, 5)
    plan_and_send(NOW + 6 * DAY)

    delegation.refresh_from_db()
    submit_delegation(delegation, version=delegation.version, by=focal_point, now=SOON, reason="Two posts are vacant")
    return_delegation(delegation, comment="Falta una firma.\nGracias.", by=staff, now=SOON)
    delegation.refresh_from_db()
    submit_delegation(delegation, version=delegation.version, by=focal_point, now=SOON, reason="Two posts are vacant")
    accept_delegation(delegation, by=staff, now=SOON, with_gap=True, comment="Los demás, cuando los haya.")
    plan_and_send(NOW + 6 * DAY + HOUR)
    move_session(webinar, 1, hours=1, now=NOW + 7 * DAY)
    plan_and_send(NOW + 7 * DAY)

    announcement = write_announcement(
        webinar,
        AnnouncementDetails(
            audience=Audience(), subject_en="The rooms", subject_es="Las salas", text_en=TEXT, text_es=TEXT
        ),
        by=staff,
        now=SOON,
    )
    send_test_of_announcement(announcement, by=staff, now=NOW + 7 * DAY)
    send_announcement(announcement, version=1, count=3, by=staff, now=NOW + 7 * DAY)
    plan_and_send(NOW + 7 * DAY + HOUR)
    cancel_session(webinar.sessions.get(number=2), now=NOW + 8 * DAY)
    release_webinar(webinar, by=None, now=NOW + 8 * DAY)
    plan_and_send(NOW + 8 * DAY)

    mara.refresh_from_db()
    decline_sessions_ahead(mara, reason="Un viaje de servicio.", now=NOW + 8 * DAY)
    ask_for_links("mara@example.org", now=NOW + 8 * DAY)
    plan_and_send(NOW + 8 * DAY + HOUR)
    ana.refresh_from_db()
    record_answer(ana, webinar.sessions.get(number=1), partstat="ACCEPTED", now=NOW + 8 * DAY)
    for fields in (
        {},
        {"recipients": "unanswered", "amount": 2},
        {"recipients": "focal_points"},
        {"moment": "after", "amount": 30, "unit": "minutes"},
    ):
        make_reminder_rule(webinar, **fields)
    make_bounce(
        Delivery.objects.filter(delegate=mara).earliest("pk"),
        event=mara.history.create(webinar=webinar, delegation=delegation, kind="bounced", at=NOW + 8 * DAY),
    )
    for at in (FIRST_START - HOUR, FIRST_START, FIRST_START + 3 * HOUR + HOUR / 2):
        plan_and_send(at)
    return _by_name()


def _named(delegation, focal_point: User, language: str, name: str, email: str) -> Delegate:
    details = make_details("prosecutors", name=name, email=email, language=language, timezone="America/Panama")
    return register_delegate(delegation, details=details, by=focal_point, now=SOON)


def _by_name() -> dict[str, EmailMultiAlternatives]:
    deliveries = {one.message_id: one for one in Delivery.objects.select_related("rule")}
    return {_name_of(deliveries[one.extra_headers["Message-ID"]]): one for one in mail.outbox}


def _name_of(delivery: Delivery) -> str:
    if delivery.kind != DeliveryKind.REMINDER or delivery.rule is None:
        return str(delivery.kind)
    if delivery.user_id:
        return "focal_point_reminder"
    if delivery.rule.is_after:
        return "after_session"
    return "reminder (asking)" if delivery.rule.recipients == "unanswered" else "reminder"


def templates() -> set[str]:
    """The names of the folders that hold the templates of a mail."""
    (folder,) = (Path(one) / "mail" for one in settings.TEMPLATES[0]["DIRS"])
    return {one.name for one in folder.iterdir() if one.is_dir()}
