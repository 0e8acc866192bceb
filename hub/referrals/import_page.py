"""An import in words, ready for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import url_for

from hub.referrals.import_models import ImportRun, Stage
from hub.web.filters import count, moment_within
from hub.web.paging import address

PAGE: Final = 100
"""Problems on one page."""
LONG_WAIT: Final = timedelta(minutes=2)
"""After this a person is told that the worker may not be running."""
STAGE_WORDS: Final[dict[Stage, tuple[str, str]]] = {
    Stage.QUEUED: ("Waiting", "ours"),
    Stage.CHECKING: ("Being checked", "ours"),
    Stage.CHECKED: ("Checked, not imported", "theirs"),
    Stage.IMPORTING: ("Being imported", "ours"),
    Stage.DONE: ("Imported", "done"),
    Stage.FAILED: ("Failed", "late"),
    Stage.REFUSED: ("Refused", "late"),
}
"""What a stage is called, and whom it waits for (the tone of words.state)."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One line of the list of imports."""

    href: str
    file_name: str
    stage: tuple[str, str]
    outcome: str
    who: str
    at: datetime


def run_line(run: ImportRun) -> RunLine:
    """An import in one line."""
    return RunLine(
        href=url_for("imports.show_run", reference=run.id),
        file_name=run.file_name,
        stage=STAGE_WORDS[Stage(run.stage)],
        outcome=_outcome(run),
        who=run.asked_by.name,
        at=run.asked_at,
    )


def _outcome(run: ImportRun) -> str:
    if run.stage == Stage.DONE:
        return f"{count(run.report['imported'], 'referral')} added"
    if run.stage == Stage.CHECKED:
        bad = run.report["rejected"]
        return f"{count(run.report['good'], 'new referral')}" + (f", {count(bad, 'row')} with problems" if bad else "")
    return ""


class RunPage:
    """One import with its progress, its counts and a page of its problems."""

    def __init__(self, run: ImportRun, before: ImportRun | None, now: datetime, start: str) -> None:
        self.run, self.before, self.now = run, before, now
        self.stage = Stage(run.stage)
        self.stage_words = STAGE_WORDS[self.stage]
        self.report: dict[str, Any] = run.report
        self.start = int(start) if start.isascii() and start.isdecimal() and len(start) < 7 else 0
        self.title = run.file_name

    @property
    def progress(self) -> str:
        """How far it is, in a sentence; it changes while the page is open."""
        done, total = self.run.rows_done, self.run.rows_total
        if self.stage is Stage.QUEUED:
            return "It waits for its turn. You can leave this page and come back."
        if self.stage is Stage.CHECKING:
            return f"{count(done, 'row')} checked so far. You can leave this page and come back."
        if self.stage is Stage.IMPORTING:
            far = f"{done:,} of {count(total or 0, 'referral')} written so far"
            return f"{far}. All of them appear together at the end. You can leave this page and come back."
        return ""

    @property
    def has_waited_long(self) -> bool:
        """Whether nobody has begun for so long that the worker may not be running."""
        return self.stage is Stage.QUEUED and self.now - (self.run.started_at or self.run.asked_at) > LONG_WAIT

    @property
    def counts(self) -> list[tuple[str, str]]:
        """The counts of the check or the import, those that are nothing left out."""
        if not self.report:
            return []
        given = self.report
        is_done = self.stage is Stage.DONE
        pairs = [
            ("Rows read", given["rows"]),
            (
                "Added to the hub" if is_done else "New referrals, ready to import",
                given["imported" if is_done else "good"],
            ),
            ("Already in the hub, left as they are", given["already_there"]),
            ("Exact repeats of another row, counted once", given["repeats"]),
            ("Rows with problems" + (", left out" if is_done else ""), given["rejected"]),
        ]
        return [(name, f"{number:,}") for name, number in pairs[:2]] + [
            (name, f"{number:,}") for name, number in pairs[2:] if number
        ]

    @property
    def verdict(self) -> tuple[str, str]:
        """(tone, sentence): what the check or the import came to; empty while it goes on."""
        if self.stage in (Stage.FAILED, Stage.REFUSED):
            return "late", f"{self.run.said.rstrip('.')}."
        if self.stage is Stage.DONE:
            return "good", f"{count(self.report['imported'], 'referral')} came in."
        if self.stage is not Stage.CHECKED:
            return "", ""
        if not self.report["good"] and not self.report["rejected"]:
            return "info", "Every row of this file is in the hub already, so there is nothing to import."
        if self.report["rejected"]:
            return (
                "soon",
                f"{count(self.report['rejected'], 'row has', 'rows have')} problems. Nothing is imported yet.",
            )
        return "good", "Every row is good. Nothing is imported yet."

    @property
    def before_words(self) -> str:
        """That exactly this file was imported before."""
        if self.before is None:
            return ""
        when = moment_within(self.before.finished_at, self.now)
        return f"This very file was imported {when}. The same file twice adds nothing."

    @property
    def problems(self) -> Sequence[Any]:
        """This page of problems, as [row, field, words]."""
        return self.run.problems[self.start : self.start + PAGE]

    @property
    def problems_shown(self) -> str:
        """ "101 to 200 of 1,234 problems"."""
        last = self.start + len(self.problems)
        return f"{self.start + 1:,} to {last:,} of {count(self.report['problem_count'], 'problem')}"

    @property
    def next_href(self) -> str:
        """The address of the next page of problems; empty on the last."""
        after = self.start + PAGE
        return self._at(after) if after < len(self.run.problems) else ""

    @property
    def first_href(self) -> str:
        """The address of the first page of problems; empty on it."""
        return self._at(0) if self.start else ""

    def _at(self, start: int) -> str:
        return address("imports.show_run", [("from", str(start))] if start else [], reference=str(self.run.id))
