"""What the page of a search shows to the hub: the facts, the ranking, what was asked, the bed, what is still missing.

A party outside the hub gets none of it: a unit must not learn what other units were asked, or where they stand.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from textwrap import shorten

from flask import g, url_for
from markupsafe import Markup

from hub.engine.available import Offer, offer_of
from hub.engine.reading import Reading
from hub.engine.visibility import View
from hub.placements.answer_words import Answer, answer_of
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.placements.queries import Asked, approaches_of
from hub.placements.ranking import Ranked, Ranking
from hub.placements.ranking_queries import bands_of, rank
from hub.placements.unit_lines import UnitLine, lines_of
from hub.places.picture import Mark, draw_region
from hub.web.database import db
from hub.web.filters import count, day, how_long, moment, moment_within, plain_day
from hub.web.item_page import Near
from hub.web.sections import given
from hub.web.stored_words import shown
from workflows.actor import Actor
from workflows.approach import State as ApproachState
from workflows.placement import PLACEMENT, State

Pairs = list[tuple[str, str]]
FIRST_LEFT_OUT = 25
"""So many of the units that are left out are shown at once; the rest opens."""
LONGEST_FACT = 90
"""Letters of a text in the strip of facts."""
ADMIT = PLACEMENT.named("admit")[0]


class PlacementPage:
    """One search as one person may see it at one moment."""

    def __init__(self, reading: Reading, actor: Actor, now: datetime) -> None:
        self.reading = reading
        self.item: Placement = reading.item
        self.actor = actor
        self.now = now

    @property
    def sees_all(self) -> bool:
        """Whether this person is of the hub and sees the whole of it."""
        return self.actor.is_hub and self.reading.view is View.ALL

    @property
    def shows_ranking(self) -> bool:
        """Whether units are compared: only while one is looked for."""
        return self.sees_all and self.item.state == State.SEARCHING

    def may(self, action: str) -> bool:
        """Whether this person can do it now, or could once nothing is missing."""
        return any(offer.action.name == action and offer.is_mine for offer in self.reading.offers)

    @cached_property
    def called(self) -> str:
        """What the person is called."""
        return self.item.case.patient.called if self.item.case else "this person"

    @property
    def _search(self) -> Pairs:
        item, weeks = self.item, self.item.expected_length_weeks
        return [
            ("Bed", shown(item.bed_type, codes="bed_type") or "Not known"),
            *given(
                ("Where now", shown(getattr(self._referral, "where_now", None))),
                ("Expected length", count(weeks, "week") if weeks else ""),
            ),
        ]

    @property
    def facts(self) -> Pairs:
        """The strip under the heading."""
        referral = self._referral
        return [
            *self._search,
            *given(
                ("Needs", _short(getattr(referral, "reasonable_adjustments", None))),
                (f"{self.called}’s view", _quoted(_short(getattr(referral, "young_person_views", None)))),
            ),
            ("Searching for" if self.shows_ranking else "Searched for", how_long(self._ended_at - self.item.opened_at)),
        ]

    @property
    def to_say(self) -> Pairs:
        """All that a unit is told on the telephone."""
        return [*self._search, *self.wanted]

    @property
    def _ended_at(self) -> datetime:
        """Until when a bed was looked for; a search that goes on again has not ended."""
        found = None if self.item.state == State.SEARCHING else self.item.bed_accepted_at or self.item.closed_at
        return found or self.now

    @property
    def wanted(self) -> Pairs:
        """What a unit will ask on the telephone."""
        referral, admission = self._referral, self.item.admission
        return [
            ("Call-back number", shown(getattr(referral, "call_back_number", None))),
            ("Clinician in charge", shown(getattr(admission, "clinician_in_charge", None))),
            ("Immediate risk", shown(getattr(admission, "immediate_risk", None))),
            ("Purpose", shown(getattr(admission, "purpose", None))),
            *given(
                ("Changes that help", shown(getattr(referral, "reasonable_adjustments", None))),
                (f"{self.called}’s view", _quoted(getattr(referral, "young_person_views", None))),
            ),
        ]

    @property
    def _referral(self) -> object | None:
        admission = self.item.admission
        return admission.referral if admission is not None else None

    @cached_property
    def ranking(self) -> Ranking:
        """Every unit, compared with this person."""
        return rank(db.session, self.item, self.now)

    @cached_property
    def asked(self) -> Sequence[Asked]:
        """Every approach of the search, the first asked first."""
        return approaches_of(db.session, self.item.id, self.reading.book, self.now)

    @cached_property
    def answers(self) -> list[tuple[Asked, Answer]]:
        """Every approach with what became of it, the latest asked first."""
        return [(asked, answer_of(asked, self.now)) for asked in reversed(self.asked)]

    @cached_property
    def _lines(self) -> tuple[list[UnitLine], list[UnitLine], list[UnitLine]]:
        by_unit: defaultdict[int, list[Answer]] = defaultdict(list)
        for asked, answer in reversed(self.answers):
            if asked.approach.unit_id is not None:
                by_unit[asked.approach.unit_id].append(answer)
        return lines_of(self.ranking, by_unit, self.now)

    @property
    def groups(self) -> list[tuple[str, list[UnitLine]]]:
        """The units that fit, in two groups; a group with nobody in it is not shown."""
        inside, outside, _ = self._lines
        named = (
            ("In the collaborative", inside),
            ("Outside the collaborative: needs a reason, and a date to come back", outside),
        )
        return [(name, lines) for name, lines in named if lines]

    @property
    def left_out(self) -> tuple[list[UnitLine], list[UnitLine]]:
        """The units that are left out: at once those that were asked all the same or have such beds, then the rest."""
        lines = self._lines[2]
        nearly = sorted((line for line in lines if line.answers or line.takes_type), key=lambda line: not line.answers)
        first = nearly[:FIRST_LEFT_OUT]
        shown_first = {line.unit_id for line in first}
        return first, [line for line in lines if line.unit_id not in shown_first]

    @property
    def home_words(self) -> str:
        """The home's postcode district, or that it is not known."""
        return self.ranking.home or "not known"

    @property
    def picture(self) -> Markup:
        """The units round the home; the two tables have the same facts."""
        ranking = self.ranking
        numbered = [_mark(one, number) for number, one in enumerate(ranking.fitting, 1)]
        marks = [*numbered, *(_mark(one, None) for one in ranking.left_out)]
        return draw_region(ranking.home_point, f"Home, {self.home_words}", marks, bands_of(self.item))

    def without_approaches(self, near: Sequence[Near]) -> list[Near]:
        """Of what goes on beside the search, what does not stand in the row of its unit already."""
        listed = {answer.href for _, answer in self.answers} if self.shows_ranking else set()
        return [each for each in near if each.href not in listed]

    @property
    def live_offers(self) -> list[tuple[Asked, Answer]]:
        """Offers that stand, the first that ends first."""
        found = [pair for pair in self.answers if pair[0].approach.state == ApproachState.OFFERED]
        return sorted(found, key=lambda pair: (pair[1].face is None, pair[1].face.due_at if pair[1].face else None))

    @property
    def bed(self) -> Pairs:
        """The bed that was accepted: which unit, on what conditions, why there, and how the person gets to it."""
        item = self.item
        taken = next((each for each in self.asked if each.approach.state == ApproachState.TAKEN), None)
        if taken is None:
            return []
        approach = taken.approach
        return given(
            ("Unit", f"{taken.unit}, {taken.provider}"),
            ("Bed", approach.offered_bed),
            ("From", moment(approach.offer_from)),
            ("Conditions", approach.offer_conditions or "None"),
            ("Accepted", moment(item.bed_accepted_at)),
            ("Why outside the collaborative", shown(item.out_of_area_reason, codes="out_of_area_reason")),
            ("How the person comes back near home", item.repatriation_plan),
            ("Looked at again", plain_day(item.repatriation_on)),
        )

    @property
    def taken_href(self) -> str:
        """The page of the approach whose offer was accepted."""
        reference = self.item.accepted_approach
        return url_for("approaches.show", reference=reference) if reference else ""

    @property
    def journey(self) -> Pairs:
        """How the person gets there."""
        item = self.item
        return given(
            ("How", shown(item.conveyance_how, codes="conveyance_mode")),
            ("Who goes along", item.conveyance_by),
            ("When", moment(item.conveyance_at)),
            ("Legal authority", item.conveyance_authority),
        )

    @property
    def stay(self) -> Pairs:
        """When the person was admitted, and until when they are expected to stay."""
        return given(
            ("Admitted", moment(self.item.admitted_at)),
            ("Estimated discharge date", plain_day(self.item.estimated_discharge_on)),
        )

    @property
    def expected_until(self) -> str:
        """When the expected length would be over if the person came now; empty where no length is known."""
        weeks = self.item.expected_length_weeks
        return f"{count(weeks, 'week')} from today is {day(self.now + timedelta(weeks=weeks))}" if weeks else ""

    def chosen(self, unit_id: str | None) -> UnitLine | None:
        """The unit that a link to the action page names, as a row."""
        inside, outside, left_out = self._lines
        every = (*inside, *outside, *left_out) if self.shows_ranking and unit_id else ()
        return next((line for line in every if str(line.unit_id) == unit_id), None)

    @property
    def to_admit(self) -> Offer | None:
        """What an admission needs, to whoever does not see it among their own actions; None once it is over."""
        if not self.sees_all or not self.item.is_open:
            return None
        if any(offer.action.name == "admit" and offer.is_mine for offer in self.reading.offers):
            return None
        live = [line.party for line in self.reading.parties if line.party.until_at is None]
        return offer_of(self.item, ADMIT, self.actor, live)

    @property
    def searched(self) -> str:
        """How the search stands, in one sentence for the head of the list."""
        waiting = sum(1 for asked in self.asked if asked.approach.state == ApproachState.ASKED)
        units = len({asked.approach.unit_id for asked in self.asked})
        if not units:
            return "No unit is asked yet"
        since = moment_within(self.asked[0].approach.opened_at, self.now)
        return f"{count(units, 'unit')} asked since {since}, {waiting} still to answer"


def page_of(reading: Reading) -> PlacementPage:
    """The page of this reading, made once for a request: its form and its template rank the same units."""
    made: PlacementPage | None = g.get("placement_page")
    if made is None or made.reading is not reading:
        made = g.placement_page = PlacementPage(reading, g.actor, g.now)
    return made


def taken_by(placement: Placement, actor: Actor) -> Approach | None:
    """The approach whose bed was accepted, when it is that of this actor's own organisation (and unit)."""
    taken = next((each for each in placement.approaches if each.state == ApproachState.TAKEN), None)
    if taken is None or taken.organisation_id != actor.organisation_id:
        return None
    return taken if actor.unit_id in {None, taken.unit_id} else None


def _short(text: str | None) -> str:
    """As much of a text as a strip of facts has room for; all of it stands further down."""
    return shorten(text or "", LONGEST_FACT, placeholder=" …")


def _quoted(text: str | None) -> str:
    return f"“{text}”" if text else ""


def _mark(one: Ranked, number: int | None) -> Mark:
    return Mark(number, one.name, one.unit.point, one.free, bool(one.why_left_out), one.km)
