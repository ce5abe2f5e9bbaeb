"""A real SMTP server that keeps what it takes, and misbehaves as it is told."""

import asyncio
import itertools
import logging
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = "250 Kept"
AWAY = "421 Closing for a while"
REFUSED = "550 No such mailbox"
# A line for each command would hide what a failed test has to say.
logging.getLogger("mail.log").setLevel(logging.ERROR)
# The greeting, and the answers to EHLO, MAIL, RCPT and DATA: each connection is turned away at another one.
ANSWERS_BEFORE_THE_MESSAGE = 5
# No code; two lines in place of one; bytes of no text; a code that SMTP does not know; next to nothing.
NONSENSE = (b"Hello?", b"Who is there?\r\nIs anybody there?", b"\x00\xff\xfe\x80", b"000 nothing", b"-")


@dataclass(frozen=True)
class Received:
    """A message that the server took, as it came in; `at` in seconds of the monotonic clock, `by` a connection.

    `sender` is that of the envelope.
    """

    at: float
    to: str
    content: bytes
    by: object
    sender: str


class SmtpServer(AbstractContextManager["SmtpServer"]):
    """Serves in a thread of its own. Its attributes may be set at any time, by whoever tests."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        # How many were begun.
        self.connections = 0
        # Seconds between a message being kept and the answer: whoever dies meanwhile does not know that it was.
        self.pace = 0.0
        # It says 421 and hangs up, at whatever point.
        self.is_away = False
        # It says nothing, to anyone.
        self.is_silent = False
        # Addresses that it answers with 550.
        self.refused: frozenset[str] = frozenset()
        # So many of the next messages it keeps, and hangs up in place of an answer.
        self.hang_ups = 0
        # So many of the next messages it does not keep, and answers with nonsense.
        self.nonsense = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._is_ready = threading.Event()
        self.open_conversations: set[_Conversation] = set()

    def __enter__(self) -> "SmtpServer":
        self._thread.start()
        assert self._is_ready.wait(60)
        return self

    def __exit__(self, *reason: object) -> None:
        self._loop.call_soon_threadsafe(self._is_ended.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._is_ended = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: _Conversation(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        await self._is_ended.wait()
        server.close()
        while self.open_conversations:
            for conversation in self.open_conversations:
                conversation.transport.abort()
            await asyncio.sleep(0.01)

    async def handle_RCPT(
        self, conversation: SMTP, session: Session, envelope: Envelope, address: str, options: object
    ) -> str:
        if address in self.refused:
            return REFUSED
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, conversation: "_Conversation", session: Session, envelope: Envelope) -> str | bytes:
        if self.is_away:
            return AWAY
        if self.nonsense:
            self.nonsense -= 1
            return NONSENSE[self.nonsense % len(NONSENSE)]
        (to,) = envelope.rcpt_tos
        self.received.append(
            Received(time.monotonic(), to, envelope.original_content, session.peer, str(envelope.mail_from))
        )
        if self.hang_ups:
            self.hang_ups -= 1
            conversation.hang_up()
        if self.pace:
            await asyncio.sleep(self.pace)
        return KEPT


class _Conversation(SMTP):
    """One connection. All that is said to the client passes `push`."""

    turns = itertools.cycle(range(ANSWERS_BEFORE_THE_MESSAGE))

    def __init__(self, server: SmtpServer) -> None:
        super().__init__(server, hostname="mail.example.org", loop=asyncio.get_running_loop())
        self.server = server
        self.answers_before_421 = next(self.turns)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.server.connections += 1
        self.server.open_conversations.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.server.open_conversations.discard(self)

    async def push(self, status: str | bytes) -> None:
        while self.server.is_silent:
            await asyncio.sleep(0.05)
        # What was kept is said to be so, even by a server that is about to go.
        if self.server.is_away and status != KEPT:
            if not self.answers_before_421:
                await super().push(AWAY)
                self.hang_up()
            self.answers_before_421 -= is_whole(status)
        await super().push(status)

    def hang_up(self) -> None:
        self.transport.close()
        # Ends what the conversation was about to do.
        raise asyncio.CancelledError


def is_whole(status: str | bytes) -> bool:
    """Whether this line ends an answer: "250-…" goes on (RFC 5321 §4.2.1)."""
    return status[3:4] not in {"-", b"-"}
