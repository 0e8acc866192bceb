"""Raising a dispute: its sides, its facts, and who is let in at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.queries import holders_at
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.start import Beginning, PartyTo, start
from hub.escalations.facts import put_down_facts
from hub.escalations.models import Escalation
from hub.escalations.side_models import Side
from hub.flash_points.models import FlashPoint
from hub.organisations.models import Organisation
from workflows.actor import Actor
from workflows.durations import local
from workflows.escalation import ESCALATION
from workflows.roles import Capacity, Role

MOST_SIDES = 6


@dataclass(frozen=True, slots=True)
class Raised:
    """What whoever raises a dispute says. `side_ids` are organisations, whoever raises it first."""

    question: str
    """What it is about, in one line; everybody who takes part reads it."""
    dispute_kind: str
    urgency: str
    side_ids: tuple[int, ...]
    wanted: str
    facts: str
    """One on each line."""
    safety_plan: str | None = None
    interim_funder_id: int | None = None
    flash_point_id: int | None = None


def raise_dispute(session: Session, actor: Actor, said: Raised, *, now: datetime, about: Any = None) -> Escalation:
    """A new escalation in the caller's transaction. `about`: the item it was raised from, which this person sees.

    ActionRefused with everything that is wrong, by the names of `Raised`.
    """
    places = {each.id: each for each in session.scalars(select(Organisation).where(Organisation.id.in_(said.side_ids)))}
    _check(session, actor, said, places, about)
    funder = said.interim_funder_id
    sides = [PartyTo((Capacity.SIDE,), each, why="A side of the dispute") for each in said.side_ids]
    if funder is not None and funder in said.side_ids:
        sides = [
            PartyTo((Capacity.SIDE, Capacity.FUNDER), each.organisation_id, why=each.why)
            if each.organisation_id == funder
            else each
            for each in sides
        ]
    elif funder is not None:
        sides.append(PartyTo((Capacity.FUNDER,), funder, why="Asked to pay meanwhile"))
    if any(place.is_hub for place in places.values()):
        outside = set(holders_at(session, (Role.OUTSIDE_MEMBER,), local(now).date()))
        outside -= {each.organisation_id for each in sides}
        why = "The hub is one of the sides: somebody outside convenes"
        sides += [PartyTo((Capacity.INTERESTED,), each, why=why) for each in sorted(outside)]
    made: Escalation = start(
        session,
        ESCALATION,
        actor,
        now=now,
        values={
            "dispute_kind": said.dispute_kind,
            "urgency": said.urgency,
            "priority": "urgent" if said.urgency == "urgent" else "routine",
            "asked_for": said.wanted.strip(),
            "safety_plan": said.safety_plan,
            "started_from": about.kind if about is not None else None,
            "flash_point_id": said.flash_point_id,
            "interim_funder_id": funder,
        },
        parent=about,
        about=Beginning(title=said.question.strip(), parties=sides),
    )
    rows = [
        Side(item_id=made.id, organisation_id=each, place=place, is_raiser=each == actor.organisation_id)
        for place, each in enumerate(said.side_ids, start=1)
    ]
    session.add_all(rows)
    session.flush()
    raiser = rows[0] if actor.organisation_id == said.side_ids[0] else None
    put_down_facts(session, made, raiser, said.facts, actor.user_id, now)
    session.flush()
    session.expire(made, list(made.needs_loaded))
    return made


def _check(session: Session, actor: Actor, said: Raised, places: dict[int, Organisation], about: Any) -> None:
    wrong: list[Problem | str] = []
    if not said.question.strip():
        wrong.append(Problem("Say in one line what is to be settled", "question"))
    if len(set(said.side_ids)) < 2 or len(set(said.side_ids)) < len(said.side_ids):
        wrong.append(Problem("A dispute has at least two sides, each once", "side_ids"))
    elif len(said.side_ids) > MOST_SIDES:
        wrong.append(Problem(f"A dispute has at most {MOST_SIDES} sides", "side_ids"))
    elif any(each not in places for each in said.side_ids):
        wrong.append(Problem("Choose organisations from the list", "side_ids"))
    elif actor.organisation_id not in said.side_ids and actor.role is not Role.CASE_MANAGER:
        wrong.append(Problem("Your own organisation is one of the sides", "side_ids"))
    if not said.wanted.strip():
        wrong.append(Problem("Say what you want", "wanted"))
    if not said.facts.strip():
        wrong.append(Problem("Write down at least one fact as you see it", "facts"))
    if about is not None and about.case_id is not None and not (said.safety_plan or "").strip():
        wrong.append(Problem("It is about a person: say how they are kept safe meanwhile", "safety_plan"))
    if said.flash_point_id is not None and session.get(FlashPoint, said.flash_point_id) is None:
        wrong.append(Problem("Choose one from the register", "flash_point_id"))
    if said.interim_funder_id is not None and session.get(Organisation, said.interim_funder_id) is None:
        wrong.append(Problem("Choose an organisation from the list", "interim_funder_id"))
    if wrong:
        raise ActionRefused(wrong)
