"""`hub import`: files of referrals from other systems and lists."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from hub.beds.csv_file import MOST_ROWS
from hub.beds.importing import import_beds, try_import
from hub.cli.database import open_session
from hub.days.importing import import_days, read_days
from hub.db import transaction
from hub.organisations.csv_rows import ImportRefused
from hub.referrals.import_file import FileProblem
from hub.referrals.importing import ImportReport, import_referrals
from hub.referrals.rejects import Rejects

REFUSED = 1
UNUSABLE = 2
MOST_PROBLEMS = 200
LARGEST_BEDS = 2_000_000
"""Bytes of a file of beds; its rows are counted too."""
LARGEST_DAYS = 200_000


@click.group("import")
def import_group() -> None:
    """Bring in files from other systems."""


@import_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Check everything and write nothing.")
@click.option(
    "--skip-bad",
    "rejects_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="REJECTS",
    help="Import the good rows all the same, and write the bad ones to this CSV file.",
)
def referrals(file: Path, is_dry_run: bool, rejects_path: Path | None) -> None:
    """Import the referrals in FILE (.csv, .json or .jsonl).

    All rows are checked first. One bad row keeps the whole file out, unless --skip-bad names a file for the bad ones.
    The same file twice adds nothing. Exit code: 0 done, 1 refused because of bad rows, 2 the file cannot be used.
    """
    if rejects_path is not None and rejects_path.exists() and rejects_path.samefile(file):
        raise click.UsageError("The file of rejects would replace the file itself: choose another name.")
    with ExitStack() as stack:
        try:
            rejects = None
            if rejects_path is not None and not is_dry_run:
                rejects = stack.enter_context(Rejects(rejects_path))
            session = stack.enter_context(open_session())
            with transaction(session):
                report = import_referrals(
                    session,
                    file,
                    now=datetime.now(UTC),
                    is_dry_run=is_dry_run,
                    skip_bad=rejects_path is not None,
                    rejects=rejects,
                    progress=_show_progress,
                )
            if rejects is not None:
                rejects.publish()
        except FileProblem as problem:
            _unusable(f"{file.name} was not imported. {problem}.")
        except OSError as error:
            _unusable(f"Nothing was imported. {error.filename or rejects_path}: {error.strerror}.")
    for line in report_lines(report, is_dry_run=is_dry_run, rejects_path=rejects_path):
        click.echo(line)
    if report.is_refused:
        sys.exit(REFUSED)


@import_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Check everything and write nothing.")
def beds(file: Path, is_dry_run: bool) -> None:
    """Import the bed figures in FILE (.csv), of any unit.

    All rows are checked first, and one bad row keeps the whole file out. The same file twice changes nothing, and
    figures older than those recorded are refused. Exit code: 0 done, 1 refused, 2 the file cannot be used.
    """
    text = _text_of(file, LARGEST_BEDS, f"is larger than 2 MB. It may have {MOST_ROWS:,} rows: send it in parts.")
    try:
        with open_session() as session, transaction(session):
            report = (try_import if is_dry_run else import_beds)(session, text, None, now=datetime.now(UTC))
    except ImportRefused as refused:
        _refused(refused)
    if report.is_known_file:
        click.echo("This file was imported before.")
    click.echo(f"Rows as before: {report.same:,}.")
    done = "Nothing was written. Without --dry-run this would confirm" if is_dry_run else "Rows confirmed:"
    click.echo(f"{done} {len(report.told):,}{' rows' if is_dry_run else ''}.")


@import_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--why", default="From a file", show_default=True, help="Kept with each day.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Check everything and write nothing.")
def days(file: Path, why: str, is_dry_run: bool) -> None:
    """Import the bank holidays and local closures in FILE (.csv with kind, date, title).

    All rows are checked first, and one bad row keeps the whole file out. The worker then works open deadlines
    out again. The same file twice adds nothing. Exit code: 0 done, 1 refused, 2 the file cannot be used.
    """
    text = _text_of(file, LARGEST_DAYS, "is larger than 200 KB: send it in parts.")
    try:
        with open_session() as session, transaction(session):
            if is_dry_run:
                report = read_days(session, text)
            else:
                report = import_days(session, text, None, now=datetime.now(UTC), why=why)
    except ImportRefused as refused:
        _refused(refused)
    click.echo(f"Days as before: {report.same:,}.")
    done = "Nothing was written. Without --dry-run this would add" if is_dry_run else "Days added:"
    click.echo(f"{done} {len(report.added):,}{' days' if is_dry_run else ''}.")


def _text_of(file: Path, largest: int, too_large: str) -> str:
    """The text of a file; ends the command where it has none to give."""
    try:
        if file.stat().st_size > largest:
            _unusable(f"{file.name} {too_large}")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _unusable(f"{file.name} is not UTF-8 text. In Excel choose “CSV UTF-8”.")
    except OSError as error:
        _unusable(f"Nothing was imported. {file}: {error.strerror}.")


def _refused(refused: ImportRefused) -> NoReturn:
    for problem in refused.problems[:MOST_PROBLEMS]:
        click.echo(str(problem))
    if len(refused.problems) > MOST_PROBLEMS:
        click.echo(f"... and {len(refused.problems) - MOST_PROBLEMS:,} more problems.")
    click.echo("Nothing was imported. Mend these rows, then send the whole file again.")
    sys.exit(REFUSED)


def report_lines(report: ImportReport, *, is_dry_run: bool, rejects_path: Path | None) -> list[str]:
    """What an import did, line by line; at most so many problems, and how many there are besides."""
    lines = [str(problem) for problem in report.problems]
    if report.problem_count > len(report.problems):
        lines.append(f"... and {report.problem_count - len(report.problems):,} more problems.")
    lines.append(f"Rows read: {report.rows:,}.")
    if report.repeats:
        lines.append(f"Exact repeats of another row, counted once: {report.repeats:,}.")
    if report.already_there:
        lines.append(f"Already imported before, left as they are: {report.already_there:,}.")
    if report.rejected:
        lines.append(f"Rows with problems: {report.rejected:,}.")
    if report.is_refused:
        lines.append("Nothing was imported. Mend these rows, or use --skip-bad to import the others without them.")
    elif is_dry_run:
        lines.append(f"Nothing was written. Without --dry-run this would import {report.good:,} referrals.")
    else:
        lines.append(f"Referrals imported: {report.imported:,}.")
        if report.rejected and rejects_path is not None:
            lines.append(f"The rows with problems are in {rejects_path}.")
    return lines


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {of:,} written", nl=done == of, err=True)


def _unusable(words: str) -> NoReturn:
    click.echo(words.replace("..", "."), err=True)
    sys.exit(UNUSABLE)
