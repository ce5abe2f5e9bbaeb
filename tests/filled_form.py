"""Reads the values that a browser would send for an unchanged form."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._name = ""
        self._is_in_textarea = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") not in {"submit", "file"} and "name" in given:
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                unsaid = "on" if given.get("type") in {"checkbox", "radio"} else ""
                self.found[given["name"]] = given.get("value", unsaid)
        elif tag in {"select", "textarea"}:
            self._name, self._is_in_textarea = given.get("name", ""), tag == "textarea"
            self.found.setdefault(self._name, "")
        elif tag == "option" and "selected" in given:
            self.found[self._name] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._is_in_textarea = False

    def handle_data(self, data: str) -> None:
        if self._is_in_textarea:
            # Browsers ignore a line break at the beginning of a textarea.
            self.found[self._name] += data.removeprefix("\n") if not self.found[self._name] else data


def filled_form(html: str) -> dict[str, str]:
    """Return the fields of all forms in `html`, by name."""
    parser = _Fields()
    parser.feed(html)
    return parser.found
