"""An expected no, shown at the command line as a sentence and not as a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from hub.accounts.services import AccountRefused
from hub.organisations.csv_rows import ImportRefused


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Turn a refusal into click's error: its words on standard error, exit code 1."""
    try:
        yield
    except AccountRefused as no:
        raise click.ClickException("\n".join(f"{reason}." for reason in no.reasons)) from no
    except ImportRefused as no:
        found = "\n".join(str(problem) for problem in no.problems)
        raise click.ClickException(f"Nothing was imported. Problems found: {len(no.problems)}\n{found}") from no
