"""The bench runs from end to end on tiny sets: that its figures are there, never what they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXPECTED = {
    "A transition with its load",
    "A transition, item loaded",
    "A2 50 racing calls on one item",
    "A2 impossible rows after it",
    "A2 16 threads on distinct items",
    "A2 two processes",
    "B hub, first page",
    "B big, first page",
    "B small, first page",
    "B hub, by kind and due",
    "B hub, 30 rows in",
    "B SQL statements of a page",
    "C rings a second",
    "C time of a ring",
    "D seconds for ",
    "D page p95 while it runs / before",
    "D a ranking of 2,000 units",
    "D SQL statements of a ranking",
}


def test_every_figure_is_there(tmp_path: Path, repository: Path) -> None:
    results = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.performance.bench", "--quick", "--to", str(results)],
        cwd=repository,
        env={**os.environ, "HUB_BENCH_DIR": str(tmp_path / "bench")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = {line["what"]: line for line in json.loads(results.read_text("utf-8"))["figures"]}
    for name in EXPECTED:
        assert any(what.startswith(name) for what in figures), f"{name}: not among {sorted(figures)}"
    for what, line in figures.items():
        assert line["ratio"] > 0 or what == "A2 impossible rows after it", what
        assert what.split(":")[0] in done.stdout
    assert figures["A2 50 racing calls on one item: winners"]["ours"] == 1
    assert figures["A2 impossible rows after it"]["ours"] == 0
    assert figures["B SQL statements of a page"]["is_reached"] is True
    assert figures["D SQL statements of a ranking"]["is_reached"] is True
