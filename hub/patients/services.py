"""Finding a known person or making a new record. Two records are never merged here: that takes two people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jellyfish
from sqlalchemy import bindparam, exists, func, inspect, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.patients.models import FormerNumber, Patient

FROM_FORM = tuple(
    column.key
    for column in inspect(Patient).columns
    if column.key not in {"id", "name_sound", "created_at", "merged_into_id"}
)


# Made once: an import runs them ten thousand times, and putting a statement together costs more than sending it.
_STANDS = select(Patient.id, literal(0).label("place")).where(
    Patient.nhs_number == bindparam("number"), Patient.merged_into_id.is_(None)
)
_JOINED = select(Patient.merged_into_id, literal(1)).where(
    Patient.nhs_number == bindparam("number"), Patient.merged_into_id.is_not(None)
)
_HAD_IT = (
    select(func.coalesce(Patient.merged_into_id, Patient.id), literal(2))
    .join(FormerNumber, FormerNumber.patient_id == Patient.id)
    .where(FormerNumber.nhs_number == bindparam("number"))
)
_NEAREST = union_all(_STANDS, _JOINED, _HAD_IT).order_by("place").limit(1).subquery()
_BY_NUMBER = select(Patient).where(Patient.id == select(_NEAREST.c.id).scalar_subquery())
"""Whose number it is: the record that has it, else the one that a record with it became part of."""
_ADD = insert(Patient).on_conflict_do_nothing().returning(Patient)


@dataclass(frozen=True, slots=True)
class Alike:
    """Another record that may be the same person."""

    id: int
    family_name: str | None
    given_name: str | None


def sound_of(name: str | None) -> str:
    """How a family name sounds, by metaphone; empty for no name or one without Latin letters."""
    return jellyfish.metaphone(name) if name else ""


def find_or_add(session: Session, facts: Any, *, now: datetime) -> Patient:
    """The patient with this NHS number and date of birth, else a new record. `facts` has Form 1's attributes.

    A number that is already on the record of somebody born on another day is left off the new record: one of the two
    is wrong, and only a person can say which.
    """
    values = {name: getattr(facts, name, None) for name in FROM_FORM}
    number = values["nhs_number"]
    if number:
        known = session.scalar(_BY_NUMBER, {"number": number})
        if known is None:
            known = _add_numbered(session, values, now)
        if known is not None and _is_same_birth(session, known, values):
            return known
        values |= {"nhs_number": None, "nhs_number_status": "05"}
    patient = Patient(**values, name_sound=sound_of(values["family_name"]), created_at=now)
    session.add(patient)
    session.flush()
    return patient


def _add_numbered(session: Session, values: dict[str, Any], now: datetime) -> Patient | None:
    """Two people may send the same new person at once, so the unique number decides who made the record."""
    sound = sound_of(values["family_name"])
    made = session.scalar(_ADD, {**values, "name_sound": sound, "created_at": now})
    return made or session.scalar(_BY_NUMBER, {"number": values["nhs_number"]})


def _is_same_birth(session: Session, known: Patient, values: dict[str, Any]) -> bool:
    """Whether the birthday does not contradict the record, or one that became part of it."""
    born = values["date_of_birth"]
    if born is None or known.date_of_birth is None or known.date_of_birth == born:
        return True
    joined = exists().where(Patient.merged_into_id == known.id, Patient.date_of_birth == born)
    return bool(session.scalar(select(joined)))


def complete_record(session: Session, patient_id: int, facts: Any) -> None:
    """Give a record what nobody knew when it was made, from `facts` with Form 1's attributes; what it has stays.

    An NHS number that is on another record already is left off, as in `find_or_add`: `might_be` shows the other one.
    """
    patient = session.scalars(select(Patient).where(Patient.id == patient_id).with_for_update()).one()
    for name in FROM_FORM:
        said = getattr(facts, name, None)
        if said is None or getattr(patient, name) is not None:
            continue
        if name != "nhs_number":
            setattr(patient, name, said)
        elif session.scalar(_BY_NUMBER, {"number": said}) is None:
            _number_it(session, patient, said)
    patient.name_sound = sound_of(patient.family_name)
    session.flush()


def _number_it(session: Session, patient: Patient, number: str) -> None:
    """Two people may give one number to two records at once, so the unique number decides whose it becomes."""
    session.flush()
    try:
        with session.begin_nested():
            patient.nhs_number = number
            session.flush()
    except IntegrityError:
        session.refresh(patient)


def by_number(session: Session, digits: str) -> Patient | None:
    """The record that stands for whoever has this NHS number, or had it before two records were made one."""
    return session.scalar(_BY_NUMBER, {"number": digits})


def standing_id(session: Session, patient_id: int) -> int:
    """The record that stands for this one; it is not made part of another before the transaction ends."""
    while True:
        query = select(Patient.merged_into_id).where(Patient.id == patient_id).with_for_update(read=True)
        joined = session.scalars(query).one()
        if joined is None:
            return patient_id
        patient_id = joined


def might_be(session: Session, patient: Patient) -> Sequence[Alike]:
    """Other records that may be the same person; at most five.

    By sound of the family name with date of birth, or by date of birth with postcode.
    """
    if patient.date_of_birth is None:
        return []
    alike = []
    if patient.name_sound:
        alike.append(Patient.name_sound == patient.name_sound)
    if patient.postcode:
        alike.append(Patient.postcode == patient.postcode)
    if not alike:
        return []
    query = select(Patient.id, Patient.family_name, Patient.given_name).where(
        Patient.id != patient.id,
        Patient.merged_into_id.is_(None),
        Patient.date_of_birth == patient.date_of_birth,
        or_(*alike),
    )
    rows = session.execute(query.order_by(Patient.id).limit(5))
    return [Alike(*row) for row in rows]
