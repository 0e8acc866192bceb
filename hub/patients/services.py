"""Finding a known person or making a new record. Two records are never merged here: that takes two people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jellyfish
from sqlalchemy import bindparam, inspect, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.patients.models import Patient

FROM_FORM = tuple(
    column.key for column in inspect(Patient).columns if column.key not in {"id", "name_sound", "created_at"}
)


# Made once: an import runs them ten thousand times, and putting a statement together costs more than sending it.
_BY_NUMBER = select(Patient).where(Patient.nhs_number == bindparam("number"))
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
        if known is not None and _is_same_birth(known, values):
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


def _is_same_birth(known: Patient, values: dict[str, Any]) -> bool:
    born = values["date_of_birth"]
    return born is None or known.date_of_birth is None or bool(known.date_of_birth == born)


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
        Patient.id != patient.id, Patient.date_of_birth == patient.date_of_birth, or_(*alike)
    )
    rows = session.execute(query.order_by(Patient.id).limit(5))
    return [Alike(*row) for row in rows]
