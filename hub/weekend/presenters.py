"""The on-call page in words. When there are pathways, the on-call page of each stands on it as one more list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift
from hub.accounts.on_call import Gap, gaps_between, shifts
from hub.accounts.on_call_pages import Weekend, next_weekend
from hub.codes import known_label
from hub.engine.clock_names import read_clock_names
from hub.engine.models import Clock
from hub.engine.rulebook import Rulebook, rulebook
from hub.engine.visibility import View, view_of
from hub.web.filters import age, listed
from hub.weekend.queries import MOST, Ending, read_deadlines, read_disputes, read_emergencies, read_law, read_leave
from hub.worklist.queries import Listed
from hub.worklist.rows import Row, row_of
from workflows.actor import Actor

Deadlines = Mapping[int, Sequence[tuple[str, datetime]]]
"""By item: each deadline as (title, due)."""


@dataclass(frozen=True, slots=True)
class ToWatch:
    """One open item: its row of the worklist, and each deadline until the hub opens again as (title, due)."""

    row: Row
    deadlines: Sequence[tuple[str, datetime]]


@dataclass(frozen=True, slots=True)
class Dispute:
    """One urgent dispute: what is to be settled, and its row with the deadlines."""

    question: str
    item: ToWatch


@dataclass(frozen=True, slots=True)
class Person:
    """Everything urgent about one person."""

    name: str
    about: str
    items: list[ToWatch]

    @property
    def due(self) -> list[ToWatch]:
        """What has a deadline until the hub opens."""
        return [item for item in self.items if item.deadlines]

    @property
    def calm(self) -> list[ToWatch]:
        """What has none."""
        return [item for item in self.items if not item.deadlines]


@dataclass(frozen=True, slots=True)
class EndingLine:
    """A legal status or a leave that ends, in words."""

    ends_at: datetime
    person: str
    age: int | None
    reference: str
    case: str
    what: str


@dataclass(frozen=True)
class WeekendPage:
    """Everything the page shows."""

    now: datetime
    weekend: Weekend
    rota: Sequence[OnCallShift | Gap]
    people: Sequence[Person]
    """Those with an open emergency, whose deadline comes first first."""
    disputes: Sequence[Dispute]
    law: Sequence[EndingLine]
    leave: Sequence[EndingLine]
    cut: Sequence[str]
    """The lists of which only the first rows are shown."""
    shift_begins_at: datetime | None
    """For somebody on call only later, who sees little before."""

    @property
    def gaps(self) -> list[Gap]:
        """Where nobody is on call."""
        return [row for row in self.rota if isinstance(row, Gap)]

    @property
    def count(self) -> int:
        """How many rows about people it shows."""
        emergencies = sum(len(person.items) for person in self.people)
        return emergencies + len(self.disputes) + len(self.law) + len(self.leave)

    @property
    def cut_words(self) -> str:
        """Which lists go on, and where."""
        return f"Only the first {MOST} rows are shown of: {listed(self.cut)}." if self.cut else ""


def read_weekend(session: Session, actor: Actor, now: datetime) -> WeekendPage:
    """The page as `actor` may see it: of the weekend whose page is due at `now`, else of the next one."""
    book = rulebook(session)
    weekend = next_weekend(book.policy(None, now), book.calendar(None, now), now)
    since, until = max(now, weekend.shuts_at), weekend.opens_at
    covered = shifts(session, since, until)
    rota: list[OnCallShift | Gap] = [*covered, *gaps_between(covered, since, until)]
    rota.sort(key=lambda row: row.from_at)
    emergencies = read_emergencies(session, actor, now)
    disputes = read_disputes(session, actor, now)
    shown = [*emergencies[:MOST], *disputes[:MOST]]
    due = deadlines_of(session, shown, read_deadlines(session, [one.item.id for one in shown], until))
    law, leave = read_law(session, actor, now, until), read_leave(session, actor, until)
    lengths = {
        "emergencies": len(emergencies),
        "urgent disputes": len(disputes),
        "legal status": len(law),
        "leave": len(leave),
    }
    return WeekendPage(
        now=now,
        weekend=weekend,
        rota=rota,
        people=people_of(emergencies[:MOST], due, actor, book, now),
        disputes=[dispute_of(one, due, actor, book, now) for one in disputes[:MOST]],
        law=[law_line(one, now) for one in law[:MOST]],
        leave=[leave_line(one, now) for one in leave[:MOST]],
        cut=[name for name, length in lengths.items() if length > MOST],
        shift_begins_at=when_shift_begins(rota, actor, now),
    )


def deadlines_of(session: Session, found: Sequence[Listed], clocks: Sequence[Clock]) -> Deadlines:
    """The deadlines of these items by item: what each is called, and whose it is."""
    kinds = {one.item.id: one.item.kind for one in found}
    names = read_clock_names(session, [(kinds[clock.item_id], clock.item_id, clock.per) for clock in clocks])
    due: Mapping[int, list[tuple[str, datetime]]] = defaultdict(list)
    for clock in clocks:
        title = names.title(kinds[clock.item_id], clock.item_id, clock.name, clock.per)
        due[clock.item_id].append((title, clock.due_at))
    return due


def dispute_of(found: Listed, due: Deadlines, actor: Actor, book: Rulebook, now: datetime) -> Dispute:
    """An urgent dispute, by what is to be settled; to who is told that it is and not what it says, without that."""
    row = row_of(found, actor, book, now)
    question = row.person if view_of(found.item.kind, actor) is View.HISTORY else found.item.title
    return Dispute(question, ToWatch(row, due.get(found.item.id, ())))


def people_of(found: Sequence[Listed], due: Deadlines, actor: Actor, book: Rulebook, now: datetime) -> list[Person]:
    """The emergencies as `actor` may read them, by whose they are: in the night one asks about a person."""
    people: dict[tuple[str, int | None], Person] = {}
    for one in found:
        row = row_of(one, actor, book, now)
        whose = ("case", one.item.case_id) if one.item.case_id is not None else ("item", one.item.id)
        person = people.setdefault(whose, Person(row.person, row.about, []))
        person.items.append(ToWatch(row, due.get(one.item.id, ())))
    return list(people.values())


def law_line(found: Ending, now: datetime) -> EndingLine:
    """A legal status that runs out."""
    return _line(found, now, known_label("legal_status", found.code), found.case.reference)


def leave_line(found: Ending, now: datetime) -> EndingLine:
    """A leave that ends, and from which unit it is."""
    unit = found.stay.unit.name if found.stay is not None and found.stay.unit is not None else "the unit"
    kind = known_label("leave_kind", found.code or "") or "Leave"
    reference = found.stay.reference if found.stay is not None else found.case.reference
    return _line(found, now, f"{kind}, back to {unit}", reference)


def when_shift_begins(rota: Sequence[OnCallShift | Gap], actor: Actor, now: datetime) -> datetime | None:
    """When the first shift of this person begins that has not begun; None when they are on call, or not at all."""
    mine = [
        row.from_at
        for row in rota
        if isinstance(row, OnCallShift) and actor.user_id in {row.user_id, row.deputy_id} and row.from_at > now
    ]
    return None if actor.is_on_call or not mine else mine[0]


def _line(found: Ending, now: datetime, what: str, reference: str) -> EndingLine:
    patient = found.patient
    return EndingLine(
        found.ends_at, patient.short_name, age(patient.date_of_birth, now), reference, found.case.reference, what
    )
