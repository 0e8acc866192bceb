"""The demo's present: referrals of the last days, so that on any day some are due today and some late."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import nhs_number
from sqlalchemy.orm import Session

from hub.demo.referral_answers import answers
from hub.engine.perform import perform
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from hub.referrals.validation import check
from workflows.actor import Actor
from workflows.durations import local
from workflows.form1 import DETAINED

SEED: Final = 20261123
FIRST_NUMBER: Final = 999_300_000
BORN: Final = {"cyp": 15, "secure": 34, "aed": 23}
"""About how many years ago, by service line."""
DELE: Final = "Dele Okafor"
PRIYA: Final = "Priya Nandakumar"
KAREN: Final = "Karen Stott"
RUTH: Final = "Ruth Calloway"
NIA: Final = "Dr Nia Probert"
MARIANNE: Final = "Dr Marianne Idowu"
TESS: Final = "Tess Amberley"
KEN: Final = "Ken Haddow"
NO_REVIEW: Final = {"learning_disability": "5", "autism": "5", "cetr_on": "", "cetr_outcome": "", "no_cetr_reason": ""}


@dataclass(frozen=True, slots=True)
class Step:
    """One action, so many hours after the referral was received."""

    after: float
    action: str
    who: str
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One referral: who it is about, who referred it how many hours ago, and what has happened since."""

    person: tuple[str, str]
    """Given name, family name."""
    hours_ago: float
    line: str
    priority: str
    referrer: str
    organisation: str
    answers: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    is_draft: bool = False
    same_as: int | None = None
    """The place in the list of an earlier story about the same person."""


def _owned(manager: str, after: float) -> tuple[Step, ...]:
    return Step(after, "assign", DELE, {"owner": manager}), Step(after + 0.1, "start_review", manager)


_DECLINE: Final = {
    "decline_reason": "need_met_in_community",
    "alternative_advice": "Daily visits by the intensive team, and a review with us in two weeks.",
    "named_clinician": "Karen Stott, 01632 960500",
}
_CATATONIA: Final = {
    "location_kind": "paediatric_ward",
    "where_now": "Paediatric intensive care, St Aelred's Children's Hospital",
    "presenting_problem": "No speech, food or movement for nine days. Fever, stiff, unstable pulse: catatonia.",
    "immediate_risk": "Pulse and temperature unstable; in intensive care. A move could kill her.",
    "why_it_cannot_wait": "Treatment must be planned with a mood disorder team tonight.",
    "purpose_of_admission": "Tier 4 bed asked for; treatment where she is may be safer.",
    "legal_status": "02",
}
STORIES: Final = (
    Story(("Isobel", "Hartwin"), 5, "cyp", "emergency", MARIANNE, "ZD501", _CATATONIA, _owned(PRIYA, 0.4)),
    Story(
        ("", ""),
        0.7,
        "cyp",
        "emergency",
        RUTH,
        "ZD502",
        {"nhs_number": "", "no_identity_reason": "not_able_to_say", "date_of_birth": "", "postcode": ""}
        | {"location_kind": "emergency_department", "where_now": "A&E, Calderbrook General Hospital, cubicle 4"},
    ),
    Story(("Jude", "Thackley"), 14, "cyp", "emergency", RUTH, "ZD502", {}, _owned(KAREN, 2)),
    Story(("Maryam", "Quarmby"), 43, "cyp", "urgent", NIA, "ZD201", {}, _owned(PRIYA, 6)),
    Story(("Leon", "Sedgewell"), 61, "cyp", "urgent", DELE, "ZD202"),
    Story(("Freya", "Iveson"), 20, "aed", "urgent", TESS, "ZD205"),
    Story(("Hanif", "Rawthorpe"), 7 * 24 - 5, "cyp", "routine", NIA, "ZD201", {}, _owned(KAREN, 30)),
    Story(("Bethan", "Oduya"), 9 * 24, "cyp", "routine", DELE, "ZD203", {}, _owned(PRIYA, 50)),
    Story(
        ("Samir", "Garthwick"),
        5 * 24,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        {},
        (*_owned(KAREN, 20), Step(44, "return_incomplete", KAREN, {"what_is_missing": "What the school has tried."})),
    ),
    Story(
        ("Violet", "Netherby"),
        13 * 24,
        "aed",
        "routine",
        TESS,
        "ZD205",
        {},
        (*_owned(PRIYA, 26), Step(50, "return_incomplete", PRIYA, {"what_is_missing": "Blood results and weight."})),
    ),
    Story(("Poppy", "Fernley"), 26, "cyp", "routine", NIA, "ZD201", is_draft=True),
    Story(("Eli", "Umpleby"), 3, "cyp", "urgent", NIA, "ZD201", {"presenting_problem": ""}, is_draft=True),
    Story(("Nadia", "Mensah"), 2, "cyp", "urgent", DELE, "ZD204", {"presenting_problem": ""}, is_draft=True),
    Story(("Callum", "Marrick"), 30, "cyp", "urgent", NIA, "ZD201", {}, _owned(PRIYA, 4)),
    Story(("Callum", "Marrick"), 9, "cyp", "urgent", MARIANNE, "ZD501", same_as=13),
    Story(
        ("Keira", "Holloway"),
        22,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        {"autism": "1", "learning_disability": "2"},
        _owned(KAREN, 3),
    ),
    Story(
        ("Yasmin", "Amin"),
        35,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        {"sharing_restricted": "yes", "sharing_restriction_details": "Do not tell the father where she is."},
        _owned(PRIYA, 5),
    ),
    Story(
        ("Oscar", "Langstrath"),
        60,
        "secure",
        "urgent",
        KEN,
        "ZD601",
        {"legal_status": "03", "location_kind": "prison", "where_now": "Healthcare wing, HMP Garsholme"},
        _owned(KAREN, 20),
    ),
    Story(("Rosa", "Kelbrook"), 11 * 24, "secure", "routine", KEN, "ZD601"),
    Story(
        ("Will", "Barrowdale"), 50, "cyp", "urgent", NIA, "ZD201", {}, (*_owned(PRIYA, 4), Step(29, "accept", PRIYA))
    ),
    Story(
        ("Zara", "Eskdale"),
        70,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        {},
        (*_owned(KAREN, 5), Step(40, "decline", KAREN, _DECLINE)),
    ),
    Story(
        ("Grace", "Petrescu"),
        80,
        "aed",
        "urgent",
        TESS,
        "ZD205",
        {},
        (
            *_owned(PRIYA, 6),
            Step(
                30, "redirect", PRIYA, {"redirected_to": "community_eating_disorders"}, "Day care can start on Monday."
            ),
        ),
    ),
    Story(
        ("Kit", "Wetherhill"),
        40,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        {},
        (Step(20, "withdraw", NIA, {}, "Much better at home."),),
    ),
    Story(("Dilys", "Varley"), 75, "cyp", "urgent", DELE, "ZD202", {}, (Step(50, "supersede", DELE, {"by": 24}),)),
    Story(("Dilys", "Varley"), 31, "cyp", "urgent", MARIANNE, "ZD501", {}, _owned(KAREN, 8), same_as=23),
    Story(
        ("Farah", "Chowdry"),
        90,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        {},
        (
            *_owned(KAREN, 5),
            Step(30, "decline", KAREN, _DECLINE),
            Step(70, "reopen", KAREN, {}, "The family rang: she left home in the night and was found by the river."),
        ),
    ),
)


