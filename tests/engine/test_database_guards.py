"""What the mapper and the database refuse, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hub.engine.access_log import log_access
from hub.engine.audit import write_digest
from hub.engine.models import StateIsTheEngines
from hub.engine.statements import model_of, raw_connection
from tests.factories import NOW, make_referral
from workflows.actor import Actor
from workflows.core import Action, May, Workflow
from workflows.referral import REFERRAL, State
from workflows.roles import Role

APPEND_ONLY = ("transition", "access_log", "audit_digest", "paper")


def test_the_mapper_refuses_to_set_a_state(session: Session) -> None:
    item = make_referral(session)
    with pytest.raises(StateIsTheEngines, match="Only the engine sets a state"):
        item.state = "accepted"
    assert item.state == "submitted"


@pytest.mark.parametrize(
    "change",
    [
        "state = 'accepted'",
        "state = 'accepted', history_length = history_length + 1",
        "state = 'accepted', head_hash = 'x'",
    ],
)
def test_the_database_refuses_a_state_without_history(session: Session, change: str) -> None:
    item = make_referral(session)
    with pytest.raises(DBAPIError, match=f"the state of {item.reference} cannot change without a history row"):
        session.execute(text(f"UPDATE work_item SET {change} WHERE id = :id"), {"id": item.id})


def test_an_item_without_history_cannot_be_put_in(session: Session) -> None:
    columns = "id, kind, reference, state, version, is_open, is_draft, title, opened_at, next_due_at"
    row = "nextval('work_item_id_seq'), 'referral', 'REF-1', 'accepted', 1, true, false, '', now(), now()"
    with pytest.raises(DBAPIError, match="ck_work_item_has_history"):
        session.execute(text(f"INSERT INTO work_item ({columns}, history_length, head_hash) VALUES ({row}, 0, '')"))


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_append_only_tables(session: Session, case_manager: Actor, table: str, statement: str) -> None:
    make_referral(session)
    log_access(session, case_manager, "opened", now=NOW)
    write_digest(session, now=NOW)
    with pytest.raises(DBAPIError, match=f"{table} is append-only: a row is never changed or removed"):
        session.execute(text(statement.format(table)))


def test_the_access_log_says_who_and_what(session: Session, case_manager: Actor) -> None:
    log_access(session, case_manager, "searched", now=NOW, path="/x" * 400, detail={"count": 3}, address="10.0.0.1")
    log_access(session, None, "sign_in_failed", now=NOW)
    rows = session.execute(text("SELECT user_id, what, length(path), detail FROM access_log ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        (case_manager.user_id, "searched", 500, {"count": 3}),
        (None, "sign_in_failed", 0, {}),
    ]


def test_another_definition_of_a_known_name_has_no_model() -> None:
    other = Workflow(
        name="referral",
        title="Another",
        prefix="REF",
        states=State,
        initial="draft",
        ends=frozenset(map(str, State)) - {"draft"},
        started_by=(May(Role.COORDINATOR),),
        actions=tuple(
            Action(f"to_{state}", "Go", "draft", state, by=(May(Role.COORDINATOR),))
            for state in State
            if state != "draft"
        ),
    )
    with pytest.raises(LookupError, match="Referral is not the model of this definition of referral"):
        model_of(other)
    assert model_of(REFERRAL).__tablename__ == "referral"


def test_the_engine_runs_on_psycopg_alone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not raw_connection(session).closed
    monkeypatch.setattr("hub.engine.statements.Connection", int)
    with pytest.raises(TypeError, match="the hub runs on psycopg"):
        raw_connection(session)
