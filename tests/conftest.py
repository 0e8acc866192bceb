"""A real PostgreSQL for every test: migrated once, copied for each worker, a savepoint for each test."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

import hub.models
import hub.reactions
from hub.config import Settings
from hub.db import make_engine, transaction
from hub.embedded import embedded_url
from hub.migrate import upgrade
from hub.policies.services import seed

assert hub.models.__all__ and hub.reactions.__doc__

TEMPLATE = "hub_test_template"
JOURNEYS = Path(__file__).parent / "journeys"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is a journey, and with `--dist loadgroup` what shares a module's fixture.

    Tests that share one go to one worker, which makes it once; all others go to whichever worker is free.
    """
    for item in items:
        if JOURNEYS in item.path.parents:
            item.add_marker(pytest.mark.journey)
        made = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
        if any(found[-1].scope == "module" for found in made):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """What takes long goes first, so that no worker is alone with it at the end; journeys are short and go last."""
    if item.get_closest_marker("journey"):
        return 2
    return 0 if item.get_closest_marker("slow") else 1


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end, so nothing of it is looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The server under test: HUB_TEST_DATABASE_URL, else an embedded one in a temporary folder."""
    given = os.environ.get("HUB_TEST_DATABASE_URL")
    if given:
        yield given
        return
    root = tmp_path_factory.getbasetemp()
    folder = (root.parent if worker_id != "master" else root) / "postgres"
    url = embedded_url(folder, database="postgres")
    engine = make_engine(url, pool_size=1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Nothing here must survive a power cut, and a test run commits thousands of times.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a migrated database to copy; made once for all workers."""
    admin = make_engine(server_url, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(7264002)"))
        found = connection.execute(
            text("SELECT 1 FROM pg_database WHERE datname = :name AND datistemplate"), {"name": TEMPLATE}
        ).scalar()
        if not found:
            connection.execute(text(f"DROP DATABASE IF EXISTS {TEMPLATE}"))
            connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
            engine = make_engine(_address(server_url, TEMPLATE), pool_size=1)
            upgrade(engine)
            with Session(engine) as made, transaction(made):
                seed(made)
            engine.dispose()
            connection.execute(text(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true"))
        connection.execute(text("SELECT pg_advisory_unlock(7264002)"))
    admin.dispose()
    return TEMPLATE


@pytest.fixture(scope="session")
def make_database(server_url: str, template: str, worker_id: str) -> Iterator[Callable[[str], str]]:
    """A function that makes a fresh migrated database and gives its address; dropped at the end."""
    admin = make_engine(server_url, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make(label: str) -> str:
        name = f"hub_{label}_{worker_id}_{len(made)}"
        with admin.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(7264002)"))
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            connection.execute(text("SELECT pg_advisory_unlock(7264002)"))
        made.append(name)
        return _address(server_url, name)

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def engine(make_database: Callable[[str], str]) -> Iterator[Engine]:
    """The database most tests share: what one writes, its savepoint takes back."""
    made = make_engine(make_database("shared"), pool_size=2)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session in a transaction that is rolled back after the test; commits inside it are savepoints."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as made:
            yield made
        outer.rollback()


@pytest.fixture
def committed(make_database: Callable[[str], str]) -> Iterator[Engine]:
    """A database of its own, for tests with threads, processes or real commits."""
    made = make_engine(make_database("own"), pool_size=20)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def test_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a hub under test: a fixed key, its own data folder."""
    return Settings(secret_key="a key for tests only", data_dir=tmp_path_factory.mktemp("data"), hosts=("localhost",))


SESSION = "tests.session"


@pytest.fixture(scope="session")
def one_app(test_settings: Settings) -> Flask:
    """The whole application, made once for each worker: building one for each test was half the suite's time."""
    return _made(test_settings)


def _made(settings: Settings) -> Flask:
    from hub.app import create_app

    made = create_app(settings, session_factory=lambda: _of_the_request(made))
    made.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
    # What the request changed must be seen by the test's objects.
    made.teardown_appcontext(lambda _error: made.extensions[SESSION].expire_all())
    return made


def _of_the_request(app: Flask) -> Session:
    """On the test's connection, but its own: a request rolls back and closes its session at the end."""
    session: Session = app.extensions[SESSION]
    session.flush()
    return Session(session.connection(), join_transaction_mode="create_savepoint", expire_on_commit=False)


@pytest.fixture
def app(session: Session, one_app: Flask) -> Iterator[Flask]:
    """The application on the test's session, CSRF off so that a client can post; its own tests turn it on.

    Settings and extensions that a test exchanges are put back.
    """
    config, extensions = dict(one_app.config), dict(one_app.extensions)
    one_app.extensions[SESSION] = session
    yield one_app
    for kept, was in ((one_app.config, config), (one_app.extensions, extensions)):
        kept.clear()
        kept.update(was)


@pytest.fixture
def fresh_app(session: Session, test_settings: Settings) -> Flask:
    """An application of the test's own, for one that gives it further routes."""
    made = _made(test_settings)
    made.extensions[SESSION] = session
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript; its requests have one number, so that pages can be compared to the byte."""
    browser = app.test_client()
    browser.environ_base["HTTP_X_REQUEST_ID"] = "the-same-in-tests"
    return browser


@pytest.fixture
def sign_in(session: Session) -> Callable[[FlaskClient, Any], None]:
    """Sign a membership in without the page: a session row and its cookie."""
    from tests.factories import signed_in_cookie

    def do(client: FlaskClient, membership: Any) -> None:
        signed_in_cookie(session, client, membership)

    return do


def _address(server_url: str, database: str) -> str:
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Which parallel worker this is; "master" without any."""
    workerinput = getattr(request.config, "workerinput", None)
    return str(workerinput["workerid"]) if workerinput else "master"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
