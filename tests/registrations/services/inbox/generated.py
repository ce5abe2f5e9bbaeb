"""Mail as it comes in, generated at random, with what must be known after all of it was read."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from registrations.models import (
    AnswerState,
    Bounce,
    CalendarAnswer,
    CalendarEntry,
    Delivery,
    IncomingMail,
    MailForAPerson,
)
from tests.registrations.services.inbox.stories import A_LETTER, AN_ABSENCE_NOTE, bounce_mail, reply_mail

ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE")


@dataclass
class Expected:
    """What must be known once every mail was read, in whatever order and however often."""

    mails: int = 0
    letters: int = 0
    to_confirm: int = 0
    # By entry: the newest proven answer.
    answers: dict[int, str] = field(default_factory=dict)
    # By delivery: whether it failed; False after a delay alone.
    bounces: dict[int, bool] = field(default_factory=dict)


class Post:
    """Generates mail about the given invitations, and keeps what is expected of it."""

    def __init__(self, random: Random, deliveries: list[Delivery], *, now: datetime) -> None:
        self.expected = Expected()
        self._random = random
        self._deliveries = deliveries
        self._now = now
        self._stamps: set[datetime] = set()
        # By entry: when the newest proven answer was given.
        self._answered_at: dict[int, datetime] = {}

    def mail(self) -> bytes:
        """Return another mail, different from all before."""
        number = self.expected.mails = self.expected.mails + 1
        kind = self._random.choice((self._answer, self._answer, self._bounce, self._bounce, self._noise))
        return kind() + f"\n{number}\n".encode()

    def _answer(self) -> bytes:
        entry = self._random.choice(self._deliveries).entry
        assert entry is not None
        partstat = self._random.choice(ANSWERS)
        stamp = self._stamp()
        is_newest = stamp > self._answered_at.get(entry.pk, stamp - timedelta(seconds=1))
        if self._random.random() < 0.3:
            # Nobody need confirm what is older than an answer that counts.
            self.expected.to_confirm += is_newest
            return reply_mail(entry, partstat, stamp=stamp, is_proven=False)
        if is_newest:
            self._answered_at[entry.pk], self.expected.answers[entry.pk] = stamp, partstat
        return reply_mail(entry, partstat, stamp=stamp)

    def _stamp(self) -> datetime:
        """Return another time than before: one answer is the newest, and may come first or last."""
        while (stamp := self._now - timedelta(seconds=self._random.randrange(1, 10**6))) in self._stamps:
            pass
        self._stamps.add(stamp)
        return stamp

    def _bounce(self) -> bytes:
        delivery = self._random.choice(self._deliveries)
        action = self._random.choice(("failed", "failed", "delayed"))
        if self._random.random() < 0.3:
            # It names a message that is not ours, as everybody can.
            if action == "failed":
                self.expected.letters += 1
            forged = f"<{self._random.getrandbits(128):032x}.0@example.org>".encode()
            return bounce_mail(delivery, action=action).replace(delivery.message_id.encode(), forged)
        known = self.expected.bounces.get(delivery.pk, False)
        self.expected.bounces[delivery.pk] = known or action == "failed"
        return bounce_mail(delivery, action=action)

    def _noise(self) -> bytes:
        if self._random.random() < 0.5:
            return AN_ABSENCE_NOTE
        self.expected.letters += 1
        return A_LETTER


def known() -> Expected:
    """What the database knows of the mail that was read."""
    answered = CalendarEntry.objects.exclude(answered_at=None)
    return Expected(
        mails=IncomingMail.objects.count(),
        letters=MailForAPerson.objects.count(),
        to_confirm=CalendarAnswer.objects.filter(state=AnswerState.TO_CONFIRM).count(),
        answers=dict(answered.values_list("pk", "ical_partstat")),
        bounces={bounce.delivery_id: bounce.action == "failed" for bounce in Bounce.objects.all()},
    )
