"""What stands in the way of making two records one, or of taking them apart again: everything, in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.cases.stays import overlapping, stays_of_people
from hub.db import Base
from hub.engine.models import WorkItem
from hub.patients.models import Patient
from workflows.actor import Actor
from workflows.merge import State

OUT_OF_SIGHT = "A case of one of these people is sealed, and you are not on its list"
IN_FORCE = (State.MERGED, State.UNDO_ASKED)


def why_out_of_sight(session: Session, patient_ids: Sequence[int], actor: Actor) -> list[str]:
    """One sentence when a sealed case of these people does not name the actor; none when they may see all."""
    lists = _seals(session, patient_ids)
    return [] if all(actor.user_id in named for named in lists.values()) else [OUT_OF_SIGHT]


def hindrances(
    session: Session, standing_id: int, other_id: int, actor: Actor, item_id: int | None = None
) -> list[str]:
    """Why these two cannot be made one now; none when they can. `item_id` is the proposal itself."""
    both = (standing_id, other_id)
    found = why_out_of_sight(session, both, actor)
    if found:
        return found
    names = _names(session, both)
    found += [f"The record of {name} is part of another record already" for name, joined in names.values() if joined]
    found += _undecided(session, both, item_id)
    found += _stays_at_once(session, standing_id, other_id, {key: name for key, (name, _) in names.items()})
    return found + _seals_that_differ(session, standing_id, other_id)


def hindrances_of_undoing(session: Session, merge: Any, actor: Actor) -> list[str]:
    """Why the two cannot be taken apart now; none when they can."""
    both = (merge.standing_id, merge.other_id)
    found = why_out_of_sight(session, both, actor)
    if found:
        return found
    found += _undecided(session, both, merge.id)
    found += _built_on_it(session, merge)
    return found + _numbers_that_clash(session, merge)


def _names(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, int | None]]:
    rows = session.execute(
        select(Patient.id, Patient.family_name, Patient.given_name, Patient.merged_into_id).where(Patient.id.in_(ids))
    )
    return {
        key: (Patient(family_name=family, given_name=given).full_name, joined) for key, family, given, joined in rows
    }


def _undecided(session: Session, both: tuple[int, int], item_id: int | None) -> list[str]:
    merge = Base.metadata.tables["merge"]
    query = (
        select(WorkItem.reference)
        .join(merge, merge.c.id == WorkItem.id)
        .where(WorkItem.is_open, or_(merge.c.standing_id.in_(both), merge.c.other_id.in_(both)))
        .order_by(WorkItem.id)
    )
    if item_id is not None:
        query = query.where(WorkItem.id != item_id)
    return [
        f"{reference}, about one of these two records, is not decided yet: decide that first"
        for reference in session.scalars(query)
    ]


def _stays_at_once(session: Session, standing_id: int, other_id: int, names: dict[int, str]) -> list[str]:
    stays = stays_of_people(session, (standing_id, other_id))
    own = [stay for stay in stays if stay.patient_id == standing_id]
    theirs = [stay for stay in stays if stay.patient_id == other_id]
    return [
        f"They were in two places at once, so they are two people or a stay is wrong: {names[standing_id]} at "
        f"{mine.words} ({mine.case_reference}), and {names[other_id]} at {other.words} ({other.case_reference})"
        for mine in own
        for other in overlapping(theirs, mine.from_at, mine.until_at)
    ]


def _seals(session: Session, patient_ids: Sequence[int]) -> dict[str, frozenset[int]]:
    """Whom each sealed case of these people is open to, by its reference."""
    rows = session.execute(
        select(CareCase.reference, CaseSeal.user_id)
        .outerjoin(CaseSeal, CaseSeal.case_id == CareCase.id)
        .where(CareCase.patient_id.in_(patient_ids), CareCase.is_sealed)
        .order_by(CareCase.id)
    )
    found: dict[str, set[int]] = defaultdict(set)
    for reference, user_id in rows:
        found[reference] |= {user_id} - {None}
    return {reference: frozenset(named) for reference, named in found.items()}


def _seals_that_differ(session: Session, standing_id: int, other_id: int) -> list[str]:
    """A seal is never opened by the way: who may see one of the sealed cases must be able to see them all."""
    lists = _seals(session, (standing_id, other_id))
    if len(set(lists.values())) > 1:
        return [f"{' and '.join(lists)} are sealed to different people: name the same people for each first"]
    return [
        f"{mine} and {other} would become one case, and only one of them is sealed: seal both to the same people first"
        for mine, other in _one_case_each(session, standing_id, other_id)
        if (mine in lists) != (other in lists)
    ]


def _one_case_each(session: Session, standing_id: int, other_id: int) -> list[tuple[str, str]]:
    """References of the open cases of one service line that both have."""
    rows = session.execute(
        select(CareCase.service_line, CareCase.patient_id, CareCase.reference).where(
            CareCase.patient_id.in_((standing_id, other_id)), CareCase.closed_at.is_(None)
        )
    )
    by_line: dict[str, dict[int, str]] = defaultdict(dict)
    for line, patient_id, reference in rows:
        by_line[line][patient_id] = reference
    return [(found[standing_id], found[other_id]) for found in by_line.values() if len(found) == 2]


def _built_on_it(session: Session, merge: Any) -> list[str]:
    """Later merges of the record that stands: the last is the first to be taken apart."""
    table = Base.metadata.tables["merge"]
    later = tuple_(table.c.agreed_at, table.c.id) > (merge.agreed_at, merge.id)
    query = (
        select(WorkItem.reference)
        .join(table, table.c.id == WorkItem.id)
        .where(
            WorkItem.state.in_(IN_FORCE),
            WorkItem.id != merge.id,
            or_(and_(table.c.standing_id == merge.standing_id, later), table.c.other_id == merge.standing_id),
        )
        .order_by(WorkItem.id)
    )
    return [
        f"{reference} came later and builds on this one: take that apart first" for reference in session.scalars(query)
    ]


def _numbers_that_clash(session: Session, merge: Any) -> list[str]:
    """No two records that stand may have one NHS number."""
    both = (merge.standing_id, merge.other_id)
    rows = session.execute(select(Patient.id, Patient.nhs_number).where(Patient.id.in_(both)))
    numbers = dict(rows.all())
    own, theirs = numbers[merge.standing_id], numbers[merge.other_id]
    before, after = (merge.done or {}).get("values", {}).get("nhs_number", (own, own))
    left_with = before if own == after else own
    if left_with is not None and left_with == theirs:
        return ["Both records would have the same NHS number: correct it on the record that stands first"]
    taken = select(Patient.id).where(
        Patient.nhs_number == left_with,
        Patient.merged_into_id.is_(None),
        Patient.id.not_in(both),
    )
    if left_with is not None and session.scalar(taken) is not None:
        return ["The NHS number this record had before is on a third record now: correct it there first"]
    return []
