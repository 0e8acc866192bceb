"""`hub migrate` and `hub doctor`: bringing up to date, and saying what is to be mended and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from hub.accounts.on_call import add_shift, gaps_ahead
from hub.cli import main
from hub.cli.doctor_checks import check_content, check_database, check_machine
from hub.cli.finding import Finding
from hub.config import Settings, settings
from hub.db import make_engine, transaction
from hub.demo.world import make_world
from hub.engine.life import WorkerBeat
from hub.engine.rulebook import BankHoliday, PolicyVersion
from hub.migrate import newest
from hub.organisations.models import Organisation
from tests.demo_world import NOW
from tests.factories import make_hub, make_membership
from workflows.roles import Role

LINE = re.compile(r"(ok      |to mend ) [A-Z].*: .*\.")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """A command with these HUB_ variables and a data folder of its own."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))

    def do(command: str, **environment: str) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(f"HUB_{name.upper()}", value)
        settings.cache_clear()
        return CliRunner().invoke(main, [command])

    yield do
    settings.cache_clear()


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """Settings of a hub that is not in production."""
    return Settings(data_dir=tmp_path / "not yet" / "there", database_url="postgresql://elsewhere")


def to_mend(findings: Iterator[Finding]) -> dict[str, str]:
    """What is to be mended, by what was looked at."""
    found: dict[str, str] = {}
    for finding in findings:
        if finding.mend:
            found[finding.about] = f"{found.get(finding.about, '')}{finding.found}: {finding.mend}\n"
    return found


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.mark.slow
def test_the_demo_hub_is_well_but_for_the_gap_on_purpose(committed: Engine, run: Callable[..., Result]) -> None:
    with Session(committed) as session, transaction(session):
        make_world(session, now=datetime.now(UTC))
        session.add(WorkerBeat(id="one", place="here", started_at=NOW, seen_at=datetime.now(UTC)))
    result = run("doctor", database_url=address(committed))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert all(LINE.fullmatch(line) or line.startswith(" " * 9) for line in lines), result.output
    (wrong,) = [line for line in lines if line.startswith("to mend")]
    assert "On-call rota: nobody from" in wrong
    assert any("hub oncall add" in line for line in lines)


@pytest.mark.slow
def test_with_the_gap_filled_nothing_is_to_mend(made: Session, chosen: Settings) -> None:
    with Session(made.get_bind()) as session:  # of the demo world, and rolled back
        session.add(WorkerBeat(id="one", place="here", started_at=NOW, seen_at=NOW))
        assert list(to_mend(check_content(session, chosen, NOW))) == ["On-call rota"]
        hub = session.scalars(select(Organisation).where(Organisation.arm == "hub")).one()
        member = make_membership(session, Role.COORDINATOR, organisation=hub)
        ((start, end),) = gaps_ahead(session, NOW)
        add_shift(session, user=member.user, from_at=start, until_at=end)
        assert not to_mend(check_content(session, chosen, NOW))


def test_an_empty_hub_lacks_people_for_its_workflows(session: Session, chosen: Settings) -> None:
    found = to_mend(check_content(session, chosen, NOW))
    assert "case manager" in found["Roles"] and "“Decline” (referral)" in found["Roles"]
    assert "hub user add" in found["Roles"] and "On-call rota" in found


def test_missing_seeds_and_holidays_that_run_out(session: Session, chosen: Settings) -> None:
    session.execute(delete(BankHoliday).where(BankHoliday.on_date > NOW.date()))
    found = to_mend(check_content(session, chosen, NOW))
    assert "known until the end of 2026" in found["Bank holidays"] and "Policy sets" not in found
    session.execute(delete(BankHoliday))
    session.execute(delete(PolicyVersion))
    found = to_mend(check_content(session, chosen, NOW))
    assert found["Bank holidays"].startswith("none") and "hub migrate" in found["Policy sets"]


def test_demo_data_in_production_is_to_be_mended(session: Session, chosen: Settings) -> None:
    make_hub(session).is_demo = True
    session.flush()
    assert "Demo data" not in to_mend(check_content(session, chosen, NOW))
    production = Settings(production=True, secret_key="k", database_url="postgresql://x", hosts=("hub.example",))
    assert "a database of its own" in to_mend(check_content(session, production, NOW))["Demo data"]
    assert "production, answering to hub.example" in [finding.found for finding in check_machine(production)]


def test_the_machine_is_looked_at_without_a_database(chosen: Settings) -> None:
    assert not to_mend(check_machine(chosen))
    assert [finding.found for finding in check_machine(chosen) if finding.about == "Mode"] == [
        "trial: HUB_PRODUCTION is not set"
    ]
    demo = chosen.model_copy(update={"demo": True})
    assert any("sign-ins shown to everybody" in finding.found for finding in check_machine(demo))


def test_a_database_without_tables_is_to_be_migrated(server_url: str, run: Callable[..., Result]) -> None:
    name = "hub_doctor_without_tables"
    admin = make_engine(server_url, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        before = run("doctor", database_url=url)
        assert before.exit_code == 1 and f"at none, the newest is {newest(admin)}" in before.output
        assert "Run: hub migrate." in before.output and "Roles" not in before.output
        assert "The database is not up to date. Run: hub migrate" in run("run").output
        assert run("migrate").output == f"The database is now at {newest(admin)}.\n"
        assert run("migrate").output == f"The database was up to date: {newest(admin)}.\n"
        assert "Policy sets: 1, of which 1 in force" in run("doctor").output
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def test_a_database_that_does_not_answer(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("doctor", database_url=f"postgresql://nobody@/none?host={tmp_path}")
    assert result.exit_code == 1
    assert "to mend  Database: it does not answer" in result.output and "correct HUB_DATABASE_URL" in result.output


def test_no_database_yet_and_none_is_made(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 1 and "there is none in" in result.output and "Run: hub migrate." in result.output
    assert not (tmp_path / "data").exists()


def test_wrong_settings_are_said(run: Callable[..., Result]) -> None:
    result = run("doctor", production="yes", demo="yes")
    assert result.exit_code == 1
    assert "to mend  Settings: The hub cannot start: a production hub needs HUB_SECRET_KEY" in result.output
    demo = run("doctor", secret_key="k", database_url="postgresql://x", hosts='["hub.example"]')
    assert demo.exit_code == 1 and "HUB_DEMO shows sign-ins to everybody" in demo.output


def test_the_database_says_its_version_and_time(engine: Engine, chosen: Settings) -> None:
    found = {finding.about: finding for finding in check_database(engine, chosen)}
    assert found["Database"].found.endswith("answers, at HUB_DATABASE_URL") and not found["Database"].mend
    assert found["Clocks of machine and database"].found == "0.0 seconds apart"
    assert found["Migrations"].found == f"at {newest(engine)}, the newest"
