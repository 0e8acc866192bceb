"""Files that are sent with an action: each is looked at and kept before the action is done, and has its own result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from flask import Flask, current_app, flash
from werkzeug.datastructures import FileStorage

from hub.engine.documents import StoredFile
from hub.engine.refusal import ActionRefused, Problem
from hub.web.filters import listed
from workflows.core import Action

MOST_AT_ONCE: Final = 20
_INTAKE: Final = "hub.intake"


class Intake(Protocol):
    """What looks at a file and keeps it."""

    @property
    def hint(self) -> str:
        """What is said beside the file box."""

    @property
    def accept(self) -> str:
        """What the browser offers first."""

    @property
    def limit(self) -> int:
        """Bytes of one file."""

    def take_in(self, name: str, data: bytes) -> StoredFile:
        """Keep one file. Raises ActionRefused when it is not taken."""


def take_in_with(app: Flask, intake: Intake) -> None:
    """Let `intake` look at every file that is sent with an action."""
    app.extensions[_INTAKE] = intake


def intake() -> Intake:
    """The application's intake."""
    found: Intake = current_app.extensions[_INTAKE]
    return found


def question(action: Action) -> str:
    """The name of the question that is answered with files; empty when the action asks for none."""
    return next((ask.name for ask in action.questions if ask.kind == "file"), "")


def add_each(action: Action, values: Mapping[str, Any], act: Callable[[dict[str, Any]], None]) -> None:
    """Do `act` once for each file, with the other answers; what was added is said, whatever happens to the rest.

    ActionRefused with every file that was not taken, and why.
    """
    name = question(action)
    # What came under this name and is no file was typed by nobody.
    sent = [file for file in values[name] or () if isinstance(file, FileStorage) and file.filename]
    problems = list(_unanswered(action, {**values, name: sent}))
    if len(sent) > MOST_AT_ONCE:
        problems.append(Problem(f"Send at most {MOST_AT_ONCE} files at once", name))
    if problems:
        raise ActionRefused(problems)  # before anything is kept that nothing would lead to
    added = []
    for file in sent:
        try:
            kept = _kept(file)
            act({**values, name: kept})
            added.append(kept.name)
        except ActionRefused as no:
            problems += [problem for problem in no.problems if problem not in problems]
    if added:
        flash(f"Added: {listed(added)}.", "success")
    if problems:
        raise ActionRefused(problems)


def _kept(file: FileStorage) -> StoredFile:
    one_more = intake().limit + 1
    return intake().take_in(file.filename or "", file.stream.read(one_more))


def _unanswered(action: Action, values: Mapping[str, Any]) -> Iterator[Problem]:
    for ask in action.questions:
        if not ask.optional and not values.get(ask.name):
            said = "Choose at least one file" if ask.kind == "file" else f"{ask.label.rstrip('?')}: choose an answer"
            yield Problem(said, ask.name)
