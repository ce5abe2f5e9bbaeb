"""The line to a mail server: while that reads a message, what is to be done next is done."""

import smtplib
from collections.abc import Callable
from typing import Any

from django.core.mail.backends import smtp


class _Line:
    """What is added to smtplib's connections."""

    meanwhile: Callable[[], None] | None = None

    def send(self, s: Any) -> None:
        super().send(s)  # type: ignore[misc]  # of smtplib's, with which this is mixed
        # A command is a text. Bytes are those of a message, which the server takes far longer to answer.
        if isinstance(s, bytes) and self.meanwhile is not None:
            self.meanwhile()


class _PlainLine(_Line, smtplib.SMTP):
    pass


class _TlsLine(_Line, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Django's, over such a line."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _TlsLine if self.use_ssl else _PlainLine

    def do_meanwhile(self, work: Callable[[], None] | None) -> None:
        """Do `work`, which must not raise, after each message that is sent over the connection that is open now, before
        the server answers. Nothing where none is open."""
        if isinstance(self.connection, _Line):
            self.connection.meanwhile = work
