"""`make bench`: A, A2, B, C and D of the performance page, each beside its floor, as a table and as JSON."""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from sqlalchemy import text

import hub.models
import hub.reactions  # noqa: F401 - every topic must be heard
from tests.performance import late_days, rankings, sweeps, transitions, worklists
from tests.performance.data_sets import FULL, QUICK, STANDS_AT, Sizes, data_set, folder, throw_away
from tests.performance.figures import Figure, load_words, table, write_json

RESULTS = Path("bench-results.json")


def run(place: Path, sizes: Sizes, *, rounds: int) -> Iterator[Figure]:
    """Every figure, in the order of the table; the data sets in `place` are made first when they are not there."""
    for items, share in _sets(sizes):
        data_set(place, items, open_percent=share).dispose()
    with throw_away(place, sizes.few_running, open_percent=100) as engine:
        yield from transitions.measure(engine, rounds=rounds)
        yield from transitions.race(engine)
        yield from transitions.threads(engine, each=max(2, rounds // 8))
        yield from transitions.processes(engine, each=rounds * 2)
    small, large = (data_set(place, items) for items in (sizes.small, sizes.large))
    with time_machine.travel(STANDS_AT):
        yield from worklists.measure(small, large, rounds=max(3, rounds // 10), deep=sizes.deep)
    yield from rankings.measure(small, rounds=max(3, rounds // 10))
    small.dispose()
    large.dispose()
    with (
        throw_away(place, sizes.few_running, open_percent=100) as few,
        throw_away(place, sizes.many_running, open_percent=100) as many,
    ):
        yield from sweeps.measure(few, many, due=sizes.due)
    with throw_away(place, sizes.few_running, open_percent=100) as engine:
        yield from late_days.measure(engine, rounds=max(20, rounds // 4))


def _sets(sizes: Sizes) -> list[tuple[int, int]]:
    return [(sizes.small, 8), (sizes.large, 8), (sizes.few_running, 100), (sizes.many_running, 100)]


def about(place: Path, sizes: Sizes) -> dict[str, object]:
    """What the figures were measured on."""
    engine = data_set(place, sizes.small)
    with engine.connect() as connection:
        version = str(connection.execute(text("SHOW server_version")).scalar_one())
    engine.dispose()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "postgresql": version,
        "machine": load_words(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sets: that it runs, not what it costs")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the JSON file")
    given = parser.parse_args()
    sizes, rounds = (QUICK, 5) if given.quick else (FULL, 400)
    told = about(folder(), sizes)
    for items, share in _sets(sizes):
        data_set(folder(), items, open_percent=share).dispose()
    began = time.monotonic()
    print(f"before: {load_words()}", flush=True)
    figures = list(run(folder(), sizes, rounds=rounds))
    print(table(figures))
    made_on = f"Python {told['python']}, PostgreSQL {told['postgresql']}"
    print(f"{made_on}, {time.monotonic() - began:.0f} s; after: {load_words()}")
    write_json(given.to, figures, told)


if __name__ == "__main__":
    main()
