"""Policy sets and the calendar, cached in the process and read again when their counter moves."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Date, Engine, Identity, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.db import Base, Moment
from workflows.calendar import Calendar
from workflows.policy import PolicySet


class PolicyVersion(Base):
    """One policy set, whole; never changed once an item carries it."""

    __tablename__ = "policy_version"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str]
    number: Mapped[int] = mapped_column(unique=True)
    in_force_from: Mapped[datetime] = mapped_column(Moment)
    content: Mapped[dict[str, Any]]


class BankHoliday(Base):
    """A bank holiday in England."""

    __tablename__ = "bank_holiday"

    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    title: Mapped[str]


class LocalClosure(Base):
    """A day the hub is closed though the country works."""

    __tablename__ = "local_closure"

    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    title: Mapped[str]


class RulebookState(Base):
    """One row: a counter that triggers move on every change of a policy set, bank holiday or closure."""

    __tablename__ = "rulebook_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, default=1)


@dataclass(frozen=True)
class Rulebook:
    """Every policy set by id, the one in force by date, and the calendar, as of one counter value."""

    version: int
    policies: dict[int, PolicySet]
    order: tuple[tuple[datetime, int], ...]
    """(in force from, id), oldest first."""
    calendars: dict[int, Calendar]
    """By policy set: the days nobody works are the same for all, the hours of a working day are each set's own."""

    def in_force(self, at: datetime) -> int:
        """The id of the policy set in force at `at`; the oldest when `at` is before all of them."""
        begun = [identity for start, identity in self.order if start <= at]
        return begun[-1] if begun else self.order[0][1]

    def policy(self, identity: int | None, at: datetime) -> PolicySet:
        """The set stamped on an item, or the one in force at `at` for an item that has none yet."""
        return self.policies[identity if identity is not None else self.in_force(at)]

    def calendar(self, identity: int | None, at: datetime) -> Calendar:
        """The calendar that goes with `policy(identity, at)`."""
        return self.calendars[identity if identity is not None else self.in_force(at)]


STATE = text("SELECT version FROM rulebook_state WHERE id = 1")
_cached: WeakKeyDictionary[Engine, Rulebook] = WeakKeyDictionary()


def rulebook(session: Session) -> Rulebook:
    """The rulebook of this session's database; one statement when nothing changed, a few when something did."""
    version = session.execute(STATE).scalar_one()
    return rulebook_at(session, int(version))


def rulebook_at(session: Session, version: int) -> Rulebook:
    """The rulebook at a counter value somebody already read; no statement when it is the cached one."""
    engine = session.get_bind().engine
    found = _cached.get(engine)
    if found is None or found.version != version:
        found = _cached[engine] = _load(session, version)
    return found


def rulebook_with(session: Session, identity: int | None) -> Rulebook:
    """A rulebook that has the policy set `identity`, without a statement when the cached one does.

    A set never changes once an item carries it, so an older rulebook is as good.
    """
    found = _cached.get(session.get_bind().engine)
    return found if found is not None and (identity is None or identity in found.policies) else rulebook(session)


def cached_version(session: Session) -> int | None:
    """The counter value this process has cached, if any."""
    found = _cached.get(session.get_bind().engine)
    return found.version if found else None


def _load(session: Session, version: int) -> Rulebook:
    rows = session.scalars(select(PolicyVersion).order_by(PolicyVersion.in_force_from, PolicyVersion.id)).all()
    holidays = {row.on_date: row.title for row in session.scalars(select(BankHoliday))}
    closures = {row.on_date: row.title for row in session.scalars(select(LocalClosure))}
    known_until = max((day.year for day in holidays), default=0)
    policies = {row.id: PolicySet.from_json(row.content) for row in rows}
    return Rulebook(
        version=version,
        policies=policies,
        order=tuple((row.in_force_from, row.id) for row in rows),
        calendars={
            identity: Calendar(
                holidays,
                closures,
                known_until,
                policy.time_of_day("clocks.day_starts"),
                policy.time_of_day("clocks.day_ends"),
            )
            for identity, policy in policies.items()
        },
    )
