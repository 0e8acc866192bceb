"""The demo's past, second part: every admission decision of the year, made as it would have been."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.demo import form2_answers as form2
from hub.demo.form2_answers import BY_LINE, PROVIDERS, Finding
from hub.demo.past_stays import PastStays
from hub.demo.stories import CONRAD, FIONA, HELEN, IMRAN, RUTH
from hub.engine.models import Clock
from hub.engine.perform import perform
from hub.organisations.queries import find_organisation
from workflows.actor import Actor
from workflows.admission.guards import SCHEME
from workflows.durations import LONDON, local
from workflows.form1 import EMERGENCY, ROUTINE
from workflows.roles import Role

SEED: Final = 20261124
LATE: Final = 0.13
ROUTES: Final = ("admit",) * 12 + ("alternative",) * 4 + ("refuse",) * 3 + ("withdraw",)
ASSESSORS: Final = {"cyp": (FIONA, FIONA, IMRAN), "secure": (CONRAD,), "aed": (IMRAN, FIONA)}
DECIDE: Final = {"emergency": timedelta(hours=4), "urgent": timedelta(hours=24), "routine": timedelta(hours=48)}
QUESTIONS: Final = (
    ("Has the children's ward finished treatment?", "Yes, since this morning."),
    ("Is there a home to go back to?", "Yes: the grandmother, and the council pays for help."),
    ("Which medicine was tried, and for how long?", "Two, eight weeks each, at the full dose. The list is with you."),
)
CANNOT_WAIT: Final = "The ward has nobody to keep watch after midnight, and cannot keep the door shut."
RATIFIED: Final = "Agreed: nothing less would have kept them safe that night."


class PastAdmissions:
    """Walks every admission decision made so far (all from the import) to where it stands at `now`, always alike."""

    def __init__(self, session: Session, people: Mapping[str, Actor], now: datetime) -> None:
        self.session, self.people, self.now, self.random = session, people, now, Random(SEED)
        self.managers = {actor.user_id: actor for actor in people.values() if actor.role is Role.CASE_MANAGER}
        self.stays = PastStays(session, people, now)
        self.places = {code: self._place(code) for code in (*PROVIDERS.values(), "ZD202")}

    def walk(self) -> None:
        """Every one, oldest first."""
        query = (
            select(Admission, Clock.due_at)
            .select_from(Admission)
            .join(Clock, (Clock.item_id == Admission.id) & (Clock.name == "assess"))
            .order_by(Admission.received_at, Admission.id)
        )
        for admission, due_at in self.session.execute(query).all():
            self._walk_one(admission, due_at)

    def _walk_one(self, admission: Admission, due_at: datetime) -> None:
        random, opened = self.random, admission.opened_at
        received = admission.received_at or opened
        length = due_at - received
        is_late = random.random() < LATE
        share = random.uniform(1.05, 1.3) if is_late else random.uniform(0.6, 0.95)
        signed = max(self._hour(admission, received + length * share), opened + timedelta(hours=2))
        finding = random.choice(BY_LINE[str(admission.service_line)])
        assessor = random.choice(ASSESSORS[str(admission.service_line)])
        what, manager = random.choice(ROUTES), self.managers[admission.owner_id]
        if what == "withdraw":
            gone = "They moved to another part of the country; the hub there was told."
            self._do(admission, "withdraw", manager, opened + (signed - opened) * 0.5, reason=gone)
        elif admission.priority == EMERGENCY and random.random() < 0.4:
            self._emergency(admission, finding, assessor, manager, opened + timedelta(minutes=40))
        else:
            self._assess(admission, finding, assessor, signed, yes=(what == "admit") is not (random.random() < 0.06))
            self._decide(admission, finding, what, manager, signed)

    def _assess(self, admission: Admission, finding: Finding, assessor: str, at: datetime, *, yes: bool) -> None:
        opened = admission.opened_at
        self._book(admission, assessor, opened + (at - opened) * 0.25, at - timedelta(hours=1))
        self._do(
            admission,
            "fill_in_assessment",
            self.people[assessor],
            at - timedelta(minutes=20),
            _form_2(finding, assessor, at, yes),
        )
        self._do(admission, "sign_assessment", self.people[assessor], at, form2.signature(yes=yes))

    def _book(self, admission: Admission, assessor: str, at: datetime, visit: datetime) -> None:
        values = {
            "assessing_organisation_id": self.places[PROVIDERS[assessor]],
            "booked_assessor": assessor,
            "booked_for": visit,
            "assessment_how": "remote" if self.random.random() < 0.25 else "in_person",
            "assessment_where": "Where the person is; the ward knows",
        }
        self._do(admission, "book_assessment", self.people["Dele Okafor"], at, values)

    def _decide(self, admission: Admission, finding: Finding, what: str, manager: Actor, signed: datetime) -> None:
        random, length = self.random, DECIDE[str(admission.priority)]
        weeks, is_asked = random.randrange(5, 15), random.random() < 0.12
        advice = form2.recommendation(finding, what, weeks)
        at = self._hour(admission, signed + length * random.uniform(0.15, 0.45))
        self._do(admission, "recommend", manager, at, advice)
        if is_asked:
            question, said = random.choice(QUESTIONS)
            due = at + timedelta(days=2)
            values = {"question": question, "asked_organisation_id": self.places["ZD202"], "answer_due_at": due}
            self._do(admission, "ask_more", manager, at + timedelta(minutes=15), values)
            at = self._hour(admission, at + timedelta(hours=random.randrange(20, 44)))
            self._do(admission, "answer", self.people["Dele Okafor"], at, {"answer_given": said})
            at += timedelta(minutes=35)
            self._do(admission, "recommend", manager, at, advice)
        late = timedelta(hours=30) if random.random() < LATE else timedelta()
        decided = self._hour(admission, at + length * random.uniform(0.1, 0.45) + late)
        action, values = form2.decision(finding, what, icb=random.choice(("ZD301", "ZD302", "ZD303")))
        if decided <= self.now:
            reason = None if what == "admit" else finding.considered
            self._do(admission, action, self._decider(admission, manager), decided, values, reason)
            self.stays.end_search(admission.id, manager, decided)

    def _decider(self, admission: Admission, manager: Actor) -> Actor:
        """The lowest who holds the authority; the case manager who recommended when that is enough."""
        lowest = SCHEME.holders(admission)[0]
        return {Role.CASE_MANAGER: manager, Role.HEAD_OF_COMMISSIONING: self.people[RUTH]}.get(
            lowest, self.people[HELEN]
        )

    def _emergency(
        self, admission: Admission, finding: Finding, assessor: str, manager: Actor, admitted: datetime
    ) -> None:
        why = {"why_it_cannot_wait": CANNOT_WAIT, "clinician_in_charge": "Dr Leah Marchetti, 01632 960741"}
        self._do(admission, "admit_in_emergency", manager, admitted, why | {"bed_type": finding.bed_type})
        signed = admitted + timedelta(hours=self.random.uniform(7, 26))
        self._book(admission, assessor, admitted + timedelta(hours=3), signed - timedelta(hours=1))
        values = _form_2(finding, assessor, signed, yes=True)
        self._do(admission, "fill_in_assessment", self.people[assessor], signed - timedelta(minutes=20), values)
        self._do(admission, "sign_late_assessment", self.people[assessor], signed, form2.signature(yes=True))
        ratified = self._day(max(signed, admitted + timedelta(hours=18)))
        self._do(admission, "ratify", self.people[RUTH], ratified, reason=RATIFIED)
        self.stays.end_search(admission.id, manager, admitted)

    def _do(
        self,
        admission: Admission,
        action: str,
        actor: Actor,
        at: datetime,
        values: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Do it, unless the time for it has not come."""
        if at <= self.now:
            perform(self.session, admission, action, actor, now=at, values=values, reason=reason)

    def _hour(self, admission: Admission, at: datetime) -> datetime:
        """Routine work is done in the day, and never before what led to it; what is urgent at any hour."""
        return self._day(at) if admission.priority == ROUTINE else at

    def _day(self, at: datetime) -> datetime:
        """The same moment when it falls in office hours, else nine o'clock that day or the next."""
        there = local(at)
        if 9 <= there.hour < 17:
            return at
        day = there.date() + timedelta(days=1 if there.hour >= 17 else 0)
        return datetime.combine(day, time(9, there.minute), LONDON)

    def _place(self, code: str) -> int:
        found = find_organisation(self.session, code)
        if found is None:
            raise LookupError(f"{code} is not among the demo's organisations")
        return found.id


def _form_2(finding: Finding, assessor: str, at: datetime, yes: bool) -> dict[str, Any]:
    answers = form2.form_2(finding, assessor, helps=yes)
    return answers | {"assessed_at": at - timedelta(hours=1)}
