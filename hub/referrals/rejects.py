"""The file of rejected rows: complete on disk before the import commits, in its place only afterwards."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hub.referrals.import_file import Examined
from hub.referrals.validation import COLUMNS, Problem
from hub.web.csv_cells import as_text

HEADER: Final = ("row", "field", "message", *COLUMNS)
"""One line for each problem: the row as a spreadsheet numbers it, the field, what to do; then the row itself."""


class Rejects:
    """A CSV file that is written beside its destination and moved there by `publish`.

    The order is: write all of it and flush it to disk, commit the import, rename. A full disk or a forbidden folder
    then stops the import while nothing is in, and no file claims that rows are in that were rolled back. Should the
    program die between the commit and the rename, the same import again adds nothing and writes the same rejects.
    """

    def __init__(self, destination: Path) -> None:
        self.destination = destination

    def __enter__(self) -> Self:
        handle, name = tempfile.mkstemp(
            prefix=f".{self.destination.name}.", suffix=".part", dir=self.destination.parent
        )
        self._part = Path(name)
        self._stream = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(HEADER)
        return self

    def add(self, row: Examined, problems: tuple[Problem, ...]) -> None:
        """Write one rejected row, once for each of its problems."""
        own = [as_text(row.raw.get(name, "")) for name in COLUMNS]
        self._writer.writerows([row.number, problem.field, problem.message, *own] for problem in problems)

    def complete(self) -> None:
        """Put everything on disk, still under its working name. Raises OSError; call it before the commit."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def publish(self) -> None:
        """Give the file its name, in place of an older one; call it after the commit."""
        self._stream.close()
        self._part.replace(self.destination)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._part.unlink(missing_ok=True)
