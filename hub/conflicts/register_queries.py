"""Reading the register of interests for its page: one's own, and everybody's for those who appoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from hub.accounts.models import UserAccount
from hub.accounts.queries import held_roles
from hub.codes import label
from hub.conflicts.models import Interest
from hub.conflicts.services import may_change
from hub.engine.rulebook import rulebook
from hub.organisations.models import Organisation
from workflows.actor import Actor
from workflows.conflicts import is_over
from workflows.durations import local

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One interest as a row: whether it still counts on a day, and whether this reader may change it."""

    interest: Interest
    is_theirs: bool
    today: date
    months: int
    """How long an interest counts after its last day."""

    @property
    def kind(self) -> str:
        """Its kind in words, also one that has ended."""
        return label("interest_kind", self.interest.kind)

    @property
    def has_ended(self) -> bool:
        """Whether its last day has been."""
        return is_over(self.interest.until_on, self.today, 0)

    @property
    def state(self) -> tuple[str, str]:
        """(in words, tone of `words.state`)."""
        if self.interest.taken_back_at is not None:
            return "Taken back", "done"
        if self.has_ended:
            counts = not is_over(self.interest.until_on, self.today, self.months)
            return ("Ended, still counts", "paused") if counts else ("Ended", "done")
        return ("Not begun yet", "paused") if self.interest.from_on > self.today else ("Lasts", "ours")

    @property
    def by_another(self) -> str:
        """Who recorded it, where it was not the person."""
        interest = self.interest
        return interest.declared_by.name if interest.declared_by_id != interest.user_id else ""


@dataclass(frozen=True, slots=True)
class Register:
    """A page of everybody's interests, the newest first, and what it can be filtered by: (id, name)."""

    rows: Sequence[Line]
    next_before: int | None
    people: Sequence[tuple[int, str]]
    places: Sequence[tuple[int, str]]


def months_that_count(session: Session, now: datetime) -> int:
    """How many months an interest counts after its last day, as policy says at `now`."""
    return int(rulebook(session).policy(None, now).number("escalation.interest_lasts"))


def own_interests(session: Session, actor: Actor, now: datetime) -> list[Line]:
    """What this person declared and what was recorded about them, the newest first; one statement and policy's."""
    found = session.scalars(_all().where(Interest.user_id == actor.user_id))
    return [_line(interest, actor, now, months_that_count(session, now)) for interest in found]


def read_register(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    person: int | None = None,
    place: int | None = None,
    before: int | None = None,
) -> Register:
    """Everybody's, of one person and about one organisation where given; three statements and policy's."""
    query = _all().limit(PAGE_SIZE + 1)
    for column, wanted in ((Interest.user_id, person), (Interest.organisation_id, place)):
        query = query if wanted is None else query.where(column == wanted)
    if before is not None:
        query = query.where(Interest.id < before)
    found = list(session.scalars(query))
    shown, months = found[:PAGE_SIZE], months_that_count(session, now)
    return Register(
        rows=[_line(interest, actor, now, months) for interest in shown],
        next_before=shown[-1].id if len(found) > PAGE_SIZE else None,
        people=_named(session, UserAccount, Interest.user_id),
        places=_named(session, Organisation, Interest.organisation_id),
    )


def find_interest(session: Session, actor: Actor, number: int, now: datetime) -> Line | None:
    """One interest that this person may change, also one that was taken back meanwhile; None for any other."""
    found = session.scalars(_all().where(Interest.id == number)).one_or_none()
    if found is None or not may_change(actor, found):
        return None
    return _line(found, actor, now, months_that_count(session, now))


def everybody_else(session: Session, actor: Actor, today: date) -> list[tuple[int, str]]:
    """Everybody who has a role, but the reader: id, and name with where they belong."""
    places: dict[int, tuple[str, list[str]]] = {}
    for held in held_roles(session, today):
        if held.user_id != actor.user_id:
            places.setdefault(held.user_id, (held.person, []))[1].append(held.organisation_name)
    said = ((user_id, f"{name} ({', '.join(dict.fromkeys(at))})") for user_id, (name, at) in places.items())
    return sorted(said, key=lambda each: each[1].casefold())


def _line(interest: Interest, actor: Actor, now: datetime, months: int) -> Line:
    return Line(interest, may_change(actor, interest), local(now).date(), months)


def _all() -> Select[Interest]:
    whose = (Interest.user, Interest.declared_by, Interest.organisation)
    return select(Interest).options(*(joinedload(each) for each in whose)).order_by(Interest.id.desc())


def _named(
    session: Session, table: type[UserAccount] | type[Organisation], held: InstrumentedAttribute[int]
) -> list[tuple[int, str]]:
    """Those of a table that the register holds, by name."""
    query = select(table.id, table.name).where(table.id.in_(select(held))).order_by(table.name, table.id)
    return [(int(identity), str(name)) for identity, name in session.execute(query)]
