"""Reading people, their roles, the history of changes, and what needs an administrator's attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from hub.accounts.models import Membership, SignInSession, UserAccount
from hub.engine.admin_log import AdminChange, Subject
from hub.organisations.models import Organisation, Site, Unit
from hub.organisations.queries import lasts
from hub.web.stored_words import shown
from workflows.core import upper_first
from workflows.roles import Role

PAGE_SIZE: Final = 50
MOST_HISTORY: Final = 100
ENDING_WITHIN: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the list of people; "" and None mean everybody."""

    words: str = ""
    role: Role | None = None
    organisation: Organisation | None = None
    show: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """One membership in words, with its place; past, present or to come."""

    id: int
    user_id: int
    role: Role
    organisation: Organisation
    unit: Unit | None
    from_on: date
    until_on: date | None

    @property
    def words(self) -> str:
        """The role with its first letter large."""
        return upper_first(self.role.label)

    @property
    def place(self) -> str:
        """Organisation, and unit when it is held at one."""
        return f"{self.organisation.name}, {self.unit.name}" if self.unit else self.organisation.name

    def stands(self, today: date) -> str:
        """One of "now", "to come", "past"."""
        if self.from_on > today:
            return "to come"
        ends = [day for day in (self.until_on, self.organisation.until_on) if day is not None]
        return "past" if any(day < today for day in ends) else "now"


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One account of the list with its memberships."""

    account: UserAccount
    held: Sequence[Held]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change with the name of who made it."""

    change: AdminChange
    by: str

    @property
    def entered(self) -> list[tuple[str, str]]:
        """(name, value) of what stayed as it was or was not there before; an empty value is left out."""
        old, new = self.change.old, self.change.new
        return [(name, _shown(value)) for name, value in new.items() if value and old.get(name, value) == value]

    @property
    def altered(self) -> list[tuple[str, str, str]]:
        """(name, old, new) of what is different."""
        old, new = self.change.old, self.change.new
        return [(name, _shown(value), _shown(new.get(name))) for name, value in old.items() if new.get(name) != value]


def people(
    session: Session, asked: Asked, today: date, after: int | None = None
) -> tuple[list[PersonLine], int | None]:
    """A page of accounts by name, and the id after which the next page begins, or None; two statements."""
    query = select(UserAccount).where(*_asked_for(asked, today))
    name = func.lower(UserAccount.name)
    if after is not None:
        last = aliased(UserAccount)
        query = query.join(last, last.id == after).where(
            or_(name > func.lower(last.name), and_(name == func.lower(last.name), UserAccount.id > after))
        )
    rows = session.scalars(query.order_by(name, UserAccount.id).limit(PAGE_SIZE + 1)).all()
    shown = rows[:PAGE_SIZE]
    held = held_by(session, [row.id for row in shown])
    lines = [PersonLine(row, held.get(row.id, [])) for row in shown]
    return lines, shown[-1].id if len(rows) > PAGE_SIZE else None


def held_by(session: Session, user_ids: Sequence[int]) -> Mapping[int, list[Held]]:
    """Every membership of some people by person: those that last longest first; one statement."""
    found: dict[int, list[Held]] = {}
    for held in _held(session, Membership.user_id.in_(user_ids)):
        found.setdefault(held.user_id, []).append(held)
    return found


def members_of(session: Session, condition: ColumnElement[bool], today: date) -> list[tuple[UserAccount, Held]]:
    """(account, membership) of everybody whose membership meets a condition and is not past, by name."""
    lasting = lasts(Membership.until_on, today)
    held = {each.id: each for each in _held(session, and_(condition, lasting))}
    query = select(Membership.id, UserAccount).join(UserAccount, UserAccount.id == Membership.user_id)
    rows = session.execute(query.where(Membership.id.in_(list(held))).order_by(func.lower(UserAccount.name)))
    return [(account, held[identity]) for identity, account in rows]


def find_person(session: Session, user_id: int) -> UserAccount | None:
    """The account with this id."""
    return session.get(UserAccount, user_id)


def find_membership(session: Session, membership_id: int) -> Held | None:
    """One membership."""
    return next(iter(_held(session, Membership.id == membership_id)), None)


def last_seen(session: Session, user_id: int) -> Any:
    """When the person was last there, or None."""
    return session.scalar(select(func.max(SignInSession.last_seen_at)).where(SignInSession.user_id == user_id))


