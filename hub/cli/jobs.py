"""`hub jobs`: what the worker did last and what waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from hub.cli.database import open_session
from hub.db import transaction
from hub.engine.outbox import try_again
from hub.jobs.queries import JobLine, JobsState, read_jobs
from workflows.calendar import length_words
from workflows.durations import counted


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For a program: one JSON document.")
@click.option("--retry", is_flag=True, help="First put every message that was given up back, to be tried again.")
def jobs(as_json: bool, retry: bool) -> None:
    """Show the workers, the last run of each job, and what waits."""
    with open_session() as session:
        now = datetime.now(UTC)
        if retry:
            with transaction(session):
                put_back = try_again(session, now=now)
            if not as_json:
                click.echo(f"Messages put back to be tried again: {put_back}.")
        state = read_jobs(session, now)
    click.echo(json.dumps(_as_json(state), indent=2) if as_json else "\n".join(_lines(state)))


def _lines(state: JobsState) -> Iterator[str]:
    for beat in state.workers:
        word = "running" if beat in state.alive else "gone"
        yield f"Worker {word}: {beat.place}, last seen {_ago(beat.seen_at, state.at)}."
    if not state.alive:
        yield f"No worker was seen for {state.silent_words}. Run: hub worker"
    width = max(len(line.label) for line in state.jobs)
    for line in state.jobs:
        yield f"  {line.label:<{width}}  {'; '.join(_job(line, state.at))}"
    late = f", the oldest {_ago(state.oldest_due_at, state.at)}" if state.oldest_due_at else ""
    yield f"Deadlines that passed and have not rung: {state.clocks_due:,}{late}."
    messages = state.messages
    oldest = f", the oldest due {_ago(messages.oldest_due_at, state.at)}" if messages.oldest_due_at else ""
    yield f"Messages to be delivered now: {messages.unsent:,}{oldest}."
    if state.is_message_late:
        yield f"FAULT: no message should wait for longer than {state.late_words}."
    yield f"Messages that wait for their moment: {messages.later:,}."
    if messages.given_up:
        yield f"Messages given up after many tries: {messages.given_up:,}. To try again: hub jobs --retry"


def _job(line: JobLine, now: datetime) -> Iterator[str]:
    run = line.run
    if run is None:
        yield "never ran"
        return
    yield f"last run {_ago(run.last_finished_at, now)}"
    if run.last_done_at is not None:
        yield f"last had work {_ago(run.last_done_at, now)} ({run.last_count:,})"
    if run.next_at is not None and run.next_at > now:
        yield f"next in {length_words(run.next_at - now, exact=False)}"
    if run.last_error:
        yield f"FAILED: {run.last_error}"


def _ago(then: datetime, now: datetime) -> str:
    seconds = int((now - then).total_seconds())
    return f"{counted(seconds, 'second')} ago" if seconds < 60 else f"{length_words(now - then, exact=False)} ago"


def _as_json(state: JobsState) -> dict[str, Any]:
    return {
        "at": _iso(state.at),
        "workers": [
            {
                "place": beat.place,
                "started_at": _iso(beat.started_at),
                "seen_at": _iso(beat.seen_at),
                "is_alive": beat in state.alive,
            }
            for beat in state.workers
        ],
        "jobs": [_job_json(line) for line in state.jobs],
        "clocks": {"due": state.clocks_due, "oldest_due_at": _iso(state.oldest_due_at)},
        "messages": {
            "unsent": state.messages.unsent,
            "later": state.messages.later,
            "oldest_due_at": _iso(state.messages.oldest_due_at),
            "is_late": state.is_message_late,
            "given_up": state.messages.given_up,
        },
    }


def _job_json(line: JobLine) -> dict[str, Any]:
    run = line.run
    if run is None:
        return {"name": line.name, "last_finished_at": None}
    return {
        "name": line.name,
        "last_started_at": _iso(run.last_started_at),
        "last_finished_at": _iso(run.last_finished_at),
        "last_done_at": _iso(run.last_done_at),
        "last_count": run.last_count,
        "last_ok_at": _iso(run.last_ok_at),
        "failures": run.failures,
        "last_error": run.last_error,
        "last_failed_at": _iso(run.last_failed_at),
        "next_at": _iso(run.next_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
