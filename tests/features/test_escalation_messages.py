"""Who hears of a dispute: every side that speaks, whoever convenes, and whom a topic waits for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import OutboxMessage, WorkItem
from hub.engine.outbox import claim
from hub.engine.sweep import ring_due, warn_due
from hub.messages.delivery import deliver_due
from hub.messages.disputes import OF_DISPUTES, WORDS
from hub.messages.kinds import MessageKind, kind_of
from hub.messages.models import Message
from hub.messages.who_is_told import actors_of, who_is_told
from tests.escalation_factory import (
    Table,
    actions_of,
    do,
    finish,
    make_dispute,
    make_table,
    ring,
    settle,
    sit,
    state_positions,
)
from tests.factories import NOW, actor_of, make_actor, make_membership, make_organisation, make_referral
from tests.statements import counted
from workflows.actor import Actor
from workflows.escalation import ESCALATION
from workflows.roles import Role

LATER = NOW + timedelta(days=1_000)
DAY = timedelta(days=1)


def heard(session: Session, item: WorkItem) -> list[tuple[str, int | None, set[int]]]:
    """Every outbox row of an item: its topic, who did it, and who is told, as its parties are now."""
    session.flush()
    batch = [sent for sent in claim(session, now=LATER, limit=1_000) if sent.item_id == item.id]
    told, by = who_is_told(session, batch, LATER), actors_of(session, batch)
    return [(sent.topic, by.get((item.id, sent.payload.get("position", 0))), told[sent.id]) for sent in batch]


def ids(actors: Collection[Actor]) -> set[int]:
    return {actor.user_id or 0 for actor in actors}


def forget(session: Session) -> None:
    session.flush()
    session.execute(update(OutboxMessage).values(sent_at=NOW))


def test_of_every_topic_those_hear_whom_it_concerns_and_nobody_else(session: Session) -> None:
    table = make_table(session, 3)
    icb = make_organisation(session, "ZEF01", name="Fellgate ICB", kind="icb")
    payer = make_actor(session, Role.FUNDER, icb)
    coordinator, quality = make_actor(session, Role.COORDINATOR), make_actor(session, Role.QUALITY_LEAD)
    make_actor(session, Role.UNIT_CLINICIAN, make_organisation(session, "ZEA01"))  # reads, and answers nothing
    other = make_actor(session, Role.CASE_MANAGER)
    sides = ids([*table.speakers, *table.seconds])
    item = make_dispute(session, "raised", table=table, interim_funder_id=icb.id)
    ((topic, _, told),) = heard(session, item)
    assert topic == "escalation.raised", "until somebody convenes, those who take in hear"
    assert told == (sides | ids([payer, coordinator])) - ids([table.speakers[0]])
    do(session, item, "agree_interim_funding", payer, NOW, funding_terms="Without prejudice")
    do(session, item, "accept", table.convenor, NOW, convenor_id=table.convenor.user_id)
    state_positions(session, item, table, NOW)
    do(session, item, "agree_facts", table.speakers[1], NOW, agreed=["1"])
    own = {"side_id": table.side_ids[0], "at_stage": "senior_review", "nobody_else": True}
    do(session, item, "name_speaker", table.speakers[0], NOW, **own)
    do(session, item, "raise_urgency", table.speakers[2], NOW)
    at = ring_all(session, item)
    do(session, item, "escalate_to_senior", table.convenor, at)
    do(session, item, "return_to_local", table.convenor, at, question="What of the school?")
    for stage in ("senior", "executive", "independent", "determination"):
        at = ring_all(session, item)
        do(session, item, "ask_to_escalate", first_who_may(item, table.speakers[0], table.seconds[0]), at)
        do(session, item, f"escalate_to_{stage}", table.convenor, at)
    chair = sit(session, item, table, at)
    do(session, item, "start_implementing", table.convenor, at, actions=actions_of(table, at))
    do(session, item, "claim_done", table.speakers[0], at, action_number=1, evidence="A letter")
    do(session, item, "dispute_done", table.speakers[1], at, action_number=1)
    do(session, item, "change_actions", table.convenor, at, action_number=1, owner_name="Somebody else")
    do(session, item, "change_convenor", table.convenor, at, convenor_id=other.user_id)
    table.convenor = other
    do(session, item, "reopen_dispute", table.speakers[0], at)
    settle(session, item, table, at)
    do(session, item, "start_implementing", other, at)
    finish(session, item, table, at)
    panel = {seat.user_id for seat in item.panel}
    members = panel - ids([chair])
    everybody = {
        "raised": sides | ids([payer]),
        "position_stated": sides | panel,
        "panel_appointed": sides | members,
        "panel_asked": ids([chair]),
        "made_urgent": sides | panel | ids([payer]),
        "convenor_changed": sides | panel,
        **dict.fromkeys(("settled", "determined"), sides | panel | ids([payer])),
        **dict.fromkeys(
            "funding_agreed accepted implementing claimed_done confirmed_done disputed_done actions_changed reopened "
            "closed".split(),
            sides | ids([payer]),
        ),
    }
    met = set()
    for topic, by, told in heard(session, item):
        name = topic.removeprefix("escalation.")
        if topic.startswith("escalation."):
            met.add(topic)
            assert told == (everybody.get(name, sides) | ids([other])) - {by}, topic
    for end, who, values in (
        ("withdraw", table.speakers[0], {}),
        ("reject", coordinator, {"instead": "complaints"}),
        ("refer_on", other, {"referred_to": "mediation", "agreed_statement": "None"}),
    ):
        forget(session)
        ended = make_dispute(session, "local_resolution" if end == "refer_on" else "raised", table=table)
        do(session, ended, end, who, NOW, **values)
        (*_, (topic, by, told)) = heard(session, ended)
        met.add(topic)
        assert sides - {by} <= told and quality.user_id not in told, topic
    assert met == set(ESCALATION.topics) == set(OF_DISPUTES) == set(WORDS)


def ring_all(session: Session, item: Any) -> Any:
    """Everybody lets their time run out; gives when."""
    at = max(row.due_at for row in item.clocks if row.stopped_at is None)
    ring(session, at)
    return at


def first_who_may(item: Any, *actors: Actor) -> Actor:
    return next(actor for actor in actors if not item.why_not_speaking(actor))


def test_a_pause_reaches_the_convenor_and_its_answer_every_side(session: Session) -> None:
    for hub_is_a_side in (False, True):
        table = make_table(session, hub_is_a_side=hub_is_a_side)
        coordinator = make_actor(session, Role.COORDINATOR)
        item = make_dispute(session, table=table)
        forget(session)
        ask = {"clock": "stage_local", "pause_code": "legal_advice"}
        do(session, item, "ask_pause", table.speakers[0], NOW, **ask)
        assert heard(session, item) == [
            ("item.pause_asked", table.speakers[0].user_id, ids([table.convenor])),
        ], "whoever convenes agrees or not, in the hub or outside, and nobody else can"
        forget(session)
        do(session, item, "approve_pause", table.convenor, NOW, clock="stage_local")
        ((topic, _, told),) = heard(session, item)
        assert topic == "item.pause_approved" and told >= ids([*table.speakers, *table.seconds])
        assert coordinator.user_id not in told
    assert kind_of("item.pause_asked", is_hub=False) is MessageKind.ANSWER_NEEDED


def test_where_the_hub_is_a_side_it_hears_as_one_and_somebody_outside_convenes(session: Session) -> None:
    table = make_table(session, hub_is_a_side=True)
    coordinator = make_actor(session, Role.COORDINATOR)
    item = make_dispute(session, "raised", table=table)
    ((_, by, told),) = heard(session, item)
    assert told == ids([*table.speakers, *table.seconds, table.outside]) - {by}
    assert coordinator.user_id not in told, "those who take in for the hub cannot accept it"
    forget(session)
    ring_all(session, item)
    (*_, (topic, _, told)) = heard(session, item)
    assert topic == "clock.rang" and table.outside.user_id in told
    do(session, item, "accept", table.outside, NOW, convenor_id=table.outside.user_id)
    forget(session)
    do(session, item, "state_position", table.speakers[0], NOW, words="Mine", wanted="A date")
    ((_, _, told),) = heard(session, item)
    assert told == ids([table.seconds[0], table.speakers[1], table.seconds[1], table.outside])


def test_of_a_sealed_case_those_of_the_hub_hear_who_may_open_it(session: Session) -> None:
    table = make_table(session, hub_is_a_side=True)
    about = make_referral(session, "accepted")
    item = make_dispute(session, "raised", table=table, about=about)
    session.get_one(CareCase, about.case_id).is_sealed = True
    session.execute(insert(CaseSeal).values(case_id=about.case_id, user_id=table.seconds[1].user_id))
    ((_, _, told),) = heard(session, item)
    assert table.seconds[1].user_id in told and table.speakers[1].user_id not in told
    assert table.seconds[0].user_id in told, "a side outside goes on"


def test_deadlines_say_whose_they_are_and_a_stage_offers_the_next(
    session: Session, engine: Engine, tmp_path: Path
) -> None:
    table = make_table(session)
    clinician = make_actor(session, Role.UNIT_CLINICIAN, make_organisation(session, "ZEA01"))
    item = make_dispute(session, "raised", table=table)
    do(session, item, "accept", table.convenor, NOW, convenor_id=table.convenor.user_id)
    do(session, item, "state_position", table.speakers[0], NOW, words="Mine", wanted="A date")
    forget(session)
    end = ring_all(session, item)
    words = delivered(session, tmp_path, end)
    offer = "Local resolution has run out: you can go up to senior review"
    for actor in (*table.speakers, *table.seconds, table.convenor):
        assert offer in words[actor.user_id or 0]
    late = [said for said in words[table.convenor.user_id or 0] if said.startswith("Deadline passed: reply, ")]
    assert len(late) == 1 and late[0].startswith("Deadline passed: reply, Brackendale Council, due ")
    for actor, is_theirs in zip(table.speakers, (False, True), strict=True):
        assert (late[0] in words[actor.user_id or 0]) is is_theirs, "a reply is its own side's"
    assert clinician.user_id not in words
    assert item.state == "local_resolution", "what has run out offers, and does not move"
    settle(session, item, table, end)
    do(session, item, "start_implementing", table.convenor, end)
    forget(session)
    due = ring_all(session, item)
    with counted(engine) as sent:
        words = delivered(session, tmp_path, due)
    assert len(sent) < 30
    (said,) = [each for each in words[table.convenor.user_id or 0] if "passed" in each]
    assert said.startswith("Deadline passed: action 1, Larkwood Care, due ")
    assert said in words[table.speakers[0].user_id or 0] and table.speakers[1].user_id not in words
    assert not [each for said in words.values() for each in said if "organisation:" in each or "action:" in each]


def delivered(session: Session, folder: Path, now: Any) -> dict[int, list[str]]:
    """What everybody reads in their inbox of what is undelivered."""
    session.execute(delete(Message))
    while warn_due(session, now=now) or ring_due(session, now=now):
        pass
    while deliver_due(session, now=now + 10 * DAY, folder=folder):
        pass
    found: dict[int, list[str]] = {}
    for user_id, words in session.execute(select(Message.user_id, Message.words)):
        found.setdefault(user_id, []).append(words)
    return found


def test_a_case_manager_who_raised_it_for_others_hears_how_it_goes(session: Session) -> None:
    table = make_table(session)
    raiser = actor_of(make_membership(session, Role.CASE_MANAGER))
    table.speakers.insert(0, raiser)
    item = make_dispute(session, "raised", table=_of_others(table))
    do(session, item, "reject", table.convenor, NOW, instead="complaints")
    (*_, (topic, _, told)) = heard(session, item)
    assert topic == "escalation.rejected" and raiser.user_id in told


def _of_others(table: Table) -> Any:
    """The same table, whose sides are those of the others."""

    class Others(Table):
        @property
        def side_ids(self) -> tuple[int, ...]:
            return tuple(actor.organisation_id or 0 for actor in self.speakers[1:])

    return Others(table.speakers, table.convenor, table.outside, table.seconds)
