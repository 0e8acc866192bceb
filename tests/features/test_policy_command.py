"""`hub policy`: sets out as TOML, and in as drafts that somebody else approves."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.cli.policy import policy
from hub.config import settings
from hub.db import transaction
from hub.engine.rulebook import PolicyVersion
from hub.policy_changes.content import LARGEST_FILE
from hub.policy_changes.models import PolicyChange
from tests.factories import make_membership
from workflows.roles import Role

HEADING = 'name = "Spring"\nversion = 7\nin_force_from = 2026-03-01\n'
ENTRY = '["{}"]\nkind = "{}"\nsentence = "How."\nsource = "Ours"\nvalue = "{}"\n'


def test_the_command_gives_a_set_and_takes_a_draft(
    committed: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    with Session(committed) as session, transaction(session):
        drafter, other = (make_membership(session, role) for role in (Role.ADMINISTRATOR, Role.CASE_MANAGER))
        by, him = drafter.user.email, other.user.email
    file, run = tmp_path / "set.toml", CliRunner()
    words = ["import", str(file), "--title", "From the other hub", "--by"]
    two = HEADING + ENTRY.format("case.idle", "duration", "6 working days")
    two += ENTRY.format("stay.leave", "duration", "36 hours")
    try:
        assert "1  in force, from Wednesday 1 January 2025" in run.invoke(policy, ["list"]).output
        assert '["referral.review"]' in run.invoke(policy, ["export"]).output
        assert "Set 1 is in" in run.invoke(policy, ["export", "--set", "1", "--to", str(file)]).output
        assert "There is no set 2" in run.invoke(policy, ["export", "--set", "2"]).output
        assert "No such file" in run.invoke(policy, ["export", "--to", str(tmp_path / "none" / "x")]).output
        assert "there is nothing to change" in run.invoke(policy, [*words, by]).output, "what it gave is what it takes"
        file.write_text(two)
        assert "may not draft policy: that is for head of commissioning" in run.invoke(policy, [*words, him]).output
        dry = run.invoke(policy, [*words, by, "--dry-run"])
        assert "Dry run: 6 differences from set 1" in dry.output and "5 working days → 6 working days" in dry.output
        file.write_text(two + ENTRY.format("clocks.day_ends", "time", "08:00"))
        made = run.invoke(policy, [*words, by])
        assert "POL-" in made.output and "Makes no sense yet. clocks.day_ends: the working day" in made.output
        with Session(committed) as session:
            (change,) = session.scalars(select(PolicyChange))
            assert change.state == "draft" and change.title == "From the other hub"
            assert session.scalars(select(PolicyVersion.number)).all() == [1], "never a set in force"
        file.write_bytes(b"x" * (LARGEST_FILE + 1))
        assert "larger than 1 MB" in run.invoke(policy, [*words, by]).output
    finally:
        settings.cache_clear()
