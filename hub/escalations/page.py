"""What a dispute's page shows: whom it waits for, care meanwhile and how it ended; beside it its other parts."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from hub.codes import label
from hub.engine.reading import Reading
from hub.escalations import page_queries
from hub.escalations.columns import Sides
from hub.escalations.convening import Convening
from hub.escalations.ladder import Faces, Rung, ladder_of, so_far
from hub.escalations.models import Escalation
from hub.escalations.settlement_page import Settlement, Version
from hub.escalations.standing import sees_it_by_role
from hub.web.filters import listed, lower_first, moment, moment_within, plain_day
from workflows.actor import Actor
from workflows.core import Action
from workflows.escalation.guards import stage_has_run_out
from workflows.escalation.states import SHORT, STAGES, State, next_stage

RING_THE_HUB = "About somebody whose information must not be shared. Ring the hub"
NOT_YET = "About one person. Every side reads who it is once the dispute is accepted"
OFFERS = "A stage that runs out offers the next one; it never decides"
FIRST = (
    *("accept", "state_position", "accept_proposal", "determine", "start_implementing"),
    *("claim_done", "confirm_done", "close"),
)
"""What somebody is asked for before anything else, in this order."""
_CHANGES = {"open": ("change_actions",), "claimed": ("change_actions",)}


class DisputePage:
    """One dispute as one person sees it at one moment; nothing of it is read for who may see only that it happened."""

    def __init__(self, reading: Reading, actor: Actor, now: datetime, session: Session) -> None:
        self.reading = reading
        self.item: Escalation = reading.item
        self.is_closed_to = reading.is_content_hidden
        self._actor = actor
        self._now = now
        self._session = session

    # The head

    @property
    def title(self) -> str:
        """The question that is to be settled."""
        return self.item.title

    @property
    def above(self) -> str:
        """The line over the title: reference, kind, urgency."""
        kind = lower_first(label("dispute_kind", self.item.dispute_kind))
        urgency = lower_first(label("escalation_urgency", self.item.urgency))
        return f"Escalation {self.item.reference} · {kind} · {urgency}"

    @cached_property
    def about(self) -> str:
        """Who it is about, for who reads no banner: the name and date of birth, unless sharing is restricted."""
        case = self.item.case
        if case is None or sees_it_by_role(self.item, self._actor):
            return ""
        if self.item.is_sharing_restricted:
            return RING_THE_HUB
        # A unit that said no is not told any more whom it was asked about: raising a dispute must not tell it again.
        if self.item.started_from == "approach" and self.item.accepted_at is None:
            return NOT_YET
        patient = case.patient
        named = " ".join(part for part in (patient.given_name, patient.family_name) if part) or "somebody not named yet"
        born = f", born {plain_day(patient.date_of_birth)}" if patient.date_of_birth else ""
        return f"About {named}{born}"

    @cached_property
    def waits_for(self) -> tuple[tuple[str, ...], bool]:
        """(who it waits for by name, whether that is the reader)."""
        item, mine = self.item, self._actor.organisation_id
        if item.state in STAGES and item.here is not None:
            silent = [side for side in item.sides if item.here.position_of(side) is None]
            proposal = item.on_the_table
            undecided = [side for side in item.sides if proposal is not None and not proposal.is_accepted_by(side)]
            waited = silent or undecided
            if waited:
                return tuple(side.name for side in waited), any(side.organisation_id == mine for side in waited)
            if item.panel:
                return ("the panel",), any(seat.user_id in self._actor.hands for seat in item.panel)
            return self._convenor
        if item.state == State.IMPLEMENTING and item.open_actions:
            owners = {each.owner_organisation_id: each.owner.name for each in item.open_actions}
            return tuple(owners.values()), mine in owners
        if item.state == State.IMPLEMENTING and item.claimed_actions:
            claimed = {each.owner_organisation_id for each in item.claimed_actions}
            others = [side for side in item.sides if claimed - {side.organisation_id}]
            return tuple(side.name for side in others), any(side.organisation_id == mine for side in others)
        return self._convenor

    @property
    def _convenor(self) -> tuple[tuple[str, ...], bool]:
        item = self.item
        if item.convenor is not None:
            return (f"{item.convenor.name}, who convenes",), item.convenor_id in self._actor.hands
        if item.hub_is_a_side:
            return ("somebody outside who convenes",), not self._actor.is_hub and self._side is None
        return ("the hub",), self._actor.is_hub

    @property
    def state(self) -> tuple[str, str]:
        """(where it is and with whom, tone of `words.state`)."""
        where = self.item.workflow.wording_of(self.item.state).label
        if not self.item.is_open:
            return where, "done"
        who, is_mine = self.waits_for
        return f"{where}: with {listed(who)}", "ours" if is_mine else "theirs"

    @property
    def _side(self) -> str | None:
        side = self.item.side_of(self._actor)
        return side.name if side is not None else None

    @cached_property
    def first_step(self) -> Action | None:
        """What it waits for this person to do; else, when its stage ran out, to go up. The page's first button."""
        asked = next((self._ready[name] for name in FIRST if name in self._ready), None) if self.waits_for[1] else None
        if asked is not None or self.item.state not in STAGES or not stage_has_run_out(self.item):
            return asked
        above = next_stage(self.item.state)
        return self._ready.get(f"escalate_to_{SHORT[above]}") if above is not None else None

    @cached_property
    def _ready(self) -> dict[str, Action]:
        return {offer.action.name: offer.action for offer in self.reading.offers if offer.is_mine and offer.is_allowed}

    def ready_for(self, number: int) -> list[Action]:
        """What this person may do with the agreed action of this number."""
        action = next(each for each in self.item.agreed_actions if each.number == number)
        is_own = action.owner_organisation_id == self._actor.organisation_id
        names: tuple[str, ...] = ()
        if action.state == "open" and is_own:
            names = ("claim_done",)
        elif action.state == "claimed" and not is_own:
            names = ("confirm_done", "dispute_done")
        return [self._ready[name] for name in (*names, *_CHANGES.get(action.state, ())) if name in self._ready]

    # Care goes on

    @property
    def meanwhile(self) -> list[tuple[str, str]]:
        """(what, in words) of care while it is settled; empty where it is about no person."""
        item = self.item
        if not item.is_about_a_person:
            return []
        if item.state == State.RAISED:
            arrangement = "Whoever accepts it says what happens meanwhile. Until then care goes on as it is."
        else:
            arrangement = item.interim_arrangement or ""
        told = (("What happens", arrangement), ("Who pays", self._payer), ("Safety plan", item.safety_plan or ""))
        return [(name, said) for name, said in told if said]

    @property
    def _payer(self) -> str:
        item, funder = self.item, self.item.interim_funder
        terms = f" Terms: {item.funding_terms}" if item.funding_terms else ""
        if item.interim_payer == "hub":
            return "The hub, without prejudice, until it is settled."
        if item.interim_payer == "funder" and funder is not None:
            return f"{funder.name}, as it agreed {moment_within(item.funding_agreed_at, self._now)}.{terms}"
        if funder is None:
            return ""
        if item.funding_agreed_at is not None:
            return f"{funder.name} agreed {moment_within(item.funding_agreed_at, self._now)}.{terms}"
        return f"{funder.name} was asked and has not agreed." if item.is_open else f"{funder.name} was asked."

    # The ladder, the sides, the settlement

    @cached_property
    def _faces(self) -> Faces:
        return Faces(self.reading, self._now)

    @cached_property
    def rungs(self) -> list[Rung]:
        """The ladder."""
        return ladder_of(self.reading, self._faces, self._now)

    @property
    def so_far(self) -> str:
        """How long it has taken, with its pauses and without, and what a stage that runs out does."""
        said = so_far(self.item, self._faces)
        return f"{said}. {OFFERS}" if self.item.state in {State.RAISED, *STAGES} else said

    @cached_property
    def sides(self) -> Sides:
        """The sides in step, with the documents that each of them added."""
        evidence = page_queries.evidence_of(self._session, self.item, self.reading.view, self._actor)
        return Sides(self.item, self._faces, evidence, self._now)

    @cached_property
    def settlement(self) -> Settlement:
        """The settlement, the facts, what was decided and what is done."""
        return Settlement(self.item, page_queries.owner_names(self._session, self.item), self._faces, self._now)

    def pair(self, number: int) -> tuple[Version, Version] | None:
        """A version and the one before it, the older first; None where there are not both, or they are not read."""
        if self.is_closed_to:
            return None
        older, newer = (self.settlement.version(each) for each in (number - 1, number))
        return (older, newer) if older is not None and newer is not None else None

    @cached_property
    def convening(self) -> Convening:
        """Who convenes and decides, and who is kept out."""
        return Convening(self.item, self._actor, self._session, self._now)

    # How it ended

    @property
    def ending(self) -> list[tuple[str, str]]:
        """(question, answer) of how it ended and what was learned; empty while it is open."""
        item = self.item
        if item.is_open:
            return []
        learned = item.learned_flash_point
        told = {
            State.OUT_OF_SCOPE: [
                ("Why", self._reason("reject")),
                ("Where to go instead", label("escalation_instead", item.instead)),
            ],
            State.WITHDRAWN: [("Why", self._reason("withdraw"))],
            State.REFERRED_ON: [
                ("To whom", label("escalation_referred_to", item.referred_to)),
                ("Statement of agreed facts", item.agreed_statement or ""),
            ],
            State.CLOSED: [
                ("Flash point", f"{learned.id}: {learned.goes_wrong}" if learned is not None else "None named"),
                ("What would have prevented it", item.would_have_prevented or ""),
                ("Procedure to change", item.sop_to_change or ""),
                ("Refusal overturned", {True: "Yes", False: "No", None: ""}[item.refusal_overturned]),
            ],
        }[State(item.state)]
        return [("When", moment(item.closed_at)), *((name, said) for name, said in told if said)]

    @property
    def ending_title(self) -> str:
        """The heading over `ending`."""
        return "What was learned" if self.item.state == State.CLOSED else "How it ended"

    def _reason(self, action: str) -> str:
        return next((line.row.reason or "" for line in self.reading.lines if line.row.action == action), "")
