"""The numbered facts of an escalation: put down by a side, agreed or disputed one by one, locked by all."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from hub.engine.refusal import ActionRefused, Problem
from hub.engine.turn import Turn
from hub.escalations.side_models import Fact, Side, View
from hub.escalations.visiting import own_side, written

LONGEST_FACT = 500
"""Characters in one fact: a longer one is a position."""
MOST_FACTS = 100


def put_down_facts(session: Session, item: Any, side: Side | None, text: str | None, by_id: Any, now: Any) -> None:
    """Each line a numbered fact, agreed by the side that put it down; one that is there already is left out."""
    known = {fact.words.casefold() for fact in item.facts}
    lines = list(dict.fromkeys(line.strip().lstrip("-*• ").strip() for line in (text or "").splitlines()))
    fresh = [line for line in lines if line and line.casefold() not in known]
    if any(len(line) > LONGEST_FACT for line in fresh):
        said = f"A fact has at most {LONGEST_FACT} characters: write the rest in your position"
        raise ActionRefused([Problem(said, "new_facts")])
    if len(known) + len(fresh) > MOST_FACTS:
        raise ActionRefused([Problem(f"There can be at most {MOST_FACTS} facts", "new_facts")])
    for number, line in enumerate(fresh, start=len(item.facts) + 1):
        fact = Fact(item_id=item.id, number=number, words=line, side_id=side.id if side else None, by_id=by_id, at=now)
        session.add(fact)
        session.flush()
        if side is not None:
            session.add(View(item_id=item.id, fact_id=fact.id, side_id=side.id, agrees=True, by_id=by_id, at=now))


def agree_facts(turn: Turn) -> None:
    """What a side agrees and disputes, fact by fact; what all agree is locked."""
    side = own_side(turn)
    agreed, disputed = (_numbers(turn, name) for name in ("agreed", "disputed_facts"))
    if both := agreed & disputed:
        said = f"Fact {min(both)}: agree it or dispute it, not both"
        raise ActionRefused([Problem(said, "disputed_facts")])
    open_facts = {fact.number: fact for fact in turn.item.facts if not fact.is_locked}
    if strange := sorted((agreed | disputed) - set(open_facts)):
        said = f"Fact {strange[0]} is agreed by all and locked, or is not there"
        raise ActionRefused([Problem(said, "agreed")])
    views = {(view.fact_id, view.side_id): view for view in turn.item.views}
    for number, fact in open_facts.items():
        held = views.pop((fact.id, side.id), None)
        if number not in agreed | disputed:
            if held is not None:
                turn.session.delete(held)
            continue
        if held is None:
            held = View(item_id=turn.item.id, fact_id=fact.id, side_id=side.id)
            turn.session.add(held)
        held.agrees, held.by_id, held.at = number in agreed, turn.actor.user_id, turn.now
    written(turn)
    agreeing = {(view.fact_id, view.side_id) for view in turn.item.views if view.agrees}
    for fact in open_facts.values():
        if all((fact.id, each.id) in agreeing for each in turn.item.sides):
            fact.locked_at = turn.now
    written(turn)


def _numbers(turn: Turn, name: str) -> set[int]:
    given = turn.values.get(name) or ()
    if any(not str(each).isdecimal() or len(str(each)) > 4 for each in given):
        raise ActionRefused([Problem("Choose facts from the list", name)])
    return {int(each) for each in given}
