"""The on-call page in words. When there are pathways, the on-call page of each stands on it as one more list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

import workflows
from hub.accounts.models import OnCallShift
from hub.accounts.on_call import Gap, gaps_between, shifts
from hub.accounts.on_call_pages import Weekend, next_weekend
from hub.codes import known_label
from hub.engine.models import Clock
from hub.engine.rulebook import Rulebook, rulebook
from hub.web.filters import age, listed
from hub.weekend.queries import MOST, Ending, read_deadlines, read_emergencies, read_law, read_leave
from hub.worklist.queries import Listed
from hub.worklist.rows import Row, row_of
from workflows.actor import Actor
from workflows.core import in_words


@dataclass(frozen=True, slots=True)
class ToWatch:
    """One open emergency: its row of the worklist, and each deadline until the hub opens again as (title, due)."""

    row: Row
    deadlines: Sequence[tuple[str, datetime]]


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
        return sum(len(person.items) for person in self.people) + len(self.law) + len(self.leave)

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
    clocks = read_deadlines(session, [one.item.id for one in emergencies], until)
    law, leave = read_law(session, actor, now, until), read_leave(session, actor, until)
    lengths = {"emergencies": len(emergencies), "legal status": len(law), "leave": len(leave)}
    return WeekendPage(
        now=now,
        weekend=weekend,
        rota=rota,
        people=people_of(emergencies[:MOST], clocks, actor, book, now),
        law=[law_line(one, now) for one in law[:MOST]],
        leave=[leave_line(one, now) for one in leave[:MOST]],
        cut=[name for name, length in lengths.items() if length > MOST],
        shift_begins_at=when_shift_begins(rota, actor, now),
    )


def people_of(
    found: Sequence[Listed], clocks: Sequence[Clock], actor: Actor, book: Rulebook, now: datetime
) -> list[Person]:
    """The emergencies as `actor` may read them, by whose they are: in the night one asks about a person."""
    due: Mapping[int, list[tuple[str, datetime]]] = defaultdict(list)
    for clock in clocks:
        due[clock.item_id].append((_title(clock), clock.due_at))
    people: dict[tuple[str, int | None], Person] = {}
    for one in found:
        row = row_of(one, actor, book, now)
        whose = ("case", one.item.case_id) if one.item.case_id is not None else ("item", one.item.id)
        person = people.setdefault(whose, Person(row.person, row.about, []))
        person.items.append(ToWatch(row, due[one.item.id]))
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


def _title(clock: Clock) -> str:
    titles = {each.name: each.title for workflow in workflows.ALL.values() for each in workflow.clocks}
    return titles.get(clock.name, in_words(clock.name))
