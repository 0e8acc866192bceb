"""Taking two records apart again: both as they were; what was begun since stays with the one that stands, told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseAlert, CaseStay, LegalStatus
from hub.cases.services import open_case
from hub.engine.attach import move_items
from hub.engine.models import WorkItem
from hub.engine.refusal import ActionRefused
from hub.merges.checks import hindrances_of_undoing
from hub.merges.fields import FIELDS
from hub.merges.joining import keep
from hub.merges.rows import (
    Facts,
    alerts_of,
    case_of_items,
    change_back,
    changed_since,
    followers,
    forget,
    lock_both,
    put,
    stays_of_case,
    stays_of_items,
)
from hub.merges.since import what_stays
from hub.patients.models import FormerNumber, Patient
from workflows.actor import Actor

NUMBER = FIELDS[0].columns


def part(session: Session, merge: Any, actor: Actor, *, now: datetime) -> None:
    """Give back everything that `merge.done` lists, in the transaction of the agreement; `merge.undone` tells the rest.

    What somebody changed since on the record that stands is kept there. ActionRefused when something is in the way.
    """
    _, _, cases = lock_both(session, merge.standing_id, merge.other_id)
    wrong = hindrances_of_undoing(session, merge, actor) or _case_in_the_way(merge, cases)
    if wrong:
        raise ActionRefused(wrong)
    keep(session, merge, undone={"stayed": what_stays(session, merge)})
    done = merge.done
    _records(session, merge)
    reason = f"Two records were taken apart again: {merge.reference}"
    move = _Mover(session, actor, now, reason)
    for part in done["cases"]:
        _give_back(session, part, merge, move)
    put(session, CaseStay, done["stays"], patient_id=merge.other_id)
    for part in done["emptied"]:
        _fill_again(session, part, merge, move)
    _open_where_something_is_open(session, [part["id"] for part in done["cases"]], move)
    forget(session)


class _Mover:
    """Moves items with the history row that says so."""

    def __init__(self, session: Session, actor: Actor, now: datetime, reason: str) -> None:
        self.session, self.actor, self.now, self.reason = session, actor, now, reason

    def to(self, case_id: int, ids: Iterable[int]) -> None:
        """Move those of these items that are not there yet."""
        by_case: dict[int, list[int]] = {}
        for item_id, held_in in case_of_items(self.session, list(ids)).items():
            if held_in is not None and held_in != case_id:
                by_case.setdefault(held_in, []).append(item_id)
        for old, moved in by_case.items():
            places = (self._reference(old), self._reference(case_id))
            move_items(
                self.session,
                moved,
                case_id=case_id,
                places=places,
                actor=self.actor,
                now=self.now,
                reason=self.reason,
            )

    def _reference(self, case_id: int) -> str:
        return self.session.scalars(select(CareCase.reference).where(CareCase.id == case_id)).one()


def _case_in_the_way(merge: Any, cases: list[CareCase]) -> list[str]:
    """An open case of the other record beside the one that would be open again: one of a service line may be."""
    known = {case.id: case for case in cases}
    again = {known[part["id"]].service_line for part in merge.done["emptied"]}
    given = [known[part["id"]] for part in merge.done["cases"]]
    return [
        f"{case.reference} was opened again since. Close it first"
        for case in given
        if case.closed_at is None and case.service_line in again
    ]


def _records(session: Session, merge: Any) -> None:
    done, values = merge.done, merge.done["values"]
    changed = changed_since(session, Patient, merge.standing_id, values)
    if changed & set(NUMBER):
        changed |= set(NUMBER)  # a number and what is known of it belong together
    if "family_name" in changed:
        changed.add("name_sound")
    back: Facts = {name: both for name, both in values.items() if name not in changed}
    change_back(session, Patient, merge.standing_id, back)
    session.execute(delete(FormerNumber).where(FormerNumber.id.in_(done["former"])))
    put(session, Patient, [merge.other_id], merged_into_id=None)
    put(session, Patient, done["pointers"], merged_into_id=merge.other_id)


def _give_back(session: Session, part: dict[str, Any], merge: Any, move: _Mover) -> None:
    """A case that went over whole goes back; what was begun on it since stays, in a case of the record that stands."""
    case_id = part["id"]
    line = session.scalars(select(CareCase.service_line).where(CareCase.id == case_id)).one()
    put(session, CareCase, [case_id], patient_id=merge.other_id)
    theirs = followers(session, part["items"])
    now_here = list(session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id, WorkItem.id.not_in(theirs))))
    alerts = [each for each in alerts_of(session, case_id) if each not in part["alerts"]]
    with_items = stays_of_items(session, theirs)
    stays = [each for each in stays_of_case(session, case_id) if each not in {*part["stays"], *with_items}]
    if now_here or alerts or stays:
        stays_in = open_case(session, patient_id=merge.standing_id, service_line=line, now=move.now).id
        move.to(stays_in, now_here)
        put(session, CaseAlert, alerts, case_id=stays_in)
        put(session, CaseStay, stays, case_id=stays_in)
    move.to(case_id, theirs)
    put(session, CaseStay, with_items, case_id=case_id, patient_id=merge.other_id)


def _fill_again(session: Session, part: dict[str, Any], merge: Any, move: _Mover) -> None:
    """A case that was emptied is open again, with everything that was its own."""
    case_id, into = part["id"], part["into"]
    kept = changed_since(session, CareCase, into, part["facts"])
    change_back(session, CareCase, into, {name: both for name, both in part["facts"].items() if name not in kept})
    put(session, CareCase, [case_id], patient_id=merge.other_id, closed_at=None, merged_into_id=None, **part["closed"])
    theirs = followers(session, part["items"])
    move.to(case_id, theirs)
    # A stay goes with the item that keeps it, also one that began since.
    put(session, CaseStay, stays_of_items(session, theirs), case_id=case_id, patient_id=merge.other_id)
    put(session, CaseAlert, part["alerts"], case_id=case_id)
    put(session, LegalStatus, part["statuses"], case_id=case_id)
    put(session, CaseStay, part["stays"], case_id=case_id)


def _open_where_something_is_open(session: Session, case_ids: list[int], move: _Mover) -> None:
    """An item that was opened again since goes back open, so its case is open too, or the open one takes it in."""
    is_open = exists().where(WorkItem.case_id == CareCase.id, WorkItem.is_open)
    closed = select(CareCase).where(CareCase.id.in_(case_ids), CareCase.closed_at.is_not(None), is_open)
    for case in session.scalars(closed.order_by(CareCase.id).execution_options(populate_existing=True)).all():
        same = select(CareCase.id).where(
            CareCase.patient_id == case.patient_id,
            CareCase.service_line == case.service_line,
            CareCase.closed_at.is_(None),
        )
        open_one = session.scalar(same)
        if open_one is None:
            put(session, CareCase, [case.id], closed_at=None)
        else:
            going_on = select(WorkItem.id).where(WorkItem.case_id == case.id, WorkItem.is_open)
            move.to(open_one, session.scalars(going_on).all())
