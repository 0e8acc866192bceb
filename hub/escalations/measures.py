"""What is counted of disputes: which are open, how those that ended did and how long they took, replies, refusals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from hub.engine.models import Clock, WorkItem
from hub.engine.rulebook import rulebook
from hub.engine.visibility import may_be_seen
from hub.escalations.durations import STAGE_CLOCKS, Lasted, lasted, pauses_on_request
from hub.escalations.models import REFUSALS, Escalation
from hub.escalations.side_models import Visit
from hub.flash_points.models import FlashPoint
from workflows.actor import Actor
from workflows.durations import midnight
from workflows.escalation.states import STAGES, State, reply_clock
from workflows.escalation.who import URGENT

ANSWERS: Final = ("met", "met_late", "missed", "stopped")
"""How the time to reply of one side can end: in time, late, not at all, or not needed any more."""
ENDED_AS: Final[dict[str, str]] = {
    State.WITHDRAWN: "withdrawn",
    State.OUT_OF_SCOPE: "out_of_scope",
    State.REFERRED_ON: "referred_on",
}


@dataclass(frozen=True, slots=True)
class Period:
    """Days from and until, London dates, both included."""

    since: date
    until: date

    def holds(self, column: Any) -> ColumnElement[bool]:
        """Whether a moment lies in it."""
        return and_(column >= midnight(self.since), column < midnight(date.fromordinal(self.until.toordinal() + 1)))


@dataclass(frozen=True, slots=True)
class Took:
    """How long disputes of one kind and urgency took: hours of urgent ones, working days of all others."""

    kind: str
    is_urgent: bool
    number: int
    median_net: float
    median_gross: float
    longest_net: float
    longest_gross: float


@dataclass(frozen=True, slots=True)
class Met:
    """A flash point, how many disputes were raised with it in the period, and how many closed as having been it."""

    number: int | None
    goes_wrong: str
    raised: int
    learned: int


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts alone, of the disputes that one reader may see."""

    open: Counter[tuple[str, str]]
    """(state, kind) to how many are open now."""
    ended: Counter[str]
    """How they ended in the period: a stage where all sides agreed, "determined" or an end."""
    took: tuple[Took, ...]
    replies: Counter[tuple[str, str]]
    """(stage, one of ANSWERS) to how many times to reply ended so in the period."""
    refusals: tuple[int, int]
    """Of those closed in the period that were about a refusal: how many overturned it, and how many there were."""
    flash_points: tuple[Met, ...]


@dataclass(frozen=True, slots=True)
class _Ended:
    """One dispute whose question was settled or ended in the period."""

    id: int
    kind: str
    urgency: str
    opened_at: datetime
    ended_at: datetime
    how: str
    policy_id: int | None


def read_measures(session: Session, actor: Actor, period: Period) -> Measures:
    """Everything the page counts, in eight statements however many disputes there are."""
    seen = may_be_seen(actor, ["escalation"])
    ended = list(_ended(session, seen, period))
    return Measures(
        open=_open(session, seen),
        ended=Counter(each.how for each in ended),
        took=tuple(_took(session, seen, ended)),
        replies=_replies(session, seen, period),
        refusals=_refusals(session, seen, period),
        flash_points=tuple(_flash_points(session, seen, period)),
    )


def _open(session: Session, seen: ColumnElement[bool]) -> Counter[tuple[str, str]]:
    rows = session.execute(
        select(Escalation.state, Escalation.dispute_kind, func.count())
        .where(Escalation.is_open, seen)
        .group_by(Escalation.state, Escalation.dispute_kind)
    )
    return Counter({(state, kind): number for state, kind, number in rows})


def _ended(session: Session, seen: ColumnElement[bool], period: Period) -> Iterator[_Ended]:
    """As `hub.escalations.durations.end_of` has it: the last visit was left, or it never came to a stage."""
    last = select(Visit.item_id, func.max(Visit.id).label("id")).group_by(Visit.item_id).subquery()
    at = func.coalesce(Visit.left_at, Escalation.closed_at)
    rows = session.execute(
        select(
            *(Escalation.id, Escalation.dispute_kind, Escalation.urgency, Escalation.opened_at, at),
            *(Escalation.state, Escalation.determined_at, Visit.stage, Escalation.policy_version_id),
        )
        .outerjoin(last, last.c.item_id == Escalation.id)
        .outerjoin(Visit, Visit.id == last.c.id)
        .where(seen, period.holds(at))
    )
    for identity, kind, urgency, opened_at, ended_at, state, determined_at, stage, policy_id in rows:
        how = ENDED_AS.get(state) or ("determined" if determined_at == ended_at else stage)
        yield _Ended(identity, kind, urgency, opened_at, ended_at, how, policy_id)


