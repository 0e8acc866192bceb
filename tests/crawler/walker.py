"""Walking the hub as one person: every link and form of every page, and every address somebody might guess."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

HERE: Final = "http://localhost"
NEVER: Final = ("/sign-out", "/static/")
NUMBER: Final = re.compile(r"[A-Z]{3}-\d{4}-\d+|\d+")
VARIANTS: Final = 12
"""Of one page under another question: a filter that is turned on with every other has thousands of addresses."""
LIKE: Final = 8
"""Addresses that differ in a number alone: each of theirs is opened by `guesses` besides."""
PRINTED: Final = 2
"""Papers that are typeset; the words of the others are those of their pages."""


@dataclass(frozen=True)
class Answer:
    """One answer: where, its status, and everything in it that can be read, headers too."""

    address: str
    status: int
    said: str


@dataclass
class _Links(HTMLParser):
    """The addresses of a page: links, and forms that ask by GET with each of their answers in turn."""

    here: str
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._action: str | None = None
        self._given: list[tuple[str, str]] = []
        self._offered: list[tuple[str, str]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link, or a part of a form."""
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and has.get("href"):
            self.found.append(has["href"])
        elif tag == "form":
            self._action = (has.get("action") or self.here) if has.get("method", "get").lower() == "get" else None
            self._given, self._offered = [], []
        elif tag == "select":
            self._select = has.get("name", "")
        elif tag == "option" and self._select:
            self._offered.append((self._select, has.get("value", "")))
        elif tag == "input" and has.get("name"):
            pair = (has["name"], has.get("value", ""))
            is_offered = has.get("type") in {"checkbox", "radio"} and "checked" not in has
            (self._offered if is_offered else self._given).append(pair)

    def handle_endtag(self, tag: str) -> None:
        """The end of a form: what it can ask."""
        if tag == "select":
            self._select = ""
        if tag != "form" or self._action is None:
            return
        for asked in ([], *([each] for each in self._offered)):
            names = {name for name, _ in asked}
            pairs = [pair for pair in self._given if pair[0] not in names] + asked
            self.found.append(f"{self._action}?{urlencode(pairs)}")
        self._action = None


@dataclass
class Walker:
    """One signed-in person's client and what it has visited."""

    client: FlaskClient
    most: int
    visited: int = 0
    printed: int = 0

    def ask(self, address: str) -> Answer:
        """What the hub says at `address`, redirects not followed: where one leads is read too."""
        return self._read(address, self.client.get(address))

    def post(self, address: str, data: Mapping[str, str | list[str]]) -> Answer:
        """What it says to a form that nobody was shown."""
        return self._read(address, self.client.post(address, data=data))

    def walk(self, starts: Iterable[str]) -> Iterator[Answer]:
        """Every answer that can be reached from `starts` by links and GET forms, each address once."""
        waiting, known = deque(starts), set()
        variants: Counter[str] = Counter()
        while waiting and self.visited < self.most:
            address = waiting.popleft()
            path, _, query = address.partition("?")
            shape = (NUMBER.sub("#", path), "?" in address)
            if address in known or path.startswith(NEVER):
                continue
            known.add(address)
            variants[path] += bool(query)
            variants[str(shape)] += 1
            if variants[path] > VARIANTS or variants[str(shape)] > LIKE or self._is_printed_enough(path):
                continue
            self.visited += 1
            answer = self.ask(address)
            yield answer
            waiting.extend(_addresses(address, answer.said))

    def _is_printed_enough(self, path: str) -> bool:
        self.printed += path.endswith(".pdf")
        return path.endswith(".pdf") and self.printed > PRINTED

    def _read(self, address: str, response: TestResponse) -> Answer:
        said = readable(response)
        headers = "\n".join(f"{name}: {unquote(value)}" for name, value in response.headers if name != "Set-Cookie")
        return Answer(address, response.status_code, f"{headers}\n{said}")


def readable(response: TestResponse) -> str:
    """The words of an answer, whatever its kind; of a page with everything that stands in its tags."""
    if response.mimetype == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(response.data)).pages)
    return unescape(response.get_data().decode("utf-8", "replace"))


def _addresses(here: str, said: str) -> Iterator[str]:
    if "<html" not in said:
        found = re.findall(r"^Location: (\S+)$", said, re.MULTILINE)
    else:
        links = _Links(here)
        links.feed(said)
        found = links.found
    for each in found:
        whole = urlsplit(urljoin(f"{HERE}{here}", each))
        if whole.netloc == "localhost":
            query = urlencode(sorted(parse_qsl(whole.query, keep_blank_values=False)))
            yield f"{whole.path}?{query}" if query else whole.path
