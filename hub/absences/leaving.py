"""What somebody who leaves owns and holds, and what of it another person can take over: the dry run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from hub.absences.services import why_not_deputy
from hub.accounts.absence_models import Absence
from hub.accounts.models import OnCallShift, UserAccount
from hub.accounts.on_call import belongs_to_the_hub
from hub.accounts.queries import held_roles
from hub.cases.models import CareCase, CaseSeal
from hub.db import Base
from hub.engine.everyday import may_own
from hub.engine.models import ItemParty, WorkItem
from hub.engine.visibility import visible
from workflows import ALL
from workflows.actor import Actor
from workflows.durations import local, moment_words


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing a person owns or holds: its id in its table, its words, and why it cannot be moved ("" when it can)."""

    id: int
    words: str
    why_not: str = ""
    is_sealed: bool = False
    """Of a sealed case: which one it is, only its list and who moves it may read."""


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one sort; `name` is what the sort is called in a program, `title` on the page."""

    name: str
    title: str
    things: Sequence[Thing]

    @property
    def moving(self) -> list[Thing]:
        """What can be moved."""
        return [thing for thing in self.things if not thing.why_not]

    @property
    def staying(self) -> list[Thing]:
        """What cannot."""
        return [thing for thing in self.things if thing.why_not]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a handover from one person to another would do; without `to` nothing has a reason against it yet."""

    leaver: UserAccount
    to: UserAccount | None
    groups: Sequence[Group]
    away_until: datetime | None = None
    """When the one who takes over is recorded as away just now."""

    @property
    def count(self) -> int:
        """How many things can be moved."""
        return sum(len(group.moving) for group in self.groups)

    @property
    def stays(self) -> int:
        """How many cannot."""
        return sum(len(group.staying) for group in self.groups)

    def of(self, name: str) -> list[Thing]:
        """What can be moved of one sort."""
        return [thing for group in self.groups if group.name == name for thing in group.moving]


ITEMS, SHIFTS, DEPUTYSHIPS, VIEWS = "items", "shifts", "deputyships", "views"


def read_plan(session: Session, leaver: UserAccount, to: UserAccount | None, now: datetime) -> Plan:
    """Everything that person owns or holds now, and what of it `to` can take over; it changes nothing."""
    groups = [
        *_items(session, leaver, to, now),
        Group("drafts", "Drafts they began", list(_drafts(session, leaver))),
        Group(DEPUTYSHIPS, "Standing in for others", list(_deputyships(session, leaver, to, now))),
        Group("absences", "Their own absences", list(_absences(session, leaver, now))),
        Group(SHIFTS, "On-call shifts", list(_shifts(session, leaver, to, now))),
        Group("named", "Items they are named on", list(_named_on(session, leaver))),
        Group("seals", "Sealed cases open to them", list(_seals(session, leaver))),
        Group(VIEWS, "Saved views of their team", list(_views(session, leaver, to, now))),
    ]
    away = select(Absence.over_at_sql()).where(Absence.user_id == (to.id if to is not None else None))
    away_until = session.scalar(away.where(Absence.runs_at(now)))
    return Plan(leaver, to, [group for group in groups if group.things], away_until)


def owned(session: Session, user_id: int, among: Sequence[int] | None = None) -> Sequence[tuple[int, str, int]]:
    """(id, kind, version) of the open items somebody owns, in order of id; `among` these ids when given."""
    query = select(WorkItem.id, WorkItem.kind, WorkItem.version).where(WorkItem.owner_id == user_id, WorkItem.is_open)
    if among is not None:
        query = query.where(WorkItem.id.in_(among))
    return [(row.id, row.kind, row.version) for row in session.execute(query.order_by(WorkItem.id))]


def without_seals(plan: Plan) -> Plan:
    """The same for who only reads it: that something is of a sealed case, and not which."""
    groups = [
        replace(group, things=[replace(one, words="A sealed case") if one.is_sealed else one for one in group.things])
        for group in plan.groups
    ]
    return replace(plan, groups=groups)


def _items(session: Session, leaver: UserAccount, to: UserAccount | None, now: datetime) -> Iterator[Group]:
    rows = session.execute(
        select(WorkItem.id, WorkItem.kind, WorkItem.reference, WorkItem.is_draft, CareCase.is_sealed)
        .outerjoin(CareCase, CareCase.id == WorkItem.case_id)
        .where(WorkItem.owner_id == leaver.id, WorkItem.is_open)
        .order_by(WorkItem.kind, WorkItem.id)
    ).all()
    kinds = dict.fromkeys(row.kind for row in rows)
    able = {kind for kind in kinds if to is not None and session.scalar(select(may_own(kind, to.id, now)))}
    seen = _seen_by(session, leaver, to, now)
    for kind in kinds:
        title = ALL[kind].title
        things = []
        for row in rows:
            if row.kind != kind:
                continue
            why = ""
            if to is not None and kind not in able:
                why = f"{to.name} has no role in the hub that can own one"
            elif to is not None and row.id not in seen:
                sealed = f"Its case is sealed, and {to.name} is not on its list"
                why = sealed if row.is_sealed else f"{to.name} cannot see it: it is a draft that only its writer sees"
            things.append(Thing(row.id, row.reference, why, is_sealed=bool(row.is_sealed)))
        yield Group(ITEMS, f"Open items: {title.lower()}", things)


