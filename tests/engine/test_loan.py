"""What a referral does not use: clocks for each party, recorded moments, resuming, arrows told apart by `when`."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.engine.audit import verify
from hub.engine.available import available_actions
from hub.engine.models import FAR
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import PolicyVersion
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.visibility import HUB_SEES, View
from tests.engine.loan import LOAN, Loan, make_table
from tests.factories import (
    NOW,
    actor_of,
    make_membership,
    make_organisation,
    make_person,
    make_referral,
    make_unit,
)
from workflows.actor import SYSTEM, Actor
from workflows.policy import DEFAULT, Never
from workflows.roles import Role

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def loans(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loan table, and hub roles that see loans."""
    make_table(session)
    for role in (Role.COORDINATOR, Role.CASE_MANAGER):
        monkeypatch.setitem(HUB_SEES[role], "loan", View.ALL)


def asked(session: Session, code: str) -> Actor:
    """A unit manager of an organisation of their own."""
    return actor_of(make_membership(session, Role.UNIT_MANAGER, make_organisation(session, code)))


def borrow(session: Session, actor: Actor, *parties: PartyTo, **more: Any) -> Loan:
    made: Loan = start(session, LOAN, actor, now=NOW, values={}, about=Beginning(parties=parties), **more)
    return made


def test_a_workflow_without_drafts_is_stamped_and_timed_at_once(session: Session, coordinator: Actor) -> None:
    item = borrow(session, coordinator)
    assert item.reference == "LOA-2026-00001" and item.policy_version_id is not None
    assert [(clock.name, clock.duration) for clock in item.clocks] == [("lend", "5 working days")]
    assert item.next_due_at == item.clocks[0].due_at
    child = borrow(session, coordinator, parent=item)
    assert child.policy_version_id == item.policy_version_id


def test_a_clock_for_each_party_ends_with_that_partys_answer(session: Session, coordinator: Actor) -> None:
    one, two = asked(session, "ZU01"), asked(session, "ZU02")
    unit, person = make_unit(session), make_person(session)
    item = borrow(
        session,
        coordinator,
        PartyTo(("asked",), organisation_id=one.organisation_id),
        PartyTo(("asked",), organisation_id=two.organisation_id),
        PartyTo(("asked",), organisation_id=unit.site.organisation_id, unit_id=unit.id),
        PartyTo(("asked", "onlooker"), user_id=person.id),
        PartyTo(("interested",), organisation_id=coordinator.organisation_id),
    )
    keys = [
        f"organisation:{one.organisation_id}",
        f"organisation:{two.organisation_id}",
        f"organisation:{unit.site.organisation_id}/unit:{unit.id}",
        f"user:{person.id}",
    ]
    assert [clock.per for clock in item.clocks if clock.name == "reply"] == sorted(keys)
    assert not item.clock_rows("asked") and not item.row_owners(session, [item.id]), "each is a party's, and no row's"
    perform(session, item, "answer", one, now=NOW + HOUR, reason="We have one")
    ended = [(clock.name, clock.per, clock.outcome) for clock in item.clocks if clock.stopped_at]
    assert ended == [("reply", keys[0], "met"), ("lend", None, "met")]
    perform(session, item, "answer", SYSTEM, now=NOW + HOUR, reason="The hub answers for nobody")
    assert sum(1 for clock in item.clocks if clock.is_running) == 3
    perform(session, item, "answer", one, now=NOW + 2 * HOUR, reason="We still have one")
    assert len([clock for clock in item.clocks if clock.per == keys[0]]) == 1, "it does not start again"
    perform(session, item, "refuse", coordinator, now=NOW + 3 * HOUR)
    assert [clock.outcome for clock in item.clocks if clock.per in keys[1:]] == ["stopped"] * 3


def test_a_party_that_leaves_takes_its_clock_with_it(session: Session, coordinator: Actor) -> None:
    one = asked(session, "ZU01")
    item = borrow(session, coordinator, PartyTo(("asked",), organisation_id=one.organisation_id))
    values = {"organisation_id": one.organisation_id}
    perform(session, item, "remove_party", coordinator, now=NOW + HOUR, values=values, reason="Not theirs")
    assert [(clock.name, clock.outcome) for clock in item.clocks] == [("reply", "stopped"), ("lend", None)]
    perform(session, item, "note", coordinator, now=NOW, values={"note": "x", "audience": "hub"})
    perform(session, item, "lend", coordinator, now=NOW + 2 * HOUR)
    assert [clock.outcome for clock in item.clocks if clock.name == "reply"] == ["stopped"]
    perform(session, item, "give_back", coordinator, now=NOW + 3 * HOUR)
    late = borrow(session, coordinator, PartyTo(("asked",), organisation_id=one.organisation_id))
    perform(session, late, "remove_party", coordinator, now=NOW + 2 * DAY, values=values, reason="Not theirs")
    assert late.clocks[0].outcome == "missed"


