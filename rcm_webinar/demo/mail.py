"""The demo's mail backend, which writes each message to an `.eml` file."""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email.generator import BytesGenerator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmlFileBackend(BaseEmailBackend):
    """Writes each message to the folder `EMAIL_FILE_PATH`; the names of the files sort by the time of writing.

    Each file is written under a temporary name and then renamed, so nobody reads half a message.
    """

    def __init__(self, **kwargs: Any) -> None:
        # Django also passes options of a server, such as a time-out, which a folder does not need.
        super().__init__()
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write all messages and return their number. Raises OSError if the folder cannot be written to."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            stem = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            unfinished = self.folder / f".{stem}.tmp"
            with unfinished.open("wb") as file:
                BytesGenerator(file, mangle_from_=False).flatten(message.message(), linesep="\r\n")
            os.replace(unfinished, self.folder / f"{stem}.eml")
        return len(email_messages)
