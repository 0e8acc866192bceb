"""The answers to choose from where they depend on the item: people, organisations, its clocks, its answers."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import g
from sqlalchemy import or_, select

from hub.db import Base
from hub.engine.clock_steps import was_asked_for
from hub.engine.everyday import correctable
from hub.engine.models import Clock
from hub.engine.reading import Reading
from hub.engine.stored_clocks import start_of
from hub.engine.visibility import is_for
from hub.web.clock_panel import asked_words
from hub.web.database import db
from hub.web.filters import moment
from workflows.core import Action, Ask
from workflows.durations import local
from workflows.everyday import asked_it_themself, may_take_back
from workflows.roles import ROLE_LABELS, Role

Pairs = list[tuple[str, str]]
OWNERS = (Role.COORDINATOR, Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)


def choices_for(action: Action, reading: Reading) -> dict[str, Pairs]:
    """For each question whose answers depend on the item, its list of (value, words)."""
    asked = (each for ask in action.questions for each in (ask, *ask.parts))
    return {ask.name: found for ask in asked if (found := _choices(action, ask, reading)) is not None}


def _choices(action: Action, ask: Ask, reading: Reading) -> Pairs | None:
    made: dict[str, Callable[[Reading], Pairs]] = {
        "owner_id": _hub_people,
        "clock": partial(_clocks, action.name),
        "field": _answers,
        "superseded_by": _others_open,
        "audience": _audiences,
        "document_id": _documents,
    }
    if ask.name in made:
        return made[ask.name](reading)
    if ask.kind == "organisation":
        return organisations("id" if ask.name.endswith("_id") else "ods_code")
    return units() if ask.kind == "unit" else None


def organisations(key: str) -> Pairs:
    """Every organisation by `key` ("id" or "ods_code"), by name."""
    table = Base.metadata.tables["organisation"]
    rows = db.session.execute(
        select(table.c[key], table.c.name).where(table.c.until_on.is_(None)).order_by(table.c.name)
    )
    return [(str(value), name) for value, name in rows]


def units() -> Pairs:
    """Every unit that is not closed, by organisation, place and name: "Linden, Tarn House (Fellside Care)"."""
    unit, site, place = (Base.metadata.tables[name] for name in ("unit", "site", "organisation"))
    today = local(g.now).date()
    rows = db.session.execute(
        select(unit.c.id, unit.c.name, site.c.name, place.c.name)
        .join(site, site.c.id == unit.c.site_id)
        .join(place, place.c.id == site.c.organisation_id)
        .where(*(or_(each.c.until_on.is_(None), each.c.until_on >= today) for each in (unit, site, place)))
        .order_by(place.c.name, site.c.name, unit.c.name, unit.c.id)
    )
    return [(str(identity), f"{name}, {where} ({whose})") for identity, name, where, whose in rows]


def _hub_people(_reading: Reading) -> Pairs:
    """Who in the hub can own an item."""
    user, membership = Base.metadata.tables["user_account"], Base.metadata.tables["membership"]
    rows = db.session.execute(
        select(user.c.id, user.c.name, membership.c.role)
        .join(membership, membership.c.user_id == user.c.id)
        .where(user.c.is_active, membership.c.role.in_(OWNERS), membership.c.until_on.is_(None))
        .order_by(user.c.name)
    )
    return [(str(identity), f"{name}, {ROLE_LABELS[Role(role)]}") for identity, name, role in rows]


_WHICH: Mapping[str, Callable[[Clock], bool]] = {
    "ask_pause": lambda clock: clock.is_running,
    "approve_pause": lambda clock: bool(clock.asked) and not asked_it_themself(g.actor, clock.asked or {}),
    "refuse_pause": lambda clock: bool(clock.asked) and not asked_it_themself(g.actor, clock.asked or {}),
    "withdraw_pause": lambda clock: bool(clock.asked) and asked_it_themself(g.actor, clock.asked or {}),
    "resume_clock": lambda clock: clock.paused_at is not None and was_asked_for(clock),
    "correct_start": lambda clock: bool(clock.duration),
}
"""Of the clocks that have not ended, those an action can be done to."""


def _clocks(action: str, reading: Reading) -> Pairs:
    """Each with what the answer turns on: when it is due, or who asks for what."""
    item, names = reading.item, reading.clock_names
    along = {clock.name for clock in item.workflow.clocks if clock.pauses_with}
    going = [
        clock
        for clock in reading.clocks
        if clock.stopped_at is None and clock.name not in along and _WHICH[action](clock)
    ]
    return [
        (clock.name, f"{names.title(item.kind, item.id, clock.name, clock.per)}: {_about(action, clock, reading)}")
        for clock in going
    ]


def _about(action: str, clock: Clock, reading: Reading) -> str:
    if action == "correct_start":
        return f"now counts from {moment(start_of(clock))}"
    if action == "resume_clock":
        return f"stands still since {moment(clock.paused_at)}"
    return asked_words(clock, g.now, tells_why=not reading.is_content_hidden) or f"due {moment(clock.due_at)}"


def _answers(reading: Reading) -> Pairs:
    live = [line.party for line in reading.parties if line.party.until_at is None]
    return [(name, ask.label) for name, ask in correctable(reading.item, g.actor, live).items()]


def _audiences(reading: Reading) -> Pairs:
    own = "My own organisation" if reading.item.hub_is_a_side else "My own organisation and the hub"
    return [("hub", "The hub only" if g.actor.is_hub else own), ("all", "Everybody who can see this item")]


def _documents(reading: Reading) -> Pairs:
    """Those this person may take back."""
    theirs = (each for each in reading.item.documents if is_for(g.actor, each.audience))
    mine = [each for each in theirs if may_take_back(each, reading.item, g.actor)]
    return [(str(each.id), f"{each.name}, added by {each.added_by.name}, {moment(each.at)}") for each in mine]


def _others_open(reading: Reading) -> Pairs:
    others: list[Any] = reading.item.others_open
    return [(other.reference, other.reference) for other in others]
