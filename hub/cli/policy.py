"""`hub policy`: policy sets out as TOML, and in as drafts that a second person approves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

import hub.models  # noqa: F401 - every table must be known before the first mapper is used
from hub.accounts.queries import held_roles
from hub.accounts.services import AccountRefused, account_with_email
from hub.cli.database import open_session
from hub.cli.refusals import refusals_as_errors
from hub.db import transaction
from hub.engine.access_log import log_access
from hub.engine.refusal import ActionRefused
from hub.policy_changes.content import LARGEST_FILE, lines_between, read_file
from hub.policy_changes.page import DRAFTING
from hub.policy_changes.queries import find_set, newest, set_in_force, set_lines
from hub.policy_changes.services import base_of, begin_from_file, content_of
from workflows.actor import Actor
from workflows.durations import date_words, local
from workflows.policy import PolicySet
from workflows.policy.sense import problems_with


@click.group()
def policy() -> None:
    """Policy sets: how long everything may take, every limit and list."""


@policy.command("list")
def list_sets() -> None:
    """Every set, newest first, and which one is in force."""
    with open_session() as session:
        for line in set_lines(session, datetime.now(UTC)):
            since = date_words(local(line.in_force_from).date())
            click.echo(f"{line.number}  {line.stands}, from {since}  {line.change or line.name}")


@policy.command()
@click.option("--set", "number", type=click.IntRange(1, 2**31 - 1), help="Its number; the one in force if left out.")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="A file; printed if left out.")
def export(number: int | None, target: Path | None) -> None:
    """Write a set as TOML, to be reviewed, kept in versions and shared."""
    with open_session() as session:
        found = set_in_force(session, datetime.now(UTC)) if number is None else find_set(session, number)
        if found is None:
            raise click.ClickException(f"There is no set {number}. See them with: hub policy list")
        text = PolicySet.from_json(found.content).to_toml()
        said = f"Set {found.number} is in {target}."
    if target is None:
        click.echo(text, nl=False)
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror}.") from error
    click.echo(said)


@policy.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--by", "email", required=True, help="E-mail of who drafts it; never the one who approves it.")
@click.option("--title", required=True, help="What the change is about.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Say what would differ and write nothing.")
def import_file(file: Path, email: str, title: str, is_dry_run: bool) -> None:
    """Make a draft change from the TOML in FILE. It is never in force by this: a second person approves it.

    What the file leaves out keeps its value. The person must be a head of commissioning, director, administrator or
    quality lead.
    """
    with file.open("rb") as opened:
        data = opened.read(LARGEST_FILE + 1)
    now = datetime.now(UTC)
    with open_session() as session, refusals_as_errors():
        actor = _drafter(session, email, now)
        try:
            ground = PolicySet.from_json(newest(session).content)
            content = read_file(data, ground)
            changed, wrong = lines_between(ground, content), problems_with(content)
            said = f"Dry run: {len(changed)} differences from set {ground.version}, and nothing was written."
            if not is_dry_run:
                with transaction(session):
                    made = begin_from_file(session, title, content, actor=actor, now=now)
                    log_access(session, actor, "policy_drafted", now=now, path="hub policy import", item_id=made.id)
                    changed = lines_between(base_of(made), content_of(made))
                    said = f"{made.reference} is a draft of {len(changed)} differences. Propose it on its page."
        except ActionRefused as no:
            raise click.ClickException("\n".join(f"{problem.message}." for problem in no.problems)) from no
    for line in changed:
        click.echo(f"  {line.words}")
    for found in wrong:
        click.echo(f"  Makes no sense yet. {found.words}.")
    click.echo(said)


def _drafter(session: Session, email: str, now: datetime) -> Actor:
    """The person with this address, acting in a role that may draft; AccountRefused when they hold none today."""
    account = account_with_email(session, email)
    for held in held_roles(session, local(now).date(), user_id=account.id):
        if held.is_hub and held.role in DRAFTING:
            return Actor(
                user_id=account.id,
                name=account.name,
                role=held.role,
                membership_id=held.membership_id,
                organisation_id=held.organisation_id,
                is_hub=True,
            )
    raise AccountRefused(f"{account.email} may not draft policy: that is for {_roles()} of the hub")


def _roles() -> str:
    return ", ".join(role.label for role in DRAFTING)
