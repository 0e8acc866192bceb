"""Backup and restore: the same heads, files and rows come back, and a damaged backup changes nothing."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from hub.cli import main
from hub.cli.backup_archive import Manifest
from hub.cli.backup_making import count_rows
from hub.config import settings
from hub.db import make_engine, transaction
from hub.engine.audit import verify
from hub.engine.digests import heads_digest
from tests.factories import make_referral


@dataclass
class Hub:
    """A database with its data folder, and the command on it."""

    engine: Engine
    data: Path

    def run(self, *given: object, typed: str = "", is_alone: bool = True) -> Result:
        """`hub ...` on this hub."""
        if given[0] == "restore" and is_alone:
            self.engine.dispose()  # it wants to be alone
        with pytest.MonkeyPatch.context() as changed:
            changed.setenv("HUB_DATABASE_URL", self.engine.url.render_as_string(hide_password=False))
            changed.setenv("HUB_DATA_DIR", str(self.data))
            settings.cache_clear()
            result = CliRunner().invoke(main, [str(one) for one in given], input=typed)
        settings.cache_clear()
        return result

    def rows(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            return count_rows(connection)

    def heads(self) -> tuple[int, str]:
        with Session(self.engine) as session:
            return heads_digest(session)

    @property
    def is_empty(self) -> bool:
        return self.rows() == {} and not (self.data / "files").exists()


@pytest.fixture(scope="module")
def make_hub(
    make_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Hub]]:
    engines: list[Engine] = []

    def make(name: str, *, is_empty: bool = False) -> Hub:
        engine = make_engine(make_database(name), pool_size=4)
        engines.append(engine)
        if is_empty:
            with engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        return Hub(engine, tmp_path_factory.mktemp(name))

    yield make
    for engine in engines:
        engine.dispose()


def at_work(hub: Hub) -> Hub:
    """Three referrals and two stored files."""
    with Session(hub.engine, expire_on_commit=False) as session, transaction(session):
        for state in ("submitted", "in_review", "returned"):
            make_referral(session, state=state)
    (hub.data / "files" / "ab").mkdir(parents=True)
    (hub.data / "files" / "ab" / "letter").write_bytes(b"Dear colleague\x00\xff")
    (hub.data / "files" / "plan").write_bytes(b"if.. then..")
    (hub.data / "files" / ".plan.part").write_bytes(b"not all of it is there")
    (hub.data / "secret-key").write_text("not for a backup")
    return hub


@pytest.fixture(scope="module")
def source(make_hub: Callable[..., Hub]) -> Hub:
    """A hub at work that no test changes."""
    return at_work(make_hub("source"))


@pytest.fixture(scope="module")
def whole(source: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    folder = tmp_path_factory.mktemp("backups") / "last night"
    made = source.run("backup", folder)
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture
def backup(whole: Path, tmp_path: Path) -> Path:
    """A copy of the backup, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "last night"))


@pytest.fixture(scope="module")
def nothing(make_hub: Callable[..., Hub]) -> Hub:
    """An empty target that must stay empty."""
    return make_hub("nothing", is_empty=True)


def test_what_comes_back_is_what_was_there(source: Hub, backup: Path, make_hub: Callable[..., Hub]) -> None:
    target = make_hub("target", is_empty=True)
    restored = target.run("restore", backup)
    assert restored.exit_code == 0, restored.output
    assert "same tables and row counts, same heads of 3 histories" in restored.output
    assert target.rows() == source.rows()
    assert target.rows()["work_item"] == 3
    assert target.heads() == source.heads()
    files = {
        path.relative_to(target.data).as_posix(): path.read_bytes() for path in target.data.rglob("*") if path.is_file()
    }
    assert files == {"files/ab/letter": b"Dear colleague\x00\xff", "files/plan": b"if.. then.."}
    with Session(target.engine) as session, transaction(session):
        assert not verify(session).findings
        made = make_referral(session)  # sequences and triggers came along
        assert made.id > 3
        with pytest.raises(DatabaseError, match="append-only"):
            session.execute(text("DELETE FROM transition"))
        session.rollback()


