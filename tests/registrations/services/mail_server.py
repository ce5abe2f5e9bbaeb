"""A mail server that answers as a test says."""

import smtplib
from collections.abc import Callable

from django.core import mail
from django.core.mail.backends.locmem import EmailBackend


class AnsweringBackend(EmailBackend):
    """A mail server that answers each message as the test says; what it accepts is in the outbox.

    `greet` is called when a connection is opened, `answer` before a message is taken, `afterwards` once it is.
    """

    greet: Callable[[], None] | None = None
    answer: Callable[[mail.EmailMessage], None] | None = None
    afterwards: Callable[[mail.EmailMessage], None] | None = None

    def open(self) -> None:
        if type(self).greet:
            type(self).greet()

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:
        for message in messages:
            if type(self).answer:
                type(self).answer(message)
        count = super().send_messages(messages)
        for message in messages:
            if type(self).afterwards:
                type(self).afterwards(message)
        return count


def refuse(code: int, text: str = "no") -> Callable[[mail.EmailMessage], None]:
    def answer(message: mail.EmailMessage) -> None:
        raise smtplib.SMTPRecipientsRefused({message.to[0]: (code, text.encode())})

    return answer
