"""Messages, files and rows as texts that a person can read and two versions of the product can be compared by."""

import re
from collections.abc import Callable, Iterable
from email.headerregistry import ParameterizedMIMEHeader
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default
from io import BytesIO

from django.core.mail import EmailMessage as DjangoMessage
from openpyxl import load_workbook

from registrations.models import CalendarEntry, Delivery, HistoryEvent

# Another with each message, or named after one that is.
LEFT_OUT = {"date", "message-id", "in-reply-to", "references"}
# Says something of a whole message alone (RFC 2045 §4).
OF_PARTS = {"mime-version"}
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


class Uuids:
    """Numbers the random UUIDs of a story in the order in which they appear."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> str:
        return UUID.sub(lambda found: f"uuid-{self._numbers.setdefault(found[0], len(self._numbers) + 1)}", text)


def message_text(message: DjangoMessage) -> str:
    """The decoded headers, then each part with its type, as the mail server would get them."""
    parsed = BytesParser(policy=default).parsebytes(message.message().as_bytes())
    parts = [part for part in parsed.walk() if not part.is_multipart()]
    return "\n".join([_headers(parsed, LEFT_OUT), *(f"{_headers(part, OF_PARTS)}\n{_content(part)}" for part in parts)])


def _headers(part: Message, left_out: set[str]) -> str:
    """By name: their order says nothing."""
    lines = [f"{name}: {_decoded(value)}\n" for name, value in part.items() if name.lower() not in left_out]
    return "".join(sorted(lines))


def _decoded(value: object) -> str:
    """The value of a header; parameters in alphabetical order, however they were quoted."""
    if not isinstance(value, ParameterizedMIMEHeader):
        return str(value).strip()  # an empty first line is an accident of folding
    parameters = {name: found for name, found in sorted(value.params.items()) if name != "boundary"}
    return "; ".join([str(value).partition(";")[0], *(f"{name}={found}" for name, found in parameters.items())])


def _content(part: EmailMessage) -> str:
    content = part.get_content()
    return (content.decode() if isinstance(content, bytes) else content).replace("\r\n", "\n")


def calendar_text(content: bytes) -> str:
    return content.decode().replace("\r\n", "\n")


def sheet_text(content: bytes) -> str:
    """The cells of each sheet of a workbook, tabs between them."""
    book = load_workbook(BytesIO(content))
    return "".join(
        f"# {sheet.title}\n" + table_text([["" if cell is None else cell for cell in row] for row in sheet.values])
        for sheet in book
    )


def table_text(rows: Iterable[Iterable[object]]) -> str:
    return "".join("\t".join(str(cell).replace("\n", "\\n") for cell in row) + "\n" for row in rows)


def deliveries_text() -> str:
    """Key, kind, state and due time of each delivery, by key."""
    rows = Delivery.objects.order_by("key").values_list("key", "kind", "state", "due_at")
    return table_text((key, kind, state, f"{due:%Y-%m-%d %H:%M:%S}") for key, kind, state, due in rows)


def entries_text() -> str:
    """What each mailbox holds of each session: method, sequence, answer."""
    rows = CalendarEntry.objects.order_by("session__webinar", "session__number", "address").values_list(
        "session__webinar__slug", "session__number", "address", "planned_method", "sequence", "ical_partstat"
    )
    return table_text(rows)


def history_text() -> str:
    """Each event in the order in which it was recorded: when, what, who, of whom, why, and what changed."""
    events = HistoryEvent.objects.select_related("actor", "delegation", "delegate").order_by("pk")
    return table_text(
        (
            f"{event.at:%Y-%m-%d %H:%M:%S}",
            event.kind,
            event.actor.email if event.actor else "-",
            event.delegation.slug if event.delegation else "-",
            event.delegate.name if event.delegate else "-",
            event.reason or "-",
            sorted(event.changes.items()),
        )
        for event in events
    )


# How the answer to a download is read, by its extension.
READERS: dict[str, Callable[[bytes], str]] = {
    "csv": lambda content: content.decode("utf-8-sig").replace("\r\n", "\n"),
    "ics": calendar_text,
    "xlsx": sheet_text,
}
