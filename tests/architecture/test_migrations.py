"""Migrations go up, down and up again with data in, and end where the models are."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from hub.conflicts.models import Interest
from hub.db import Base, make_engine, transaction
from hub.engine.audit import verify
from hub.flash_points.models import FlashPoint
from hub.migrate import config, current, downgrade, newest, upgrade
from hub.policies.services import seed
from tests.escalation_factory import make_dispute, make_table
from tests.factories import NOW, make_referral


def test_the_newest_migration_is_the_one_that_is_written_down(repository: Path, committed: Engine) -> None:
    assert (repository / "migrations/.current-head").read_text(encoding="ascii").strip() == newest(committed)


def test_migrated_tables_equal_the_models(committed: Engine) -> None:
    with committed.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": Base.metadata}
        )
        assert compare_metadata(context, Base.metadata) == []


def place_disputes(session: Session) -> None:
    """Disputes with rows in every table of theirs, and both registers."""
    table = make_table(session, 3)
    make_dispute(session, "determined", table=table)
    make_dispute(session, "closed", table=table)
    who = {"user_id": table.outside.user_id, "organisation_id": table.side_ids[0], "kind": "family", "what": "Sister"}
    session.add(Interest(**who, from_on=NOW.date(), declared_by_id=table.outside.user_id, declared_at=NOW))
    said = dict.fromkeys(("goes_wrong", "early_sign", "first_response", "whom_to_ring"), "A late report")
    writer = {"written_by_id": table.convenor.user_id, "organisation_id": table.convenor.organisation_id}
    session.add(FlashPoint(**said, **writer, from_on=NOW.date(), written_at=NOW))
    session.flush()
    tables = [name for name in Base.metadata.tables if name.startswith(("escalation", "interest", "flash_point"))]
    empty = [name for name in tables if not session.scalar(text(f"SELECT count(*) FROM {name}"))]
    assert len(tables) > 12 and empty == []


def test_up_down_and_up_with_data_in(make_database: Callable[[str], str]) -> None:
    engine = make_engine(make_database("updown"), pool_size=2)
    with Session(engine, expire_on_commit=False) as session, transaction(session):
        made = make_referral(session, state="in_review")
        assert made.history_length == 3
        place_disputes(session)
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    with engine.connect() as connection:
        left = connection.execute(
            text(
                "SELECT count(*) FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace "
                "WHERE nspname = 'public'"
            )
        ).scalar_one()
        assert left == 0, "a function was left behind"
    upgrade(engine)
    assert current(engine) == newest(engine)
    with Session(engine, expire_on_commit=False) as session, transaction(session):
        seed(session)
        make_referral(session, state="accepted")
        place_disputes(session)
        assert not verify(session).findings
    command.check(config(engine))
    engine.dispose()