def test_a_backup_is_private_whole_and_without_secrets(source: Hub, whole: Path) -> None:
    assert not whole.with_name("last night.partial").exists()
    names = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()}
    assert names == {"manifest.json", "database.dump", "files/ab/letter", "files/plan"}
    assert {path.stat().st_mode & 0o077 for path in (whole, *whole.rglob("*"))} == {0}
    manifest = Manifest.read(whole)
    assert manifest.rows == source.rows()
    assert (manifest.items, manifest.heads) == source.heads()


def flip(folder: Path) -> None:
    path = folder / "database.dump"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(folder: Path) -> None:
    path = folder / "database.dump"
    path.write_bytes(path.read_bytes()[:-100])


def edit(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"work_item": 3', '"work_item": 2'))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped byte": (flip, "database.dump is not as it was written"),
    "cut short": (cut, "database.dump has"),
    "edited manifest": (edit, "manifest.json was changed after the backup was made"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "is not a whole backup"),
    "half a manifest": (lambda folder: (folder / "manifest.json").write_text('{"format": '), "it is damaged"),
    "another format": (lambda folder: (folder / "manifest.json").write_text('{"format": "x"}'), "is not the list"),
    "a list": (lambda folder: (folder / "manifest.json").write_text("[]"), "it is damaged"),
    "missing file": (lambda folder: (folder / "files" / "plan").unlink(), "files/plan is missing"),
    "file put in": (lambda folder: (folder / "files" / "more").touch(), "files/more does not belong to it"),
    "flipped file": (lambda folder: (folder / "files" / "plan").write_bytes(b"if.. Then.."), "files/plan is not"),
    "a link": (lambda folder: (folder / "files" / "way").symlink_to("/etc/hostname"), "neither a file nor a folder"),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_backup_is_refused_and_nothing_written(
    backup: Path, nothing: Hub, damage: Callable[[Path], object], words: str
) -> None:
    damage(backup)
    refused = nothing.run("restore", backup)
    assert refused.exit_code == 1
    assert words in refused.output and "Traceback" not in refused.output
    assert nothing.is_empty


def reseal(folder: Path, **changes: object) -> None:
    """A manifest that was changed by somebody who knows how it is sealed."""
    path = folder / "manifest.json"
    given = json.loads(path.read_text()) | changes
    made = Manifest.read(folder)
    changed = Manifest(
        **{name: given[name] for name in ("made_at", "program", "server", "revision", "items", "heads", "rows")},
        files=made.files,
    )
    changed.write(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heads": "0" * 64}, "the heads of the histories are others"),
        ({"rows": {"work_item": 2}}, "table work_item has another number of rows"),
        ({"revision": "9999"}, "The backup is of a newer hub"),
        ({"server": 99}, "The backup is of PostgreSQL 99"),
    ],
)
def test_a_backup_that_does_not_hold_what_it_says_is_taken_back(
    source: Hub, backup: Path, nothing: Hub, changes: dict[str, object], words: str
) -> None:
    seal = Manifest.read(backup).seal
    reseal(backup, **changes)
    refused = nothing.run("restore", backup)
    assert refused.exit_code == 1 and words in refused.output, refused.output
    assert nothing.is_empty
    kept_elsewhere = nothing.run("restore", backup, "--seal", seal)
    assert "is not the backup with this seal" in kept_elsewhere.output
    # The same over a hub with people's work in it: that work is still there.
    before = source.heads()
    assert source.run("restore", backup, "--replace", "--yes").exit_code == 1
    assert source.heads() == before
    assert (source.data / "files" / "plan").exists()


