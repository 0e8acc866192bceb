"""History that was altered behind the triggers' back is found and named, by the program and by the command."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from hub.cli.audit import audit
from hub.config import settings
from hub.db import make_sessions, transaction
from hub.engine import audit as engine_audit
from hub.engine.access_log import log_access
from hub.engine.audit import DigestFileError, verify, write_digest
from hub.engine.chain import FIRST, LINKED, link
from hub.referrals.models import Referral
from tests.factories import NOW, make_actor, make_referral

UNTRIGGERED = "SET session_replication_role = replica"


@pytest.fixture
def altered(committed: Engine) -> Iterator[Session]:
    """A committed referral of four history rows, in a session that no trigger watches."""
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        make_referral(session, "declined")
        make_referral(session, "submitted")
    with sessions() as session:
        session.execute(text(UNTRIGGERED))
        yield session


@pytest.fixture
def run(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """`hub audit ...` on the same database."""
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(audit, [str(word) for word in words])
    settings.cache_clear()


def first(session: Session) -> Referral:
    return session.query(Referral).order_by(Referral.id).limit(1).one()


def found(session: Session, run: Callable[..., Result], *words: Any) -> list[str]:
    """What `verify` finds, as text; the command must say the same and exit with 1, or with 0 when there is nothing."""
    session.commit()
    file = Path(words[1]) if words else None
    said = [str(finding) for finding in verify(session, file).findings]
    session.rollback()
    result = run("verify", *words)
    assert result.exit_code == (1 if said else 0), result.output
    assert result.stdout.splitlines()[:-1] == said
    return said


def test_nothing_to_find(altered: Session, run: Callable[..., Result]) -> None:
    write_digest(altered, now=NOW)
    assert found(altered, run) == []
    said = "2 items with 6 history rows and 1 digests were read: nothing was altered.\n"
    assert run("verify").stdout == said
    read = verify(altered)
    assert (read.items, read.rows, read.digests) == (2, 6, 1)


EDITS = {
    "item_id": "(SELECT max(id) FROM work_item)",
    "position": "9",
    "action": "'accept'",
    "from_state": "'in_review'",
    "to_state": "'accepted'",
    "actor_id": "(SELECT max(id) FROM user_account)",
    "acting_as": "(SELECT max(id) FROM membership)",
    "acting_role": "'director'",
    "on_behalf_of": "(SELECT max(id) FROM user_account)",
    "reason": "'Another reason'",
    "values": """'{"declaration": {"new": false}}'""",
    "audience": "'hub'",
    "at": "at + interval '1 microsecond'",
    "prev_hash": f"'{FIRST}'",
}


def test_every_hashed_column_is_tried() -> None:
    assert set(EDITS) == set(LINKED)


@pytest.mark.parametrize("column", LINKED)
def test_an_edited_row_is_named(altered: Session, run: Callable[..., Result], column: str) -> None:
    item = first(altered)
    elsewhere = ", position = 9" if column == "item_id" else ""
    altered.execute(
        text(f'UPDATE transition SET "{column}" = {EDITS[column]}{elsewhere} WHERE item_id = :id AND position = 2'),
        {"id": item.id},
    )
    said = found(altered, run)
    if column == "item_id":
        assert any(words.startswith(f"{item.reference}, row 2: the row is missing") for words in said)
    elif column == "position":
        assert f"{item.reference}, row 9: the row does not match its hash: it was edited" in said
        assert f"{item.reference}, row 2: the row is missing: it was removed" in said
    else:
        assert f"{item.reference}, row 2: the row does not match its hash: it was edited" in said
    assert all(item.reference in words or column == "item_id" for words in said)


def test_an_edited_row_with_a_hash_to_match_breaks_the_chain(altered: Session, run: Callable[..., Result]) -> None:
    item = first(altered)
    rehash(altered, item.id, {2: {"reason": "Another"}}, until=2)
    assert found(altered, run) == [
        f"{item.reference}, row 3: the row does not follow the one before: it was put in or changed"
    ]


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (1, "row 1: the row is missing: it was removed"),
        (2, "row 2: the row is missing: it was removed"),
        (4, "row 4: the row is missing at the end: it was removed"),
    ],
)
def test_a_removed_row_is_named(altered: Session, run: Callable[..., Result], position: int, words: str) -> None:
    item = first(altered)
    altered.execute(
        text("DELETE FROM transition WHERE item_id = :id AND position = :position"),
        {"id": item.id, "position": position},
    )
    assert found(altered, run) == [f"{item.reference}, {words}"]


@pytest.mark.parametrize(("position", "where"), [(5, 5), (0, 1)])
def test_a_row_put_in_is_named(altered: Session, run: Callable[..., Result], position: int, where: int) -> None:
    item = first(altered)
    rows = history(altered, item.id)
    new = {**rows[-1], "position": position, "prev_hash": rows[-1]["hash"] if position else FIRST}
    insert(altered, new | {"hash": link(new)})
    said = found(altered, run)
    assert any(words.startswith(f"{item.reference}, row {where}: ") for words in said)
    if position == 5:
        assert said == [f"{item.reference}, row 5: the row is one too many: it was put in"]


def test_an_emptied_table_is_found(altered: Session, run: Callable[..., Result]) -> None:
    altered.execute(text("TRUNCATE transition CASCADE"))
    said = found(altered, run)
    assert (
        len(said) == 6
        and said[0] == f"{first(altered).reference}, row 1: the row is missing at the end: it was removed"
    )


def test_a_gap_too_wide_to_be_true_is_told_by_its_length(altered: Session, run: Callable[..., Result]) -> None:
    reference = first(altered).reference
    altered.execute(text("UPDATE work_item SET history_length = 2000000000 WHERE reference = :it"), {"it": reference})
    said = found(altered, run)
    assert said[0] == f"{reference}, row 5: the row is missing at the end: it was removed"
    assert said[-1] == f"{reference}, row 105: so are 1,999,999,896 more rows, from this one on"
    assert len(said) == 101


def test_an_altered_item_is_named(altered: Session, run: Callable[..., Result]) -> None:
    reference = first(altered).reference
    altered.execute(text("UPDATE work_item SET state = 'accepted' WHERE reference = :it"), {"it": reference})
    assert found(altered, run) == [f"{reference}: the item's state is not where its history led"]
    altered.execute(
        text("UPDATE work_item SET state = 'declined', head_hash = 'x' WHERE reference = :it"), {"it": reference}
    )
    assert found(altered, run) == [f"{reference}: the last row is not the one the item names"]


def test_history_without_its_item_is_found(altered: Session, run: Callable[..., Result]) -> None:
    item = first(altered)
    number = item.id
    for table in ("referral", "work_item"):
        altered.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": number})
    altered.expire_all()
    assert found(altered, run) == [f"item {number}: there is history without its item"]


def test_altered_access_log_and_digests_are_named(altered: Session, run: Callable[..., Result]) -> None:
    actor = make_actor(altered)
    for day in (16, 17, 18):
        log_access(altered, actor, "opened", now=NOW.replace(day=day), path="/referrals/1")
        write_digest(altered, now=NOW.replace(day=day))
    assert found(altered, run) == []
    log_access(altered, actor, "opened", now=NOW.replace(day=19))
    altered.execute(text("UPDATE access_log SET path = '/referrals/2' WHERE id = (SELECT min(id) + 1 FROM access_log)"))
    assert found(altered, run) == [
        "digest of 2026-03-17 10:00: the access log up to this day is not as it was: a row was altered"
    ]
    altered.execute(text("DELETE FROM access_log"))
    assert len(found(altered, run)) == 3
    altered.execute(text("UPDATE audit_digest SET items = 7 WHERE id = (SELECT max(id) FROM audit_digest)"))
    assert "digest of 2026-03-18 10:00: it does not match its hash: it was edited" in found(altered, run)
    altered.execute(text("DELETE FROM audit_digest WHERE id = (SELECT min(id) + 1 FROM audit_digest)"))
    assert "digest of 2026-03-18 10:00: it does not follow the digest before: one was removed or put in" in found(
        altered, run
    )


def test_a_history_rewritten_from_end_to_end(altered: Session, run: Callable[..., Result], tmp_path: Path) -> None:
    item = first(altered)
    altered.commit()
    kept = tmp_path / "digest.jsonl"
    assert run("digest", "--to", kept).exit_code == 0
    assert found(altered, run, "--digest", kept) == []
    rehash(altered, item.id, {2: {"reason": "Never happened"}})
    assert found(altered, run) == []
    assert found(altered, run, "--digest", kept) == [
        f"{item.reference}, row 4: the history was rewritten since the digest file was written"
    ]
    rows = history(altered, item.id)
    altered.execute(text("DELETE FROM transition WHERE item_id = :id AND position = 4"), {"id": item.id})
    altered.execute(
        text("UPDATE work_item SET history_length = 3, head_hash = :head, state = 'in_review' WHERE id = :id"),
        {"id": item.id, "head": rows[2]["hash"]},
    )
    assert found(altered, run) == []
    assert found(altered, run, "--digest", kept) == [
        f"{item.reference}, row 4: the row that was last in the digest file is missing"
    ]


def test_what_the_file_knows_and_the_database_no_longer(
    altered: Session, run: Callable[..., Result], tmp_path: Path
) -> None:
    kept, reference = tmp_path / "digest.jsonl", first(altered).reference
    altered.commit()
    assert run("digest", "--to", kept).stdout.startswith("Digest of 2 items: ")
    make_referral(altered)
    assert found(altered, run, "--digest", kept) == [], "an item that came later is no finding"
    number = first(altered).id
    for statement in (
        "DELETE FROM transition WHERE item_id = :id",
        "DELETE FROM referral WHERE id = :id",
        "DELETE FROM work_item WHERE id = :id",
    ):
        altered.execute(text(statement), {"id": number})
    altered.execute(text("DELETE FROM audit_digest"))
    altered.expire_all()
    [gone, digest] = found(altered, run, "--digest", kept)
    assert gone == f"{reference}: the item is in the digest file and is no longer here"
    assert digest.startswith("digest of ") and digest.endswith(": it is in the file and no longer here")


def damage(lines: list[str], how: str) -> str:
    head, trailer = json.loads(lines[0]), json.loads(lines[-1])
    if how == "a head was changed":
        lines[0] = json.dumps([head[0], head[1], "0" * 64])
    elif how == "its trailer was changed":
        lines[-1] = json.dumps({**trailer, "last_access_id": 99})
    elif how == "its trailer is half":
        lines[-1] = json.dumps({"format": trailer["format"], "hash": trailer["hash"]})
    elif how == "its last line is gone":
        lines = lines[:-1]
    elif how == "it is no digest":
        lines = ["5"]
    else:
        lines[0] = "{broken"
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("a head was changed", "was changed since it was written: its own hash does not match"),
        ("its trailer was changed", "was changed since it was written: its own hash does not match"),
        ("its trailer is half", "cannot be read as a digest file"),
        ("its last line is gone", "is not a whole digest file: its last line is missing"),
        ("it is no digest", "cannot be read as a digest file"),
        ("it is no JSON", "cannot be read as a digest file"),
    ],
)
def test_a_damaged_digest_file_is_refused(
    altered: Session, run: Callable[..., Result], tmp_path: Path, how: str, words: str
) -> None:
    altered.commit()
    kept = tmp_path / "digest.jsonl"
    run("digest", "--to", kept)
    kept.write_text(damage(kept.read_text("utf-8").splitlines(), how), encoding="utf-8")
    with pytest.raises(DigestFileError, match=words):
        verify(altered, kept)
    altered.rollback()
    result = run("verify", "--digest", kept)
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_a_file_that_is_not_there_or_there_already(
    altered: Session, run: Callable[..., Result], tmp_path: Path
) -> None:
    altered.commit()
    missing = run("verify", "--digest", tmp_path / "nothing.jsonl")
    assert missing.exit_code == 2 and "cannot be read as a digest file" in missing.stderr
    (tmp_path / "old.jsonl").write_text("evidence", encoding="utf-8")
    existing = run("digest", "--to", tmp_path / "old.jsonl")
    assert existing.exit_code == 2 and "cannot be written: File exists" in existing.stderr
    assert (tmp_path / "old.jsonl").read_text("utf-8") == "evidence"
    assert run("digest").stdout.startswith("Digest of 2 items: ")


def test_a_digest_that_failed_leaves_no_file(altered: Session, run: Callable[..., Result], tmp_path: Path) -> None:
    altered.execute(text("ALTER TABLE audit_digest RENAME TO audit_digests"))
    altered.commit()
    assert run("digest", "--to", tmp_path / "new.jsonl").exit_code == 1
    assert not (tmp_path / "new.jsonl").exists()


def test_a_million_items_are_read_in_batches(session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hub.engine.digests.BATCH", 2)
    monkeypatch.setattr(engine_audit, "BATCH", 2)
    actor = make_actor(session)
    for _ in range(5):
        make_referral(session)
        log_access(session, actor, "opened", now=NOW)
    with (tmp_path / "d").open("w") as lines:
        assert write_digest(session, now=NOW, to=lines).items == 5
    read = verify(session, tmp_path / "d")
    assert (read.items, read.rows, read.digests, read.findings) == (5, 10, 1, ())


def history(session: Session, item_id: int) -> list[dict[str, Any]]:
    rows = session.execute(text("SELECT * FROM transition WHERE item_id = :id ORDER BY position"), {"id": item_id})
    return [dict(row) for row in rows.mappings()]


def insert(session: Session, row: dict[str, Any]) -> None:
    values = {name: value for name, value in row.items() if name != "id"} | {"values": json.dumps(row["values"])}
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f"CAST(:{name} AS jsonb)" if name == "values" else f":{name}" for name in values)
    session.execute(text(f"INSERT INTO transition ({names}) VALUES ({marks})"), values)


def rehash(session: Session, item_id: int, changes: dict[int, dict[str, Any]], until: int = 99) -> None:
    """Rewrite a history as its forger would: changed rows, and every hash from there on made to fit."""
    before = FIRST
    for row in history(session, item_id):
        if row["position"] <= until:
            new = {**row, **changes.get(row["position"], {}), "prev_hash": before}
            before = link(new)
            session.execute(text("DELETE FROM transition WHERE id = :id"), {"id": row["id"]})
            insert(session, new | {"hash": before})
    if until == 99:
        session.execute(text("UPDATE work_item SET head_hash = :head WHERE id = :id"), {"head": before, "id": item_id})
