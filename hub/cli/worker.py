"""`hub worker`: the second process, which keeps the promises when nobody is looking."""

from __future__ import annotations

import click

from hub.config import settings
from hub.db import make_engine
from hub.embedded import database_url
from hub.migrate import current, newest
from hub.web.log_lines import configure


@click.command()
@click.option("--parent", type=int, hidden=True, help="End when this process, which started it, ends.")
def worker(parent: int | None) -> None:
    """Ring deadlines, deliver messages and do what is due daily, until stopped.

    Any number of workers may run at once, on any number of machines; each may be stopped or killed at any moment.
    """
    chosen = settings()
    configure(chosen.log)
    engine = make_engine(database_url(chosen), pool_size=8)
    try:
        if current(engine) != newest(engine):
            raise click.ClickException("The database is not up to date. Run: hub migrate")
        from hub.worker.process import Worker

        click.echo("The worker is running. Press Control and C to stop it.")
        Worker(engine, chosen.data_dir, parent=parent).run()
    finally:
        engine.dispose()
