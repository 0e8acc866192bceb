"""Disputes for tests: two or three sides with somebody who speaks, a convenor, and complete answers of each action."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.sweep import ring_due
from hub.escalations.models import Escalation
from hub.escalations.raising import Raised, raise_dispute
from tests.factories import NOW, REASON, make_actor, make_hub, make_organisation
from workflows.actor import Actor
from workflows.roles import Role

SIDES = (
    ("ZEA01", "Larkwood Care", "independent_provider", Role.UNIT_MANAGER),
    ("ZEB01", "Brackendale Council", "local_authority", Role.FUNDER),
    ("ZEC01", "Wharfe ICB", "icb", Role.FUNDER),
)
DAY = timedelta(days=1)


@dataclass
class Table:
    """Everybody round one dispute: who speaks for each side, who convenes, who stands outside."""

    speakers: list[Actor]
    convenor: Actor
    outside: Actor
    seconds: list[Actor] = field(default_factory=list)
    """A second person of each side, to speak at the next stage."""

    @property
    def side_ids(self) -> tuple[int, ...]:
        """The sides, the raiser first."""
        return tuple(actor.organisation_id or 0 for actor in self.speakers)


def make_table(session: Session, sides: int = 2, *, hub_is_a_side: bool = False) -> Table:
    """Two or three sides with two people each. With `hub_is_a_side` the hub takes the last side's place."""
    speakers, seconds = [], []
    for place, (code, name, kind, usual) in enumerate(SIDES[:sides], start=1):
        is_hub = hub_is_a_side and place == sides
        organisation = make_hub(session) if is_hub else make_organisation(session, code, name=name, kind=kind)
        role = Role.HEAD_OF_COMMISSIONING if is_hub else usual
        speakers.append(make_actor(session, role, organisation))
        seconds.append(make_actor(session, role, organisation))
    nhse = make_organisation(session, "ZEN01", name="NHS England, Northern region", kind="nhse")
    outside = make_actor(session, Role.OUTSIDE_MEMBER, nhse)
    convenor = outside if hub_is_a_side else make_actor(session, Role.CASE_MANAGER)
    return Table(speakers, convenor, outside, seconds)


def raised(table: Table, **changes: Any) -> Raised:
    """What somebody says who raises a dispute."""
    given: dict[str, Any] = {
        "question": "Who finds the home, and by when?",
        "dispute_kind": "discharge_delay",
        "urgency": "standard",
        "side_ids": table.side_ids,
        "wanted": "A named home and a date",
        "facts": "Ready to leave since 28 February\nA home was offered on 12 March",
        **changes,
    }
    return Raised(**given)


def make_dispute(
    session: Session,
    state: str = "local_resolution",
    *,
    table: Table | None = None,
    now: datetime = NOW,
    about: Any = None,
    **changes: Any,
) -> Escalation:
    """A dispute in `state`, walked there at `now`; changes go to what is said when it is raised."""
    table = table or make_table(session)
    if about is not None:
        changes.setdefault("safety_plan", "Safety plan 2, with the ward")
    item = raise_dispute(session, table.speakers[0], raised(table, **changes), now=now, about=about)
    if state == "raised":
        return item
    if state in {"withdrawn", "out_of_scope"}:
        if state == "withdrawn":
            do(session, item, "withdraw", table.speakers[0], now)
        else:
            do(session, item, "reject", table.convenor, now, instead="complaints")
        return item
    more: dict[str, Any] = {"interim_arrangement": "Stays where she is", "interim_payer": "hub"} if about else {}
    do(session, item, "accept", table.convenor, now, convenor_id=table.convenor.user_id, **more)
    for stage in ("senior", "executive", "independent", "determination"):
        if item.state == state or state in {"agreed", "implementing", "closed", "referred_on"}:
            break
        go_up(session, item, table, stage, now)
    if state in {"agreed", "implementing", "closed"}:
        settle(session, item, table, now)
    if state == "referred_on":
        do(session, item, "refer_on", table.convenor, now, referred_to="mediation", agreed_statement="None")
    if state == "determined":
        sit(session, item, table, now)
    if state in {"implementing", "closed"}:
        do(session, item, "start_implementing", table.convenor, now)
    if state == "closed":
        finish(session, item, table, now)
    return item


def do(session: Session, item: Escalation, action: str, actor: Actor, now: datetime, **values: Any) -> None:
    """One action with these answers; with a reason where it asks for one."""
    named = item.workflow.named(action) or (item.workflow.everyday.get(action),)
    wants_reason = any(each is not None and each.reason for each in named)
    perform(session, item, action, actor, now=now, values=values, reason=REASON if wants_reason else None)


