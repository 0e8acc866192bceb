"""The demo's present: makes its stories, of the last hours and weeks, through the engine in the order they happened."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import nhs_number
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.on_call import on_call_now
from hub.admissions.models import Admission
from hub.cases.alerts import add_alert
from hub.cases.legal_status import latest_end
from hub.demo import intensive_care
from hub.demo.admission_stories import ADMISSIONS
from hub.demo.beds import BEDS, Wards
from hub.demo.followed_stories import FOLLOWED
from hub.demo.referral_answers import answers
from hub.demo.referral_stories import STORIES
from hub.demo.search_stories import SEARCHES
from hub.demo.stay_stories import STAYS, readmission
from hub.demo.stories import ADMISSION, APPROACH, ON_CALL, PLACEMENT, PRIYA, REFERRAL, TASK, THE_HUB, Step, Story
from hub.engine.perform import perform
from hub.organisations.queries import find_organisation
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from hub.referrals.validation import check
from hub.stays.models import Stay
from hub.tasks.models import Task
from workflows.actor import SYSTEM, Actor
from workflows.durations import local
from workflows.form1 import DETAINED

SEED: Final = 20261123
FIRST_NUMBER: Final = 999_300_000
BORN: Final = {"cyp": 15, "secure": 34, "aed": 23}
"""About how many years ago, by service line."""
NO_REVIEW: Final = {"learning_disability": "5", "autism": "5", "cetr_on": "", "cetr_outcome": "", "no_cetr_reason": ""}


class Present:
    """Makes the stories, and does everything that has happened in them in the order in which it happened."""

    def __init__(
        self, session: Session, people: Mapping[str, Actor], now: datetime, known_organisations: Collection[str]
    ) -> None:
        self.session, self.people, self.now, self.known = session, people, now, known_organisations
        self.numbers = _numbers()
        told = (*STORIES, *ADMISSIONS, *FOLLOWED, intensive_care.story(now), *SEARCHES, *STAYS)
        self.stories: Sequence[Story] = (*told, *readmission(now, first_place=len(told)))
        self.wards = Wards(session, people, now)
        self.units = {code: unit.id for code, unit in self.wards.units.items()}
        self.made: dict[int, Referral] = {}
        self.rows: dict[int, dict[str, str]] = {}

    def make(self) -> None:
        """Every story, up to now."""
        happenings: list[tuple[datetime, int, Callable[[datetime], None]]] = [
            (self._ago(hours), -1, partial(self.wards.confirm, beds, nth))
            for beds in BEDS
            for nth, (hours, _) in enumerate(beds.said)
        ]
        for place, story in enumerate(self.stories):
            received = self._received(place)
            happenings.append((received, place, partial(self._receive, place)))
            for step in story.steps:
                at = received + timedelta(minutes=round(60 * step.after))
                happenings.append((at, place, partial(self._do, place, step)))
        # Stories touch each other (one person referred twice), so what happened is done in its own order.
        for at, _, happen in sorted(happenings, key=lambda happening: happening[:2]):
            happen(at)
        for place, story in enumerate(self.stories):
            for text, detail, after in story.alerts:
                self._alert(place, text, detail, after)

    def _alert(self, place: int, text: str, detail: str, after: float) -> None:
        case_id, by = self.made[place].case_id, self.people[PRIYA].user_id
        if case_id is None or by is None:
            raise LookupError("alerts are recorded on a case, by a person")
        at = self._received(place) + timedelta(hours=after)
        add_alert(self.session, case_id, text=text, detail=detail, by_id=by, now=at)

    def _received(self, place: int) -> datetime:
        return self._ago(self.stories[place].hours_ago)

    def _ago(self, hours: float) -> datetime:
        """On the minute; the second put on first keeps a whole hour whole."""
        at = self.now - timedelta(hours=hours) + timedelta(seconds=1)
        return at.replace(second=0, microsecond=0)

    def _receive(self, place: int, at: datetime) -> None:
        story = self.stories[place]
        actor = self._who(story.referrer, at)
        values = self._values(place, at)
        referral = self.made[place] = new_referral(self.session, actor, now=at, values=values)
        if not story.is_draft:
            perform(self.session, referral, "submit", actor, now=at, values={"declaration": True})

    def _do(self, place: int, step: Step, at: datetime) -> None:
        item = self._item(self.made[place], step)
        values = dict(self._answer(name, value, at, item) for name, value in step.values.items())
        perform(self.session, item, step.action, self._who(step.who, at), now=at, values=values, reason=step.reason)

    def _item(self, referral: Referral, step: Step) -> Any:
        """The referral, or the item that followed from it."""
        find = self.session.scalars
        if step.to == REFERRAL:
            return referral
        if step.to == TASK:
            return find(select(Task).where(Task.parent_id == referral.id)).one()
        admission = find(select(Admission).where(Admission.parent_id == referral.id)).one()
        if step.to == ADMISSION:
            return admission
        placement = find(select(Placement).where(Placement.parent_id == admission.id)).one()
        if step.to == PLACEMENT:
            return placement
        return self._approach(placement, step.unit) if step.to == APPROACH else self._stay(placement)

    def _approach(self, placement: Placement, unit: str) -> Approach:
        """The last question to this unit."""
        asked = select(Approach).where(Approach.parent_id == placement.id, Approach.unit_id == self.units[unit])
        return self.session.scalars(asked.order_by(Approach.id.desc()).limit(1)).one()

    def _stay(self, placement: Placement) -> Stay:
        """The last stay of the case: a transfer's next one follows from the one before."""
        there = select(Stay).where(Stay.case_id == placement.case_id)
        return self.session.scalars(there.order_by(Stay.id.desc()).limit(1)).one()

    def _answer(self, name: str, value: Any, at: datetime, item: Any) -> tuple[str, Any]:
        """An answer as the engine takes it: see `Step.values`."""
        if isinstance(value, timedelta):
            return name, local(at + value).date() if name.endswith("_on") else at + value
        match name:
            case "owner":
                return "owner_id", self.people[value].user_id
            case "by":
                return "superseded_by", self.made[value].reference
            case "accepted_approach":
                return name, self._approach(item, value).reference
        if name.endswith("organisation_id"):
            found = find_organisation(self.session, value)
            if found is None:
                raise LookupError(f"{value} is not among the demo's organisations")
            return name, found.id
        return name, self.units[value] if name.endswith("unit_id") else value

    def _who(self, name: str, at: datetime) -> Actor:
        """The person; for on-call, whoever the rota names at that moment."""
        if name == THE_HUB:
            return SYSTEM
        if name != ON_CALL:
            return self.people[name]
        shift = on_call_now(self.session, at)
        if shift is None:
            raise LookupError(f"nobody is on call at {at}")
        return replace(self.people[shift.user.name], is_on_call=True)

    def _values(self, place: int, at: datetime) -> dict[str, Any]:
        """Typed answers, read as those of an import are."""
        story, day = self.stories[place], local(at).date()
        row = answers(Random(SEED + place), story.line, 901 + 2 * place, day, priority=story.priority)
        row |= {"given_name": story.person[0], "family_name": story.person[1], "nhs_number": next(self.numbers)}
        row |= {"date_of_birth": (day - timedelta(days=BORN[story.line] * 365 + 40 + 9 * place)).isoformat()}
        row |= {"received_at": at.isoformat(), "referring_organisation": story.organisation, "source_reference": "-"}
        row |= {**NO_REVIEW, "sharing_restricted": "no", "sharing_restriction_details": "", **story.answers}
        if row["legal_status"] in DETAINED:
            row.setdefault("legal_status_from", (day - timedelta(days=1)).isoformat())
            begun = date.fromisoformat(row["legal_status_from"])
            row.setdefault("legal_status_expires_at", self._expires(row["legal_status"], begun, at))
        if story.same_as is not None:
            row |= {name: self.rows[story.same_as][name] for name in ("nhs_number", "date_of_birth", "postcode")}
        self.rows[place] = row
        values, problems = check(row, now=self.now, known_organisations=self.known)
        if problems and not story.is_draft:
            raise ValueError(f"story {place} of the demo: {problems}")
        for unsaid in ("source_system", "source_reference", *(("received_at",) if story.is_draft else ())):
            values.pop(unsaid, None)
        return values

    def _expires(self, code: str, begun: date, at: datetime) -> str:
        """Within days, so that some run out soon; never after the law ends it, and else as late as that."""
        latest, soon = latest_end(code, begun), at + timedelta(days=6)
        if latest is None or self.now < soon < latest:
            return soon.isoformat()
        return (latest - timedelta(minutes=1)).isoformat()


def _numbers() -> Iterator[str]:
    """NHS numbers from the 999 test range, others than those of the import file."""
    for first_nine in range(FIRST_NUMBER, FIRST_NUMBER + 10_000):
        check_digit = nhs_number.calculate_checksum(str(first_nine))
        if check_digit is not None and check_digit < 10:
            yield f"{first_nine}{check_digit}"
