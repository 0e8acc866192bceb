"""`hub run` and `hub demo` as real processes: they answer, refuse a taken port, and stop when told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub.cli.serving import is_free

pytestmark = pytest.mark.slow

COMMAND = "from hub.cli import main; main(prog_name='hub')"
WAIT = 60.0
Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def demo_hub(make_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Database and folder of the demo: the first test that starts it makes its world, and the others find it."""
    return make_database("demo"), tmp_path_factory.mktemp("demo")


@pytest.fixture
def begin(committed: Engine, demo_hub: tuple[str, Path], tmp_path: Path) -> Iterator[Begin]:
    """Start `hub` with these words in a process of its own, the demo on its own database; ended after the test."""
    own = (committed.url.render_as_string(hide_password=False), tmp_path)
    started: list[subprocess.Popen[str]] = []

    def do(*given: object) -> subprocess.Popen[str]:
        url, folder = demo_hub if given[0] == "demo" else own
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", COMMAND, *map(str, given)],
                env={**os.environ, "HUB_DATABASE_URL": url, "HUB_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield do
    for process in started:
        process.terminate()
        process.communicate(timeout=WAIT)


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def answer(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page, waiting until the server is up."""
    end = time.monotonic() + WAIT
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, HTTPException):
            assert time.monotonic() < end, "the server never answered"
            time.sleep(0.1)
        finally:
            connection.close()


def test_it_serves_and_stops_when_told(begin: Begin, port: int) -> None:
    process = begin("run", "--port", port, "--workers", 2)
    assert answer(port, "/readyz") == (503, "no worker was seen for 60 seconds: start hub worker\n")
    status, page = answer(port, "/sign-in")
    assert status == 200 and "Demo" not in page
    assert answer(port, "/search?q=Featherstone")[0] == 302
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 0, said
    assert "Featherstone" not in said, "what was looked for is in no log file"
    assert is_free("127.0.0.1", port)


def test_a_taken_port_is_said_so_and_the_demo_takes_the_next(begin: Begin, port: int) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        refused = begin("run", "--port", port)
        said, _ = refused.communicate(timeout=WAIT)
        assert refused.returncode == 1 and f"Port {port} of 127.0.0.1 is taken" in said
        demo = begin("demo", "--port", port, "--workers", 1)
        assert demo.stdout is not None
        address = next(line for line in demo.stdout if line.startswith("Open http://"))
        taken = int(address.split(":")[2].split("/")[0])
        assert port < taken <= port + 20
        status, page = answer(taken, "/sign-in")
        assert status == 200 and "Dele Okafor" in page
        wait_until_ready(taken)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_the_demo_brings_its_worker_and_takes_it_along(begin: Begin, port: int, ending: signal.Signals) -> None:
    demo = begin("demo", "--port", port, "--workers", 1)
    assert demo.stdout is not None
    taken = int(next(line for line in demo.stdout if line.startswith("Open http://")).split(":")[2].split("/")[0])
    wait_until_ready(taken)
    [worker] = children_of(demo.pid, "--parent")
    demo.send_signal(ending)
    demo.wait(WAIT)
    end = time.monotonic() + WAIT
    while Path(f"/proc/{worker}/cmdline").exists():
        assert time.monotonic() < end, "the worker outlived the web server"
        time.sleep(0.1)


def wait_until_ready(port: int) -> None:
    """Until the worker has given its first sign of life."""
    end = time.monotonic() + WAIT
    while answer(port, "/readyz") != (200, "ok\n"):
        assert time.monotonic() < end, "the worker was never seen"
        time.sleep(0.2)


def children_of(parent: int, word: str) -> list[int]:
    """The processes that `parent` started with `word` among their words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status, words = (folder / "status").read_text(), (folder / "cmdline").read_text()
        except OSError:
            continue
        if f"PPid:\t{parent}\n" in status and word in words:
            found.append(int(folder.name))
    return found