def state_positions(session: Session, item: Escalation, table: Table, now: datetime) -> None:
    """Every side has its position on record."""
    for actor in spokesmen(item, table):
        do(session, item, "state_position", actor, now, words="It is the others’ turn", wanted="A date")


def spokesmen(item: Escalation, table: Table) -> list[Actor]:
    """Who speaks for each side at the stage it is in."""
    return [
        next(each for each in (first, second) if not item.why_not_speaking(each))
        for first, second in zip(table.speakers, table.seconds, strict=True)
    ]


def name_all(session: Session, item: Escalation, table: Table, stage: str, now: datetime) -> None:
    """Every side names its other person for a stage."""
    acted = item.who_acted_here
    for first, second in zip(table.speakers, table.seconds, strict=True):
        other = second if first.user_id in acted else first
        do(
            session,
            item,
            "name_speaker",
            first,
            now,
            side_id=first.organisation_id,
            at_stage=stage,
            speaker_id=other.user_id,
        )


def go_up(session: Session, item: Escalation, table: Table, stage: str, now: datetime) -> None:
    """Every side is heard, asks to go up and names its people; the convenor takes it up."""
    state_positions(session, item, table, now)
    for actor in spokesmen(item, table):
        do(session, item, "ask_to_escalate", actor, now)
    above = {"senior": "senior_review", "executive": "executive_review", "independent": "independent_review"}
    name_all(session, item, table, above.get(stage, stage), now)
    do(session, item, f"escalate_to_{stage}", table.convenor, now)


def actions_of(table: Table, now: datetime, number: int = 1) -> list[dict[str, Any]]:
    """Rows of actions, each of the next side."""
    return [
        {
            "what": f"Action {place + 1}",
            "owner_organisation_id": table.side_ids[place % len(table.side_ids)],
            "owner_name": "Grace Lindley",
            "due_on": (now + 10 * DAY).date(),
        }
        for place in range(number)
    ]


def settle(session: Session, item: Escalation, table: Table, now: datetime) -> None:
    """A settlement is proposed and every side accepts it."""
    do(session, item, "propose", table.convenor, now, settlement="As follows", actions=actions_of(table, now))
    for actor in spokesmen(item, table):
        do(session, item, "accept_proposal", actor, now, version=item.proposals[-1].version)


def sit(session: Session, item: Escalation, table: Table, now: datetime) -> Actor:
    """A panel is appointed, hears every side and determines; gives its chair."""
    nhse = make_organisation(session, "ZEN01")
    chair, member = (make_actor(session, Role.OUTSIDE_MEMBER, nhse) for _ in range(2))
    rows = [
        {"user_id": chair.user_id, "seat": "chair", "declaration": "none"},
        {"user_id": member.user_id, "seat": "member", "declaration": "none"},
    ]
    do(session, item, "appoint_panel", table.convenor, now, panel=rows)
    state_positions(session, item, table, now)
    issues = [{"issue": "Who pays", "chosen_organisation_id": table.side_ids[0], "reasons": "The law says so"}]
    do(session, item, "determine", chair, now, issues=issues, binding="binding")
    return chair


def finish(session: Session, item: Escalation, table: Table, now: datetime) -> None:
    """Every action is claimed by its owner and confirmed by another side; the convenor closes it."""
    for action in list(item.open_actions):
        owner = next(each for each in table.speakers if each.organisation_id == action.owner_organisation_id)
        other = next(each for each in table.speakers if each.organisation_id != action.owner_organisation_id)
        do(session, item, "claim_done", owner, now, action_number=action.number, evidence="A letter")
        do(session, item, "confirm_done", other, now, action_number=action.number)
    more = {"refusal_overturned": False} if item.is_about_a_refusal else {}
    do(session, item, "close", table.convenor, now, would_have_prevented="Ringing earlier", **more)


def ring(session: Session, now: datetime) -> None:
    """The hub rings every deadline that has passed by `now`."""
    session.flush()
    while ring_due(session, now=now):
        pass
    session.expire_all()


def refusal(session: Session, item: Escalation, action: str, actor: Actor, now: datetime, **values: Any) -> list[str]:
    """The words this is refused with; AssertionError when it is done. Nothing of it stays."""
    try:
        with session.begin_nested():
            do(session, item, action, actor, now, **values)
    except ActionRefused as no:
        session.expire_all()
        return [problem.message for problem in no.problems]
    raise AssertionError(f"{action} was done")
