"""`start()`: the one way an item comes to be, with its first history row, parties and clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.clock_steps import clock_writes
from hub.engine.clocks import plan_clocks
from hub.engine.models import FAR, WorkItem
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.rulebook import rulebook_at
from hub.engine.statements import RULEBOOK, adapt, insert, kind_table, model_of, raw_connection
from hub.engine.turn import Row, Turn, as_json
from hub.engine.writing import HISTORY, announce, history_row, react
from workflows.core import SAME, Action, Actor, Workflow
from workflows.durations import LONDON
from workflows.everyday import STARTED
from workflows.policy import NotAllowed


@dataclass(frozen=True, slots=True)
class PartyTo:
    """A party an item begins with: an organisation (perhaps one unit) or a person, its capacities, and why."""

    capacities: tuple[str, ...]
    organisation_id: int | None = None
    unit_id: int | None = None
    user_id: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Beginning:
    """What an item is about when it starts, beside its own values; a parent's are inherited."""

    title: str = ""
    owner_id: int | None = None
    case_id: int | None = None
    organisation_id: int | None = None
    unit_id: int | None = None
    collaborative_id: int | None = None
    parties: Sequence[PartyTo] = field(default=())
    state: str | None = None
    """Where it begins, when that is not the workflow's initial state: one of `begins_in`."""


def start(
    session: Session,
    workflow: Workflow,
    actor: Actor,
    *,
    now: datetime,
    values: Mapping[str, Any],
    parent: Any = None,
    about: Beginning | None = None,
) -> Any:
    """A new item of `workflow` in its initial state. `values` are typed answers by column name.

    A parent gives case, collaborative, service line, priority and policy set. Raises ActionRefused when this actor may
    not start one, ValueError for a value that no column takes.
    """
    _check_who(workflow, actor)
    about = about or Beginning()
    begins = _beginning_state(workflow, about)
    model = model_of(workflow)
    kind = kind_table(model)
    if unknown := sorted(values.keys() - {*kind.own, "priority", "service_line"}):
        raise ValueError(f"a {workflow.name} has no column for {', '.join(unknown)}")
    raw = raw_connection(session)
    with raw.pipeline():
        # It takes its transaction number before it reads the counter: a recount waits for all who read the one before.
        ids = raw.execute(
            f"SELECT nextval('work_item_id_seq'), nextval('reference_{workflow.name}_seq'), pg_current_xact_id()",
            prepare=True,
        )
        counter = raw.execute(RULEBOOK, prepare=True)
    found, version = ids.fetchone(), counter.fetchone()
    if found is None or version is None:
        raise LookupError("the database gave no number; run `hub migrate`")
    item = model()
    identity, number, _ = found
    shared = _shared(workflow, actor, now, values, parent, about) | {"state": begins}
    shared |= {"id": identity, "reference": f"{workflow.prefix}-{now.astimezone(LONDON).year}-{number:05d}"}
    own = {name: values.get(name) for name in kind.own if name in values}
    for name, value in {**dict.fromkeys(kind.columns), **shared, **own}.items():
        set_committed_value(item, name, value)
    turn = Turn(
        session=session,
        kind=kind,
        item=item,
        action=Action(STARTED, "Started", begins, SAME, emits=workflow.begun(begins)),
        actor=actor,
        now=now,
        values=dict(values),
        reason=None,
        parties=[Row(id=None, until_at=None, **_party(party)) for party in about.parties],
        clocks=[],
        rulebook=rulebook_at(session, int(version[0])),
        from_state=None,
        to_state=begins,
        entered={name: {"new": as_json(value)} for name, value in values.items() if value is not None},
    )
    item.history_length, item.head_hash = 0, ""
    if begins not in workflow.drafts and item.policy_version_id is None:
        turn.change("policy_version_id", turn.rulebook.in_force(now), enter=False)
        shared["policy_version_id"] = item.policy_version_id
    try:
        plan_clocks(turn)
    except NotAllowed as no:
        raise ActionRefused([str(no)]) from no
    row = _write(turn, shared, own, about)
    made = _loaded(session, item)
    react(turn, row)
    return made