def test_a_recorded_moment_is_the_deadline(session: Session, coordinator: Actor) -> None:
    item = borrow(session, coordinator)
    perform(session, item, "lend", coordinator, now=NOW, values={"due_back_at": NOW + 3 * DAY})
    keep = next(clock for clock in item.clocks if clock.name == "keep")
    assert (keep.due_at, keep.duration, keep.warn_80_at is not None) == (NOW + 3 * DAY, "", True)
    assert item.due_back_at == NOW + 3 * DAY
    without = borrow(session, coordinator)
    perform(session, without, "lend", coordinator, now=NOW)
    assert {clock.name for clock in without.clocks if clock.is_running} == {"use"}


def test_two_arrows_of_one_name_and_a_clock_that_goes_on(session: Session, coordinator: Actor) -> None:
    item = borrow(session, coordinator)
    perform(session, item, "lend", coordinator, now=NOW)
    assert [
        offer.action.dest for offer in available_actions(item, coordinator) if offer.action.name == "give_back"
    ] == ["returned"]
    perform(session, item, "break_it", coordinator, now=NOW + HOUR, values={"is_broken": True})
    perform(session, item, "give_back", coordinator, now=NOW + 2 * HOUR)
    use = next(clock for clock in item.clocks if clock.name == "use")
    assert (item.state, use.outcome) == ("mending", "met")
    perform(session, item, "lend_again", coordinator, now=NOW + 12 * HOUR)
    [use] = [clock for clock in item.clocks if clock.name == "use"]
    assert (use.is_running, use.outcome, use.due_at) == (True, None, NOW + 34 * HOUR), "ten hours away count as a pause"
    perform(session, item, "break_it", coordinator, now=NOW + 13 * HOUR, values={"is_broken": False})
    perform(session, item, "give_back", coordinator, now=NOW + 14 * HOUR)
    assert (item.state, item.is_open, item.next_due_at) == ("returned", False, FAR)
    [use] = [clock for clock in item.clocks if clock.name == "use"]
    assert (use.gross_seconds, use.net_seconds) == (14 * 3600, 4 * 3600)
    assert verify(session).findings == ()


def test_needs_read_what_is_true_under_the_lock(session: Session, coordinator: Actor) -> None:
    parent = make_referral(session)
    item = borrow(session, coordinator, parent=parent)
    held = item.case
    assert held is not None and held.closed_at is None
    change = update(CareCase).where(CareCase.id == item.case_id).values(closed_at=NOW)
    session.execute(change.execution_options(synchronize_session=False))
    with pytest.raises(ActionRefused, match="The case is closed"):
        perform(session, item, "lend", coordinator, now=NOW)
    assert held is item.case, "the very object that somebody still holds"
    alone = borrow(session, coordinator)
    assert alone.case is None
    perform(session, alone, "lend", coordinator, now=NOW)


def test_lists_of_codes(session: Session, coordinator: Actor) -> None:
    item = borrow(session, coordinator)
    with pytest.raises(ActionRefused, match="What is lent: choose one from the list"):
        perform(session, item, "lend", coordinator, now=NOW, values={"things": ["urgent", "soon"]})
    with pytest.raises(ActionRefused, match="not an answer of the right kind"):
        perform(session, item, "lend", coordinator, now=NOW, values={"things": "urgent"})
    perform(session, item, "lend", coordinator, now=NOW, values={"things": ["urgent", "routine"], "remark": " "})
    session.expire_all()
    assert item.things == ["urgent", "routine"]
    assert item.history[-1].values == {"things": {"old": None, "new": ["urgent", "routine"]}}


def test_a_forbidden_length_refuses_the_start(session: Session, coordinator: Actor) -> None:
    never = DEFAULT.with_value("referral.resubmit", Never("Nothing is lent this month"))
    session.add(PolicyVersion(name="Odd", number=2, in_force_from=NOW, content=never.to_json()))
    session.flush()
    with pytest.raises(ActionRefused, match="Nothing is lent this month"):
        borrow(session, coordinator)


def test_a_workflow_without_an_accepting_action_has_no_priority_to_change(session: Session, coordinator: Actor) -> None:
    item = borrow(session, coordinator)
    with pytest.raises(ActionRefused, match="This is for nobody"):
        perform(session, item, "change_priority", coordinator, now=NOW, values={"priority": "urgent"}, reason="x")
