"""Alembic's environment: the engine comes from the program, the tables from the models."""

from alembic import context

import hub.models
from hub.config import settings
from hub.db import Base, make_engine
from hub.embedded import database_url

assert hub.models.__all__


def run() -> None:
    """Run the migrations, each in a transaction of its own."""
    engine = context.config.attributes.get("engine") or make_engine(database_url(settings()), pool_size=2)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
