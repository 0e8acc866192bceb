"""`hub run` and `hub demo`: the web server, and a whole invented hub to try."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from hub.cli.scale import demo_settings, scale
from hub.config import Settings, settings
from hub.db import make_engine, make_sessions, transaction
from hub.demo.world import PASSWORD, DemoRefused, make_world, sign_ins
from hub.documents.intake import intake_of
from hub.embedded import database_url
from hub.migrate import current, newest, upgrade
from hub.policies.services import seed
from hub.web.log_lines import configure

THREADS: Final = 4
"""Threads of each worker process; throughput comes from the processes."""
PORTS_TRIED: Final = 20
WORKER_ENDS_WITHIN: Final = 10.0
"""Seconds; it ends with the batch it is at, and loses nothing when it is killed instead."""
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat file, which a slow disk must not hold up


class _ServerLog(Logger):
    """Gunicorn's own lines go the way of all others; it writes none of its own about a request."""

    def setup(self, cfg: Any) -> None:
        """Hand everything on."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class _Server(BaseApplication):
    """Gunicorn with our settings and none from files or the environment; each worker makes its own application."""

    def __init__(self, options: Mapping[str, Any], chosen: Settings) -> None:
        self.options, self.chosen = options, chosen
        super().__init__()

    def load_config(self) -> None:
        """Hand over the settings."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one worker."""
        from hub.app import create_app

        return create_app(self.chosen)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Other addresses also need HUB_HOSTS.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def run(host: str, port: int, workers: int) -> None:
    """Start the web server."""
    chosen = settings()
    url = database_url(chosen)
    engine = make_engine(url, pool_size=1)
    try:
        at, latest = current(engine), newest(engine)
    finally:
        engine.dispose()
    if at != latest:
        raise click.ClickException("The database is not up to date. Run: hub migrate")
    if not is_free(host, port):
        raise click.ClickException(f"Port {port} of {host} is taken. Choose another with --port.")
    serve(chosen.model_copy(update={"database_url": url}), host, port, workers)


@contextmanager
def worker_beside(chosen: Settings) -> Iterator[None]:
    """Run `hub worker` as a process of its own, on the same database and folder, while the web server runs here."""
    me = os.getpid()
    environment = {
        **os.environ,
        "HUB_DATABASE_URL": chosen.database_url or "",
        "HUB_DATA_DIR": str(chosen.data_dir),
        "HUB_DEMO": "true",
        "HUB_LOG": chosen.log,
        "HUB_ADDRESS": chosen.address or "",
    }
    command = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')", "worker", "--parent", str(me)]
    # Control and C reaches both; the worker is told by us, so that it is not interrupted twice.
    beside = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own words
    try:
        yield
    finally:
        # The web server's own processes leave through here too, and the worker is not theirs to end.
        if os.getpid() == me:
            beside.terminate()
            try:
                beside.wait(WORKER_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                beside.kill()
                beside.wait()


def serve(chosen: Settings, host: str, port: int, workers: int) -> None:
    """Serve until stopped; does not return. `chosen` names the database, so that only this process holds its server."""
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "timeout": 60,
        "graceful_timeout": 20,
        "keepalive": 5,
        "logger_class": _ServerLog,
        "errorlog": "-",
        # No access log of its own: it would write addresses whole, and what is looked for may be a person's name.
        "accesslog": None,
        "loglevel": "warning",
        "proc_name": "hub",
        # Which proxies may say who the client is is our own setting (HUB_TRUSTED_PROXIES), not gunicorn's.
        "forwarded_allow_ips": "",
        "worker_tmp_dir": str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None,
        "child_exit": _forget_what_it_was_doing,
    }
    configure(chosen.log)
    share_counts(chosen.data_dir / "metrics" / str(port))
    _Server(options, chosen).run()


def share_counts(folder: Path) -> None:
    """An empty folder in which the processes of this server keep their counts, for whichever answers /metrics.

    What the last run left there is gone: counts begin at nothing with the server, as whoever reads them expects.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _forget_what_it_was_doing(_server: Any, worker: Any) -> None:
    """A process that has ended answers no request any more; what it counted stays."""
    # Not before the folder is named: the library looks for it once, when it is imported.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library has no types here


@click.group(invoke_without_command=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--no-serve", is_flag=True, help="Make the world and stop there.")
@click.pass_context
def demo(ctx: click.Context, port: int, workers: int, no_serve: bool) -> None:
    """Make an invented hub with people, organisations and a year of referrals, and open it to try."""
    if ctx.invoked_subcommand is not None:
        return
    chosen = demo_settings()
    folder = chosen.data_dir
    url = database_url(chosen)
    _make_world(url, chosen)
    for line in sign_in_lines():
        click.echo(line)
    if chosen.mail_folder is not None:
        click.echo(f"E-mail is not sent: each is a file in {shlex.quote(str(chosen.mail_folder))}, its links included.")
    click.echo(f"To use the hub command on this world: export HUB_DATA_DIR={shlex.quote(str(folder))}")
    if no_serve:
        return
    free = next((other for other in range(port, port + PORTS_TRIED) if is_free("127.0.0.1", other)), None)
    if free is None:
        raise click.ClickException(f"Ports {port} to {port + PORTS_TRIED - 1} are all taken. Choose one with --port.")
    if free != port:
        click.echo(f"Port {port} is taken, so this uses port {free}.")
    click.echo(f"Open http://127.0.0.1:{free}/ and press Control and C here to stop.")
    here = chosen.model_copy(update={"database_url": url, "address": chosen.address or f"http://127.0.0.1:{free}"})
    with worker_beside(here):
        serve(here, "127.0.0.1", free, workers)


demo.add_command(scale)


def _make_world(url: str, chosen: Settings) -> None:
    import hub.reactions  # noqa: F401 - every table known, and every topic heard

    engine = make_engine(url, pool_size=2)
    try:
        upgrade(engine)
        with make_sessions(engine)() as session:
            with transaction(session):
                seed(session)
            with transaction(session):
                # The client of a bucket has threads, which the web server's processes would not inherit.
                intake = intake_of(chosen) if chosen.storage_url is None else None
                is_new = make_world(session, now=datetime.now(UTC), intake=intake)
    except DemoRefused as no:
        raise click.ClickException(str(no)) from no
    finally:
        engine.dispose()
    click.echo("The demo hub is ready." if is_new else "The demo hub was there already.")


def sign_in_lines() -> list[str]:
    """Who can sign in, as a table, and the password they share."""
    people = sign_ins()
    widths = [max(len(row[place]) for row in people) for place in range(2)]
    lines = [f"  {email:<{widths[0]}}  {name:<{widths[1]}}  {role}" for email, name, role in people]
    return [*lines, f"Everybody's password: {PASSWORD}"]


def is_free(host: str, port: int) -> bool:
    """Whether the port can be listened on now."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as tried:
        # As the server itself will: a port that was only just let go counts as free.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True
