"""Checks a page with a failed form as a screen reader presents it: its title, its error summary, and its links."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

INPUTS = {"input", "select", "textarea"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class _Element:
    tag: str
    given: dict[str, str]
    within: list["_Element"]
    text: str = ""


@dataclass
class _Page(HTMLParser):
    elements: list[_Element] = field(default_factory=list)
    open: list[_Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def by_id(self) -> dict[str, _Element]:
        return {element.given["id"]: element for element in self.elements if "id" in element.given}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs}, list(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def complaints_about_failure(html: str) -> list[str]:
    """Return what is wrong with `html` as a page with a failed form; an empty list if everything is right.

    Its title begins with "Error:"; it has one summary, an alert that takes the focus; each link of the summary leads to
    an input that is described by the error; no input is described by what is not there.
    """
    page = _Page()
    page.feed(html)
    complaints = []
    title = next(element.text for element in page.elements if element.tag == "title")
    if not title.startswith("Error: ") or title.count("Error:") != 1:
        complaints.append(f"title: {title}")
    summaries = [element for element in page.elements if "error-summary" in element.given.get("class", "").split()]
    if len(summaries) != 1:
        return [*complaints, f"{len(summaries)} summaries"]
    (summary,) = summaries
    if (summary.given.get("role"), summary.given.get("tabindex")) != ("alert", "-1"):
        complaints.append(f"summary: {summary.given}")
    focused = next((element for element in page.elements if "autofocus" in element.given), None)
    if focused is not summary or "js/change_form.js" in html:
        complaints.append(f"focus: {focused}")
    return [*complaints, *_about_links(page, summary), *_about_descriptions(page)]


def _about_links(page: _Page, summary: _Element) -> Iterator[str]:
    by_id = page.by_id
    points = [element for element in page.elements if element.tag == "li" and summary in element.within]
    if not points:
        yield "an empty summary"
    for link in [element for element in page.elements if element.tag == "a" and summary in element.within]:
        target = by_id.get(link.given["href"].removeprefix("#"))
        if target is None or target.tag not in INPUTS or target.given.get("type") == "hidden":
            yield f"{link.text} leads nowhere: {link.given['href']}"
            continue
        (point,) = [element for element in points if element in link.within]
        message = point.text.partition(f"{link.text}: ")[2].strip()
        groups = [element for element in target.within if element.tag == "fieldset"]
        described = " ".join(element.given.get("aria-describedby", "") for element in (target, *groups)).split()
        if not any(message in by_id[each].text for each in described if each in by_id):
            yield f"{link.given['href']} is not described by “{message}”"


def _about_descriptions(page: _Page) -> Iterator[str]:
    for element in page.elements:
        described = element.given.get("aria-describedby", "").split()
        if element.tag in {*INPUTS, "fieldset"} and not set(described) <= set(page.by_id):
            yield f"{element.given.get('id')} is described by what is not there: {described}"
