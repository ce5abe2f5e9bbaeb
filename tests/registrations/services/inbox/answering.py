"""What the tests of answers from calendar programs share."""

from datetime import datetime, timedelta
from itertools import count

from registrations.models import CalendarAnswer, CalendarEntry, Delegate, IncomingKind, IncomingMail, Partstat
from registrations.services.inbox.calendar_answers import record_reply
from registrations.services.inbox.calendar_replies import CalendarReply
from tests.factories import NOW

ANSWERED = NOW + timedelta(hours=1)
RECEIVED = NOW + timedelta(hours=1, minutes=1)
_numbers = count(1)


def make_mail(now: datetime = RECEIVED) -> IncomingMail:
    number = next(_numbers)
    return IncomingMail.objects.create(
        mailbox="mail.example.org/INBOX", uid=str(number), digest=f"{number:064}", kind=IncomingKind.ANSWER, read_at=now
    )


def entry_of(delegate: Delegate, number: int = 1) -> CalendarEntry:
    return CalendarEntry.objects.select_related("session").get(address=delegate.address, session__number=number)


def reply_of(delegate: Delegate, number: int = 1, partstat: Partstat = Partstat.ACCEPTED, **fields) -> CalendarReply:
    """The answer to the present invitation to a session."""
    entry = entry_of(delegate, number)
    return CalendarReply(
        **{
            "uid": str(entry.session.ical_uid),
            "attendee": delegate.address,
            "partstat": partstat,
            "sequence": entry.sequence,
            "stamp": ANSWERED,
            "comment": "",
            **fields,
        }
    )


def receive(reply: CalendarReply, *, is_proven: bool = True, now: datetime = RECEIVED) -> CalendarAnswer:
    answer = record_reply(make_mail(now), reply, is_proven=is_proven, from_address=reply.attendee, now=now)
    assert isinstance(answer, CalendarAnswer)
    return answer


def outcome(answer: CalendarAnswer) -> str:
    """Why it is ignored, else its state, as stored."""
    answer.refresh_from_db()
    return answer.ignored_because or answer.state
