"""Decides whether a mail is proven to come from a person, by what the receiving mail server reports (RFC 8601)."""

from collections.abc import Iterator
from email.message import Message

from registrations.services.inbox.parsing import addresses_in


def is_proven(message: Message, *, attendee: str, authserv_id: str) -> bool:
    """Return whether DMARC passed for the one From address of `message`, and that is `attendee`.

    Only headers of the server `authserv_id` count; that server removes from each mail those that pretend to be its own
    (RFC 8601 §5). If there are several, all must agree. Never true if `authserv_id` is empty, or if a header is broken.
    """
    if not authserv_id or len(message.get_all("From", [])) != 1 or addresses_in(message, "From") != [attendee.lower()]:
        return False
    headers = [str(value).lower() for value in message.get_all("Authentication-Results", [])]
    domain = attendee.lower().rpartition("@")[2]
    try:
        passed = [
            result == "pass" and domains == {domain}
            for header in headers
            for result, domains in _dmarc_results(_without_comments(header), authserv_id=authserv_id.lower())
        ]
    except ValueError:
        return False
    return bool(passed) and all(passed)


def _dmarc_results(header: str, *, authserv_id: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each DMARC result of `header` with its values of header.from; none for a header of another server."""
    server, *statements = header.split(";")
    # A version may follow the name.
    if server.split()[:1] != [authserv_id]:
        return
    for statement in statements:
        words = statement.replace("=", " = ").split()
        pairs = [(words[i - 1], words[i + 1]) for i in range(1, len(words) - 1) if words[i] == "="]
        if pairs and pairs[0][0].partition("/")[0] == "dmarc":
            yield pairs[0][1], {value for name, value in pairs if name == "header.from"}


def _without_comments(header: str) -> str:
    """Return `header` without comments and quotes; a quoted character that no domain has becomes a question mark.

    Raises ValueError if a comment or a quoted text does not end.
    """
    kept: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for character in header:
        if is_escaped or (is_quoted and character not in '"\\'):
            if not depth:
                kept.append(character if character.isalnum() or character in "-." else "?")
            is_escaped = False
        elif character == "\\" and (is_quoted or depth):
            is_escaped = True
        elif character == '"' and not depth:
            is_quoted = not is_quoted
        elif character == "(":
            depth += 1
            kept.append(" ")
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(character)
    if depth or is_quoted:
        raise ValueError("A comment or a quoted text does not end.")
    return "".join(kept)
