"""People and counters that the engine's tests share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from tests.factories import make_actor
from workflows.actor import Actor
from workflows.roles import Role


@pytest.fixture
def referrer(session: Session) -> Actor:
    """Somebody of a community team."""
    return make_actor(session, Role.REFERRER)


@pytest.fixture
def coordinator(session: Session) -> Actor:
    """A coordinator of the hub."""
    return make_actor(session, Role.COORDINATOR)


@pytest.fixture
def case_manager(session: Session) -> Actor:
    """A case manager of the hub."""
    return make_actor(session, Role.CASE_MANAGER)


@pytest.fixture
def on_call(session: Session) -> Actor:
    """A finance lead whom the rota names: no power of their own, on-call's only."""
    return make_actor(session, Role.FINANCE_LEAD, is_on_call=True)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """`with statements() as sent:` collects every statement the driver sends, the ORM's and the engine's."""
    seen: list[list[str]] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        for sent in seen:
            sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)

    @contextmanager
    def listening() -> Iterator[list[str]]:
        sent: list[str] = []
        seen.append(sent)
        try:
            yield sent
        finally:
            seen.remove(sent)

    return listening
