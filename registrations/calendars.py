"""A released session as one participant's calendar shows it: the same in the mail, the download and the feed."""

from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from registrations.models import Delegate
from registrations.tokens import join_url
from sessions_app.hours import hours_for
from sessions_app.ical import CalendarSession
from sessions_app.models import ReleasedSession


def organizer() -> str:
    """The bare address that invitations come from, and answers go to."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def calendar_session(
    delegate: Delegate, released: ReleasedSession, *, sequence: int, stamp: datetime
) -> CalendarSession:
    """`released` in the language and zone of `delegate`, with their own link to the join page; never the room.

    `sequence` and `stamp` are those of the ledger. No query where `released.session` and the webinar are loaded.
    """
    link = join_url(delegate, released.number)
    language = delegate.language
    with translation.override(language):
        hours = hours_for(
            released.starts_at,
            released.ends_at,
            reader_zone=delegate.timezone,
            webinar_zone=released.timezone,
            language=language,
        )
        title = released.title.render(language).text
        return CalendarSession(
            uid=released.session.ical_uid,
            sequence=sequence,
            stamp=stamp,
            starts_at=released.starts_at,
            ends_at=released.ends_at,
            summary=_("Cancelled: %(title)s") % {"title": title} if released.is_cancelled else title,
            description="\n".join(
                (
                    _("Join here: %(url)s") % {"url": link},
                    str(hours),
                    delegate.webinar.title.render(language).text,
                    _("Questions: %(email)s") % {"email": delegate.webinar.contact_email},
                )
            ),
            link=link,
            is_cancelled=released.is_cancelled,
        )
