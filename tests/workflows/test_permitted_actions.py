"""Who may do what, as a committed table: a change of a definition must show in review."""

import csv
import io

from tests.workflows.make_permitted_actions import PATH, table


def test_the_committed_table_is_what_the_definitions_say() -> None:
    now = table().splitlines()
    then = PATH.read_text("utf-8").splitlines()
    news = sorted(set(now) ^ set(then))
    assert now == then, (
        f"who may do what has changed: {news}; when that is meant, run python -m tests.workflows.make_permitted_actions"
    )


def test_what_nobody_but_a_case_manager_decides() -> None:
    rows = list(csv.DictReader(io.StringIO(PATH.read_text("utf-8"))))
    deciding = [row["who"] for row in rows if row["action"] in {"decline", "redirect", "reopen"}]
    assert set(deciding) == {"case_manager"}
    assert {row["may"] for row in rows if "on" in row["who"] and "call" in row["who"]} == {"emergency"}
