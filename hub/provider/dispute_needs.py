"""What a dispute wants of this reader now, each with its clock and the page that answers it.

Whether something is wanted is asked of the workflow's own guards, so that a button leads to its form. A panel's own
conflicts alone are judged on that page: they cost statements for each person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.engine.authority import capacities_of
from hub.engine.models import Clock
from hub.engine.rulebook import Rulebook
from hub.escalations.models import Escalation, key_of_action
from hub.escalations.side_models import Side
from hub.provider.needs import Need
from hub.web.filters import ClockFace, count, listed, moment_within
from hub.web.item_rows import action_href, face_of
from workflows.actor import Actor
from workflows.escalation import guards, who
from workflows.escalation.deciding import DETERMINED_IN
from workflows.escalation.states import IN_WORDS, SHORT, STAGES, State, next_stage, reply_clock
from workflows.everyday import asked_it_themself, waiting_requests
from workflows.roles import Capacity, Role

NO_DEADLINE: Final = ClockFace("No deadline", "ok", None, None, "Nothing counts")
ACTS_ON_ACTIONS = frozenset({*who.OUTSIDE_ROLES, Role.HEAD_OF_COMMISSIONING})
"""Who of a side says that an action of theirs is done."""


@dataclass(frozen=True)
class Place:
    """One dispute and who reads it: the side they are of, and what they are to it."""

    item: Escalation
    actor: Actor
    side: Side | None
    held: frozenset[str]
    """Capacities, the person's own and their organisation's."""

    @property
    def speaks(self) -> bool:
        """Whether this person's role speaks for their side."""
        return self.side is not None and self.actor.role in who.SPEAKING_ROLES

    @property
    def convenes(self) -> bool:
        """Whether this person holds the ladder."""
        return Capacity.CONVENOR in self.held and self.wants(who.takes_no_side)

    def wants(self, guard: Any) -> bool:
        """Whether a guard lets it happen now."""
        return not guard(self.item, self.actor)


def place_of(item: Escalation, actor: Actor) -> Place:
    """The reader's place in a dispute."""
    own, shared = capacities_of(item, actor, item.parties)
    return Place(item, actor, item.side_of(actor), frozenset(own | shared))


def needs_of(place: Place, book: Rulebook, now: datetime) -> list[Need]:
    """Everything one dispute wants of this reader, in the order it is to be done."""
    return [
        Need(
            face=face_of(place.item, clock, book, now) if clock is not None else NO_DEADLINE,
            ask=ask,
            about=f"{place.item.title} · {about}" if about else place.item.title,
            href=action_href(place.item, action),
            button=button,
            reference=place.item.reference,
            priority=place.item.priority,
        )
        for action, ask, about, button, clock in _wanted(place, now)
    ]


Wanted = tuple[str, str, str, str, Clock | None]
"""Action, question, what it is about, button, clock."""


def _wanted(place: Place, now: datetime) -> Iterator[Wanted]:
    state = place.item.state
    if state == State.RAISED:
        yield from _at_the_beginning(place)
    elif state in STAGES:
        yield from _at_a_stage(place)
    elif state in {State.AGREED, State.DETERMINED} and place.convenes:
        yield "start_implementing", "Start carrying out what was settled", "", "Start", _clock(place, "start")
    elif state == State.IMPLEMENTING:
        yield from _while_it_is_carried_out(place, now)
    if place.convenes and any(not asked_it_themself(place.actor, asked) for asked in waiting_requests(place.item)):
        yield "approve_pause", "A side asks for a pause: agree or refuse", "", "Answer", _stage_clock(place)


def _at_the_beginning(place: Place) -> Iterator[Wanted]:
    item, actor = place.item, place.actor
    pays = actor.role is Role.FUNDER and Capacity.FUNDER in place.held
    if pays and item.funding_agreed_at is None and place.wants(who.was_asked_to_pay):
        about = "You pay without prejudice: it says nothing about who pays in the end"
        yield "agree_interim_funding", "Will you pay until it is settled?", about, "Answer", _clock(place, "accept")
    is_asked = actor.role is Role.OUTSIDE_MEMBER and Capacity.INTERESTED in place.held
    if is_asked and place.wants(who.may_convene_from_outside):
        about = "The hub is one of the sides, so somebody from outside accepts and convenes"
        yield "accept", "Accept this dispute, or say where it belongs", about, "Answer", _clock(place, "accept")


