"""Reading the calendar and its changes: the days of a year, how far each change is, what it moved, who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.engine.admin_log import AdminChange, Subject
from hub.engine.clock_names import read_clock_names
from hub.engine.models import Clock, OutboxMessage, WorkItem
from hub.engine.recount_days import Day, Kind, known_days
from hub.engine.recount_models import Recount, RecountClock, RecountMove
from hub.engine.recounts import RECOUNTED
from hub.engine.visibility import may_be_seen
from hub.messages.models import Message
from hub.web.item_rows import item_href
from workflows import ALL
from workflows.actor import Actor
from workflows.durations import date_words

PAGE_SIZE: Final = 50
MOST_RUNS: Final = 12
MOST_NAMES: Final = 40


@dataclass(frozen=True, slots=True)
class Run:
    """One change of the calendar and how far the deadlines it touches are."""

    recount: Recount
    by: str
    why: str
    moved: int
    left: int

    @property
    def words(self) -> str:
        """What happened: "Added: bank holiday on Thursday 19 March 2026, Day of mourning"."""
        kind = Kind(self.recount.kind).words
        return f"{self.recount.change.capitalize()}: {kind} on {date_words(self.recount.on_date)}, {self.recount.title}"

    @property
    def is_waiting(self) -> bool:
        """Whether it goes on."""
        return self.recount.finished_at is None

    @property
    def done(self) -> int:
        """Deadlines that were looked at."""
        return (self.recount.total or 0) - self.left

    @property
    def stage(self) -> tuple[str, str]:
        """Where it is, and the tone of its tag."""
        if not self.is_waiting:
            return "Done", "done"
        return ("Not begun yet", "paused") if self.recount.total is None else ("Going on", "ours")


@dataclass(frozen=True, slots=True)
class Moved:
    """One deadline that moved."""

    move: RecountMove
    item: WorkItem
    clock: str

    @property
    def href(self) -> str:
        """The page of its item."""
        return item_href(self.item.kind, self.item.reference)


@dataclass(frozen=True, slots=True)
class Moves:
    """A page of what one change moved, of the items a reader may see, and where the next page begins."""

    rows: Sequence[Moved]
    next_after: int | None
    seen: int
    """How many moved deadlines are of items the reader may see."""


def days_of(session: Session) -> dict[date, Day]:
    """Every day nobody works, by its date, soonest first; two statements."""
    return known_days(session)


def years_near(days: dict[date, Day], year: int) -> list[int]:
    """The years to choose from: the year before, this one, and every later one that has a day."""
    return sorted({year - 1, year} | {day.on_date.year for day in days.values() if day.on_date.year > year})


def known_until(days: dict[date, Day]) -> int | None:
    """The last year with a bank holiday."""
    return max((day.on_date.year for day in days.values() if day.kind is Kind.BANK_HOLIDAY), default=None)


def latest_runs(session: Session) -> list[Run]:
    """The last changes of the calendar, newest first; one statement."""
    return [Run(*row) for row in session.execute(_runs().order_by(Recount.id.desc()).limit(MOST_RUNS))]


def find_run(session: Session, recount_id: int) -> Run | None:
    """One change by its number."""
    row = session.execute(_runs().where(Recount.id == recount_id)).one_or_none()
    return Run(*row) if row else None


def _runs() -> Select[Any]:
    moved = select(func.count()).where(RecountMove.recount_id == Recount.id).scalar_subquery()
    left = select(func.count()).where(RecountClock.recount_id == Recount.id).scalar_subquery()
    reason = and_(
        AdminChange.subject == str(Subject.DAY),
        AdminChange.subject_key == func.to_char(Recount.on_date, "YYYY-MM-DD"),
        AdminChange.at == Recount.at,
        AdminChange.what == Recount.change,
    )
    by = func.coalesce(UserAccount.name, "A command of the hub")
    return (
        select(Recount, by, func.coalesce(AdminChange.why, ""), moved, left)
        .outerjoin(UserAccount, UserAccount.id == Recount.by_id)
        .outerjoin(AdminChange, reason)
    )


def read_moves(session: Session, recount_id: int, actor: Actor, after: int | None) -> Moves:
    """What a change moved, of the items this actor may see: a page of it after the clock `after`.

    Two statements, and two more for clocks of one side each.
    """
    theirs = (RecountMove.recount_id == recount_id, may_be_seen(actor, list(ALL)))
    query = (
        select(RecountMove, WorkItem, Clock.name, Clock.per)
        .join(WorkItem, WorkItem.id == RecountMove.item_id)
        .join(Clock, Clock.id == RecountMove.clock_id)
        .where(*theirs, RecountMove.clock_id > (after or 0))
        .order_by(RecountMove.clock_id)
        .limit(PAGE_SIZE + 1)
    )
    found = session.execute(query).all()
    names = read_clock_names(session, [(item.kind, item.id, per) for _, item, _, per in found])
    rows = [Moved(move, item, names.title(item.kind, item.id, name, per)) for move, item, name, per in found]
    counted = select(func.count()).select_from(RecountMove).join(WorkItem, WorkItem.id == RecountMove.item_id)
    kept = rows[:PAGE_SIZE]
    following = kept[-1].move.clock_id if len(rows) > PAGE_SIZE else None
    return Moves(kept, following, session.scalar(counted.where(*theirs)) or 0)


def who_was_told(session: Session, recount_id: int) -> tuple[list[str], int]:
    """The first names of those who have a message of it, and how many there are; one statement."""
    total = func.count().over()
    query = (
        select(UserAccount.name, total)
        .join(Message, Message.user_id == UserAccount.id)
        .join(OutboxMessage, OutboxMessage.id == Message.outbox_id)
        .where(OutboxMessage.topic == RECOUNTED, OutboxMessage.payload["recount_id"].as_integer() == recount_id)
        .order_by(UserAccount.name, UserAccount.id)
        .limit(MOST_NAMES)
    )
    rows = session.execute(query).all()
    return [row[0] for row in rows], rows[0][1] if rows else 0
