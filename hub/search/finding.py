"""From what was typed to the page: read, find, tell, in order; at most four statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from hub.engine.visibility import View
from hub.search.hits import Hit, Place, Teller, place_of, way_to
from hub.search.keys import Keys, read_keys
from hub.search.queries import MOST, Found, find
from hub.search.question import Question, read_question
from hub.search.seen import knows_everybody, sees_the_trail_alone, views_of
from hub.search.told import ItemTold, PersonTold, read_items, read_people
from hub.web.filters import count, plain_day
from workflows.actor import Actor
from workflows.durations import local


@dataclass(frozen=True)
class Answer:
    """What the page shows."""

    question: Question
    hits: Sequence[Hit] = ()
    places: Sequence[Place] = ()
    is_more: bool = False
    """There are more than can be shown."""
    advice: str = ""
    """How to be told fewer, when there are more."""
    straight_to: str = ""
    """The address of the one thing that a reference names."""
    looks_for_places: bool = False
    """Whether this person is told of units and organisations."""

    @property
    def shown(self) -> str:
        """How many are shown: "1 person or item", "the first 50"."""
        return f"the first {len(self.hits)}" if self.is_more else count(len(self.hits), "result")

    @property
    def count(self) -> int:
        """How many things are shown."""
        return 1 if self.straight_to else len(self.hits) + len(self.places)


def answer(session: Session, actor: Actor, typed: str, *, now: datetime) -> Answer:
    """Everything `typed` finds for `actor`, the surest first, at most MOST."""
    question = read_question(typed, local(now).date())
    keys = read_keys(session, question.words) if question.words else None
    if question.words and keys is None and question.born_on is None:
        said = "Type letters or numbers: a name, an NHS number or a reference"
        return Answer(replace(question, words=(), notes=(*question.notes, said)), looks_for_places=actor.is_hub)
    if question.is_empty:
        return Answer(question, looks_for_places=actor.is_hub)
    found = find(session, actor, question, keys)
    if question.references and len(found) == 1:
        return Answer(question, straight_to=way_to(found[0], actor))
    things = [each for each in found if each.what in {"person", "case", "item"}]
    teller = Teller(actor, keys, question.words, _how(question), now)
    hits = _hits(session, actor, things, teller)
    leads_on = actor.is_on_call or bool(views_of(actor) - {View.NONE})
    places = [
        place_of(each, actor, leads_on=leads_on)
        for each in sorted(found, key=lambda each: (each.step, each.via))
        if each.what in {"unit", "organisation"}
    ]
    return Answer(
        question=question,
        hits=hits[:MOST],
        places=list(dict.fromkeys(places))[:MOST],
        is_more=len(hits) > MOST or len(places) > MOST or _is_cut(things),
        advice=_advice(question, keys),
        looks_for_places=actor.is_hub,
    )


def _how(question: Question) -> str:
    """Why something was found that was not found by a name."""
    if question.references:
        return "its reference"
    return "the NHS number" if question.nhs_number else f"born on {plain_day(question.born_on)}"


def _advice(question: Question, keys: Keys | None) -> str:
    if question.born_on is not None:
        return "add the family name" if keys is None else "type more of the name"
    return "add a date of birth, or type more of the name"


def _is_cut(found: Iterable[Found]) -> bool:
    """Whether one of the ways to find gave as many as it may."""
    number = {"person": 0, "item": 0, "case": 0}
    for each in found:
        number[each.what] += 1
    return any(each > MOST for each in number.values())


def _hits(session: Session, actor: Actor, found: Sequence[Found], teller: Teller) -> list[Hit]:
    """One hit for each person; for those who are not told of people, one for the items of each case."""
    items = read_items(session, actor, (each.id for each in found if each.what == "item"))
    people = _people(session, actor, found, items)
    best: dict[int, Found] = {}
    apart: dict[str, tuple[Found, dict[int, ItemTold]]] = {}
    for each in sorted(found, key=lambda each: (each.step, each.what != "person", each.via != "")):
        told = items.get(each.id) if each.what == "item" else None
        if each.what == "person" and each.id in people:
            best.setdefault(each.id, each)
        elif told is not None and not each.reference and told.patient is not None and told.patient.id in people:
            best.setdefault(told.patient.id, replace(each, id=told.patient.id, via=each.via or "form"))
        elif told is not None:
            key = (not each.reference and told.case) or told.item.reference
            apart.setdefault(key, (each, {}))[1][told.item.id] = told
    tell = teller.trail if sees_the_trail_alone(actor) else teller.person
    hits = [tell(people[identity], each) for identity, each in best.items()]
    hits += [teller.case(each, people.get(each.id)) for each in found if each.what == "case"]
    hits += [teller.items(list(told.values()), each) for each, told in apart.values()]
    return sorted(hits, key=lambda hit: hit.order)


def _people(
    session: Session, actor: Actor, found: Sequence[Found], items: Mapping[int, ItemTold]
) -> dict[int, PersonTold]:
    """The people behind what was found, for a role that opens cases or reads who looked at them."""
    ids = {each.id for each in found if each.what in {"person", "case"}}
    if knows_everybody(actor):
        ids |= {told.patient.id for told in items.values() if told.patient is not None and told.is_told}
    elif not sees_the_trail_alone(actor):
        return {}
    return read_people(session, actor, ids)
