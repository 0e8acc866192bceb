"""The demo's present: makes its stories, of the last hours and weeks, through the engine in the order they happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

import nhs_number
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.on_call import on_call_now
from hub.admissions.models import Admission
from hub.cases.legal_status import latest_end
from hub.demo import intensive_care
from hub.demo.admission_stories import ADMISSIONS
from hub.demo.followed_stories import FOLLOWED
from hub.demo.referral_answers import answers
from hub.demo.referral_stories import STORIES
from hub.demo.stories import ADMISSION, ON_CALL, REFERRAL, TASK, Step, Story
from hub.engine.perform import perform
from hub.organisations.queries import find_organisation
from hub.placements.models import Placement
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from hub.referrals.validation import check
from hub.tasks.models import Task
from workflows.actor import Actor
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
        self.stories: Sequence[Story] = (*STORIES, *ADMISSIONS, *FOLLOWED, intensive_care.story(now))
        self.made: dict[int, Referral] = {}
        self.rows: dict[int, dict[str, str]] = {}

    def make(self) -> None:
        """Every story, up to now."""
        beginnings = [(self._received(place), place, None) for place in range(len(self.stories))]
        steps = [
            (self._received(place) + timedelta(minutes=round(60 * step.after)), place, step)
            for place, story in enumerate(self.stories)
            for step in story.steps
        ]
        # Stories touch each other (one person referred twice), so what happened is done in its own order.
        for at, place, step in sorted([*beginnings, *steps], key=lambda happening: happening[:2]):
            if step is None:
                self._receive(place, at)
            else:
                self._do(place, step, at)
        case_id = self.made[len(self.stories) - 1].case_id
        if case_id is not None:
            intensive_care.alert(self.session, case_id, self.people, self.now)

    def _received(self, place: int) -> datetime:
        """On the minute; the second put on first keeps a whole hour whole."""
        at = self.now - timedelta(hours=self.stories[place].hours_ago) + timedelta(seconds=1)
        return at.replace(second=0, microsecond=0)

    def _receive(self, place: int, at: datetime) -> None:
        story = self.stories[place]
        actor = self._who(story.referrer, at)
        values = self._values(place, at)
        referral = self.made[place] = new_referral(self.session, actor, now=at, values=values)
        if not story.is_draft:
            perform(self.session, referral, "submit", actor, now=at, values={"declaration": True})

    def _do(self, place: int, step: Step, at: datetime) -> None:
        item = self._item(self.made[place], step.to)
        values = dict(self._answer(name, value, at) for name, value in step.values.items())
        perform(self.session, item, step.action, self._who(step.who, at), now=at, values=values, reason=step.reason)

    def _item(self, referral: Referral, which: str) -> Any:
        """The referral, or the item that followed from it."""
        if which == REFERRAL:
            return referral
        if which == TASK:
            return self.session.scalars(select(Task).where(Task.parent_id == referral.id)).one()
        admission = self.session.scalars(select(Admission).where(Admission.parent_id == referral.id)).one()
        if which == ADMISSION:
            return admission
        return self.session.scalars(select(Placement).where(Placement.parent_id == admission.id)).one()

    def _answer(self, name: str, value: Any, at: datetime) -> tuple[str, Any]:
        """An answer as the engine takes it: see `Step.values`."""
        if isinstance(value, timedelta):
            return name, at + value
        if name == "owner":
            return "owner_id", self.people[value].user_id
        if name == "by":
            return "superseded_by", self.made[value].reference
        if name.endswith("organisation_id"):
            found = find_organisation(self.session, value)
            if found is None:
                raise LookupError(f"{value} is not among the demo's organisations")
            return name, found.id
        return name, value

    def _who(self, name: str, at: datetime) -> Actor:
        """The person; for on-call, whoever the rota names at that moment."""
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
