"""A reader of the inbox that is killed again and again."""

import signal
import subprocess
import sys
from pathlib import Path
from random import Random

from django.utils import timezone

from registrations.models import Delivery, DeliveryKind, InboxState
from registrations.services.delivering.send import send_due
from registrations.services.inbox.mailboxes import FOR_A_PERSON, PROCESSED
from tests.environment import ROOT
from tests.faults.fleet import Fleet
from tests.registrations.services.inbox.generated import Post, known
from tests.registrations.services.inbox.stories import OUR_SERVER, Inbox
from tests.sizes import IS_DRILL

MAILS, KILLS = (2000, 40) if IS_DRILL else (100, 3)


def test_a_reader_that_is_killed_again_and_again_processes_each_mail_once(fleet: Fleet, tmp_path: Path) -> None:
    fleet.invite_everyone()
    send_due(clock=timezone.now)
    invitations = Delivery.objects.filter(kind=DeliveryKind.INVITATION).select_related("entry__session")
    random, inbox = Random(11), Inbox(tmp_path / "Maildir")
    post = Post(random, list(invitations[:40]), now=timezone.now().replace(microsecond=0))
    inbox.deliver(*(post.mail() for _ in range(MAILS)))
    fleet.settings |= {"INBOX_URL": inbox.url, "INBOX_AUTHSERV_ID": OUR_SERVER}

    for _ in range(KILLS):
        reader = start_reader(fleet)
        left = inbox.count() - random.randrange(MAILS // KILLS)
        fleet.wait_until(lambda left=left, reader=reader: inbox.count() <= left or reader.poll() is not None)
        reader.send_signal(signal.SIGKILL)
        reader.wait()
        # As after some minutes.
        InboxState.objects.update(leased_until=None)
    assert start_reader(fleet).wait(timeout=120) == 0

    assert known() == post.expected
    assert (inbox.count(), inbox.count(PROCESSED) + inbox.count(FOR_A_PERSON)) == (0, MAILS)


def start_reader(fleet: Fleet) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "manage.py", "read_inbox"]
    return subprocess.Popen(command, cwd=ROOT, env=fleet.settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
