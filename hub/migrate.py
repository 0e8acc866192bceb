"""Migrations from the program: up to the newest, back down, and what is there now."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from hub.db import Lock
from hub.paths import MIGRATIONS


def config(engine: Engine) -> Config:
    """Alembic's configuration on this database."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["engine"] = engine
    return made


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to `to`; a second caller waits for the first and finds nothing left to do."""
    # Held by the session and not a transaction: every migration has one of its own.
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": int(Lock.MIGRATION)})
        connection.commit()
        try:
            command.upgrade(config(engine), to)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": int(Lock.MIGRATION)})
            connection.commit()


def downgrade(engine: Engine, to: str) -> None:
    """Take the database back to `to`; "base" is before the first table."""
    command.downgrade(config(engine), to)


def current(engine: Engine) -> str | None:
    """The revision the database is at; None before the first migration."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def write(engine: Engine, message: str) -> Path:
    """A new migration with what the models have and the database has not; its number follows the newest."""
    number = f"{int(newest(engine) or 0) + 1:04d}"
    made = command.revision(config(engine), message=message, autogenerate=True, rev_id=number)
    assert made is not None and not isinstance(made, list)
    (MIGRATIONS / ".current-head").write_text(f"{number}\n", encoding="ascii")
    return Path(made.path)


def newest(engine: Engine) -> str | None:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(config(engine)).get_current_head()


def knows(engine: Engine, revision: str) -> bool:
    """Whether this program has a migration of that name: a database at it can be used or brought up to date."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(config(engine)).walk_revisions())


if __name__ == "__main__":
    from hub.config import settings
    from hub.db import make_engine
    from hub.embedded import database_url

    sys.stdout.write(f"{write(make_engine(database_url(settings())), sys.argv[1])}\n")
