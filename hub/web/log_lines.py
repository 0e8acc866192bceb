"""What a process writes about itself: one JSON object a line on stderr, with a number to find it by and nobody's data.

What an exception, a library or a request brings with it may be a name, so a line holds only what this file lets in:
words of our own, numbers, the template of a route, and where in the program something went wrong.
"""

from __future__ import annotations

import linecache
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter
from sqlalchemy.exc import DBAPIError

from hub.paths import PACKAGE

OURS: Final = f"{PACKAGE}/"
"""Whose words are written as they are; those of any other program may be made of what it was sent."""
_SERVER: Final = "gunicorn."
"""Passes its messages on from one place, so that where they were written cannot be seen."""
NUMBERS: Final = ("status", "ms", "user_id", "membership_id", "count")
"""What else a line of ours may carry in its `extra`."""
_VALUE_BEGINS: Final = re.compile(r"""\s*[:='"`(<{\[]""")


@dataclass(slots=True)
class Doing:
    """What this thread is at: a request, or one run of a job. Every line it writes says so."""

    request_id: str | None = None
    method: str | None = None
    route: str | None = None
    user_id: int | None = None
    membership_id: int | None = None
    job: str | None = None
    run_id: str | None = None


_doing: ContextVar[Doing | None] = ContextVar("hub_doing", default=None)


def doing() -> Doing | None:
    """What this thread is at, or None between two things."""
    return _doing.get()


def begin(what: Doing | None) -> None:
    """From now on this thread's lines belong to `what`; None ends it."""
    _doing.set(what)


@contextmanager
def at_job(job: str, run_id: str) -> Iterator[None]:
    """Inside, lines belong to this run of a job."""
    begin(Doing(job=job, run_id=run_id))
    try:
        yield
    finally:
        begin(None)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says, by name; empty ones left out."""
    now = _doing.get() or Doing()
    found: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": message_of(record),
        **{name: getattr(now, name) for name in Doing.__dataclass_fields__},
        **{name: getattr(record, name) for name in NUMBERS if isinstance(getattr(record, name, None), (int, float))},
        "process": record.process,
    }
    if record.exc_info:
        found["exception"] = exception_words(record.exc_info[1])
    return {name: value for name, value in found.items() if value is not None}


def message_of(record: logging.LogRecord) -> str:
    """The message: whole when it is ours; of another program's only what it would say to anybody.

    Its numbers stay and its texts become "…". What does not stand in its source, word for word, was put together
    there, perhaps of what somebody typed, and only the place is said; of the web server, what it says before a value.
    """
    if record.pathname.startswith(OURS):
        return record.getMessage()
    said = record.msg if isinstance(record.msg, str) else ""
    if record.name.startswith(_SERVER) and not record.args:
        return _VALUE_BEGINS.split(said, maxsplit=1)[0]
    if not record.name.startswith(_SERVER) and said not in "".join(linecache.getlines(record.pathname)):
        return f"Said by {'/'.join(Path(record.pathname).parts[-2:])}, line {record.lineno}"
    given = record.args if isinstance(record.args, tuple) else ()
    try:
        return said % tuple(value if isinstance(value, (int, float)) else "…" for value in given)
    except (TypeError, ValueError):
        return _VALUE_BEGINS.split(said, maxsplit=1)[0]


def exception_words(error: BaseException | None) -> str:
    """Where it happened, frame by frame, and of what kind it was: neither its message nor any value.

    A message may repeat what somebody typed, and a database names the row it refused. What led to it comes first.
    """
    told: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        told.append(f"Traceback (most recent call last):\n{frames}{_kind(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nand then\n\n".join(reversed(told))


def _kind(error: BaseException) -> str:
    """The class of an error; of one of the database's also its code and the constraint, which are ours."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    known = error.orig if isinstance(error, DBAPIError) else error
    diagnosis = getattr(known, "diag", None)
    more = (getattr(known, "sqlstate", None), getattr(diagnosis, "constraint_name", None))
    said = ", ".join(str(part) for part in more if part)
    return f"{kind} ({said})" if said else kind


class JsonLines(JsonFormatter):
    """One JSON object a line, of our fields alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. Whatever else a library hung on the record stays out, so its own gathering is not asked."""
        return self.serialize_log_record(fields_of(record))


class TextLines(logging.Formatter):
    """The same for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level and message, what it was about, and the exception beneath."""
        said = fields_of(record)
        told, exception = [said.pop("at")[11:19], said.pop("level"), said.pop("message")], said.pop("exception", "")
        rest = " ".join(f"{name}={value}" for name, value in said.items() if name not in {"logger", "process"})
        return " ".join(part for part in (*told, rest) if part) + (f"\n{exception}" if exception else "")


class _Stderr(logging.Handler):
    """Writes to what stderr is now: a test, or a server that opens its files again, may have put another there."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a line was lost, not what was in it: the library's own way prints the arguments."""
        sys.stderr.write(f"A line of the log could not be written: {record.name}, {record.levelname}\n")


def configure(style: str) -> None:
    """Send every log line of this process to stderr, as "json" or as "text"; calling it again changes the style.

    At a terminal only what went wrong is said: what was printed before must not scroll away.
    """
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Stderr)]:
        root.removeHandler(old)
    handler = _Stderr()
    handler.setFormatter(TextLines() if style == "text" else JsonLines(json_ensure_ascii=False))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("hub").setLevel(logging.WARNING if style == "text" else logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _uncaught(given.exc_type, given.exc_value, given.exc_traceback)


def _uncaught(_kind: type[BaseException], error: BaseException | None, _at: TracebackType | None) -> None:
    """What nobody caught, without its message too."""
    if error is not None and not isinstance(error, KeyboardInterrupt):
        logging.getLogger("hub").critical("Nobody caught this", exc_info=error)
