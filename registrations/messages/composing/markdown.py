"""The Markdown of announcements: headings, lists, emphasis, quotations and links.

HTML, images and links to anything but a page or an e-mail address are refused by the form, and rendered as plain text.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

SCHEMES = ("http", "https", "mailto")
BLOCKS = ["heading", "list", "blockquote", "hr"]
INLINES = ["newline", "escape", "emphasis", "balance_pairs", "fragments_join", "link", "autolink", "entity"]
# The mail has a first heading of its own.
LOWEST_HEADING = 2
# The elements that these rules produce; a mail has no other.
TAGS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "a", "blockquote", "br", "hr"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


class _AllowedMarkdown(MarkdownIt):
    """Parses only the rules that are listed here, whatever a later version of the library adds."""

    def __init__(self) -> None:
        super().__init__("zero", {"html": False, "linkify": False, "breaks": True})
        self.enable([*BLOCKS, *INLINES])

    def validateLink(self, url: str) -> bool:  # named by the library
        return _leads_to_page_or_mailbox(url)


class _AllMarkdown(MarkdownIt):
    """Parses also what is refused, so that the form can name it."""

    def validateLink(self, url: str) -> bool:  # named by the library
        return True


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    return value if name != "href" or _leads_to_page_or_mailbox(value) else None


_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=_kept_attribute,
    url_schemes=set(SCHEMES),
    link_rel=None,
)
_allowed, _all = _AllowedMarkdown(), _AllMarkdown("commonmark", {"html": True})


def render_html(text: str) -> SafeString:
    """Return `text` as HTML for a mail; what is not allowed is shown as it was typed."""
    tokens = _parse_allowed(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + LOWEST_HEADING - 1)}"
    return sanitize_html(_allowed.renderer.render(tokens, _allowed.options, {}))


def sanitize_html(html: str) -> SafeString:
    """Return `html` without every element and attribute that is not allowed, in case the renderer lets one through."""
    return mark_safe(_CLEANER.clean(html))  # noqa: S308  # only what is listed above remains


def render_plain_text(text: str) -> str:
    """Return `text` for the plain text part of a mail: a link is followed by its URL."""
    return "\n".join(_lines_of(SyntaxTreeNode(_parse_allowed(text)))).strip()


def _lines_of(node: SyntaxTreeNode) -> list[str]:
    match node.type:
        case "inline":
            return _inline_text(node).split("\n")
        case "hr":
            return ["-" * 20]
        case "blockquote":
            return [f"> {line}".rstrip() for line in _lines_of_children(node, apart=True)]
        case "bullet_list":
            return [line for item in node.children for line in _lines_of_item("- ", item)]
        case "ordered_list":
            numbered = enumerate(node.children, int(node.attrs.get("start", 1)))
            return [line for number, item in numbered for line in _lines_of_item(f"{number}. ", item)]
        case _:
            return _lines_of_children(node, apart=True)


def _lines_of_item(lead: str, item: SyntaxTreeNode) -> list[str]:
    first, *others = _lines_of_children(item, apart=False) or [""]
    return [f"{lead}{first}", *(f"{' ' * len(lead)}{line}" for line in others)]


def _lines_of_children(node: SyntaxTreeNode, *, apart: bool) -> list[str]:
    lines: list[str] = []
    for child in node.children:
        lines += ["", *_lines_of(child)] if apart and lines else _lines_of(child)
    return lines


def _parse_allowed(text: str) -> list[Token]:
    """Parse `text`, and drop the links with an empty address, which the library makes in spite of `validateLink`."""
    tokens = _allowed.parse(text)
    for token in tokens:
        kept, is_dropped = [], False
        for child in token.children or []:
            if child.type == "link_open":
                is_dropped = not _leads_to_page_or_mailbox(str(child.attrs.get("href", "")))
            if not (is_dropped and child.type in ("link_open", "link_close")):
                kept.append(child)
        token.children = kept if token.children else token.children
    return tokens


def _inline_text(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    has_parts = node.type == "inline" or node.is_nested
    text = "".join(map(_inline_text, node.children)) if has_parts else node.content
    address = str(node.attrs["href"]) if node.type == "link" else ""
    return text if address in ("", text, f"mailto:{text}") else f"{text} ({address})".strip()


def problems_in(text: str) -> list[str]:
    """Return one sentence in the active language for each thing in `text` that is refused."""
    found = {_describe_problem(token) for token in _flatten(_all.parse(text))}
    if any(map(_is_too_deep, _allowed.parse(text))):
        found.add(
            _("Quotations and lists lie too deep inside one another here: what stands in them would not be sent.")
        )
    return sorted(found - {""})


def _is_too_deep(token: Token) -> bool:
    """Return whether the content of `token` is nested so deeply that the library drops it silently."""
    return token.type in ("blockquote_open", "list_item_open") and token.level + 1 >= _allowed.options["maxNesting"]


def _flatten(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _flatten(token.children or [])


def _describe_problem(token: Token) -> str:
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
