"""The ways of a dispute: every end, who may do what, what is to be done afterwards, and what nobody may change."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub.engine.audit import verify
from hub.engine.available import everyday_actions
from hub.engine.everyday import correctable
from hub.engine.refusal import ActionRefused
from hub.escalations.models import Escalation
from hub.escalations.raising import raise_dispute
from tests.escalation_factory import (
    DAY,
    actions_of,
    do,
    make_dispute,
    make_table,
    raised,
    refusal,
    ring,
    state_positions,
)
from tests.factories import NOW, make_actor, make_hub, make_organisation
from workflows.everyday import may_take_back
from workflows.roles import Role

WALKS = [
    *[(state, 2, False) for state in ("raised", "withdrawn", "out_of_scope", "referred_on", "determined", "closed")],
    *[("closed", 3, False), ("determined", 3, True), ("implementing", 2, True)],
]


@pytest.mark.parametrize(("state", "sides", "hub"), WALKS)
def test_every_state_is_reached(session: Session, state: str, sides: int, hub: bool) -> None:
    item = make_dispute(session, state, table=make_table(session, sides, hub_is_a_side=hub))
    assert item.state == state
    live = {row.name for row in item.clocks if row.stopped_at is None}
    assert bool(live) is item.is_open
    outcomes = {row.name: row.outcome for row in item.clocks if row.stopped_at is not None}
    if state == "out_of_scope":
        assert outcomes == {"accept": "met"}, "it was answered in time"
    if state == "withdrawn":
        assert outcomes == {"accept": "stopped"}
    if state == "closed":
        assert outcomes["close"] == outcomes["action"] == outcomes["silence"] == "met"
    assert verify(session).findings == ()


def number(item: Escalation, which: int, name: str) -> Any:
    """The newest clock of this name for an action."""
    return [row for row in item.clocks if row.name == name and row.per == f"action:{which}"][-1]


def test_an_action_is_claimed_disputed_changed_dropped_and_left_to_silence(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    do(session, item, "propose", table.convenor, NOW, settlement="So", actions=actions_of(table, NOW, 3))
    for actor in table.speakers:
        do(session, item, "accept_proposal", actor, NOW, version=1)
    do(session, item, "start_implementing", table.convenor, NOW)
    owner, other = table.speakers  # the first has actions 1 and 3, the other one 2
    assert number(item, 1, "action").due_at.date() == (NOW + 10 * DAY).date()
    why = refusal(session, item, "claim_done", owner, NOW, action_number=2, evidence="A letter")
    assert why == ["This action is not your organisation’s"]
    assert refusal(session, item, "claim_done", table.outside, NOW, action_number=1, evidence="x")[0]
    do(session, item, "claim_done", owner, NOW + DAY, action_number=1, evidence="A letter")
    why = refusal(session, item, "claim_done", owner, NOW + DAY, action_number=1, evidence="x")
    assert why == ["Action 1 is not open: choose another"]
    why = refusal(session, item, "confirm_done", owner, NOW + DAY, action_number=1)
    assert "Your own organisation says that it is done: another side confirms it" in why
    why = refusal(session, item, "confirm_done", other, NOW + DAY, action_number=2)
    assert why == ["Action 2 is not claimed as done: choose another"]
    do(session, item, "claim_done", other, NOW + DAY, action_number=2, evidence="x")
    why = refusal(session, item, "confirm_done", owner, NOW + DAY, action_number=1)
    assert why == ["Your own organisation says that it is done: another side answers"]
    session.expire_all()
    assert (number(item, 1, "action").outcome, number(item, 1, "silence").outcome) == ("met", None)
    # Its date is moved while it is claimed: what was claimed was another thing, and the new day counts.
    later = (NOW + 20 * DAY).date()
    do(session, item, "change_actions", table.convenor, NOW + DAY, action_number=1, due_on=later)
    session.expire_all()
    again = number(item, 1, "action")
    assert (again.outcome, again.due_at.date(), number(item, 1, "silence").outcome) == (None, later, "stopped")
    do(session, item, "change_actions", table.convenor, NOW + DAY, action_number=1, owner_name="Jo Thorne")
    # Claimed late and disputed: it is open again with the date it had, and late it stays.
    ring(session, NOW + 21 * DAY)
    do(session, item, "claim_done", owner, NOW + 21 * DAY, action_number=1, evidence="x")
    session.expire_all()
    assert number(item, 1, "action").outcome == "met_late"
    do(session, item, "dispute_done", other, NOW + 22 * DAY, action_number=1)
    session.expire_all()
    again = number(item, 1, "action")
    assert (again.outcome, again.due_at.date(), again.rang_at) == (None, later, again.due_at)
    assert number(item, 1, "silence").outcome == "met"
    assert item.agreed_actions[0].disputed_why
    # Nobody answered the claim of action 2 within ten working days: it counts, and is recorded so at the end.
    assert item.silent_claims == {2}
    for values in ({"action_number": 1, "is_dropped": True}, {"action_number": 3, "is_dropped": True}):
        do(session, item, "change_actions", table.convenor, NOW + 22 * DAY, **values)
    session.expire_all()
    assert {number(item, 1, "action").outcome, number(item, 3, "action").outcome} == {"missed"}
    new: dict[str, Any] = {"what": "Ring", "owner_organisation_id": other.organisation_id, "owner_name": "Jo"}
    new["due_on"] = (NOW + 40 * DAY).date()
    do(session, item, "change_actions", table.convenor, NOW + 22 * DAY, action_number=0, **new)
    why = refusal(session, item, "close", table.convenor, NOW + 22 * DAY, would_have_prevented="Ringing")
    assert why == ["Action 4 is not done yet: Ring"]
    do(session, item, "claim_done", other, NOW + 22 * DAY, action_number=4, evidence="x")
    why = refusal(session, item, "close", table.convenor, NOW + 22 * DAY, would_have_prevented="Ringing")
    assert why == ["Nobody has confirmed action 4, and the time to answer is not over"]
    do(session, item, "confirm_done", owner, NOW + 22 * DAY, action_number=4)
    do(session, item, "close", table.convenor, NOW + 22 * DAY, would_have_prevented="Ringing")
    session.expire_all()
    assert [each.state for each in item.agreed_actions] == ["dropped", "silent", "dropped", "confirmed"]
    assert number(item, 2, "silence").outcome == "missed", "nobody answered it"
    assert verify(session).findings == ()


def test_no_clock_is_left_out_when_the_last_action_is_settled_and_another_comes(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, "implementing", table=table)
    do(session, item, "change_actions", table.convenor, NOW, action_number=1, is_dropped=True)
    session.expire_all()
    assert [row.name for row in item.clocks if row.stopped_at is None] == ["close"]
    new = actions_of(table, NOW)[0]
    do(session, item, "change_actions", table.convenor, NOW + DAY, action_number=0, **new)
    session.expire_all()
    assert [row.name for row in item.clocks if row.stopped_at is None] == ["action"]
    assert [row.outcome for row in item.clocks if row.name == "close"] == ["stopped"]


def test_facts_are_agreed_one_by_one_and_locked_by_all(session: Session) -> None:
    table = make_table(session, 3)
    item = make_dispute(session, table=table)
    for actor in table.speakers[:2]:
        do(session, item, "agree_facts", actor, NOW, agreed=["1"], disputed_facts=["2"])
    do(session, item, "agree_facts", table.speakers[1], NOW, agreed=["1"])  # it takes back what it said of the second
    session.expire_all()
    assert sorted((view.fact_id, view.agrees) for view in item.views if view.side_id == item.sides[1].id) == [
        (item.facts[0].id, True)
    ]
    assert not any(fact.is_locked for fact in item.facts)
    do(session, item, "agree_facts", table.speakers[2], NOW, agreed=["1", "2"])
    session.expire_all()
    assert [fact.is_locked for fact in item.facts] == [True, False]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"agreed": ["2"], "disputed_facts": ["2"]}, "Fact 2: agree it or dispute it, not both"),
        ({"disputed_facts": ["1"]}, "Fact 1 is agreed by all and locked, or is not there"),
        ({"agreed": ["9"]}, "Fact 9 is agreed by all and locked, or is not there"),
        ({"agreed": ["two"]}, "Choose facts from the list"),
    ]
    for values, words in wrong:
        assert refusal(session, item, "agree_facts", table.speakers[0], NOW, **values) == [words]
    # What is too much is refused whole: neither the position nor one of its facts stays.
    long = {"words": "x", "wanted": "y", "new_facts": "A new one\n" + "z" * 501}
    [why] = refusal(session, item, "state_position", table.speakers[0], NOW, **long)
    assert why == "A fact has at most 500 characters: write the rest in your position"
    many = {"words": "x", "wanted": "y", "new_facts": "\n".join(f"Fact {number}" for number in range(99))}
    [why] = refusal(session, item, "state_position", table.speakers[0], NOW, **many)
    assert why == "There can be at most 100 facts"
    with pytest.raises(ActionRefused):  # in a transaction that goes on, too
        do(session, item, "state_position", table.speakers[0], NOW, **long)
    session.expire_all()
    assert (len(item.positions), len(item.facts)) == (0, 2)
    for actor in table.speakers[:2]:
        do(session, item, "agree_facts", actor, NOW, agreed=["2"])
    [why] = refusal(session, item, "agree_facts", table.speakers[0], NOW, agreed=["2"])
    assert why.startswith("There are no facts to agree")


def test_who_raised_it_withdraws_whatever_their_role_and_no_other_side(session: Session) -> None:
    table = make_table(session)
    place = make_organisation(session, "ZEA01")
    clinician = make_actor(session, Role.UNIT_CLINICIAN, place)
    told_of_it = make_actor(session, Role.UNIT_CLINICIAN, place)
    table.speakers[0], manager = clinician, table.speakers[0]
    item = make_dispute(session, "raised", table=table)
    for actor in (told_of_it, table.speakers[1], table.convenor, table.outside):
        assert refusal(session, item, "withdraw", actor, NOW)
    with session.begin_nested() as undone:
        do(session, item, "withdraw", manager, NOW)
        undone.rollback()
    session.expire_all()
    do(session, item, "withdraw", clinician, NOW)
    assert item.state == "withdrawn"
    # A case manager who raised it for two others takes it back as well.
    raiser = make_actor(session, Role.CASE_MANAGER)
    table.speakers = [raiser, table.speakers[1]]
    sides = (place.id, table.speakers[1].organisation_id or 0)
    other = raise_dispute(session, raiser, raised(table, side_ids=sides), now=NOW)
    do(session, other, "withdraw", raiser, NOW)
    assert other.state == "withdrawn"


def test_nobody_of_a_hub_that_is_a_side_shuts_out_corrects_or_takes_back_evidence(session: Session) -> None:
    table = make_table(session, hub_is_a_side=True)
    hub_actor = make_actor(session, Role.COORDINATOR)
    item = make_dispute(session, table=table)
    stranger = make_organisation(session, "ZEX01")
    do(session, item, "add_party", hub_actor, NOW, organisation_id=stranger.id)  # perhaps who may convene from outside
    for action in ("remove_party", "approve_pause", "correct_field"):
        given = {"organisation_id": stranger.id} if "party" in action else {}
        assert refusal(session, item, action, hub_actor, NOW, **given)
    do(session, item, "remove_party", table.convenor, NOW, organisation_id=stranger.id)
    for side in table.side_ids:
        [why] = refusal(session, item, "remove_party", table.convenor, NOW, organisation_id=side)
        assert why == "A side keeps sight of its own dispute until it has ended"
    letter = SimpleNamespace(taken_back_at=None, added_by_id=table.speakers[0].user_id)
    assert [may_take_back(letter, item, actor) for actor in (table.speakers[0], table.convenor, hub_actor)] == [
        True,
        True,
        False,
    ]
    do(session, item, "assign", hub_actor, NOW, owner_id=hub_actor.user_id)
    assert not may_take_back(letter, item, hub_actor)
    assert make_hub(session).id in table.side_ids


def test_each_corrects_its_own_words_alone(session: Session) -> None:
    table = make_table(session)
    funder = make_actor(session, Role.FUNDER, make_organisation(session, "ZEF01", kind="icb"))
    item = make_dispute(session, "raised", table=table, interim_funder_id=funder.organisation_id)
    do(session, item, "agree_interim_funding", funder, NOW, funding_terms="For a month")
    meanwhile = {"convenor_id": table.convenor.user_id, "interim_arrangement": "She stays", "interim_payer": "funder"}
    do(session, item, "accept", table.convenor, NOW, **meanwhile)
    session.expire_all()
    assert item.owner_id == table.convenor.user_id
    names = set(correctable(item, table.convenor, item.parties))
    assert {"interim_arrangement", "interim_payer"} <= names
    assert not names & {"funding_terms", "binding", "convenor_id", "asked_for", "priority", "urgency"}
    for actor in (*table.speakers, funder):
        assert refusal(session, item, "correct_field", actor, NOW, field="interim_arrangement", value="x")
        assert "correct_field" not in {offer.action.name for offer in everyday_actions(item, actor)}
        assert "change_priority" not in {offer.action.name for offer in everyday_actions(item, actor)}
    assert (
        refusal(session, item, "change_priority", table.convenor, NOW, priority="emergency")[0] == "This is for nobody"
    )
    do(session, item, "correct_field", table.convenor, NOW, field="interim_arrangement", value="She stays there")
    assert item.interim_arrangement == "She stays there"
    # Who pays is kept to who agreed, also when it is corrected.
    [why] = refusal(session, item, "correct_field", table.convenor, NOW, field="interim_payer", value="somebody")
    assert "choose one from the list" in why


def test_a_convenor_and_a_panel_change_without_losing_sight_or_keeping_it(session: Session) -> None:
    table = make_table(session)
    head = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    second = make_actor(session, Role.COORDINATOR)
    item = make_dispute(session, "raised", table=table)
    do(session, item, "change_convenor", head, NOW, convenor_id=second.user_id)
    do(session, item, "accept", table.convenor, NOW, convenor_id=table.convenor.user_id)
    held = [party for party in item.parties if "convenor" in party.capacities and party.until_at is None]
    assert [party.user_id for party in held] == [table.convenor.user_id], "one convenes, whoever was meant to before"
    do(session, item, "change_convenor", table.convenor, NOW, convenor_id=table.convenor.user_id)
    do(session, item, "change_convenor", table.convenor, NOW, convenor_id=second.user_id)
    assert (item.convenor_id, item.owner_id) == (second.user_id, second.user_id)
    assert refusal(session, item, "refer_on", table.convenor, NOW, referred_to="mediation", agreed_statement="None")
    # A panel may be appointed twice, with one person in both.
    who = make_table(session)
    again = make_dispute(session, "determination", table=who, dispute_kind="section_117_split")
    nhse = make_organisation(session, "ZEN01")
    chair, member, other = (make_actor(session, Role.OUTSIDE_MEMBER, nhse) for _ in range(3))
    for second_member in (member, other):
        seats = [
            {"user_id": chair.user_id, "seat": "chair", "declaration": "none"},
            {"user_id": second_member.user_id, "seat": "member", "declaration": "none"},
        ]
        do(session, again, "appoint_panel", who.convenor, NOW, panel=seats)
    session.expire_all()
    assert {seat.user_id for seat in again.panel} == {chair.user_id, other.user_id}
    live = {party.user_id: party.capacities for party in again.parties if party.until_at is None and party.user_id}
    assert live == {who.convenor.user_id: ["convenor"], chair.user_id: ["panel_chair"], other.user_id: ["panel_member"]}
    state_positions(session, again, who, NOW)
    issues: list[dict[str, Any]] = [{"issue": "Who pays", "reasons": "The law says so"}]
    [why] = refusal(session, again, "determine", chair, NOW, issues=issues, binding="binding")
    assert why == "This is about money: on each issue choose the offer of one side"
    issues[0]["chosen_organisation_id"] = nhse.id
    [why] = refusal(session, again, "determine", chair, NOW, issues=issues, binding="binding")
    assert why == "Choose one of the sides"
    issues[0]["chosen_organisation_id"] = who.side_ids[0]
    do(session, again, "determine", chair, NOW, issues=issues, binding="binding")
    do(session, again, "start_implementing", who.convenor, NOW + timedelta(hours=1), actions=actions_of(who, NOW))
    assert [each.number for each in again.open_actions] == [1]


def test_a_table_of_actions_is_refused_cell_by_cell(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    good = actions_of(table, NOW)[0]
    wrong: list[tuple[Any, list[str]]] = [
        ([], ["Actions: write at least one"]),
        ([good] * 31, ["Actions: give at most 30"]),
        (["Ring"], ["Actions: this is not an answer of the right kind"]),
        ([good | {"cost": 3}], ["Actions: this is not an answer of the right kind"]),
        ("Ring", ["Actions: this is not an answer of the right kind"]),
        (
            [good, good | {"what": " ", "due_on": (NOW - DAY).date(), "owner_organisation_id": None}],
            [
                "Actions, number 2: what will be done: write an answer",
                "Actions, number 2: by which organisation: choose an answer",
                "Actions, number 2: by when: this day has passed already; give a day to come",
            ],
        ),
        (
            [good | {"owner_organisation_id": make_organisation(session, "ZEX01").id}],
            ["Each action belongs to somebody who takes part: a side, the hub, or who pays meanwhile"],
        ),
    ]
    for rows, words in wrong:
        assert refusal(session, item, "propose", table.convenor, NOW, settlement="So", actions=rows) == words
    assert item.proposals == []