def _at_a_stage(place: Place) -> Iterator[Wanted]:
    item, name = place.item, IN_WORDS[place.item.state]
    if place.side is not None and place.speaks:
        if place.wants(who.speaks_now):
            yield from _of_the_speaker(place, place.side)
        yield from _who_comes_next(place, place.side)
    if item.state in DETERMINED_IN:
        yield from _of_the_panel(place)
    above = next_stage(item.state)
    may_go_up = place.convenes or (place.speaks and place.wants(who.speaks_now))
    ready = (guards.has_cause_to_go_up, guards.every_side_was_heard, guards.next_level_is_named)
    if above is not None and may_go_up and guards.stage_has_run_out(item) and all(map(place.wants, ready)):
        ask = f"The time of {name} is over: take it up to {IN_WORDS[above]}?"
        about = "It goes up only when somebody says so"
        yield f"escalate_to_{SHORT[above]}", ask, about, "Go up", _stage_clock(place)


def _of_the_speaker(place: Place, side: Side) -> Iterator[Wanted]:
    item, here, proposal = place.item, place.item.here, place.item.on_the_table
    if here is not None and here.position_of(side) is None:
        said = [other.name for other in item.sides if other is not side and here.position_of(other) is not None]
        about = f"{listed(said)} stated {'a position' if len(said) == 1 else 'positions'}" if said else ""
        clock = _clock(place, reply_clock(item.state), f"organisation:{side.organisation_id}")
        yield "state_position", f"State your position at {IN_WORDS[item.state]}", about, "Reply", clock
    if proposal is not None and not proposal.is_accepted_by(side):
        accepted = sum(1 for other in item.sides if proposal.is_accepted_by(other))
        about = (
            f"{count(accepted, 'side has', 'sides have')} accepted it" if accepted else "No side has accepted it yet"
        )
        ask = f"Accept version {proposal.version} of the settlement, or propose another"
        yield "accept_proposal", ask, about, "Read it", _stage_clock(place)


def _who_comes_next(place: Place, side: Side) -> Iterator[Wanted]:
    above = next_stage(place.item.state)
    if above is None or not place.wants(guards.has_cause_to_go_up):
        return
    named = place.item.speaker_of(side, str(above))
    if named is None:
        about = "It can go up now"
    elif named.user_id is not None and named.user_id in place.item.who_acted_here:
        about = f"{named.name} took part in {IN_WORDS[place.item.state]}, so somebody else speaks"
    else:
        return
    yield "name_speaker", f"Say who speaks for you at {IN_WORDS[above]}", about, "Name them", _stage_clock(place)


def _of_the_panel(place: Place) -> Iterator[Wanted]:
    item = place.item
    if not place.wants(guards.may_be_determined_here):
        return
    if place.convenes and not item.panel and item.state == State.DETERMINATION:
        yield "appoint_panel", "Appoint the panel", "", "Appoint", _stage_clock(place)
    ready = (guards.has_a_panel, guards.every_side_was_heard)
    chairs = Capacity.PANEL_CHAIR in place.held and place.wants(who.takes_no_side)
    if chairs and all(map(place.wants, ready)):
        yield (
            "determine",
            "Determine it",
            "Every side was heard, or let its time pass",
            "Determine",
            _stage_clock(place),
        )


def _while_it_is_carried_out(place: Place, now: datetime) -> Iterator[Wanted]:
    item, actor = place.item, place.actor
    is_owner = (place.side is not None and actor.role in ACTS_ON_ACTIONS) or (
        actor.role is Role.FUNDER and Capacity.FUNDER in place.held
    )
    for each in item.open_actions if is_owner else ():
        if each.owner_organisation_id == actor.organisation_id:
            why = f"It was disputed: {each.disputed_why}" if each.disputed_why else f"By {each.owner_name}"
            ask = f"Action {each.number} is yours: {each.what}"
            yield "claim_done", ask, why, "Say it is done", _clock(place, "action", key_of_action(each))
    for each in item.claimed_actions if place.speaks else ():
        if each.owner_organisation_id != actor.organisation_id:
            about = f"Said to be done {moment_within(each.claimed_at, now)}"
            ask = f"Is action {each.number} done: {each.what}?"
            yield "confirm_done", ask, about, "Answer", _clock(place, "silence", key_of_action(each))
    if place.convenes and place.wants(guards.all_is_done):
        yield "close", "Every action is settled: close it", "", "Close it", _clock(place, "close", "all")


def _stage_clock(place: Place) -> Clock | None:
    return _clock(place, f"stage_{SHORT[place.item.state]}") if place.item.state in STAGES else None


def _clock(place: Place, name: str, per: str | None = None) -> Clock | None:
    """The clock of this name that goes on: of one side or action, when `per` says which."""
    going = (row for row in place.item.clocks if row.stopped_at is None and row.name == name and row.per == per)
    return next(going, None)
