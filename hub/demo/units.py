"""The demo's units: who of their staff signs in, whom they take, and how the hub watches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hub.organisations.models import Admissions, Level, Site, Unit
from hub.patients.models import Patient
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

LAST_TAKEN: Final = 16
"""An age that most units for young people take, for somebody whose age nobody knows."""
WATCHED: Final = (
    ("ZD111A-1", Level.ENHANCED, 52, Admissions.CASE_BY_CASE, 52, "Each admission is agreed with the quality lead."),
    ("ZD113A-1", Level.INTENSIVE, 31, Admissions.SUSPENDED, 24, "Two investigations into restraint are open."),
    ("ZD104A-2", Level.ROUTINE, 0, Admissions.SUSPENDED, 6, "Fire doors are being replaced."),
    (
        "ZD101B-1",
        Level.ROUTINE,
        0,
        Admissions.CASE_BY_CASE,
        15,
        "One consultant for two wards until spring.",
    ),
)
"""Unit, level and since how many days, admissions and since how many days, why. All others: routine, and open."""


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """One unit, and whoever of its people answers for it; None where the hub rings."""

    id: int
    code: str
    ods_code: str
    bed_type: str
    gender: str
    age_from: int
    age_to: int
    suspended_on: date | None
    staff: Actor | None

    def takes(self, bed_type: str | None, age: int | None, person: Patient, on: date) -> bool:
        """Whether it has the bed for somebody of this age and gender on that day."""
        wrong = {"1": "female", "2": "male"}.get(person.gender or "")
        return (
            self.bed_type == bed_type
            and self.gender != wrong
            and (age is None or self.age_from <= age <= self.age_to)
            and (self.suspended_on is None or on < self.suspended_on)
        )


def demo_units(session: Session, people: Mapping[str, Actor], now: datetime) -> list[DemoUnit]:
    """Every unit, by its code."""
    managers = [actor for actor in people.values() if actor.role is Role.UNIT_MANAGER]
    query = select(Unit).options(joinedload(Unit.site).joinedload(Site.organisation)).order_by(Unit.unit_code)
    return [_of(unit, managers, now) for unit in session.scalars(query)]


def _of(unit: Unit, managers: list[Actor], now: datetime) -> DemoUnit:
    place = unit.site.organisation
    here = [actor for actor in managers if actor.organisation_id == place.id and actor.unit_id in {None, unit.id}]
    suspended = {code: since for code, _, _, admissions, since, _ in WATCHED if admissions is Admissions.SUSPENDED}
    since = suspended.get(unit.unit_code)
    return DemoUnit(
        id=unit.id,
        code=unit.unit_code,
        ods_code=place.ods_code,
        bed_type=unit.bed_type,
        gender=unit.gender,
        age_from=unit.age_from,
        age_to=unit.age_to,
        suspended_on=local(now - timedelta(days=since)).date() if since is not None else None,
        staff=here[0] if here else None,
    )


def watch_units(session: Session, now: datetime) -> None:
    """Give the units their levels and positions, as an administrator set them."""
    units = {unit.unit_code: unit for unit in session.scalars(select(Unit))}
    for code, level, since, admissions, closed, why in WATCHED:
        unit = units[code]
        unit.level, unit.admissions, unit.admissions_why = level, admissions, why
        unit.level_since = local(now - timedelta(days=since)).date() if since else None
        unit.admissions_since = local(now - timedelta(days=closed)).date()
    session.flush()
