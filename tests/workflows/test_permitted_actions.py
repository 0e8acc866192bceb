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
    deciding = [row["who"] for row in rows if row["action"] in {"decline", "redirect", "reopen", "recommend"}]
    assert set(deciding) == {"case_manager"}
    assert {row["may"] for row in rows if "on" in row["who"] and "call" in row["who"]} == {"emergency"}


def test_who_decides_on_an_admission_and_who_ratifies() -> None:
    rows = list(csv.DictReader(io.StringIO(PATH.read_text("utf-8"))))
    inside = {"case_manager", "head_of_commissioning", "director"}
    for action in ("agree_admission", "agree_alternative", "refuse_admission"):
        assert {row["who"] for row in rows if row["action"] == action} == {*inside, "outside_member of the interested"}
    for action in ("ratify", "refuse_ratification"):
        assert {row["who"] for row in rows if row["action"] == action} == inside - {"case_manager"}
    signing = {row["who"] for row in rows if row["action"] in {"sign_assessment", "sign_late_assessment"}}
    assert signing == {"access_assessor of the assessor"}
