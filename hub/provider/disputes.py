"""The disputes of one reader in words: where each is, what ours did last, and whose move it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from hub.codes import known_label
from hub.engine.models import FAR
from hub.escalations.side_models import Side
from hub.provider.deeds import deed_words
from hub.provider.dispute_needs import NO_DEADLINE, Place, needs_of, place_of
from hub.provider.dispute_queries import Deed, Disputes, Over
from hub.provider.needs import Need
from hub.web.filters import ClockFace, count, listed, moment_within, short_day
from hub.web.item_rows import item_href
from hub.web.paging import Cursor, address
from hub.web.shell import other_pages
from workflows.actor import Actor
from workflows.escalation import ESCALATION, guards, who
from workflows.escalation.states import STAGES, State, reply_clock
from workflows.roles import Capacity

PAGE: Final = "provider.disputes"
FEW: Final = 8
"""Rows on the home; all of them are one link away."""
FEW_OVER: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One dispute on a list."""

    title: str
    href: str
    reference: str
    kind: str
    ours: str
    """What we are to it: "you raised it"."""
    state: str
    tone: str
    last: str
    """What ours did last, and when."""
    move: str
    """Whose move it is; "" once it is over."""
    face: ClockFace | None
    ended: str


class DisputeList:
    """What the reader's disputes want, those that go on, and those that are over."""

    def __init__(self, found: Disputes, actor: Actor, now: datetime) -> None:
        self._found = found
        self.now = now
        self._places = [place_of(item, actor) for item in found.going]

    @cached_property
    def needs(self) -> list[Need]:
        """What only this reader or their side can do, soonest due first."""
        found = [need for place in self._places for need in needs_of(place, self._found.book, self.now)]
        return sorted(found, key=lambda need: (need.face.due_at or FAR, need.reference))

    @cached_property
    def going(self) -> list[Row]:
        """Those that go on, soonest due first."""
        return [self._going(place) for place in self._places]

    @property
    def going_few(self) -> list[Row]:
        """The first of them, for a page that has other things too."""
        return self.going[:FEW]

    @cached_property
    def over(self) -> list[Row]:
        """Those that are over, newest first."""
        return [self._over(each) for each in self._found.over.rows]

    @property
    def said(self) -> str:
        """How many go on."""
        return f"{count(len(self.going), 'goes', 'go')} on" if self.going else ""

    @property
    def all_href(self) -> str:
        """The page of all of them."""
        return address(PAGE, [])

    @property
    def next_href(self) -> str:
        """Further ones that are over."""
        return address(PAGE, [], self._found.over.next) if self._found.over.next else ""

    @property
    def raise_href(self) -> str:
        """Where one is raised; "" for who may not."""
        return other_pages().get("Raise an escalation", "")

    def _going(self, place: Place) -> Row:
        item = place.item
        needs = needs_of(place, self._found.book, self.now)
        faces = sorted(
            (need.face for need in needs if need.face is not NO_DEADLINE), key=lambda face: face.due_at or FAR
        )
        return Row(
            title=item.title,
            href=item_href("escalation", item.reference),
            reference=item.reference,
            kind=known_label("dispute_kind", item.dispute_kind),
            ours=_part(place),
            state=ESCALATION.wording_of(item.state).label,
            tone="ours" if needs else "theirs",
            last=self._last(item.id),
            move=f"Our move: {listed(_to_do(needs))}" if needs else whose_move(place),
            face=faces[0] if faces else None,
            ended="",
        )

    def _over(self, each: Over) -> Row:
        return Row(
            title=each.title,
            href=item_href("escalation", each.reference),
            reference=each.reference,
            kind=known_label("dispute_kind", each.dispute_kind),
            ours={True: "you raised it", False: "raised by another side", None: ""}[each.is_raiser],
            state=ESCALATION.wording_of(each.state).label,
            tone="done" if each.state == State.CLOSED else "paused",
            last=self._last(each.id),
            move="",
            face=None,
            ended=short_day(each.closed_at, self.now),
        )

    def _last(self, item_id: int) -> str:
        deed: Deed | None = self._found.deeds.get(item_id)
        if deed is None:
            return "We did nothing here so far"
        return f"{deed_words('escalation', deed.action, deed.values)}, {moment_within(deed.at, self.now)}"