def _took(session: Session, seen: ColumnElement[bool], ended: Sequence[_Ended]) -> Iterator[Took]:
    """By kind, the standard ones before the urgent; what was out of scope was never looked at."""
    looked_at = [each for each in ended if each.how != "out_of_scope"]
    pauses, book = _pauses(session, seen), rulebook(session)
    found: dict[tuple[str, bool], list[Lasted]] = defaultdict(list)
    for each in looked_at:
        spans = pauses_on_request(pauses.get(each.id, ()), each.ended_at)
        calendar = book.calendar(each.policy_id, each.opened_at)
        found[each.kind, each.urgency == URGENT].append(lasted(each.opened_at, each.ended_at, spans, calendar))
    for (kind, is_urgent), times in sorted(found.items()):
        net = [each.net.number(is_urgent=is_urgent) for each in times]
        gross = [each.gross.number(is_urgent=is_urgent) for each in times]
        yield Took(kind, is_urgent, len(times), median(net), median(gross), max(net), max(gross))


def _pauses(session: Session, seen: ColumnElement[bool]) -> dict[int, list[Any]]:
    """The clocks of stages that ever stood still, by item: few did, so none is asked for by its number."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = session.execute(
        select(Clock.item_id, Clock.name, Clock.pauses, Clock.resume_at)
        .join(WorkItem, WorkItem.id == Clock.item_id)
        .where(WorkItem.kind == "escalation", seen, Clock.name.in_(STAGE_CLOCKS))
        .where(func.jsonb_array_length(Clock.pauses) > 0)
    )
    for row in rows:
        found[row.item_id].append(row)
    return found


def _replies(session: Session, seen: ColumnElement[bool], period: Period) -> Counter[tuple[str, str]]:
    stage_of = {reply_clock(stage): str(stage) for stage in STAGES}
    rows = session.execute(
        select(Clock.name, Clock.outcome, func.count())
        .join(WorkItem, WorkItem.id == Clock.item_id)
        .where(WorkItem.kind == "escalation", seen, Clock.name.in_(stage_of), period.holds(Clock.stopped_at))
        .group_by(Clock.name, Clock.outcome)
    )
    return Counter({(stage_of[name], str(outcome)): number for name, outcome, number in rows})


def _refusals(session: Session, seen: ColumnElement[bool], period: Period) -> tuple[int, int]:
    about = or_(Escalation.dispute_kind == "bed_refusal", Escalation.started_from.in_(REFUSALS))
    row = session.execute(
        select(func.count().filter(Escalation.refusal_overturned.is_(True)), func.count()).where(
            seen, about, Escalation.state == State.CLOSED, period.holds(Escalation.closed_at)
        )
    ).one()
    return int(row[0]), int(row[1])


def _flash_points(session: Session, seen: ColumnElement[bool], period: Period) -> Iterator[Met]:
    """Those met most first; disputes that matched none come last."""
    raised = _by(session, Escalation.flash_point_id, seen, period.holds(Escalation.opened_at))
    closed = and_(Escalation.state == State.CLOSED, period.holds(Escalation.closed_at))
    learned = _by(session, Escalation.learned_flash_point_id, seen, closed)
    named = [each for each in raised | learned if each is not None]
    rows = session.execute(select(FlashPoint.id, FlashPoint.goes_wrong).where(FlashPoint.id.in_(named)))
    words = {identity: str(said) for identity, said in rows}
    for identity in sorted(named, key=lambda each: (-raised[each], -learned[each], each)):
        yield Met(identity, words[identity], raised[identity], learned[identity])
    if raised[None] or learned[None]:
        yield Met(None, "None named", raised[None], learned[None])


def _by(session: Session, column: Any, *those: ColumnElement[bool]) -> Counter[int | None]:
    rows = session.execute(select(column, func.count()).select_from(Escalation).where(*those).group_by(column))
    return Counter({identity: int(number) for identity, number in rows})
