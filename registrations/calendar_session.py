"""The VEVENT of a released session for one participant, the same in mail, download and feed."""

from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from registrations.models import Delegate
from registrations.tokens import join_url
from sessions_app.hours import hours_for
from sessions_app.ical import CalendarSession
from sessions_app.models import ReleasedSession


def organizer_address() -> str:
    """Return the address that invitations come from and answers go to. It must not change while a UID is in use."""
    return _bare_address(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def _bare_address(address: str) -> str:
    return parseaddr(address)[1]


def calendar_session(
    released: ReleasedSession, *, delegate: Delegate, sequence: int, stamp: datetime, with_link: bool = True
) -> CalendarSession:
    """Return the values of one VEVENT, in the delegate's language. No query if `released.session.webinar` is loaded.

    The description has the link, the hours and the contact, but no agenda item: a corrected title of an item changes
    no calendar. A cancellation has no link (`with_link`), since the mailbox may be a stranger's after a correction.
    """
    link = join_url(delegate, released.number) if with_link else ""
    hours = hours_for(
        released.starts_at,
        released.ends_at,
        reader_zone=delegate.timezone,
        webinar_zone=released.timezone,
        language=delegate.language,
    )
    webinar = released.session.webinar
    with translation.override(delegate.language):
        description = "\n".join(
            [
                *([link] if link else []),
                str(hours),
                webinar.title.render(delegate.language).text,
                _("Questions: %(address)s") % {"address": webinar.contact_email},
            ]
        )
    return CalendarSession(
        uid=released.session.ical_uid,
        sequence=sequence,
        stamp=stamp,
        starts_at=released.starts_at,
        ends_at=released.ends_at,
        summary=released.title.render(delegate.language).text,
        description=description,
        link=link,
        is_cancelled=released.is_cancelled,
    )
