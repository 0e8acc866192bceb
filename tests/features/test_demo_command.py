"""`hub demo`: makes the world once, says who can sign in, and touches nobody's own data."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.cli import main
from hub.config import settings
from hub.db import transaction
from hub.demo.people import PASSWORD, PEOPLE
from tests.factories import make_hub


@pytest.mark.slow
def test_the_command_makes_it_and_prints_who_can_sign_in(
    committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    run = CliRunner()
    first = run.invoke(main, ["demo", "--no-serve"])
    assert first.exit_code == 0, first.output
    assert first.output.splitlines()[0] == "The demo hub is ready."
    assert f"Everybody's password: {PASSWORD}" in first.output
    assert all(person.email in first.output for person in PEOPLE)
    assert run.invoke(main, ["demo", "--no-serve"]).output.startswith("The demo hub was there already.")
    settings.cache_clear()


def test_the_command_refuses_a_database_in_use(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(committed) as session, transaction(session):
        make_hub(session)
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    refused = CliRunner().invoke(main, ["demo", "--no-serve"])
    settings.cache_clear()
    assert refused.exit_code == 1 and "in use already" in refused.output


def test_the_command_refuses_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("PRODUCTION", "yes"),
        ("SECRET_KEY", "k"),
        ("DATABASE_URL", "postgresql://x"),
        ("HOSTS", '["a"]'),
    ):
        monkeypatch.setenv(f"HUB_{name}", value)
    settings.cache_clear()
    refused = CliRunner().invoke(main, ["demo", "--no-serve"])
    settings.cache_clear()
    assert refused.exit_code == 1 and "production" in refused.output
