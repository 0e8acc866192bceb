"""What the everyday actions do: assign, note, documents, parties, corrections, priority, pauses on request."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from hub.engine.authority import PartyRow, why_not
from hub.engine.checks import wrong_kind, wrong_tense
from hub.engine.clock_changes import (
    change_priority,
    correct_start,
    follow_the_moment,
    follow_the_start,
    start_fact,
)
from hub.engine.clock_steps import going_along, leading
from hub.engine.clocks import plan_clocks
from hub.engine.documents import add_document, take_back_document
from hub.engine.models import WorkItem
from hub.engine.parties import end_party, let_in
from hub.engine.pauses import approve_pause, ask_pause, clock_named, refuse_pause, resume_clock, withdraw_pause
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.statements import kind_table
from hub.engine.stored_clocks import start_of
from hub.engine.turn import Row, Turn, as_json
from hub.engine.visibility import View, audience_for, roles_that_see, view_of_item
from workflows.core import Actor, Ask
from workflows.durations import LONDON, ClockChange, parse_moment
from workflows.roles import Capacity


def _assign(turn: Turn) -> None:
    person = turn.values["owner_id"]
    if not turn.session.scalar(select(may_own(turn.item.kind, person, turn.now))):
        raise ActionRefused([Problem("Choose a person from the list", "owner_id")])
    turn.change("owner_id", person)


def may_own(kind: str, user_id: Any, now: datetime) -> ColumnElement[bool]:
    """Whether a person can own items of `kind`: active, and now in a hub role that sees all of them."""
    user, membership, place = (
        WorkItem.metadata.tables[name] for name in ("user_account", "membership", "organisation")
    )
    today = now.astimezone(LONDON).date()
    return exists().where(
        user.c.id == user_id,
        user.c.is_active,
        membership.c.user_id == user.c.id,
        membership.c.role.in_(roles_that_see(kind)),
        membership.c.from_on <= today,
        or_(membership.c.until_on.is_(None), membership.c.until_on >= today),
        place.c.id == membership.c.organisation_id,
        place.c.arm == "hub",
    )


def _note(turn: Turn) -> None:
    turn.audience = audience_for(turn.item, turn.actor, turn.values["audience"])
    turn.entered["note"] = {"new": turn.values["note"]}


def _change_priority(turn: Turn) -> None:
    old, new = turn.item.priority, turn.values["priority"]
    turn.change("priority", new)
    change_priority(turn, old, new)
    plan_clocks(turn)


def _add_party(turn: Turn) -> None:
    organisation = turn.values["organisation_id"]
    if any(party.organisation_id == organisation and party.unit_id is None for party in turn.parties):
        raise ActionRefused([Problem("This organisation can already see it", "organisation_id")])
    let_in(turn, "organisation_id", Capacity.INTERESTED, why=turn.reason or "")
    turn.entered["organisation_id"] = {"new": organisation}


def _remove_party(turn: Turn) -> None:
    organisation = turn.values["organisation_id"]
    leaving = [party for party in turn.parties if party.organisation_id == organisation]
    if not leaving:
        raise ActionRefused([Problem("This organisation is not a party", "organisation_id")])
    if any(Capacity.REFERRER in party.capacities for party in leaving):
        raise ActionRefused([Problem("The referrer keeps sight of its own referral", "organisation_id")])
    if any(Capacity.SIDE in party.capacities for party in leaving):
        raise ActionRefused([Problem("A side keeps sight of its own dispute until it has ended", "organisation_id")])
    for party in leaving:
        end_party(turn, party)
    if turn.item.is_open:
        plan_clocks(turn)  # a clock that ran for who has left ends with it
    turn.entered["organisation_id"] = {"old": organisation}


def _correct_field(turn: Turn) -> None:
    name = turn.values["field"]
    ask = correctable(turn.item, turn.actor, turn.parties).get(name)
    if ask is None:
        raise ActionRefused([Problem("There is no such answer to correct", "field")])
    value = _read(ask, turn.values["value"])
    wrong = wrong_kind(ask, value) or wrong_tense(ask, value, turn.now)
    if wrong := wrong or (ask.check and ask.check(turn.item, {name: value})):
        raise ActionRefused([Problem(wrong, "value")])
    turn.change(name, value)
    _follow_the_moment(turn, name)
    follow_the_start(turn, name)
    turn.entered.setdefault(name, {"new": as_json(value)})


def _follow_the_moment(turn: Turn, name: str) -> None:
    """A clock that is due at a recorded moment is due at the right one."""
    due_then = {clock.name for clock in turn.kind.workflow.clocks if clock.due_fact == name}
    for row in turn.clocks:
        if row.name in due_then and row.stopped_at is None:
            follow_the_moment(turn, row, getattr(turn.item, name))


def correctable(item: Any, actor: Actor, parties: Sequence[PartyRow]) -> dict[str, Ask]:
    """The answers this person may correct: all of them as owner, else those they could have entered.

    So a referrer corrects its form and never the hub's decision, and nobody an answer that they cannot read. Whom an
    answer let in, and what says who may decide, nobody corrects: the action that asks for it is done again.
    """
    if view_of_item(item, actor, parties) is not View.ALL:
        return {}
    model: type[WorkItem] = type(item)
    workflow, own = model.workflow, kind_table(model).own
    is_owner = actor.user_id is not None and item.owner_id == actor.behind_id
    is_writer = actor.user_id is not None and actor.behind_id in {item.opened_by_id, item.opened_for_id}
    return {
        ask.name: ask
        for action in workflow.actions
        if is_owner
        or (is_writer and workflow.initial in action.sources)
        or why_not(workflow, action, item, actor, parties) is None
        for ask in action.questions
        if ask.name in own and not ask.stays and ask.name not in action.lets_in
    }


def _read(ask: Ask, text: str) -> Any:
    """A corrected answer, which is entered as text, as the kind of value its own question takes."""
    text = text.strip()
    readers: dict[str, Callable[[str], Any]] = {
        "yes_no": {"yes": True, "no": False}.get,
        "date": date.fromisoformat,
        "moment": parse_moment,
        "number": int,
    }
    try:
        return int(text) if ask.name.endswith("_id") else readers.get(ask.kind, str)(text)
    except ClockChange as problem:
        raise ActionRefused([Problem(str(problem), "value")]) from None
    except ValueError:
        return None


def _correct_start(turn: Turn) -> None:
    clock, start = leading(turn, clock_named(turn)), turn.values["started_at"]
    if not clock.duration:
        raise ActionRefused([Problem("This clock is due at a moment that was set: its start changes nothing", "clock")])
    was = start_of(clock)
    if start == was:
        raise ActionRefused([Problem("It already starts then", "started_at")])
    _correct_it_where_it_is_kept(turn, clock, start)
    turn.entered["clock"] = {"new": clock.name}
    turn.entered["started_at"] = {"old": as_json(was), "new": as_json(start)}


def _correct_it_where_it_is_kept(turn: Turn, clock: Row, start: datetime) -> None:
    """The moment on the item is wrong too, and what follows from the item would count from it again."""
    fact = start_fact(turn, clock)
    if fact is None:
        for row in (clock, *going_along(turn, clock)):
            correct_start(turn, row, start)
        return
    asked = [ask for action in turn.kind.workflow.actions for ask in action.questions if ask.name == fact]
    if asked:  # it has an action of its own, which keeps in step what hangs on it
        raise ActionRefused([Problem(f"It counts from “{asked[0].label}”: correct that answer instead", "clock")])
    turn.change(fact, start)
    follow_the_start(turn, fact)


EFFECTS: dict[str, Callable[[Turn], Any]] = {
    "assign": _assign,
    "note": _note,
    "add_document": add_document,
    "take_back_document": take_back_document,
    "change_priority": _change_priority,
    "add_party": _add_party,
    "remove_party": _remove_party,
    "correct_field": _correct_field,
    "ask_pause": ask_pause,
    "approve_pause": approve_pause,
    "refuse_pause": refuse_pause,
    "withdraw_pause": withdraw_pause,
    "resume_clock": resume_clock,
    "correct_start": _correct_start,
}
