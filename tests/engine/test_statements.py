"""How many statements one action sends: a page that presses a button must not become slower unnoticed."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub.engine.perform import perform
from hub.engine.start import start
from tests.factories import ANSWERS, NOW, make_referral, referral_values, start_referral
from workflows.actor import Actor
from workflows.referral import REFERRAL


def kinds(sent: list[str]) -> list[str]:
    """Each statement as its verb and table."""
    words = [statement.split() for statement in sent]
    return [f"{word[0]} {word[2] if word[0] == 'INSERT' else word[1]}" for word in words if word[0] != "SAVEPOINT"]


def test_start_sends_two_reads_and_four_writes(session: Session, referrer: Actor, statements: Any) -> None:
    start_referral(session, referrer)
    with statements() as sent:
        start(session, REFERRAL, referrer, now=NOW, values=referral_values())
    assert len(sent) == 5, sent
    with statements() as sent:
        start_referral(session, referrer)
    assert len(sent) == 6, sent


@pytest.mark.parametrize("ready", [False, True])
def test_a_plain_move_sends_five_reads_and_two_writes(
    session: Session, coordinator: Actor, statements: Any, ready: bool
) -> None:
    item = make_referral(session)
    if ready:
        assert item.clocks and item.parties and item.history, "a page that was loaded before costs nothing more"
    with statements() as sent:
        perform(session, item, "start_review", coordinator, now=NOW)
    assert [statement.split()[0] for statement in sent] == ["SELECT"] * 5 + ["INSERT", "UPDATE"]


def test_ending_locks_the_case_and_writes_clock_copies_and_message(
    session: Session, case_manager: Actor, statements: Any
) -> None:
    item = make_referral(session, "in_review")
    with statements() as sent:
        perform(session, item, "decline", case_manager, now=NOW, values=ANSWERS["decline"])
    verbs = kinds(sent)
    assert len(verbs) == 14, verbs
    assert sent[0].startswith("SELECT id FROM care_case") and sent[0].endswith("FOR UPDATE")
    assert verbs[6:] == [
        "INSERT transition",
        "UPDATE work_item",
        "UPDATE referral",
        "UPDATE clock",
        "UPDATE item_party",
        "INSERT outbox_message",
        "INSERT reaction",
        "SELECT task.id",
    ]


def test_a_refusal_writes_nothing(session: Session, coordinator: Actor, statements: Any) -> None:
    item = make_referral(session, "in_review")
    with statements() as sent, pytest.raises(Exception, match="This is for a case manager"):
        perform(session, item, "decline", coordinator, now=NOW, values=ANSWERS["decline"])
    assert [statement.split()[0] for statement in sent] == ["SELECT"] * 6
