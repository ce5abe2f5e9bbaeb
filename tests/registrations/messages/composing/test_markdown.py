"""Announcements are written in Markdown: what of it reaches a mail."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.messages.composing.markdown import TAGS, problems_in, render_html, render_plain_text, sanitize_html

PIECES = [
    "<script>",
    "<img src=x onerror=a>",
    "![a](",
    "](javascript:a)",
    "[a](",
    "<javascript:a>",
    "`",
    "*",
    "# ",
    "- ",
    "> ",
    "\n",
    "\n\n",
    "&#106;avascript:",
    "[x]: data:text/html,a\n",
    "[x]",
    '"',
    "https://example.org",
    ")",
    "a",
]
WRITTEN = """# Change of room

Please read the [programme](https://example.org/p?a=1&b=2), and **write** to <mailto:desk@example.org>.

1. Sign in
2. Say *hello*

> As agreed
"""


def test_headings_lists_emphasis_and_links_are_rendered() -> None:
    assert render_html(WRITTEN) == (
        "<h2>Change of room</h2>\n"
        '<p>Please read the <a href="https://example.org/p?a=1&amp;b=2">programme</a>, and <strong>write</strong> to '
        '<a href="mailto:desk@example.org">mailto:desk@example.org</a>.</p>\n'
        "<ol>\n<li>Sign in</li>\n<li>Say <em>hello</em></li>\n</ol>\n"
        "<blockquote>\n<p>As agreed</p>\n</blockquote>\n"
    )


def test_the_text_twin_says_the_same_with_the_address_of_each_link() -> None:
    assert render_plain_text(WRITTEN) == (
        "Change of room\n\n"
        "Please read the programme (https://example.org/p?a=1&b=2), and write to mailto:desk@example.org.\n\n"
        "1. Sign in\n2. Say hello\n\n"
        "> As agreed"
    )


@given(leads=st.lists(st.sampled_from(["> ", ">", "- ", "1. "]), max_size=24))
def test_whatever_is_not_refused_reaches_both_parts_of_the_mail(leads: list[str]) -> None:
    typed = f"{''.join(leads)}said"

    assert problems_in(typed) or ("said" in render_plain_text(typed) and "said" in render_html(typed))


@pytest.mark.parametrize("lead", [">", "    >"])
def test_text_that_lies_too_deep_to_be_sent_is_refused_in_words(lead: str) -> None:
    deep, too_deep = f"{lead * 19} said", f"{lead * 20} said"

    assert (problems_in(deep), "said" in render_plain_text(deep)) == ([], True)
    assert problems_in(too_deep) == [
        "Quotations and lists lie too deep inside one another here: what stands in them would not be sent."
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Hello <b>you</b>", "HTML cannot be used here"),
        ("<script>alert(1)</script>", "HTML cannot be used here"),
        ("![a picture](https://example.org/a.png)", "Images cannot be used here."),
        ("[press](javascript:alert(1))", "A link may lead to a page"),
        ("[press](JaVaScRiPt:alert(1))", "A link may lead to a page"),
        ("[press](&#106;avascript:alert(1))", "A link may lead to a page"),
        ("<javascript:alert(1)>", "A link may lead to a page"),
        ("[press][x]\n\n[x]: data:text/html,a", "A link may lead to a page"),
        ("[press](/admin/)", "A link may lead to a page"),
        ("[press](//example.org)", "A link may lead to a page"),
        ("[press](https://)", "A link may lead to a page"),
        ("[press](mailto:)", "A link may lead to a page"),
    ],
)
def test_html_images_and_other_links_are_refused_and_rendered_as_text(typed: str, said: str) -> None:
    assert [problem.startswith(said) for problem in problems_in(typed)][:1] == [True]
    assert set(re.findall(r"<(\w+)", render_html(typed))) <= {"p", "a"} - ({"a"} if "!" not in typed else set())


def test_a_plain_text_has_nothing_to_refuse() -> None:
    assert problems_in("5 < 6 & 7 > 3; see https://example.org") == []
    assert problems_in(WRITTEN) == []


@pytest.mark.parametrize(
    ("made", "left"),
    [
        ("<p>Hello<script>alert(1)</script></p>", "<p>Hello</p>"),
        ("<p onclick='a()' style='color: red' class='x'>Hello</p>", "<p>Hello</p>"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<iframe src='https://example.org'></iframe><svg onload=alert(1)></svg>", ""),
        ("<form action='/admin/'><input name='a'><button>Hello</button></form>", "Hello"),
        ("<a href='javascript:alert(1)'>press</a>", "<a>press</a>"),
        ("<a href=' JaVa&#115;cript:alert(1)'>press</a>", "<a>press</a>"),
        ("<a href='data:text/html,a'>press</a>", "<a>press</a>"),
        ("<a href='/admin/'>press</a><a href='//example.org'>press</a>", "<a>press</a><a>press</a>"),
        ("<a href='https://'>press</a><a href='mailto:'>press</a>", "<a>press</a><a>press</a>"),
        ("<a href='https://example.org' target='_blank'>press</a>", '<a href="https://example.org">press</a>'),
        ("<h1>Hello</h1><!-- hidden --><style>p {}</style>", "Hello"),
        ("<ol start='3'><li>Hello</li></ol>", '<ol start="3"><li>Hello</li></ol>'),
    ],
)
def test_html_that_got_past_the_renderer_is_stopped_by_the_second_wall(made: str, left: str) -> None:
    assert sanitize_html(made) == left


def test_a_link_without_words_is_its_address() -> None:
    assert render_plain_text("[](https://example.org)") == "(https://example.org)"
    assert render_plain_text("[]()") == ""


def test_lists_in_lists_and_long_quotations_stay_readable_as_text() -> None:
    typed = "3. One\n   - Two\n     more\n4. Three\n\n> Four\n>\n> Five\n\n***\n\n<https://example.org> \\*six\\*"

    assert render_plain_text(typed) == (
        "3. One\n   - Two\n     more\n4. Three\n\n"
        "> Four\n>\n> Five\n\n--------------------\n\nhttps://example.org *six*"
    )


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_typed_only_known_tags_and_links_come_out(typed: str) -> None:
    html = render_html(typed)

    tags = re.findall(r"<\s*/?\s*([^\s>/]+)([^>]*)>", html)
    assert {tag for tag, _attributes in tags} <= TAGS
    for _tag, attributes in tags:
        assert re.fullmatch(r'|\s?/|\s+(href="(https?://|mailto:)[^"]*"|start="\d+")(\s+title="[^"]*")?', attributes)
    assert render_plain_text(typed) is not None
