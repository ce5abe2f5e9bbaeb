"""What a report says about each recipient (RFC 3464 §2.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from registrations.models import BounceAction
from registrations.services.inbox.bounces.addresses import plain_address
from registrations.services.inbox.bounces.parts import nested, own_parts, returned_messages, texts_in
from registrations.services.inbox.parsing import addresses_in

# In characters. A longer field is cut.
_MAX_FIELD = 2_000

# The action decides and not the status code: "failed" with 4.4.7 is common. Everything else that servers write, such as
# "relayed" or "expanded", is about mail that went on (RFC 3464 §2.3.3).
_ACTIONS = {
    "failed": BounceAction.FAILED,
    "failure": BounceAction.FAILED,
    "expired": BounceAction.FAILED,
    "delayed": BounceAction.DELAYED,
}


@dataclass(frozen=True)
class RecipientStatus:
    """What a report says about one recipient: `addresses` has the original and the final one, as far as named."""

    action: BounceAction
    status: str
    diagnostic: str
    addresses: tuple[str, ...]


def statuses_in(message: Message) -> list[RecipientStatus]:
    """Return what the report in `message` says about each recipient; nothing if there is no report."""
    parts = [part for part in own_parts(message) if _is_delivery_status(part)]
    texts = ["\n\n".join(_block_text(block) for block in nested(part)) for part in parts] or texts_in(message)
    groups = [group for text in texts for group in _field_groups(text) if "action" in group]
    with_recipient = [group for group in groups if _recipients(group)]
    return [_recipient_status(group) for group in with_recipient or (groups if parts else [])]


def relevant_statuses(message: Message, statuses: list[RecipientStatus]) -> list[RecipientStatus]:
    """Return the statuses of the recipient to whom the returned message was addressed; all have the same action.

    If no status names that recipient, the message was forwarded. Then the statuses of other recipients are returned:
    those that got the message, else those that still may, else those that failed.
    """
    ours = {address for returned in returned_messages(message) for address in addresses_in(returned, "To")}
    about_us = [status for status in statuses if ours.intersection(status.addresses)]
    precedence = list(BounceAction) if about_us else list(reversed(BounceAction))
    chosen = about_us or statuses
    actions = {status.action for status in chosen}
    first = next((action for action in precedence if action in actions), None)
    return [status for status in chosen if status.action == first]


def _is_delivery_status(part: Message) -> bool:
    return part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}


def _block_text(block: Message) -> str:
    """Return the text of a block, whose fields the parser took for headers until the first line that is none."""
    rest = block.get_payload()
    fields = "\n".join(f"{name}: {value}" for name, value in block.items())
    return f"{fields}\n{rest}" if isinstance(rest, str) else fields


def _field_groups(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each paragraph of `text`, by their names in lower case."""
    group: dict[str, str] = {}
    name = ""
    for line in [*text.splitlines(), ""]:
        if not line.strip():
            if group:
                yield group
            group, name = {}, ""
        elif line[0].isspace() and name:
            group[name] = f"{group[name]} {line.strip()}"[:_MAX_FIELD]
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            group.setdefault(name, value.strip()[:_MAX_FIELD])


def _recipients(group: dict[str, str]) -> tuple[str, ...]:
    values = [group.get(name, "").rpartition(";")[2] for name in ("original-recipient", "final-recipient")]
    return tuple(dict.fromkeys(filter(None, map(plain_address, values))))


def _recipient_status(group: dict[str, str]) -> RecipientStatus:
    action = group["action"].split("(")[0].strip().lower()
    return RecipientStatus(
        action=_ACTIONS.get(action, BounceAction.DELIVERED),
        status=group.get("status", ""),
        diagnostic=group.get("diagnostic-code", ""),
        addresses=_recipients(group),
    )