class DisputesPage:
    """Every dispute of the reader: what each wants, those that go on, and those that are over, page by page."""

    def __init__(self, disputes: DisputeList, organisation: str, after: Cursor | None) -> None:
        self.disputes = disputes
        self.now = disputes.now
        self.organisation = organisation
        self.needs: Sequence[Need] = disputes.needs
        self.names_units = False
        self.is_first = after is None
        self.first_href = "" if self.is_first else disputes.all_href

    @property
    def needs_said(self) -> str:
        """How many, and in what order."""
        return f"{len(self.needs)}, soonest first" if self.needs else ""


def _part(place: Place) -> str:
    if place.side is not None:
        return "you raised it" if place.side.is_raiser else "raised by another side"
    parts = {
        Capacity.CONVENOR: "you convene it",
        Capacity.PANEL_CHAIR: "you chair its panel",
        Capacity.PANEL_MEMBER: "you sit on its panel",
        Capacity.FUNDER: "you were asked to pay meanwhile",
        Capacity.INTERESTED: "the hub is one of the sides",
    }
    return next((words for capacity, words in parts.items() if capacity in place.held), "you look on")


TO_DO: Final = {
    "agree_interim_funding": "say whether we pay meanwhile",
    "accept": "accept it, or say where it belongs",
    "state_position": "state our position",
    "accept_proposal": "accept the settlement, or propose another",
    "name_speaker": "say who speaks next",
    "appoint_panel": "appoint the panel",
    "determine": "determine it",
    "start_implementing": "start carrying it out",
    "claim_done": "do what was agreed",
    "confirm_done": "say whether it is done",
    "close": "close it",
    "approve_pause": "agree to a pause, or refuse it",
}
"""What a need is, by the action behind its button, as it stands within a sentence; every other goes up a stage."""


def _to_do(needs: Sequence[Need]) -> list[str]:
    actions = (need.href.rpartition("/")[2] for need in needs)
    return list(dict.fromkeys(TO_DO.get(action, "take it up a stage") for action in actions))


def whose_move(place: Place) -> str:
    """Who has to do something before it moves on."""
    item = place.item
    if item.state == State.RAISED:
        if item.hub_is_a_side:
            return "Waiting for an outside member to accept it"
        return "Waiting for the hub to accept it"
    if item.state in STAGES:
        return ". ".join(_at_a_stage(place))
    convenor = item.convenor.name if item.convenor is not None else "the convenor"
    if item.state != State.IMPLEMENTING:
        return f"Waiting for {convenor} to start carrying it out"
    owners = [each.owner_organisation_id for each in item.open_actions]
    names = dict.fromkeys(side.name for side in item.sides if side.organisation_id in owners)
    if owners:
        return (
            f"Waiting for {listed(names)}: {count(len(owners), 'action')} to do" if names else "Actions are to be done"
        )
    if item.claimed_actions:
        return "Waiting for another side to confirm what is said to be done"
    return f"Waiting for {convenor} to close it"


def _at_a_stage(place: Place) -> Iterator[str]:
    item, here, proposal = place.item, place.item.here, place.item.on_the_table
    silent = [side for side in item.sides if here is None or here.position_of(side) is None]
    speaker = item.speaker_of(place.side, item.state) if place.side is not None else None
    if place.speaks and speaker is not None and not place.wants(who.speaks_now):
        yield f"{speaker.name} speaks for your side here"
    waited = [side for side in silent if not guards.has_run_out(item, reply_clock(item.state), side)]
    if waited:
        yield f"Waiting for the position of {_named(waited, place)}"
    if proposal is not None:
        open_to = [side for side in item.sides if not proposal.is_accepted_by(side)]
        yield f"Version {proposal.version} waits for {_named(open_to, place)}"
    elif not waited:
        yield "Any side may propose a settlement, or ask to go up"


def _named(sides: Sequence[Side], place: Place) -> str:
    return listed("your side" if side is place.side else side.name for side in sides)
