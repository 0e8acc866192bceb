"""Adding a document to an item and taking it back: row, history, audience, and what the database itself refuses."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.documents.models import Document
from hub.engine.audit import verify
from hub.engine.available import everyday_actions
from hub.engine.documents import StoredFile
from hub.engine.models import Transition
from hub.engine.perform import perform
from hub.engine.reading import find_item
from hub.engine.refusal import ActionRefused
from hub.referrals.models import Referral
from tests.factories import NOW, make_actor, make_referral
from workflows.actor import SYSTEM, Actor
from workflows.everyday import may_take_back
from workflows.roles import Role

LETTER = StoredFile("Letter.pdf", "pdf", 812, "ab" * 32, "clean")
OTHER = replace(LETTER, name="Chart.png", kind="png", sha256="cd" * 32, scan="not_scanned")


def add(session: Session, item: Any, actor: Actor, file: Any = LETTER, audience: str = "all") -> Document:
    perform(session, item, "add_document", actor, now=NOW, values={"document": file, "audience": audience})
    return session.scalars(select(Document).where(Document.item_id == item.id).order_by(Document.id.desc())).first()  # type: ignore[return-value]  # just made


def take_back(session: Session, item: Any, actor: Actor, document_id: int) -> None:
    perform(
        session, item, "take_back_document", actor, now=NOW, values={"document_id": document_id}, reason="Wrong person"
    )


@pytest.mark.parametrize("state", ["draft", "in_review", "declined"])
def test_a_document_is_a_row_beside_its_history_row(session: Session, referrer: Actor, state: str) -> None:
    item = make_referral(session, state, referrer=referrer)
    made = add(session, item, referrer)
    row = session.scalars(select(Transition).where(Transition.item_id == item.id).order_by(Transition.position)).all()[
        -1
    ]
    assert (row.action, row.position, row.audience) == ("add_document", made.position, "all")
    assert row.values["document"] == {"new": "Letter.pdf"}
    assert row.values["document_content"] == {"new": [{"sha256": "ab" * 32, "bytes": 812}]}
    assert (made.added_by_id, made.acting_as, made.scan, made.taken_back_at) == (
        referrer.user_id,
        referrer.membership_id,
        "clean",
        None,
    )
    assert item.state == state and not verify(session).findings


def test_its_audience_is_that_of_a_note(session: Session, referrer: Actor, case_manager: Actor) -> None:
    item = make_referral(session, "in_review", referrer=referrer)
    assert add(session, item, referrer, audience="hub").audience == f"organisation:{referrer.organisation_id}"
    assert add(session, item, case_manager, audience="hub").audience == "hub"  # the same bytes, for other eyes
    with pytest.raises(ActionRefused, match=r"“Letter\.pdf” is here already, so it was not added again"):
        add(session, item, case_manager, audience="hub")


def test_what_cannot_be_added(session: Session, referrer: Actor) -> None:
    item = make_referral(session, "in_review", referrer=referrer)
    for given, said in ((None, "Choose at least one file"), ("Letter.pdf", "not an answer of the right kind")):
        with pytest.raises(ActionRefused, match=said):
            add(session, item, referrer, given)
    stranger = make_actor(session, Role.FAMILY_LIAISON)
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        add(session, item, stranger)
    assert not item.documents


def test_who_takes_a_document_back(session: Session, referrer: Actor, coordinator: Actor, case_manager: Actor) -> None:
    item = make_referral(session, "in_review", referrer=referrer)
    made = add(session, item, referrer)
    names = [offer.action.name for offer in everyday_actions(item, referrer)]
    assert "take_back_document" in names
    assert "take_back_document" not in [offer.action.name for offer in everyday_actions(item, case_manager)]
    with pytest.raises(ActionRefused, match="There is no document here that you may take back"):
        take_back(session, item, case_manager, made.id)
    theirs = add(session, item, case_manager, OTHER)
    with pytest.raises(ActionRefused, match="Choose a document from the list"):
        take_back(session, item, case_manager, made.id)
    with pytest.raises(ActionRefused, match="Which document: choose an answer"):
        perform(session, item, "take_back_document", coordinator, now=NOW, values={}, reason="Wrong person")
    perform(session, item, "assign", coordinator, now=NOW, values={"owner_id": case_manager.user_id})
    assert may_take_back(made, item, case_manager)  # as its owner now
    assert not may_take_back(made, item, SYSTEM)
    take_back(session, item, coordinator, made.id)
    session.expire_all()
    assert (made.taken_back_by_id, made.taken_back_why) == (coordinator.user_id, "Wrong person")
    for again in (made.id, 10**6):
        with pytest.raises(ActionRefused, match="Choose a document from the list"):
            take_back(session, item, coordinator, again)
    row = session.scalars(select(Transition).where(Transition.item_id == item.id).order_by(Transition.position)).all()[
        -1
    ]
    assert (row.values, row.reason, row.audience) == ({"document": {"old": "Letter.pdf"}}, "Wrong person", "all")
    assert add(session, item, referrer).id not in {made.id, theirs.id}  # taken back, it can be added again


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE document SET name = 'Another.pdf'",
        "UPDATE document SET audience = 'all', taken_back_at = at, taken_back_by_id = 1, taken_back_why = 'x'",
        "DELETE FROM document",
        "TRUNCATE document",
    ],
)
def test_the_database_keeps_documents_as_they_are(session: Session, case_manager: Actor, change: str) -> None:
    add(session, make_referral(session, "in_review"), case_manager, audience="hub")
    with pytest.raises(DatabaseError, match="a document is never changed or removed"):
        session.execute(text(change))


def test_taken_back_once_it_stays_so(session: Session, coordinator: Actor) -> None:
    item = make_referral(session, "in_review")
    take_back(session, item, coordinator, add(session, item, coordinator).id)
    with pytest.raises(DatabaseError, match="only taken back once"):
        session.execute(
            text("UPDATE document SET taken_back_at = NULL, taken_back_by_id = NULL, taken_back_why = NULL")
        )


def test_two_people_add_at_once_and_both_stand(committed: Engine) -> None:
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        reference = make_referral(session, "in_review").reference
        people = [make_actor(session, Role.CASE_MANAGER), make_actor(session, Role.COORDINATOR)]
    start, wrong = threading.Barrier(2), []

    def go(actor: Actor, file: StoredFile) -> None:
        try:
            with Session(committed, expire_on_commit=False) as own, transaction(own):
                item = find_item(own, Referral, reference, actor)
                start.wait()
                perform(own, item, "add_document", actor, now=NOW, values={"document": file, "audience": "hub"})
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=go, args=pair) for pair in zip(people, (LETTER, OTHER), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not wrong
    with Session(committed) as session:
        positions = list(session.scalars(select(Document.position).order_by(Document.id)))
        assert positions == [4, 5] and not verify(session).findings