def _beginning_state(workflow: Workflow, about: Beginning) -> str:
    begins = about.state or str(workflow.initial)
    if begins not in {str(workflow.initial), *workflow.begins_in}:
        raise ValueError(f"a {workflow.name} does not begin as {begins}")
    return begins


def _check_who(workflow: Workflow, actor: Actor) -> None:
    if actor.is_system or any(may.role in actor.roles for may in workflow.started_by):
        return
    who = " or ".join(dict.fromkeys(may.words for may in workflow.started_by))
    raise ActionRefused([Problem(f"Starting a {workflow.title.lower()} is for: {who}")])


def _shared(
    workflow: Workflow, actor: Actor, now: datetime, values: Mapping[str, Any], parent: Any, about: Beginning
) -> dict[str, Any]:
    inherited = {
        name: getattr(parent, name) if parent is not None else None
        for name in ("case_id", "collaborative_id", "service_line", "priority", "policy_version_id")
    }
    return {
        **inherited,
        "kind": workflow.name,
        "version": 1,
        "is_open": True,
        "is_draft": (about.state or workflow.initial) in workflow.drafts,
        "case_id": about.case_id or inherited["case_id"],
        "organisation_id": about.organisation_id,
        "unit_id": about.unit_id,
        "collaborative_id": about.collaborative_id or inherited["collaborative_id"],
        "owner_id": about.owner_id,
        "opened_by_id": actor.user_id,
        "opened_for_id": actor.on_behalf_of,
        "parent_id": parent.id if parent is not None else None,
        "service_line": values.get("service_line") or inherited["service_line"],
        "priority": values.get("priority") or inherited["priority"],
        "title": about.title,
        "opened_at": now,
        "next_due_at": FAR,
    }


def _party(party: PartyTo) -> dict[str, Any]:
    return {
        "organisation_id": party.organisation_id,
        "unit_id": party.unit_id,
        "user_id": party.user_id,
        "capacities": list(party.capacities),
        "why": party.why,
    }


def _write(turn: Turn, shared: dict[str, Any], own: dict[str, Any], about: Beginning) -> dict[str, Any]:
    """Send everything the item begins with; gives its first history row."""
    item = turn.item
    row = history_row(turn)
    shared |= {"history_length": 1, "head_hash": row["hash"], "next_due_at": turn.next_due()}
    for name in ("history_length", "head_hash", "next_due_at"):
        set_committed_value(item, name, shared[name])
    own = {"id": item.id, **{name: adapt(value, as_json=name in turn.kind.json) for name, value in own.items()}}
    raw = raw_connection(turn.session)
    with raw.pipeline(), raw.cursor() as cursor:
        cursor.execute(insert("work_item", tuple(shared)), shared, prepare=True)
        cursor.execute(insert(turn.kind.table, tuple(own)), own)
        cursor.execute(insert("transition", HISTORY), {name: adapt(row[name]) for name in HISTORY}, prepare=True)
        for party in about.parties:
            values = {**_party(party), "item_id": item.id, "from_at": turn.now, "kind": item.kind, "is_open": True}
            values |= {"next_due_at": item.next_due_at, "capacities": adapt(list(party.capacities), as_json=True)}
            cursor.execute(insert("item_party", tuple(values)), values, prepare=True)
        for statement, values in clock_writes(turn):
            cursor.execute(statement, values, prepare=True)
        for topic in turn.action.emits:
            announce(turn, cursor, topic, row)
    return row


def _loaded(session: Session, item: WorkItem) -> WorkItem:
    """The item as if it had been read: persistent in the session, nothing pending."""
    from sqlalchemy.orm import make_transient_to_detached

    make_transient_to_detached(item)
    session.add(item)
    return item
