"""Reading the register of flash points: what stands, what has ended, who changed it, how often it came to a dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from hub.accounts.models import UserAccount
from hub.codes import codes
from hub.db import Base
from hub.engine.admin_log import AdminChange, Subject
from hub.engine.models import WorkItem
from hub.engine.visibility import View, may_be_seen, view_of
from hub.flash_points.models import FlashPoint
from workflows.actor import Actor

DISPUTES = "escalation"
ANY_KIND = "Any kind of dispute"


@dataclass(frozen=True, slots=True)
class Group:
    """The flash points of one kind of dispute; `kind` None: those that may come with any."""

    kind: str | None
    title: str
    points: Sequence[FlashPoint]


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of a flash point, and who made it."""

    change: AdminChange
    who: str

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """(what, before, after) of each answer; "" where there was none."""
        old, new = self.change.old, self.change.new
        return [(name, str(old.get(name) or ""), str(new.get(name) or "")) for name in dict.fromkeys((*old, *new))]


def standing_points(session: Session) -> list[FlashPoint]:
    """Every flash point that has not ended, with who wrote it, in the order they were written; one statement."""
    return list(session.scalars(_all().where(FlashPoint.until_on.is_(None)).order_by(FlashPoint.id)))


def ended_points(session: Session) -> list[FlashPoint]:
    """Those that have ended, the last first; one statement."""
    ended = _all().where(FlashPoint.until_on.is_not(None))
    return list(session.scalars(ended.order_by(FlashPoint.until_on.desc(), FlashPoint.id.desc())))


def by_kind(points: Sequence[FlashPoint]) -> list[Group]:
    """The flash points in the order of the kinds of dispute; those for any kind come last."""
    kinds: Mapping[str, str] = codes("dispute_kind")
    used = [*kinds, *sorted({point.dispute_kind for point in points if point.dispute_kind} - kinds.keys())]
    groups = [
        Group(kind, kinds.get(kind, kind), [point for point in points if point.dispute_kind == kind]) for kind in used
    ]
    groups.append(Group(None, ANY_KIND, [point for point in points if point.dispute_kind is None]))
    return [group for group in groups if group.points]


def find_point(session: Session, number: int) -> FlashPoint | None:
    """The flash point of this number, ended or not."""
    return session.scalars(_all().where(FlashPoint.id == number)).one_or_none()


def written_instead(session: Session, number: int) -> int | None:
    """The number of the one that was written in place of this one, or None."""
    return session.scalar(select(FlashPoint.id).where(FlashPoint.replaces_id == number))


def changes_of_point(session: Session, number: int) -> list[Changed]:
    """Who wrote and changed it, the first first; one statement."""
    behalf = aliased(UserAccount)
    rows = session.execute(
        select(AdminChange, UserAccount.name, behalf.name)
        .outerjoin(UserAccount, UserAccount.id == AdminChange.by_id)
        .outerjoin(behalf, behalf.id == AdminChange.for_id)
        .where(AdminChange.subject == str(Subject.FLASH_POINT), AdminChange.subject_key == str(number))
        .order_by(AdminChange.id)
    )
    return [
        Changed(change, f"{name}, for {stood_for}" if stood_for else name or "A command of the hub")
        for change, name, stood_for in rows
    ]


def disputes_from(session: Session, actor: Actor) -> dict[int, int] | None:
    """How many disputes were raised as each flash point, of those this reader may see; by number, none left out of it.

    None where the reader does not see disputes by their role: their count would be of their own alone, and say less
    than it seems to.
    """
    if view_of(DISPUTES, actor) is not View.ALL:
        return None
    disputes = Base.metadata.tables[DISPUTES]
    rows = session.execute(
        select(disputes.c.flash_point_id, func.count())
        .select_from(WorkItem)
        .join(disputes, disputes.c.id == WorkItem.id)
        .where(disputes.c.flash_point_id.is_not(None), may_be_seen(actor, [DISPUTES]))
        .group_by(disputes.c.flash_point_id)
    )
    return {int(number): int(count) for number, count in rows}


def _all() -> Select[FlashPoint]:
    return select(FlashPoint).options(joinedload(FlashPoint.written_by), joinedload(FlashPoint.organisation))