def history(session: Session, subject: Subject, key: int | str) -> list[HistoryLine]:
    """What was changed about one thing, newest first, at most MOST_HISTORY; one statement."""
    return [HistoryLine(change, name or "A command of the hub") for change, name in _changes(session, subject, key)]


def names_of(session: Session, changes: Sequence[AdminChange]) -> list[HistoryLine]:
    """Some changes with the names of who made them."""
    ids = {change.by_id for change in changes}
    rows = session.execute(select(UserAccount.id, UserAccount.name).where(UserAccount.id.in_(ids)))
    names = {row.id: row.name for row in rows}
    return [HistoryLine(change, names.get(change.by_id or 0, "A command of the hub")) for change in changes]


def needs_attention(session: Session, today: date) -> Mapping[str, int]:
    """How many people, organisations and units want looking after, by the name of their list; one statement."""
    counts = {
        "without_role": select(func.count()).select_from(UserAccount).where(*_asked_for(Asked(show="without"), today)),
        "ending": select(func.count()).select_from(UserAccount).where(*_asked_for(Asked(show="ending"), today)),
        "ended_with_people": select(func.count()).select_from(Organisation).where(ended_with_people(today)),
        "without_postcode": select(func.count()).select_from(Unit).join(Site).where(unit_without_postcode(today)),
    }
    row = session.execute(select(*(query.scalar_subquery().label(name) for name, query in counts.items()))).one()
    return dict(row._mapping)


def ended_with_people(today: date) -> ColumnElement[bool]:
    """A condition on organisations: it has ended, and somebody's membership of it has not."""
    member = exists().where(Membership.organisation_id == Organisation.id, lasts(Membership.until_on, today))
    return and_(Organisation.until_on < today, member)


def unit_without_postcode(today: date) -> ColumnElement[bool]:
    """A condition on units joined to their sites: it goes on, and nobody can tell how far it is."""
    return and_(Site.postcode == "", lasts(Unit.until_on, today))


def _asked_for(asked: Asked, today: date) -> list[ColumnElement[bool]]:
    mine = Membership.user_id == UserAccount.id
    current = and_(
        mine,
        Membership.from_on <= today,
        lasts(Membership.until_on, today),
        Membership.organisation_id == Organisation.id,
        Organisation.from_on <= today,
        lasts(Organisation.until_on, today),
    )
    found: list[ColumnElement[bool]] = []
    if asked.words:
        name, email, where = (
            column.icontains(asked.words, autoescape=True)
            for column in (UserAccount.name, UserAccount.email, Organisation.name)
        )
        place = exists().where(mine, Membership.organisation_id == Organisation.id, where)
        found.append(or_(name, email, place))
    if asked.role is not None:
        found.append(exists().where(current, Membership.role == asked.role))
    if asked.organisation is not None:
        found.append(exists().where(mine, Membership.organisation_id == asked.organisation.id))
    match asked.show:
        case "without":
            found += [UserAccount.is_active.is_(True), ~exists().where(current)]
        case "ending":
            soon = Membership.until_on.between(today, today + ENDING_WITHIN)
            found += [UserAccount.is_active.is_(True), exists().where(mine, soon)]
        case "off":
            found.append(~UserAccount.is_active)
    return found


def _held(session: Session, condition: ColumnElement[bool]) -> list[Held]:
    query = (
        select(Membership, Organisation, Unit)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Unit, Unit.id == Membership.unit_id)
        .where(condition)
        .order_by(Membership.until_on.desc().nulls_first(), Membership.from_on.desc(), Membership.id)
    )
    return [
        Held(row.id, row.user_id, Role(row.role), place, ward, row.from_on, row.until_on)
        for row, place, ward in session.execute(query)
    ]


def _changes(session: Session, subject: Subject, key: int | str) -> Sequence[Any]:
    query = (
        select(AdminChange, UserAccount.name)
        .outerjoin(UserAccount, UserAccount.id == AdminChange.by_id)
        .where(AdminChange.subject == str(subject), AdminChange.subject_key == str(key))
        .order_by(AdminChange.id.desc())
        .limit(MOST_HISTORY)
    )
    return session.execute(query).all()


def _shown(value: Any) -> str:
    """A value as history keeps it, in words: dates are kept as ISO text."""
    return shown(value, kind="date")
