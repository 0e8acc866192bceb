"""The `hub` command: every command by name, each loaded only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from hub.config import SettingsError

COMMANDS: Final[Mapping[str, str]] = {
    "migrate": "hub.cli.database_commands:migrate",
    "doctor": "hub.cli.database_commands:doctor",
    "run": "hub.cli.serving:run",
    "worker": "hub.cli.worker:worker",
    "jobs": "hub.cli.jobs:jobs",
    "demo": "hub.cli.serving:demo",
    "import": "hub.cli.importing:import_group",
    "user": "hub.cli.user:user",
    "organisations": "hub.cli.organisations:organisations",
    "oncall": "hub.cli.oncall:oncall",
    "absence": "hub.cli.absence:absence",
    "clock": "hub.cli.clock:clock",
    "policy": "hub.cli.policy:policy",
    "audit": "hub.cli.audit:audit",
    "papers": "hub.cli.papers:papers",
    "backup": "hub.cli.backup:backup",
    "restore": "hub.cli.backup:restore",
    "workflows": "hub.cli.workflows:workflows",
}


class _Commands(click.Group):
    """A group that imports a command when it is called: `hub clock` needs no database and no web framework."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        return found if isinstance(found, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what an operator can mend is said in a sentence, not as a traceback."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            said = str(error.orig).strip().splitlines()
            raise click.ClickException(f"The database does not answer: {said[0] if said else error}") from error
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", "") != _NO_SUCH_TABLE:
                raise
            raise click.ClickException("The database has not all its tables yet. Run: hub migrate") from error


_NO_SUCH_TABLE: Final = "42P01"


@click.group(cls=_Commands)
@click.version_option(package_name="commissioning-hub", prog_name="hub")
def main() -> None:
    """Case management for a specialised mental health commissioning hub."""
