"""The rows of a scale world, a block of items at a time: the same seed makes the same rows in any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from hub.demo.names import FAMILY, GIVEN
from hub.demo.referral_answers import answers
from hub.demo.scale_ground import LINE, Ground, Place
from hub.demo.scale_story import OPEN_FOR, Story, Teller
from hub.engine.clock_steps import WRITTEN
from hub.engine.rulebook import Rulebook
from hub.engine.writing import HISTORY
from hub.patients.services import sound_of
from hub.referrals.validation import check
from workflows import form1
from workflows.referral import REFERRAL
from workflows.roles import Capacity

BLOCK: Final = 4_000
"""Items made and sent at a time; a multiple of OF_A_GROUP and of a hundred."""
OF_A_GROUP: Final = 8
"""Of so many referrals one is a second one in the case of the one before."""
SMALL_EVERY, SMALL_UNTIL = 21, 8_000
"""The small organisation refers every 21st of the first 8,000: some 30 open items, however large the world is."""
POOL: Final = 60
"""Sets of answers of each priority that the items take turns with."""
_PERSON = (
    *("family_name", "given_name", "date_of_birth", "nhs_number", "nhs_number_status", "no_identity_reason"),
    *("gender", "postcode"),
)
_FACTS = ("consent_basis", "lawful_basis", "sharing_restricted", "sharing_restriction_details", "responsible_icb")
_FORM: Final = (
    *("bed_type_wanted", "referring_organisation", "referrer_name", "location_kind", "where_now", "call_back_number"),
    *("why_it_cannot_wait", *_PERSON, "ethnic_category", *_FACTS, "consent_given_by", "consent_on", "legal_status"),
    *("legal_status_from", "primary_reason", "presenting_problem", "immediate_risk", "learning_disability", "autism"),
    *("interventions_tried", "purpose_of_admission", "expected_length", "when_it_would_end", "young_person_views"),
    *("family_views", "family_told", "family_objects", "care_coordinator_name", "consultant_name", "gp_practice"),
    *("cetr_on", "cetr_outcome", "no_cetr_reason"),
)
_DECIDED = ("what_is_missing", "decline_reason", "alternative_advice", "named_clinician", "redirected_to")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "patient": ("id", *_PERSON, "name_sound", "gp_practice", "created_at"),
    "care_case": (
        *("id", "reference", "patient_id", "service_line", "opened_at", "closed_at", "priority", "received_at"),
        *(*_FACTS, "learning_disability", "autism"),
    ),
    "legal_status": ("case_id", "code", "from_on", "recorded_at"),
    "work_item": (
        *("id", "kind", "reference", "state", "version", "is_open", "is_draft", "case_id", "organisation_id"),
        *("collaborative_id", "owner_id", "opened_by_id", "service_line", "priority", "title", "opened_at"),
        *("closed_at", "next_due_at", "policy_version_id", "history_length", "head_hash"),
    ),
    "referral": ("id", "received_at", *_FORM, *_DECIDED),
    "transition": HISTORY,
    "clock": ("item_id", *WRITTEN),
    "item_party": ("item_id", "organisation_id", "capacities", "from_at", "why", "is_open", "kind", "next_due_at"),
}
"""Every table that is filled, in the order in which they refer to each other, and its columns."""
Rows = dict[str, list[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the world is, how much of it is open, and what it was made from. `now` is when it stands."""

    items: int
    open_percent: int
    seed: int
    now: datetime

    @property
    def blocks(self) -> int:
        """How many blocks make it."""
        return -(-self.items // BLOCK)


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose case it is."""

    family_name: str
    given_name: str
    date_of_birth: date
    nhs_number: str | None


class Blocks:
    """Makes any block of a world, without the ones before it."""

    def __init__(self, ground: Ground, scale: Scale, book: Rulebook) -> None:
        self.ground, self.scale = ground, scale
        self._teller = Teller(ground, book, scale.now)
        self._busy = ground.places[:-1]
        self._shares = [1 / (rank + 1) for rank in range(len(self._busy))]
        self._answers = {priority: _pool(ground, priority, scale) for priority in form1.priorities_for(LINE)}

    def block(self, number: int) -> Rows:
        """The rows of one block by table, each in the order of COLUMNS."""
        random = Random(f"{self.scale.seed}:{number}")
        rows: Rows = {table: [] for table in COLUMNS}
        first = number * BLOCK
        for start in range(first, min(first + BLOCK, self.scale.items), OF_A_GROUP):
            self._group(random, rows, range(start, min(start + OF_A_GROUP, self.scale.items)))
        return rows

    def _group(self, random: Random, rows: Rows, indices: range) -> None:
        """Eight referrals in seven cases: the last one of a whole group is the second of its case."""
        stories: dict[int, list[tuple[Story, dict[str, Any]]]] = {}
        for index in indices:
            offset = index // OF_A_GROUP * (OF_A_GROUP - 1) + min(index % OF_A_GROUP, OF_A_GROUP - 2)
            person = self._person(random, offset) if offset not in stories else None
            known = person or stories[offset][0][1]["whose"]
            place = self._place(random, index)
            answered = self._answered(random, place, known)
            is_open = index * 37 % 100 < self.scale.open_percent
            story = self._teller.tell(random, self.ground.first_item + index, place, is_open=is_open, form=answered)
            stories.setdefault(offset, []).append((story, {**answered, "whose": known}))
            self._item(random, rows, index, offset, place, story, answered)
        for offset, of_the_case in stories.items():
            self._case(rows, offset, of_the_case)

    def _place(self, random: Random, index: int) -> Place:
        if index < SMALL_UNTIL and index % SMALL_EVERY == 0:
            return self.ground.places[-1]
        return random.choices(self._busy, self._shares)[0]

    def _person(self, random: Random, offset: int) -> _Person:
        born = self.scale.now.date() - timedelta(days=random.randrange(19 * 365 + 5 * 366, 60 * 365))
        number = nhs_number(999_000_000 + offset)
        return _Person(
            random.choice(FAMILY),
            random.choice(GIVEN),
            born,
            None if number in self.ground.taken or random.random() < 0.04 else number,
        )

    def _answered(self, random: Random, place: Place, person: _Person) -> dict[str, Any]:
        priority = random.choices(("emergency", "urgent", "routine"), (1, 4, 5))[0]
        return {
            **random.choice(self._answers[priority]),
            "family_name": person.family_name,
            "given_name": person.given_name,
            "date_of_birth": person.date_of_birth,
            "nhs_number": person.nhs_number,
            "nhs_number_status": "01" if person.nhs_number else "04",
            "no_identity_reason": None if person.nhs_number else "trace_failed",
            "referring_organisation": place.code,
            "priority": priority,
        }

    def _item(
        self,
        random: Random,
        rows: Rows,
        index: int,
        offset: int,
        place: Place,
        story: Story,
        form: dict[str, Any],
    ) -> None:
        ground, identity = self.ground, self.ground.first_item + index
        day = story.received_at.date()
        own = {**form, **story.decided, "id": identity, "received_at": story.received_at}
        own |= {name: day for name in ("consent_on", "legal_status_from") if form.get(name)}
        item = {
            "id": identity,
            "kind": REFERRAL.name,
            "reference": f"{REFERRAL.prefix}-{story.opened_at.year}-{ground.first_reference + index:05d}",
            "state": story.state,
            "version": len(story.history),
            "is_open": story.closed_at is None,
            "is_draft": False,
            "case_id": ground.first_case + offset,
            "collaborative_id": ground.collaborative_id,
            "owner_id": story.owner.user_id if story.owner else None,
            "opened_by_id": story.history[0]["actor_id"],
            "service_line": LINE,
            "priority": form["priority"],
            "title": f"{form['family_name']}, {form['given_name']}",
            "opened_at": story.opened_at,
            "closed_at": story.closed_at,
            "next_due_at": story.next_due_at,
            "policy_version_id": ground.policy_version_id,
            "history_length": len(story.history),
            "head_hash": story.history[-1]["hash"],
        }
        _add(rows, "work_item", item)
        _add(rows, "referral", own)
        for row in story.history:
            _add(rows, "transition", row)
        for clock in story.clocks:
            _add(rows, "clock", clock)
        party = {
            "item_id": identity,
            "organisation_id": place.id,
            "capacities": [str(Capacity.REFERRER)],
            "from_at": story.opened_at,
            "why": "Referred the person",
            "is_open": item["is_open"],
            "kind": item["kind"],
            "next_due_at": item["next_due_at"],
        }
        _add(rows, "item_party", party)
        if ground.onlookers and random.random() < 0.2:
            another = {"organisation_id": random.choice(ground.onlookers), "capacities": [str(Capacity.INTERESTED)]}
            _add(rows, "item_party", {**party, **another, "why": "May assess the person"})

    def _case(self, rows: Rows, offset: int, told: list[tuple[Story, dict[str, Any]]]) -> None:
        ground = self.ground
        first = min((story for story, _ in told), key=lambda story: story.received_at)
        form = told[-1][1]
        ended = [story.closed_at for story, _ in told if story.closed_at is not None]
        # Somebody who was accepted is cared for long after; the others' cases end with their last referral.
        stays = len(ended) < len(told) or any(
            story.state == "accepted" and self.scale.now - story.received_at < OPEN_FOR for story, _ in told
        )
        identity, patient = ground.first_case + offset, ground.first_patient + offset
        known = {**form, "created_at": first.received_at, "name_sound": sound_of(form["family_name"])}
        _add(rows, "patient", {**known, "id": patient})
        case = {
            "id": identity,
            "reference": f"CAS-{first.received_at.year}-{ground.first_case_reference + offset:05d}",
            "patient_id": patient,
            "service_line": LINE,
            "opened_at": first.received_at,
            "closed_at": None if stays else max(ended),
            "received_at": first.received_at,
        }
        _add(rows, "care_case", {**form, **case})
        if len(ended) < len(told) and form.get("legal_status"):
            status = {"case_id": identity, "code": form["legal_status"], "recorded_at": first.received_at}
            _add(rows, "legal_status", {**status, "from_on": first.received_at.date()})


def _add(rows: Rows, table: str, values: dict[str, Any]) -> None:
    rows[table].append([values.get(name) for name in COLUMNS[table]])


def nhs_number(body: int) -> str | None:
    """The ten digits of these nine with their check digit; None when they have none."""
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(str(body))) % 11
    return None if check == 10 else f"{body}{check % 11}"


def _pool(ground: Ground, priority: str, scale: Scale) -> list[dict[str, Any]]:
    """Sets of typed answers as the import would read them, but for who the person is and the dates of the day."""
    random, made = Random(f"{scale.seed}:{priority}"), []
    day = scale.now.date() - timedelta(days=30)
    first = ground.places[0].code
    codes = {place.code for place in ground.places} | set(ground.icbs)
    for index in range(POOL):
        row = answers(random, LINE, index, day, priority=priority)
        row |= {"family_name": "Name", "given_name": "Name", "date_of_birth": "1990-01-01", "nhs_number_status": "02"}
        row |= {"no_identity_reason": "", "received_at": f"{day}T10:00", "referring_organisation": first}
        row["responsible_icb"] = random.choice(ground.icbs)
        typed, _ = check(row, now=scale.now, known_organisations=codes)
        made.append({name: value for name, value in typed.items() if name in _FORM})
    return made


__all__ = ["BLOCK", "COLUMNS", "Blocks", "Rows", "Scale", "nhs_number"]