def test_a_hub_with_work_in_it_is_replaced_only_when_somebody_says_so(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    source, backup = at_work(make_hub("replaced")), tmp_path / "b"
    assert source.run("backup", backup).exit_code == 0
    heads = source.heads()
    with Session(source.engine, expire_on_commit=False) as session, transaction(session):
        make_referral(session)
    (source.data / "files" / "later").write_bytes(b"written since")
    refused = source.run("restore", backup)
    assert refused.exit_code == 1 and "There is something here already" in refused.output
    name = str(source.engine.url.database)
    mistyped = source.run("restore", backup, "--replace", typed="yes\n")
    assert mistyped.exit_code == 1 and "nothing was changed" in mistyped.output
    assert source.heads()[0] == 4
    with source.engine.connect() as somebody:
        somebody.execute(text("SELECT 1"))
        busy = source.run("restore", backup, "--replace", "--yes", is_alone=False)
        assert busy.exit_code == 1 and "Stop the hub" in busy.output
    replaced = source.run("restore", backup, "--replace", typed=f"{name}\n")
    assert replaced.exit_code == 0, replaced.output
    assert source.heads() == heads
    assert {path.name for path in (source.data / "files").iterdir()} == {"ab", "plan"}
    assert not list(source.data.glob("files.*"))


def test_the_audit_says_what_was_altered_before_the_backup(
    source: Hub, tmp_path: Path, make_hub: Callable[..., Hub]
) -> None:
    with source.engine.begin() as connection:
        connection.execute(text("ALTER TABLE transition DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE transition SET reason = 'another' WHERE item_id = 2 AND position = 1"))
        connection.execute(text("ALTER TABLE transition ENABLE TRIGGER ALL"))
    assert source.run("backup", tmp_path / "b").exit_code == 0
    restored = make_hub("target", is_empty=True).run("restore", tmp_path / "b")
    assert restored.exit_code == 1
    assert "the row does not match its hash" in restored.output and "same heads" in restored.output


def test_a_backup_goes_only_where_nothing_is(source: Hub, backup: Path, tmp_path: Path) -> None:
    again = source.run("backup", backup)
    assert again.exit_code == 1 and "is there already and not empty" in again.output
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.partial").mkdir()
    (tmp_path / "empty.partial" / "left over").touch()
    assert source.run("backup", tmp_path / "empty").exit_code == 0
    assert not (tmp_path / "empty.partial").exists()
    assert source.run("restore", tmp_path / "empty", "--check").exit_code == 0
    nowhere = source.run("restore", tmp_path / "nowhere")
    assert nowhere.exit_code == 1 and "is not a whole backup" in nowhere.output


def test_a_hub_without_tables_or_programs_says_so(
    nothing: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = nothing
    refused = empty.run("backup", tmp_path / "b")
    assert refused.exit_code == 1 and "nothing to back up" in refused.output
    import hub.cli.backup_making as making

    monkeypatch.setattr(making, "server_version", lambda _engine: 14)
    other = empty.run("backup", tmp_path / "b")
    assert other.exit_code == 1 and "The server is PostgreSQL 14, and pg_dump" in other.output
    assert not (tmp_path / "b").exists() and not (tmp_path / "b.partial").exists()


def test_counts_are_those_of_the_content_while_people_work(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    """Two people act without pause while two backups are made; each comes back as one moment of it."""
    source, stop = at_work(make_hub("busy")), threading.Event()
    done: list[int] = []

    def work() -> None:
        with Session(source.engine, expire_on_commit=False) as session:
            while not stop.is_set():
                with transaction(session):
                    made = make_referral(session, state="in_review")
                done.append(made.id)

    people = [threading.Thread(target=work) for _ in range(2)]
    for person in people:
        person.start()
    try:
        for number in range(2):
            before = len(done)
            assert source.run("backup", tmp_path / f"b{number}").exit_code == 0
            assert len(done) > before, "nobody worked meanwhile"
    finally:
        stop.set()
        for person in people:
            person.join()
    for number in range(2):
        target = make_hub(f"target{number}", is_empty=True)
        restored = target.run("restore", tmp_path / f"b{number}")
        assert restored.exit_code == 0, restored.output
        assert "nothing altered" in restored.output
        manifest = Manifest.read(tmp_path / f"b{number}")
        assert (target.rows(), target.heads()) == (dict(manifest.rows), (manifest.items, manifest.heads))
