"""A form as a browser without a script sends it: what its boxes hold when the page is shown."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    """The boxes of the form that saves itself as a draft: the form of an action page."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.offered: dict[str, list[str]] = {}
        """For each list, radio or checkbox: the values that can be chosen."""
        self.buttons: list[tuple[str, str]] = []
        self._is_in = False
        self._text = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in = "data-draft" in given
        name, value = given.get("name", ""), given.get("value", "")
        if not self._is_in or (not name and tag != "option"):
            return
        if tag == "button":
            self.buttons.append((name, value))
        elif tag == "textarea":
            self._text, self.sent[name] = name, ""
        elif tag == "select":
            self._select, self.sent[name], self.offered[name] = name, "", []
        elif tag == "option":
            self.offered[self._select].append(value)
            if "selected" in given:
                self.sent[self._select] = value
        elif given.get("type") in {"radio", "checkbox"}:
            self.offered.setdefault(name, []).append(value)
            if "checked" in given:
                self.sent[name] = value
        elif tag == "input":
            self.sent[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""
        if tag == "form":
            self._is_in = False

    def handle_data(self, data: str) -> None:
        if self._text:
            self.sent[self._text] += data.removeprefix("\n") if not self.sent[self._text] else data


def form_of(page: str) -> _Form:
    """The action form of a page."""
    read = _Form()
    read.feed(page)
    return read