def _seen_by(session: Session, leaver: UserAccount, to: UserAccount | None, now: datetime) -> set[int]:
    """The leaver's open items that the other person sees in one of their roles in the hub."""
    found: set[int] = set()
    for role in held_roles(session, local(now).date(), user_id=to.id) if to is not None else []:
        if role.is_hub:
            actor = Actor(
                user_id=role.user_id,
                name=role.person,
                role=role.role,
                membership_id=role.membership_id,
                organisation_id=role.organisation_id,
                is_hub=True,
            )
            query = visible(WorkItem, actor).where(WorkItem.owner_id == leaver.id, WorkItem.is_open)
            found |= set(session.scalars(query.with_only_columns(WorkItem.id)))
    return found


def _drafts(session: Session, leaver: UserAccount) -> Iterator[Thing]:
    query = select(WorkItem.id, WorkItem.reference).where(
        WorkItem.opened_by_id == leaver.id,
        WorkItem.is_draft,
        WorkItem.is_open,
        WorkItem.owner_id.is_distinct_from(leaver.id),
    )
    for row in session.execute(query.order_by(WorkItem.id)):
        yield Thing(row.id, row.reference, "A draft keeps who began it: ask them to send it or withdraw it first")


def _deputyships(session: Session, leaver: UserAccount, to: UserAccount | None, now: datetime) -> Iterator[Thing]:
    for absence in _running(session, Absence.deputy_id == leaver.id, now):
        words = f"{absence.user.name}, from {moment_words(absence.from_at)} until {moment_words(absence.until_at)}"
        why = why_not_deputy(session, absence, to, now) if to is not None else []
        yield Thing(absence.id, words, "; ".join(why))


def _absences(session: Session, leaver: UserAccount, now: datetime) -> Iterator[Thing]:
    for absence in _running(session, Absence.user_id == leaver.id, now):
        words = f"From {moment_words(absence.from_at)} until {moment_words(absence.until_at)}"
        yield Thing(absence.id, words, f"It is theirs alone. {absence.deputy.name} stands in until it ends")


def _running(session: Session, which: ColumnElement[bool], now: datetime) -> Sequence[Absence]:
    query = select(Absence).options(joinedload(Absence.user), joinedload(Absence.deputy))
    return session.scalars(
        query.where(which, Absence.until_at > now, Absence.over_at_sql() > now).order_by(Absence.id)
    ).all()


def _shifts(session: Session, leaver: UserAccount, to: UserAccount | None, now: datetime) -> Iterator[Thing]:
    theirs = or_(OnCallShift.user_id == leaver.id, OnCallShift.deputy_id == leaver.id)
    for shift in session.scalars(
        select(OnCallShift).where(theirs, OnCallShift.until_at > now).order_by(OnCallShift.id)
    ):
        as_whom = "on call" if shift.user_id == leaver.id else "deputy"
        words = f"{as_whom} from {moment_words(shift.from_at)} until {moment_words(shift.until_at)}"
        why = ""
        if shift.from_at <= now:
            why = "It runs now: change it on the rota"
        elif to is not None and to.id in {shift.user_id, shift.deputy_id}:
            why = f"{to.name} is on the rota for that time already"
        elif to is not None and not belongs_to_the_hub(session, to, shift.from_at, shift.until_at):
            why = f"{to.name} does not belong to the hub for the whole shift"
        yield Thing(shift.id, words, why)


def _named_on(session: Session, leaver: UserAccount) -> Iterator[Thing]:
    query = (
        select(ItemParty.id, WorkItem.reference, CareCase.is_sealed)
        .join(WorkItem, WorkItem.id == ItemParty.item_id)
        .outerjoin(CareCase, CareCase.id == WorkItem.case_id)
        .where(ItemParty.user_id == leaver.id, ItemParty.is_open, ItemParty.until_at.is_(None))
    )
    for row in session.execute(query.order_by(ItemParty.id)):
        why = "They are named in person. It ends when they cannot sign in any more"
        yield Thing(row.id, row.reference, why, is_sealed=bool(row.is_sealed))


def _seals(session: Session, leaver: UserAccount) -> Iterator[Thing]:
    query = select(CareCase.id, CareCase.reference).join(CaseSeal, CaseSeal.case_id == CareCase.id)
    for row in session.execute(query.where(CaseSeal.user_id == leaver.id, CareCase.is_sealed).order_by(CareCase.id)):
        why = "The list of a sealed case names people, and passes to nobody by itself"
        yield Thing(row.id, row.reference, why, is_sealed=True)


def _views(session: Session, leaver: UserAccount, to: UserAccount | None, now: datetime) -> Iterator[Thing]:
    """Views of a team belong to the team; who looks after them is the only thing that moves."""
    views = Base.metadata.tables["saved_view"]  # a reader's table, named here as the keys are
    query = select(views.c.id, views.c.name, views.c.organisation_id).where(
        views.c.owner_id == leaver.id, views.c.organisation_id.is_not(None)
    )
    rows = session.execute(query.order_by(views.c.id)).all()
    roles = held_roles(session, local(now).date(), user_id=to.id) if rows and to is not None else []
    places = {role.organisation_id for role in roles}
    for row in rows:
        is_theirs = to is None or row.organisation_id in places
        yield Thing(row.id, row.name, "" if is_theirs or to is None else f"{to.name} is not of that team")
