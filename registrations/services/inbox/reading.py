"""One pass over the inbox. Each mail is recognised and recorded in a transaction of its own, and only then moved.

Whoever is killed in between has recorded the mail or has not; the next pass finds it and goes on from there.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from registrations.models import AttentionReason, InboxState, IncomingKind, IncomingMail
from registrations.services.inbox.mail_for_a_person import record_for_a_person
from registrations.services.inbox.mailboxes import (
    FOR_A_PERSON,
    PROCESSED,
    Mailbox,
    MailboxAway,
    StoredMail,
    open_mailbox,
)
from registrations.services.inbox.parsing import Unreadable, parse_mail
from registrations.services.inbox.sorting import sort_mail

log = structlog.get_logger(__name__)

# Any number, the same in every process: one mail is recorded at a time.
INBOX_LOCK = 7_261_948
# A reader may need so long after its time is up, for the mail that it is reading.
GRACE = timedelta(minutes=2)
# So many mails are looked up by one query.
BATCH = 200
EMPTY_MAIL = b"From: \r\n\r\n"


@dataclass
class ReadReport:
    """How many mails of each kind were recorded. `has_more` if the time was up, `is_skipped` if another one reads."""

    counts: Counter[IncomingKind] = field(default_factory=Counter)
    moved: int = 0
    has_more: bool = False
    is_skipped: bool = False
    failure: str = ""


class _OtherReader(Exception):
    """Another reader is recording a mail at this moment."""


def read_inbox(*, clock: Callable[[], datetime], within: timedelta) -> ReadReport:
    """Read the mailbox of INBOX_URL until it is empty or `within` has passed; without that setting do nothing.

    A mailbox that cannot be read leaves everything as it is: the failure is recorded, and the next pass tries again.
    """
    report = ReadReport()
    if not settings.INBOX_URL:
        return report
    until = clock() + within
    if not take_lease(until=until + GRACE, now=clock()):
        report.is_skipped = True
        return report
    try:
        with open_mailbox(settings.INBOX_URL) as mailbox:
            _read_all(mailbox, report, clock=clock, until=until)
    except MailboxAway as away:
        report.failure = away.reason
    if report.counts:
        log.info("inbox_read", **{str(kind): count for kind, count in report.counts.items()})
    if report.failure:
        log.warning("inbox_away", reason=report.failure)
        end_lease(failed_at=clock(), failure=report.failure)
    else:
        end_lease(read_at=clock(), failed_at=None, failure="")
    return report


def _read_all(mailbox: Mailbox, report: ReadReport, *, clock: Callable[[], datetime], until: datetime) -> None:
    uids = mailbox.uids()
    for start in range(0, len(uids), BATCH):
        batch = uids[start : start + BATCH]
        known = _known_kinds(mailbox, batch)
        for uid in batch:
            if clock() >= until:
                report.has_more = True
                return
            try:
                kind = known.get(uid) or _record(mailbox, uid, report, now=clock())
            except _OtherReader:
                report.is_skipped = True
                return
            if kind is not None:
                _move(mailbox, uid, kind, report)


def _move(mailbox: Mailbox, uid: str, kind: str, report: ReadReport) -> None:
    """Move a recorded mail out of the inbox. If that fails, the next pass tries again, and the rest is still read."""
    try:
        mailbox.move(uid, FOR_A_PERSON if kind == IncomingKind.FOR_A_PERSON else PROCESSED)
        report.moved += 1
    except MailboxAway as away:
        report.failure = away.reason


def _known_kinds(mailbox: Mailbox, uids: list[str]) -> dict[str, str]:
    """Return by UID the kinds of the mails that were recorded already, but not moved."""
    rows = IncomingMail.objects.filter(mailbox=mailbox.name, uid_validity=mailbox.uid_validity, uid__in=uids)
    return dict(rows.values_list("uid", "kind"))


def _record(mailbox: Mailbox, uid: str, report: ReadReport, *, now: datetime) -> str | None:
    """Record the mail and return its kind; None if it has gone. Raises _OtherReader."""
    stored = mailbox.fetch(uid)
    if stored is None:
        return None
    mail = IncomingMail(
        mailbox=mailbox.name,
        uid_validity=mailbox.uid_validity,
        uid=uid,
        digest=hashlib.sha256(stored.content).hexdigest(),
        read_at=now,
    )
    with transaction.atomic():
        if not _lock_inbox():
            raise _OtherReader
        earlier = IncomingMail.objects.filter(digest=mail.digest).first()
        if earlier is not None:
            return earlier.kind
        mail.kind = _sort(mail, stored, now=now)
    report.counts[IncomingKind(mail.kind)] += 1
    return mail.kind


def _lock_inbox() -> bool:
    """Take the lock for this transaction; return whether it was free. SQLite has one writing transaction at a time."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [INBOX_LOCK])
        return bool(cursor.fetchone()[0])


def _sort(mail: IncomingMail, stored: StoredMail, *, now: datetime) -> IncomingKind:
    """Record what the mail says, and return its kind. What cannot be read or recorded is left to a person."""
    try:
        with transaction.atomic():
            return sort_mail(mail, parse_mail(stored.content), now=now)
    except (OperationalError, InterfaceError):
        # It concerns all mail: the database is away.
        raise
    except Unreadable:
        log.warning("mail_unreadable")
    except Exception as error:  # whatever a parser, a codec or the database raises for this mail
        log.exception("mail_unreadable", reason=type(error).__name__)
    mail.pk, mail.kind = None, IncomingKind.FOR_A_PERSON
    mail.save(force_insert=True)
    record_for_a_person(mail, parse_mail(EMPTY_MAIL), AttentionReason.UNREADABLE, now=now)
    return IncomingKind.FOR_A_PERSON


def take_lease(*, until: datetime, now: datetime) -> bool:
    """Become the only reader of the inbox until `until`; return False if there is another one. Two statements at most.

    A reader that does not come back within its lease is taken for killed.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    if InboxState.objects.filter(free, pk=InboxState.KEY).update(leased_until=until):
        return True
    _, is_created = InboxState.objects.get_or_create(pk=InboxState.KEY, defaults={"leased_until": until})
    return is_created


def end_lease(**changes: object) -> None:
    """Let others read the inbox, and note `changes` of its state."""
    InboxState.objects.filter(pk=InboxState.KEY).update(leased_until=None, **changes)
