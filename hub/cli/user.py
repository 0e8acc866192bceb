"""`hub user`: accounts and the roles they hold."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

import hub.models  # noqa: F401 - every table must be known before the first mapper is used
from hub.accounts.models import UserAccount
from hub.accounts.passwords import generate_password
from hub.accounts.queries import find_account, held_roles, list_accounts
from hub.accounts.services import (
    AccountRefused,
    account_with_email,
    add_account,
    add_membership,
    disable_account,
    enable_account,
    invite,
    send_invitation,
    set_password,
)
from hub.cli.database import open_session
from hub.cli.handover import handover
from hub.cli.refusals import refusals_as_errors
from hub.db import transaction
from hub.organisations.queries import find_organisation, find_unit
from workflows.durations import local
from workflows.roles import PERSON_ROLES, Role


@click.group()
def user() -> None:
    """People who may sign in."""


@user.command()
@click.argument("email")
@click.option("--name", help="The person's name; needed for a new account.")
@click.option("--role", type=click.Choice([role.value for role in PERSON_ROLES]), required=True)
@click.option("--organisation", "ods", required=True, help="ODS code.")
@click.option("--unit", "unit_code", help="Code of the unit, for a role held at one unit.")
@click.option("--from", "from_on", type=click.DateTime(["%Y-%m-%d"]), help="First day; today when left out.")
@click.option("--until", "until_on", type=click.DateTime(["%Y-%m-%d"]), help="Last day; open when left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password of a new account from standard input.")
def add(
    email: str,
    name: str | None,
    role: str,
    ods: str,
    unit_code: str | None,
    from_on: datetime | None,
    until_on: datetime | None,
    password_stdin: bool,
) -> None:
    """Make an account with a role, or give an existing account one more role.

    The password of a new account is made up and shown once, unless --password-stdin gives it.
    """
    now = datetime.now(UTC)
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with open_session() as session, refusals_as_errors(), transaction(session):
        account, password = find_account(session, email), None
        if account is None:
            account, password = add_account(session, email=email, name=name or "", now=now, password=given)
        elif given is not None:
            raise AccountRefused(f"{account.email} has an account. Change its password with: hub user password")
        given_role = _give_role(session, account, Role(role), ods, unit_code, now, until_on, from_on)
        said = f"{account.name} <{account.email}> is {given_role}."
    click.echo(said)
    if password is not None and given is None:
        click.echo(f"Password, shown only now: {password}")


@user.command("invite")
@click.argument("email")
@click.option("--name", help="The person's name; needed for a new account.")
@click.option("--role", type=click.Choice([role.value for role in PERSON_ROLES]), help="Needed for a new account.")
@click.option("--organisation", "ods", help="ODS code; needed with a role.")
@click.option("--unit", "unit_code", help="Code of the unit, for a role held at one unit.")
@click.option("--until", "until_on", type=click.DateTime(["%Y-%m-%d"]), help="Last day; open when left out.")
def send_link(
    email: str,
    name: str | None,
    role: str | None,
    ods: str | None,
    unit_code: str | None,
    until_on: datetime | None,
) -> None:
    """Make an account whose person chooses the password by a link in an e-mail; or send a new link.

    The worker sends it. An account that exists gets a new link, which ends the older ones.
    """
    now = datetime.now(UTC)
    with open_session() as session, refusals_as_errors(), transaction(session):
        account = find_account(session, email)
        if account is not None and (role or name):
            raise AccountRefused(f"{account.email} has an account. Give it roles with: hub user add")
        if account is not None:
            send_invitation(session, account, now, None)
            said = f"{account.name} <{account.email}> has an account."
        elif role is None or ods is None:
            raise AccountRefused("A new account needs --name, --role and --organisation")
        else:
            account = invite(session, email, name or "", now, None)
            given = _give_role(session, account, Role(role), ods, unit_code, now, until_on)
            said = f"{account.name} <{account.email}> is {given}."
    click.echo(f"{said} The worker sends the invitation.")


def _give_role(
    session: Session,
    account: UserAccount,
    role: Role,
    ods: str,
    unit_code: str | None,
    now: datetime,
    until_on: datetime | None,
    from_on: datetime | None = None,
) -> str:
    """Give a role at the organisation and unit with these codes; says what it is now."""
    organisation = find_organisation(session, ods)
    unit = find_unit(session, unit_code) if unit_code else None
    if organisation is None:
        raise AccountRefused(f"There is no organisation with the ODS code {ods}. Import it first")
    if unit_code and unit is None:
        raise AccountRefused(f"There is no unit with the code {unit_code}. Import it first")
    add_membership(
        session,
        user_id=account.id,
        organisation_id=organisation.id,
        role=role,
        from_on=from_on.date() if from_on else local(now).date(),
        until_on=until_on.date() if until_on else None,
        unit_id=unit.id if unit else None,
    )
    return f"now {role.label} at {organisation.name}"


@user.command("list")
def list_all() -> None:
    """Every account with the roles it holds today."""
    today = local(datetime.now(UTC)).date()
    with open_session() as session:
        held = held_roles(session, today)
        for account in list_accounts(session):
            click.echo(f"{account.email}  {account.name}{'' if account.is_active else '  (disabled)'}")
            for role in held:
                if role.user_id == account.id:
                    until = f", until {role.until_on:%d/%m/%Y}" if role.until_on else ""
                    click.echo(f"    {role.role.label}, {role.place} ({role.ods_code}){until}")


@user.command()
@click.argument("email")
def disable(email: str) -> None:
    """Stop an account from signing in and end its open sessions. What it did stays in every history."""
    with open_session() as session, refusals_as_errors(), transaction(session):
        account = account_with_email(session, email)
        count = disable_account(session, account, datetime.now(UTC))
    click.echo(f"{account.email} can no longer sign in; open sessions ended: {count}.")


@user.command()
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled account sign in again."""
    with open_session() as session, refusals_as_errors(), transaction(session):
        account = account_with_email(session, email)
        enable_account(account)
    click.echo(f"{account.email} can sign in again.")


@user.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the new password from standard input.")
def password(email: str, password_stdin: bool) -> None:
    """Give an account a new password and end its open sessions."""
    new = sys.stdin.readline().rstrip("\r\n") if password_stdin else generate_password()
    with open_session() as session, refusals_as_errors(), transaction(session):
        account = account_with_email(session, email)
        set_password(session, account, new, datetime.now(UTC))
    click.echo(f"{account.email} has a new password.")
    if not password_stdin:
        click.echo(f"Password, shown only now: {new}")


user.add_command(handover)
