"""The demo's past, third part: where every search of the year ended, the stays that followed, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.demo.past import LATE
from hub.demo.people import in_collaborative
from hub.demo.stories import DELE
from hub.demo.units import LAST_TAKEN, DemoUnit, demo_units
from hub.engine.models import Clock
from hub.engine.perform import perform
from hub.patients.models import Patient
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.stays.models import Stay
from hub.web.filters import age
from workflows.actor import Actor
from workflows.durations import local
from workflows.form1 import EMERGENCY

SEED: Final = 20261125
NOT_NEEDED: Final = 0.4
"""The share of searches that end without a bed."""
ASKED_ANOTHER: Final = 0.2
WEEKS: Final = {"206": (40, 80), "207": (50, 100), "203": (7, 16), "302": (7, 14), "308": (7, 12), "309": (2, 5)}
A_GENERAL_STAY: Final = (3, 9)
"""Weeks from, to; by type of bed above, for the others this."""
BETTER: Final = (
    "Much better since the medicine was changed, and home with daily visits.",
    "The ward kept them until the home treatment team had a place.",
    "The family asked to wait; the crisis team goes in twice a day.",
)
ELSEWHERE: Final = "In a bed already, which the other referral led to."
REFUSALS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("no_bed", {}),
    ("gender_mix", {"refusal_details": "The only free room is on the other corridor."}),
    ("staffing", {"refusal_details": "Two vacancies on nights until the end of the month."}),
    (
        "acuity",
        {
            "refusal_consultant": "Dr Tomasz Zielny",
            "refusal_criterion": "We cannot give one more person two nurses at all times.",
            "would_change": "Two days without harm.",
        },
    ),
)
OUT_OF_AREA: Final = ("no_bed_in_area", "specialist_need", "family_closer")
COMING_BACK: Final = "A bed near home as soon as one is free; the case manager rings every week."
HOMEWARD: Final = ("usual_home",) * 6 + ("relatives", "supported", "childrens_home", "foster_care")
WENT: Final = (
    "What the admission was for is reached; home treatment starts tomorrow.",
    "Well for two weekends at home.",
    "Meals are managed at home, and day care starts on Monday.",
)
SETTLED: Final = "A week without harm: a general bed nearer home."
LEAVE: Final = "A day at home with the family. They ring the ward when it does not go well."
SPOKEN: Final = ("in_person", "telephone", "telephone", "video")


@dataclass(frozen=True, slots=True)
class _Search:
    """One search, who looks for the bed and for whom."""

    placement: Placement
    manager: Actor
    case: CareCase
    person: Patient
    line: str


class PastStays:
    """Ends the searches of the past as they would have ended; the same seed ends them the same way."""

    def __init__(self, session: Session, people: Mapping[str, Actor], now: datetime) -> None:
        self.session, self.now, self.random = session, now, Random(SEED)
        self.dele = people[DELE]
        self.units = demo_units(session, people, now)
        self.busy_until: dict[int, datetime] = {}
        """By person: until when no other stay may begin."""

    def end_search(self, admission_id: int, manager: Actor, since: datetime) -> None:
        """Where the search that this decision opened ended, if it opened one."""
        query = (
            select(Placement, Clock.due_at, CareCase, Patient)
            .select_from(Placement)
            .join(Clock, (Clock.item_id == Placement.id) & (Clock.name == "search"))
            .join(CareCase, CareCase.id == Placement.case_id)
            .join(Patient, Patient.id == CareCase.patient_id)
            .where(Placement.parent_id == admission_id, Placement.is_open)
        )
        for placement, due_at, case, person in self.session.execute(query).all():
            share = self.random.uniform(1.1, 2) if self.random.random() < LATE else self.random.uniform(0.3, 0.95)
            found = max(since + timedelta(hours=1), placement.opened_at + (due_at - placement.opened_at) * share)
            search = _Search(placement, manager, case, person, str(placement.service_line))
            if self.busy_until.get(person.id, found) > found:
                self._do(placement, "stand_down", manager, found, reason=ELSEWHERE)
            elif self.random.random() < NOT_NEEDED:
                self._do(placement, "stand_down", manager, found, reason=self.random.choice(BETTER))
            else:
                self._find(search, found)

    def _find(self, search: _Search, found: datetime) -> None:
        """A unit is asked, perhaps another one too; its offer is accepted at `found`, and the stay follows."""
        placement, manager, random = search.placement, search.manager, self.random
        there = sorted(self.units, key=lambda unit: (not self._is_in(unit, search, found), random.random()))
        who, on = (self._age(search, found), search.person), local(found).date()
        fitting = [unit for unit in there if unit.takes(placement.bed_type, *who, on)]
        why, chosen = "", next(iter(fitting), None)
        if chosen is None:
            chosen = next((unit for unit in there if unit.bed_type == placement.bed_type), None)
            why = "The unit takes them with a nurse of their own; its clinical lead agreed."
        if chosen is None or found > self.now:
            return
        asked = placement.opened_at + (found - placement.opened_at) * 0.4
        if len(fitting) > 1 and random.random() < ASKED_ANOTHER:
            self._ask(search, fitting[1], asked)
            if random.random() < 0.7:  # else it never answers, and is stood down
                reason, said = random.choice(REFUSALS)
                values = {"refusal_reason": reason, **said}
                self._answer(search, fitting[1], "refuse", asked + (found - asked) * 0.3, values)
        self._ask(search, chosen, asked + timedelta(minutes=4), why)
        ready = found - min(timedelta(minutes=random.randrange(10, 200)), (found - asked) * 0.5)
        self._answer(search, chosen, "offer", ready, {"offered_bed": "A single room", "offer_from": found})
        self._do(placement, "accept_offer", manager, found, self._acceptance(search, chosen, found))
        self._admit(search, chosen, found)

    def _ask(self, search: _Search, unit: DemoUnit, at: datetime, why: str = "") -> None:
        values = {"asked_unit_id": unit.id, "asked_person": unit.staff.name if unit.staff else "The nurse in charge"}
        values |= {"asked_how": "page" if unit.staff else "telephone"} | ({"why_this_unit": why} if why else {})
        self._do(search.placement, "approach_unit", search.manager, at, values)

    def _answer(self, search: _Search, unit: DemoUnit, action: str, at: datetime, values: dict[str, Any]) -> None:
        self._do(self._approach(search, unit), action, unit.staff or self.dele, at, values)

    def _approach(self, search: _Search, unit: DemoUnit) -> Approach:
        asked = select(Approach).where(Approach.parent_id == search.placement.id, Approach.unit_id == unit.id)
        return self.session.scalars(asked).one()

    def _acceptance(self, search: _Search, unit: DemoUnit, at: datetime) -> dict[str, Any]:
        values: dict[str, Any] = {"accepted_approach": self._approach(search, unit).reference}
        if not self._is_in(unit, search, at):
            values["out_of_area_reason"] = self.random.choice(OUT_OF_AREA)
            values |= {"repatriation_plan": COMING_BACK, "repatriation_on": local(at).date() + timedelta(days=42)}
        return values

    def _admit(self, search: _Search, unit: DemoUnit, found: datetime) -> None:
        placement, random = search.placement, self.random
        most = 7 if placement.priority == EMERGENCY else 40
        begins = found + timedelta(hours=random.uniform(2, most))
        weeks = random.uniform(*WEEKS.get(str(placement.bed_type), A_GENERAL_STAY))
        facts = _facts_missing(search.case)
        if facts:
            self._do(placement, "complete_facts", self.dele, found + timedelta(minutes=20), facts)
        ends = begins + timedelta(weeks=weeks)
        drift = timedelta(days=random.randrange(-6, 9) if ends < self.now else 0)
        values = {"admitted_at": begins, "estimated_discharge_on": local(ends + drift).date()}
        self._do(placement, "admit", unit.staff or self.dele, begins + timedelta(minutes=25), values)
        if begins + timedelta(minutes=25) <= self.now:
            self._stay(search, unit, begins, ends)

    def _stay(self, search: _Search, unit: DemoUnit, begins: datetime, ends: datetime) -> None:
        """What happened on the unit: a day's leave, a move to a general bed, the end and the follow-up."""
        random, half = self.random, begins + (ends - begins) * 0.6
        if unit.staff is not None and random.random() < 0.3:
            self._leave(search, unit.staff, half)
        if unit.bed_type == "309" and random.random() < 0.5:
            near = next(other for other in self.units if other.takes("301", 15, search.person, local(half).date()))
            values = {"next_unit_id": near.id, "transferred_at": half + timedelta(days=2)}
            self._do(self._stay_of(search), "transfer", search.manager, half + timedelta(days=2.1), values, SETTLED)
            if half + timedelta(days=2.1) <= self.now:
                unit = near
        by = unit.staff or self.dele
        values = {"left_at": ends, "destination": random.choice(HOMEWARD)}
        self._do(self._stay_of(search), "end_stay", by, ends + timedelta(minutes=50), values, random.choice(WENT))
        late = random.random() < LATE
        spoke = ends + timedelta(hours=random.uniform(74, 100) if late else random.uniform(12, 60))
        values = {"followed_up_at": spoke, "followed_up_how": random.choice(SPOKEN), "followed_up_by": by.name}
        self._do(self._stay_of(search), "record_follow_up", by, spoke + timedelta(minutes=30), values)
        self.busy_until[search.person.id] = ends + timedelta(days=1)

    def _leave(self, search: _Search, staff: Actor, at: datetime) -> None:
        back = at + timedelta(hours=7)
        if back > self.now:
            return
        values = {"leave_kind": "informal", "leave_from": at, "leave_until": back, "leave_terms": LEAVE}
        values["leave_granted_by"] = "Dr Leah Marchetti, responsible clinician"
        stay = self._stay_of(search)
        self._do(stay, "start_leave", staff, at + timedelta(minutes=5), values)
        self._do(stay, "return_from_leave", staff, back, {"returned_at": back - timedelta(minutes=20)})

    def _stay_of(self, search: _Search) -> Stay:
        there = select(Stay).where(Stay.case_id == search.case.id).order_by(Stay.id.desc()).limit(1)
        return self.session.scalars(there).one()

    def _do(
        self,
        item: Any,
        action: str,
        actor: Actor,
        at: datetime,
        values: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Do it, unless the time for it has not come."""
        if at <= self.now:
            perform(self.session, item, action, actor, now=at, values=values, reason=reason)

    def _is_in(self, unit: DemoUnit, search: _Search, at: datetime) -> bool:
        return in_collaborative(unit.ods_code, search.line, at, self.now)

    def _age(self, search: _Search, at: datetime) -> int | None:
        return age(search.person.date_of_birth, at) if search.person.date_of_birth else LAST_TAKEN


def _facts_missing(case: CareCase) -> dict[str, Any]:
    """What an admission asks of the case and its referral did not say."""
    usual = {
        "care_coordinator_name": "Tom Brierley",
        "consultant_name": "Dr Leah Marchetti",
        "responsible_icb": "ZD301",
        "consent_basis": "parental_responsibility",
    }
    missing: dict[str, Any] = {name: value for name, value in usual.items() if not getattr(case, name)}
    if not case.family_told and not case.family_not_told_why:
        missing["family_told"] = True
    return missing
