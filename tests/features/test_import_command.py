"""`hub import referrals`: what it says, its exit codes, and that a refused file leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.cli import COMMANDS, main
from hub.config import settings
from hub.db import transaction
from hub.demo import make_referrals_file as shipped
from hub.referrals.models import Referral
from tests.features.import_rows import demo_organisations, good_rows, read_csv, write_csv

Run = Callable[..., Result]


@pytest.fixture
def run(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command on a database of its own that has the demo's organisations."""
    with Session(committed) as session, transaction(session):
        demo_organisations(session)
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    yield lambda *given: CliRunner().invoke(main, ["import", "referrals", *map(str, given)])
    settings.cache_clear()


def referrals_in(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Referral)) or 0


def test_good_rows_come_in_and_the_second_time_nothing_does(run: Run, committed: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [*good_rows(4), good_rows(1)[0]])
    first = run(path)
    assert first.exit_code == 0, first.output
    assert first.output.splitlines() == [
        "Rows read: 5.",
        "Exact repeats of another row, counted once: 1.",
        "Referrals imported: 4.",
    ]
    second = run(path)
    assert second.exit_code == 0
    assert "Already imported before, left as they are: 4." in second.output
    assert "Referrals imported: 0." in second.output
    assert referrals_in(committed) == 4


def test_a_dry_run_says_what_it_would_do(run: Run, committed: Engine, tmp_path: Path) -> None:
    result = run(write_csv(tmp_path / "list.csv", good_rows(2)), "--dry-run", "--skip-bad", tmp_path / "bad.csv")
    assert result.exit_code == 0
    assert "Nothing was written. Without --dry-run this would import 2 referrals." in result.output
    assert not (tmp_path / "bad.csv").exists()
    assert referrals_in(committed) == 0


def test_bad_rows_refuse_the_file_with_exit_code_1(run: Run, committed: Engine) -> None:
    result = run(shipped.FILE)
    assert result.exit_code == 1
    assert "Row 41, date_of_birth: Date of birth is a day that does not exist" in result.output
    assert "Rows with problems: 17." in result.output
    assert "Nothing was imported. Mend these rows, or use --skip-bad" in result.output
    assert run(shipped.FILE, "--dry-run").exit_code == 1
    assert referrals_in(committed) == 0


def test_skip_bad_brings_in_the_others_and_writes_the_bad_ones(run: Run, committed: Engine, tmp_path: Path) -> None:
    result = run(shipped.FILE, "--skip-bad", tmp_path / "rejects.csv")
    assert result.exit_code == 0, result.output
    assert "Referrals imported: 179." in result.output
    assert f"The rows with problems are in {tmp_path / 'rejects.csv'}." in result.output
    assert {row["row"] for row in read_csv(tmp_path / "rejects.csv")} >= {"8", "41", "184"}
    assert referrals_in(committed) == 179


def test_many_problems_are_cut_short(run: Run, tmp_path: Path) -> None:
    rows = [row | {"priority": "asap"} for row in good_rows(60)]
    result = run(write_csv(tmp_path / "bad.csv", rows))
    assert result.output.count("is not on the list for priority") == 50
    assert "... and 10 more problems." in result.output


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("list.txt", b"", "not a kind of file we can read"),
        ("list.csv", b"", "The file is empty"),
        ("list.csv", "source_system\nÉ".encode("latin-1"), "list.csv was not imported"),
        ("list.json", b"{", "cannot be read as JSON"),
    ],
)
def test_an_unusable_file_gives_exit_code_2(run: Run, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    result = run(tmp_path / name)
    assert result.exit_code == 2
    assert words in result.output and "Traceback" not in result.output


def test_a_file_that_is_not_there_gives_exit_code_2(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path / "nowhere.csv").exit_code == 2


def test_rejects_that_cannot_be_written_stop_the_import(run: Run, committed: Engine, tmp_path: Path) -> None:
    result = run(shipped.FILE, "--skip-bad", tmp_path / "no such folder" / "rejects.csv")
    assert result.exit_code == 2
    assert "Nothing was imported." in result.output
    assert referrals_in(committed) == 0


def test_rejects_may_not_replace_the_file_itself(run: Run, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", good_rows(1))
    result = run(path, "--skip-bad", path)
    assert result.exit_code == 2 and "choose another name" in result.output
    assert len(read_csv(path)) == 1


def test_without_tables_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch, server_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", server_url)
    settings.cache_clear()
    result = CliRunner().invoke(main, ["import", "referrals", str(write_csv(tmp_path / "list.csv", good_rows(1)))])
    settings.cache_clear()
    assert result.exit_code == 1 and "Run: hub migrate" in result.output


def test_a_database_that_does_not_answer_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", f"postgresql://nobody@/none?host={tmp_path}")
    settings.cache_clear()
    result = CliRunner().invoke(main, ["import", "referrals", str(write_csv(tmp_path / "list.csv", good_rows(1)))])
    settings.cache_clear()
    assert result.exit_code == 1 and "The database does not answer" in result.output


def test_every_command_is_there_and_explains_itself() -> None:
    runner = CliRunner()
    listed = runner.invoke(main, ["--help"]).output
    for name in COMMANDS:
        assert f"\n  {name} " in listed
        assert runner.invoke(main, [name, "--help"]).exit_code == 0
    assert runner.invoke(main, ["nonsense"]).exit_code == 2


def test_a_wrong_setting_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PRODUCTION", "yes")
    settings.cache_clear()
    result = CliRunner().invoke(main, ["migrate"])
    settings.cache_clear()
    assert result.exit_code == 1 and "a production hub needs HUB_SECRET_KEY" in result.output


def test_half_a_character_is_a_bad_row_and_no_crash(run: Run, committed: Engine, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    row = {**good_rows(1)[0], "family_name": "\ud800x", "\ud800column": "x"}
    path.write_text(json.dumps([row]), encoding="ascii")
    for more in ([], ["--skip-bad", tmp_path / "bad.csv"]):
        result = run(path, *more)
        assert "Row 1, family_name: It has half of a character" in result.output, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
    assert read_csv(tmp_path / "bad.csv")[0]["family_name"] == "\ufffdx"
    assert referrals_in(committed) == 0
