"""Reading the access log of one person: each by an index scan over that person's own rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Select, Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from hub.accounts.models import Membership, UserAccount
from hub.cases.models import CareCase
from hub.engine.models import AccessLog, WorkItem
from hub.organisations.models import Organisation
from hub.web.paging import Cursor, Page, page_of
from workflows.durations import midnight
from workflows.roles import Role

PAGE_SIZE: Final = 50
MOST_COUNTED: Final = 10_000
MOST_EXPORTED: Final = 10_000
MOST_PEOPLE: Final = 25


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of a trail: London dates, both included, and the kinds of access; nothing means all."""

    since: date | None = None
    until: date | None = None
    kinds: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose trail can be read: account, and the roles they hold or held in words."""

    id: int
    name: str
    email: str
    is_active: bool
    roles: str


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the log with the names behind its numbers; the content of what was seen is not among them."""

    row: AccessLog
    role: Role | None
    organisation: str | None
    item: str | None
    case: str | None
    behalf: str | None = None
    """Whom they stood in for: the holder of the membership, when it is another person's."""


def find_people(session: Session, words: str) -> list[Known]:
    """Accounts whose name or e-mail has these words, by name; at most MOST_PEOPLE, and one more when there are more."""
    named = or_(*(column.icontains(words, autoescape=True) for column in (UserAccount.name, UserAccount.email)))
    query = _people().where(named).order_by(UserAccount.name, UserAccount.id).limit(MOST_PEOPLE + 1)
    return [_known(row) for row in session.execute(query)]


def find_person(session: Session, account_id: int) -> Known | None:
    """The account with this id."""
    row = session.execute(_people().where(UserAccount.id == account_id)).one_or_none()
    return _known(row) if row else None


def read_trail(
    session: Session, user_id: int, filters: Filters, after: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[Access]:
    """What one person did, newest first."""
    query = _accesses(user_id, filters).limit(size + 1)
    if after is not None:
        query = query.where(AccessLog.id < after.id)
    rows = [Access(*row) for row in session.execute(query)]
    return page_of(rows, size, lambda seen: Cursor(seen.row.at, seen.row.id))


def count_trail(session: Session, user_id: int, filters: Filters) -> int:
    """How many rows there are, MOST_COUNTED + 1 for any more."""
    some = _filtered(select(AccessLog.id), user_id, filters).limit(MOST_COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _accesses(user_id: int, filters: Filters) -> Any:
    behalf = aliased(UserAccount)
    query = (
        select(AccessLog, Membership.role, Organisation.name, WorkItem.reference, CareCase.reference, behalf.name)
        .outerjoin(Membership, Membership.id == AccessLog.membership_id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(behalf, and_(behalf.id == Membership.user_id, behalf.id != AccessLog.user_id))
        .outerjoin(WorkItem, WorkItem.id == AccessLog.item_id)
        .outerjoin(CareCase, CareCase.id == AccessLog.case_id)
        .order_by(AccessLog.id.desc())
    )
    return _filtered(query, user_id, filters)


def _filtered(query: Any, user_id: int, filters: Filters) -> Any:
    query = query.where(AccessLog.user_id == user_id)
    if filters.since is not None:
        query = query.where(AccessLog.at >= midnight(filters.since))
    if filters.until is not None:
        query = query.where(AccessLog.at < midnight(filters.until + timedelta(days=1)))
    if filters.kinds:
        query = query.where(AccessLog.what.in_(sorted(filters.kinds)))
    return query


def _people() -> Select[Any]:
    """Roles in one text each, so that a person is one row."""
    roles = (
        select(func.string_agg(func.concat(cast(Membership.role, Text), "@", Organisation.name), "\n"))
        .select_from(Membership)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.user_id == UserAccount.id)
        .correlate(UserAccount)
        .scalar_subquery()
    )
    return select(UserAccount.id, UserAccount.name, UserAccount.email, UserAccount.is_active, roles)


def _known(row: Sequence[Any]) -> Known:
    held = dict.fromkeys(_held(row[4] or ""))
    return Known(row[0], row[1], row[2], row[3], "; ".join(held))


def _held(text: str) -> Iterator[str]:
    for line in sorted(text.splitlines()):
        role, _, place = line.partition("@")
        yield f"{Role(role).label}, {place}"
