"""Two readers of the inbox at once, and mail that came back while the person is changed."""

from functools import partial
from pathlib import Path
from random import Random

import pytest

from registrations.models import Delivery, DeliveryKind, HistoryEvent, HistoryKind, IncomingMail
from registrations.services.inbox.mailboxes import FOR_A_PERSON, PROCESSED
from tests.factories import make_delegates
from tests.races import ROUNDS, two_writers
from tests.registrations.services.deliveries import SOON, plan_and_send, released_delegation
from tests.registrations.services.inbox.generated import Post, known
from tests.registrations.services.inbox.stories import OUR_SERVER, Inbox, read
from tests.registrations.services.reminding import MINUTE

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
LATER = SOON + 300 * MINUTE


def test_two_readers_at_once_process_each_mail_once(settings, tmp_path: Path):
    delegation = released_delegation()
    make_delegates(4, delegation, admitted_at=SOON)
    plan_and_send()
    invitations = Delivery.objects.filter(kind=DeliveryKind.INVITATION).select_related("entry__session")
    post = Post(Random(7), list(invitations), now=LATER)
    inbox = Inbox(tmp_path / "Maildir")
    settings.INBOX_URL, settings.INBOX_AUTHSERV_ID = inbox.url, OUR_SERVER

    with two_writers() as race:
        for _ in range(ROUNDS // 6):
            inbox.deliver(*(post.mail() for _ in range(10)))
            reports = race(partial(read, LATER), partial(read, LATER))
            # Whoever met the other one stopped and left the rest; beat would come back in a minute.
            read(LATER)

            assert [report.failure for report in reports] == ["", ""]
            assert inbox.count() == 0

    assert known() == post.expected
    assert IncomingMail.objects.count() == inbox.count(PROCESSED) + inbox.count(FOR_A_PERSON) == post.expected.mails
    told = HistoryEvent.objects.filter(kind=HistoryKind.BOUNCED)
    assert told.count() == told.values("delegate").distinct().count()
