"""Markdown as the secretariat writes it in announcements: headings, lists, emphasis, quotations and links.

Neither HTML nor images nor links that lead elsewhere than to a page or a mailbox: what names them is refused where it
is typed, and stays plain text where it is rendered.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

SCHEMES = ("http", "https", "mailto")
BLOCKS = ["heading", "list", "blockquote", "hr"]
INLINES = ["newline", "escape", "emphasis", "balance_pairs", "fragments_join", "link", "autolink", "entity"]
# The mail has a first heading of its own.
LOWEST_HEADING = 2


class _Strict(MarkdownIt):
    """Knows only what is named here, so that a rule which a later version of the library adds does not count."""

    def __init__(self) -> None:
        super().__init__("zero", {"html": False, "linkify": False, "breaks": True})
        self.enable([*BLOCKS, *INLINES])

    def validateLink(self, url: str) -> bool:  # named by the library
        return _leads_to_page_or_mailbox(url)


class _Everything(MarkdownIt):
    """Sees also what is refused."""

    def validateLink(self, url: str) -> bool:  # named by the library
        return True


_strict, _everything = _Strict(), _Everything("commonmark", {"html": True})


def html_of(text: str) -> SafeString:
    """`text` as HTML of a mail; what is not allowed in it is shown as it was typed."""
    tokens = _parsed(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + LOWEST_HEADING - 1)}"
    # The renderer escapes every text and attribute.
    rendered: str = _strict.renderer.render(tokens, _strict.options, {})
    return mark_safe(rendered)  # noqa: S308  # made of a closed list of tags


def text_of(text: str) -> str:
    """`text` for the part of a mail that has no formats: a link is followed by its address."""
    twin = _TextTwin()
    for token in _parsed(text):
        twin.take(token)
    return "\n".join(twin.lines).strip()


class _TextTwin:
    """`lines` are those written so far; a blank one stands between blocks, none inside a list."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        # Of each list that is open: its next number, or None for one without numbers.
        self._numbers: list[int | None] = []
        self._quotes = 0
        self._lead = ""

    def take(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
                self._end_block()
            case "list_item_open":
                self._begin_item()
            case "blockquote_open" | "blockquote_close":
                self._quotes += token.nesting
            case "hr":
                self.lines += ["-" * 20, ""]
            case "inline":
                self._write(_plain(token.children or []))

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        self._lead = "- " if number is None else f"{number}. "
        self._numbers[-1] = None if number is None else number + 1

    def _write(self, text: str) -> None:
        margin = "> " * self._quotes + "  " * max(0, len(self._numbers) - 1)
        first, *others = text.split("\n")
        self.lines += [f"{margin}{self._lead}{first}", *(f"{margin}{' ' * len(self._lead)}{one}" for one in others)]
        self._lead = ""
        self._end_block()

    def _end_block(self) -> None:
        if not self._numbers:
            self.lines.append("")


def _parsed(text: str) -> list[Token]:
    """Without the links that the library makes although it was told not to: those with an empty address."""
    tokens = _strict.parse(text)
    for token in tokens:
        kept, is_dropped = [], False
        for child in token.children or []:
            if child.type == "link_open":
                is_dropped = not _leads_to_page_or_mailbox(str(child.attrs.get("href", "")))
            if not (is_dropped and child.type in ("link_open", "link_close")):
                kept.append(child)
        token.children = kept if token.children else token.children
    return tokens


def _plain(tokens: Iterable[Token]) -> str:
    text, links = "", []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif token.type == "link_open":
            links.append((len(text), str(token.attrs["href"])))
        elif token.type == "link_close":
            start, address = links.pop()
            if text[start:] not in (address, address.removeprefix("mailto:")):
                text += f" ({address})"
        else:
            text += token.content
    return text


def problems_in(text: str) -> list[str]:
    """What in `text` is refused, in the reader's language; nothing where all of it can be sent."""
    found = {_problem(token) for token in _flat(_everything.parse(text))}
    return sorted(found - {""})


def _flat(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _problem(token: Token) -> str:
    if token.type in ("html_block", "html_inline"):
        return _("HTML cannot be used here: “%(text)s”.") % {"text": " ".join(token.content.split())[:40]}
    if token.type == "image":
        return _("Images cannot be used here.")
    if token.type == "link_open" and not _leads_to_page_or_mailbox(str(token.attrs["href"])):
        return _("A link may lead to a page (https://…) or to an e-mail address (mailto:…), not to “%(address)s”.") % {
            "address": str(token.attrs["href"])[:60]
        }
    return ""


def _leads_to_page_or_mailbox(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    if parts.scheme.lower() not in SCHEMES:
        return False
    return bool(parts.path) if parts.scheme.lower() == "mailto" else bool(parts.netloc)
