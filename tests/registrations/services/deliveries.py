"""Plan and send as beat and the workers do, at a given time."""

from datetime import datetime, timedelta

from django.core import mail
from django.core.mail import EmailMessage

from registrations.models import Delegate, Delegation
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import SendReport, send_due
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_quotas, make_webinar

SOON = NOW + timedelta(minutes=1)


def plan_and_send(now: datetime = SOON) -> SendReport:
    plan(now=now)
    return send_due(clock=lambda: now)


def sent_by(now: datetime = SOON) -> list[EmailMessage]:
    """The messages that planning and sending at `now` adds to the outbox."""
    before = len(mail.outbox)
    plan_and_send(now)
    return mail.outbox[before:]


def released_delegation(status: str = "accepted") -> Delegation:
    """A delegation of Honduras at a released webinar with the four quotas."""
    webinar = make_webinar()
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    return make_delegation(webinar, make_country("HN"), status=status)


def admitted(delegation: Delegation, **fields: object) -> Delegate:
    return make_delegate(delegation, admitted_at=NOW, **fields)


def move_session(webinar: Webinar, number: int, *, hours: int, now: datetime = SOON) -> None:
    """Move a session in the draft and release it."""
    session = webinar.sessions.get(number=number)
    session.starts_at += timedelta(hours=hours)
    session.save()
    release_webinar(webinar, by=None, now=now)


def rename_session(webinar: Webinar, title_en: str, title_es: str) -> None:
    """Give the first session another title in the draft and release it."""
    webinar.sessions.filter(number=1).update(title_en=title_en, title_es=title_es)
    release_webinar(webinar, by=None, now=SOON)
