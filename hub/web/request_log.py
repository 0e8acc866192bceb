"""Every request has a number, and one line in the log: what kind of page, how it went and how long it took."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, g, request
from werkzeug.wsgi import ClosingIterator

from hub.web import metrics
from hub.web.log_lines import Doing, begin, doing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER: Final = "X-Request-ID"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What a caller may put in the place of these is anybody's guess, and is written as "other"."""
STATIC_FILE: Final = "static file"
UNKNOWN: Final = "no such page"
OF_WATCHERS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds: a line only when it goes wrong."""
# Shorter than a machine's own it could be a person's number or name.
_LOOKS_LIKE_ONE: Final = re.compile(r"[A-Za-z0-9-]{16,64}")
_log = logging.getLogger("hub.requests")


def init_app(app: Flask) -> None:
    """Begin before everything else that looks at a request, and end after it. Call it first, and `watch` last."""
    app.before_request(_note_the_route)
    app.teardown_request(_note_who)
    app.context_processor(lambda: {"request_id": request_id()})


def watch(app: Flask) -> None:
    """Number, time and count whatever the application answers, static files too."""
    app.wsgi_app = _Watch(app.wsgi_app)  # type: ignore[method-assign]


def request_id() -> str:
    """The number of the request being answered, for a page to show; "" outside one."""
    now = doing()
    return (now.request_id or "") if now is not None else ""


def new_request_id() -> str:
    """Twelve digits in three groups, so that somebody can read them out on the telephone."""
    digits = f"{secrets.randbelow(10**12):012d}"
    return "-".join((digits[:4], digits[4:8], digits[8:]))


def _note_the_route() -> None:
    now = doing()
    if now is not None:
        now.route = request.url_rule.rule if request.url_rule is not None else UNKNOWN


def _note_who(_error: BaseException | None) -> None:
    """Whose request it was, by number: the name stays in the database."""
    now, person = doing(), g.get("person")
    if now is None:
        return
    if now.route is None:
        now.route = UNKNOWN  # an address or a host that was refused before anything else
    if person is not None:
        now.user_id = person.user_id
        now.membership_id = person.actor.membership_id if person.actor is not None else None


class _Watch:
    """Outermost, so that what goes wrong anywhere inside is counted and has a line."""

    def __init__(self, inside: WSGIApplication) -> None:
        self.inside = inside

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        method = environ.get("REQUEST_METHOD", "")
        now = Doing(
            request_id=given if _LOOKS_LIKE_ONE.fullmatch(given) else new_request_id(),
            method=method if method in METHODS else "other",
        )
        one = _Request(now)
        begin(now)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            one.status = int(status[:3])
            return start_response(status, [*headers, (HEADER, now.request_id or "")], exc_info)

        try:
            answer = self.inside(environ, start)
        except BaseException:
            one.end(is_broken=True)
            raise
        return ClosingIterator(answer, one.end)


class _Request:
    """One request from its first byte to its last."""

    def __init__(self, now: Doing) -> None:
        self.now, self.status, self.begun = now, 500, perf_counter()
        metrics.IN_FLIGHT.inc()

    def end(self, *, is_broken: bool = False) -> None:
        """Count it and write its line. What breaks off in the middle was promised with 200, and counts as broken."""
        seconds = perf_counter() - self.begun
        raised = sys.exc_info()[1]  # a browser that goes away is no fault of ours
        is_broken = is_broken or (raised is not None and not isinstance(raised, ConnectionError))
        status = 500 if is_broken else self.status
        route = self.now.route or STATIC_FILE
        metrics.IN_FLIGHT.dec()
        metrics.count(self.now.method or "", route, status, seconds)
        if route not in OF_WATCHERS | {STATIC_FILE} or status >= 400:
            begin(self.now)
            level = logging.ERROR if status >= 500 else logging.INFO
            _log.log(level, "Answered", extra={"status": status, "ms": round(seconds * 1000, 1)})
        begin(None)
