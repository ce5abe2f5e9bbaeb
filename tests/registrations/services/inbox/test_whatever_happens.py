"""Whatever mail comes in, and whenever a reader is killed: what is known in the end is what the mail says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from registrations.models import Delivery, DeliveryKind, HistoryEvent, HistoryKind
from registrations.services.inbox.mailboxes import FOR_A_PERSON, PROCESSED
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation
from tests.registrations.services.inbox.generated import Post, known
from tests.registrations.services.inbox.stories import OUR_SERVER, Inbox, read
from tests.sizes import IS_DRILL

pytestmark = pytest.mark.django_db
LATER = SOON + timedelta(hours=5)
GENERATED = 10_000 if IS_DRILL else 400


class Killed(BaseException):
    """The reader ends at once, as after SIGKILL."""


@contextmanager
def killed_at(statement: int) -> Iterator[None]:
    """Within the block, the reader is killed as it is about to execute its so many-th statement."""
    numbers = count(1)

    def execute(run, sql, params, many, context):
        if next(numbers) == statement:
            raise Killed
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


@contextmanager
def inbox() -> Iterator[Inbox]:
    with TemporaryDirectory() as folder:
        inbox = Inbox(Path(folder) / "Maildir")
        with override_settings(INBOX_URL=inbox.url, INBOX_AUTHSERV_ID=OUR_SERVER):
            yield inbox


def invitations(people: int) -> list[Delivery]:
    delegation = released_delegation()
    for _ in range(people):
        admitted(delegation)
    plan_and_send()
    return list(Delivery.objects.filter(kind=DeliveryKind.INVITATION).select_related("entry__session"))


def read_everything(inbox: Inbox, now: datetime) -> None:
    read(now, within=timedelta(minutes=5))
    assert inbox.count() == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(1, 5)),
        st.tuples(st.just("kill"), st.integers(1, 60)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("renumber"), st.just(0)),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200 if IS_DRILL else 25, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_a_reader_that_is_killed_at_any_statement_changes_nothing_of_the_result(steps, seed):
    with transaction.atomic(), inbox() as box:
        post = Post(Random(seed), invitations(2), now=LATER)
        now = LATER
        for step, number in steps:
            # Longer than the lease of a reader that was killed.
            now += timedelta(minutes=4)
            if step == "deliver":
                box.deliver(*(post.mail() for _ in range(number)))
            elif step == "renumber":
                box.put_back()
            elif step == "read":
                read_everything(box, now)
            else:
                with killed_at(number):
                    try:
                        read(now)
                    except Killed:
                        continue
        box.put_back()
        for _ in range(2):
            now += timedelta(minutes=4)
            read_everything(box, now)

        assert known() == post.expected
        assert box.count(FOR_A_PERSON) == post.expected.letters
        assert box.count(PROCESSED) == post.expected.mails - post.expected.letters
        answered = HistoryEvent.objects.filter(kind=HistoryKind.ANSWERED)
        assert answered.count() == len({(event.delegate_id, event.at) for event in answered})
        transaction.set_rollback(True)


def test_none_of_many_generated_mails_is_taken_wrongly():
    with inbox() as box:
        post = Post(Random(20261201), invitations(50), now=LATER)
        box.deliver(*(post.mail() for _ in range(GENERATED)))

        read(LATER, within=timedelta(minutes=30))

    assert known() == post.expected
