"""The demo world, for every file of tests that reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from hub.db import make_engine
from tests.demo_world import demo_database


@pytest.fixture(scope="session")
def made(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Session]:
    """A session on a database that holds the demo world as of `NOW`; tests only read it."""
    root = tmp_path_factory.getbasetemp()
    run = str(root.parent if worker_id != "master" else root)
    engine = make_engine(demo_database(server_url, template, run.replace("'", "")), pool_size=1)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()