class Present:
    """Makes the stories, and does everything that has happened in them in the order in which it happened."""

    def __init__(
        self, session: Session, people: Mapping[str, Actor], now: datetime, known_organisations: Collection[str]
    ) -> None:
        self.session, self.people, self.now, self.known = session, people, now, known_organisations
        self.numbers = _numbers()
        self.made: dict[int, Referral] = {}
        self.rows: dict[int, dict[str, str]] = {}

    def make(self) -> None:
        """Every story, up to now."""
        beginnings = [(self._received(place), place, None) for place in range(len(STORIES))]
        steps = [
            (self._received(place) + timedelta(hours=step.after), place, step)
            for place, story in enumerate(STORIES)
            for step in story.steps
        ]
        # Stories touch each other (one person referred twice), so what happened is done in its own order.
        for at, place, step in sorted([*beginnings, *steps], key=lambda happening: happening[:2]):
            if step is None:
                self._receive(place, at)
            else:
                self._do(self.made[place], step, at)

    def _received(self, place: int) -> datetime:
        return self.now - timedelta(hours=STORIES[place].hours_ago)

    def _receive(self, place: int, at: datetime) -> None:
        story = STORIES[place]
        actor = self._who(story.referrer)
        values = self._values(place, at)
        referral = self.made[place] = new_referral(self.session, actor, now=at, values=values)
        if not story.is_draft:
            perform(self.session, referral, "submit", actor, now=at, values={"declaration": True})

    def _do(self, referral: Referral, step: Step, at: datetime) -> None:
        values = dict(step.values)
        if "owner" in values:
            values = {"owner_id": self.people[values["owner"]].user_id}
        if "by" in values:
            values = {"superseded_by": self.made[values["by"]].reference}
        perform(self.session, referral, step.action, self._who(step.who), now=at, values=values, reason=step.reason)

    def _who(self, name: str) -> Actor:
        """The person; the head of commissioning is on call when she takes a referral down at night."""
        return replace(self.people[name], is_on_call=True) if name == RUTH else self.people[name]

    def _values(self, place: int, at: datetime) -> dict[str, Any]:
        """Typed answers, read as those of an import are."""
        story, day = STORIES[place], local(at).date()
        row = answers(Random(SEED + place), story.line, 901 + 2 * place, day, priority=story.priority)
        row |= {"given_name": story.person[0], "family_name": story.person[1], "nhs_number": next(self.numbers)}
        row |= {"date_of_birth": (day - timedelta(days=BORN[story.line] * 365 + 40 + 9 * place)).isoformat()}
        row |= {"received_at": at.isoformat(), "referring_organisation": story.organisation, "source_reference": "-"}
        row |= {**NO_REVIEW, "sharing_restricted": "no", "sharing_restriction_details": "", **story.answers}
        if row["legal_status"] in DETAINED:
            row.setdefault("legal_status_from", (day - timedelta(days=1)).isoformat())
            row["legal_status_expires_at"] = (at + timedelta(days=6)).isoformat()
        if story.same_as is not None:
            row |= {name: self.rows[story.same_as][name] for name in ("nhs_number", "date_of_birth", "postcode")}
        self.rows[place] = row
        values, problems = check(row, now=self.now, known_organisations=self.known)
        if problems and not story.is_draft:
            raise ValueError(f"story {place} of the demo: {problems}")
        for unsaid in ("source_system", "source_reference", *(("received_at",) if story.is_draft else ())):
            values.pop(unsaid, None)
        return values


def _numbers() -> Iterator[str]:
    """NHS numbers from the 999 test range, others than those of the import file."""
    for first_nine in range(FIRST_NUMBER, FIRST_NUMBER + 10_000):
        check_digit = nhs_number.calculate_checksum(str(first_nine))
        if check_digit is not None and check_digit < 10:
            yield f"{first_nine}{check_digit}"
