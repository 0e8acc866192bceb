"""A coordinator sends a file, sees what is wrong with it, leaves, comes back, and has the good rows imported."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.referrals.import_runs import run_next_import
from hub.referrals.models import Referral
from tests.features.import_rows import NOW, demo_organisations, good_rows, write_csv
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey


@pytest.fixture
def work(database: Engine) -> Callable[[], int]:
    """One step of the worker, on connections of its own."""
    sessions = make_sessions(database)
    with sessions() as session, transaction(session):
        demo_organisations(session)
    return lambda: run_next_import(sessions, NOW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Five good rows and a bad one."""
    rows = good_rows(6)
    return write_csv(tmp_path / "from the old list.csv", [*rows[:5], rows[5] | {"priority": "asap"}])


def referrals_in(database: Engine) -> int:
    with Session(database) as session:
        return session.scalar(select(func.count()).select_from(Referral)) or 0


def send(person: Person, path: Path) -> None:
    person.open("/referrals/import")
    person.page.get_by_label("A file of referrals").set_input_files(path)
    person.press("Check the file")


@pytest.mark.parametrize("width", [1280, 320])
def test_a_file_is_checked_and_imported_while_the_page_keeps_up(
    person: Callable[..., Person], work: Callable[[], int], file: Path, database: Engine, width: int
) -> None:
    # Given a coordinator who sends a file
    dele = person(Role.COORDINATOR, viewport={"width": width, "height": 800})
    dele.open("/referrals/import")
    dele.is_accessible()
    send(dele, file)
    dele.says("It waits for its turn")
    dele.is_accessible()
    # When the worker has checked it, the page says so by itself
    assert work() == 1
    dele.says("1 row has problems. Nothing is imported yet.")
    dele.says("is not on the list for priority")
    dele.is_accessible()
    with dele.page.expect_download() as download:
        dele.press("Download the rows with problems (CSV)")
    assert "asap" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    # and when the others are wanted, and the page is left meanwhile
    dele.press("Import 5 good rows without the others")
    dele.says("It waits for its turn")
    dele.open("/worklist")
    assert work() == 1
    dele.open("/referrals/import")
    dele.press(file.name)
    # Then they are in
    dele.says("5 referrals came in.")
    dele.is_accessible()
    assert referrals_in(database) == 5


def test_without_a_script_the_link_does_it(
    person: Callable[..., Person], work: Callable[[], int], file: Path, database: Engine
) -> None:
    dele = person(Role.COORDINATOR, java_script_enabled=False)
    dele.open("/referrals/import")
    dele.press("Check the file")
    dele.says("Choose a file")
    send(dele, file)
    assert work() == 1
    dele.says("It waits for its turn")
    dele.page.get_by_role("link", name="Refresh").focus()
    dele.page.keyboard.press("Enter")
    dele.says("1 row has problems")
    dele.press("Import 5 good rows without the others")
    assert work() == 1
    dele.press("Refresh")
    dele.says("5 referrals came in.")
    send(dele, file)
    dele.says("The same file twice adds nothing.")
    assert work() == 1
    dele.press("Refresh")
    dele.says("Already in the hub, left as they are")
    assert referrals_in(database) == 5
