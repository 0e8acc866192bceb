"""Making two records one: what is moved and changed, and the exact list that lets it be taken back."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.cases.models import CareCase, CaseAlert, CaseStay, LegalStatus
from hub.cases.services import FACTS
from hub.db import Base
from hub.engine.attach import move_items
from hub.engine.refusal import ActionRefused
from hub.merges.checks import hindrances
from hub.merges.fields import columns_of
from hub.merges.rows import (
    alerts_of,
    change,
    forget,
    items_of,
    lock_both,
    put,
    statuses_of,
    stays_of_case,
)
from hub.patients.models import FormerNumber, Patient
from hub.patients.services import sound_of
from workflows.actor import Actor

CASE_FACTS = (*FACTS, "form2_signed_at", "emergency_route_at")


def which_case_takes_in(cases: list[CareCase], standing_id: int) -> dict[int, CareCase]:
    """For each open case of the other record whose service line has an open case already: which one takes it in."""
    own = {case.service_line: case for case in cases if case.patient_id == standing_id and case.closed_at is None}
    return {
        case.id: own[case.service_line]
        for case in cases
        if case.patient_id != standing_id and case.closed_at is None and case.service_line in own
    }


def join(session: Session, merge: Any, actor: Actor, *, now: datetime) -> None:
    """Make the other record part of the one that stands, in the transaction of the agreement.

    `merge.done` then holds {"had": ids by kind of row, "values": facts, "former": ids, "pointers": ids, "stays": ids,
    "cases": [...], "emptied": [...]}: what both had, and every row that was moved or changed, with what it was.
    ActionRefused when something stands in the way now.
    """
    standing, other, cases = lock_both(session, merge.standing_id, merge.other_id)
    wrong = hindrances(session, merge.standing_id, merge.other_id, actor, merge.id)
    if wrong:
        raise ActionRefused(wrong)
    had = {
        "items": [each for case in cases for each in items_of(session, case.id)],
        "alerts": [each for case in cases for each in alerts_of(session, case.id)],
        "statuses": [each for case in cases for each in statuses_of(session, case.id)],
        "stays": [each for case in cases for each in stays_of_case(session, case.id)],
    }
    done: dict[str, Any] = {"had": had}
    done |= _records(session, standing, other, [part["field"] for part in merge.taken or ()])
    taken_in = which_case_takes_in(cases, standing.id)
    theirs = [case for case in cases if case.patient_id == other.id]
    done["stays"] = list(session.scalars(select(CaseStay.id).where(CaseStay.patient_id == other.id)))
    put(session, CaseStay, done["stays"], patient_id=standing.id)
    done["cases"] = [_move(session, case, standing.id) for case in theirs if case.id not in taken_in]
    done["emptied"] = [
        _empty(session, case, taken_in[case.id], merge.reference, actor, now) for case in theirs if case.id in taken_in
    ]
    keep(session, merge, done=done)
    forget(session)


def keep(session: Session, merge: Any, **values: Any) -> None:
    """Write what was done on the merge's own row."""
    own = Base.metadata.tables["merge"]  # its own table alone, without the one it is joined to
    session.execute(update(own).where(own.c.id == merge.id).values(**values))
    for name, value in values.items():
        set_committed_value(merge, name, value)


def _records(session: Session, standing: Patient, other: Patient, taken: list[str]) -> dict[str, Any]:
    pointers = list(session.scalars(select(Patient.id).where(Patient.merged_into_id == other.id)))
    put(session, Patient, [*pointers, other.id], merged_into_id=standing.id)  # always one step to the one that stands
    wanted = {name: getattr(other, name) for name in columns_of(taken)}
    if "family_name" in wanted:
        wanted["name_sound"] = sound_of(wanted["family_name"])
    values = change(session, Patient, standing.id, wanted)
    former = []
    if values.get("nhs_number", [None])[0] is not None:
        number = FormerNumber(patient_id=standing.id, nhs_number=values["nhs_number"][0])
        session.add(number)
        session.flush()
        former.append(number.id)
    return {"values": values, "former": former, "pointers": pointers}


def _move(session: Session, case: CareCase, standing_id: int) -> dict[str, Any]:
    """A case goes over whole."""
    put(session, CareCase, [case.id], patient_id=standing_id)
    return {
        "id": case.id,
        "items": items_of(session, case.id),
        "alerts": alerts_of(session, case.id),
        "stays": stays_of_case(session, case.id),
    }


def _empty(
    session: Session, case: CareCase, into: CareCase, reference: str, actor: Actor, now: datetime
) -> dict[str, Any]:
    """Two open cases of one service line become one: all of this one goes to the other, and it is closed."""
    made: dict[str, Any] = {
        "id": case.id,
        "into": into.id,
        "items": items_of(session, case.id),
        "alerts": alerts_of(session, case.id),
        "statuses": [] if statuses_of(session, into.id, standing_only=True) else statuses_of(session, case.id),
        "stays": stays_of_case(session, case.id),
        "facts": change(session, CareCase, into.id, _facts(case, into)),
        "closed": {"closed_by_id": case.closed_by_id, "close_reason": case.close_reason},
    }
    put(
        session,
        CareCase,
        [case.id],
        patient_id=into.patient_id,
        closed_at=now,
        closed_by_id=actor.user_id,
        close_reason=f"Part of {into.reference} since two records of one person were made one: {reference}",
        merged_into_id=into.id,
    )
    places, reason = (case.reference, into.reference), f"Two records of one person were made one: {reference}"
    move_items(session, made["items"], case_id=into.id, places=places, actor=actor, now=now, reason=reason)
    put(session, CaseAlert, made["alerts"], case_id=into.id)
    put(session, LegalStatus, made["statuses"], case_id=into.id)
    put(session, CaseStay, made["stays"], case_id=into.id)
    return made


def _facts(case: CareCase, into: CareCase) -> dict[str, Any]:
    """What the case that goes on takes over: what it does not know; and of what protects somebody, whatever says so."""
    wanted = {name: getattr(case, name) for name in CASE_FACTS if getattr(into, name) is None}
    wanted["is_contested"] = into.is_contested or case.is_contested
    if case.sharing_restricted and case.sharing_restriction_details != into.sharing_restriction_details:
        said = [into.sharing_restriction_details if into.sharing_restricted else None, case.sharing_restriction_details]
        wanted["sharing_restricted"] = True
        wanted["sharing_restriction_details"] = "; ".join(words for words in said if words) or None
    elif case.sharing_restricted:
        wanted["sharing_restricted"] = True
    return wanted
