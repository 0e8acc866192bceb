"""Two records that may be one person: one proposes, another agrees, and two take it back the same way."""

from enum import StrEnum
from typing import Any

from workflows.core import Action, Actor, Clock, May, Wording, Workflow
from workflows.roles import Capacity, Role
from workflows.who import CASE_MANAGER, COORDINATOR, HEAD


class State(StrEnum):
    """Where a proposal is."""

    PROPOSED = "proposed"
    MERGED = "merged"
    UNDO_ASKED = "undo_asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"


DECIDERS = (CASE_MANAGER, HEAD)
WHO_PROPOSED = (May(capacity=Capacity.REQUESTER),)


def is_another_than_proposed(item: Any, actor: Actor) -> str | None:
    """Somebody else proposed it"""
    if who := actor.who_did(item, "opened"):
        return f"{who} proposed it, so another person decides: a case manager or a head of commissioning"
    return None


def is_another_than_asked(item: Any, actor: Actor) -> str | None:
    """Somebody else asked for it"""
    if who := actor.who_did(item, "asked"):
        return f"{who} asked for it, so another person decides: a case manager or a head of commissioning"
    return None


def asked_for_it(item: Any, actor: Actor) -> str | None:
    """Who asked for it"""
    return None if actor.did(item, "asked") else "This is for the person who asked for it"


def can_be_made_one(item: Any, actor: Actor) -> list[str]:
    """Nothing stands in the way: both records stand, no stays overlap, nobody is kept from a sealed case"""
    return list(item.hindrances(actor))


def can_be_taken_apart(item: Any, actor: Actor) -> list[str]:
    """Nothing stands in the way: no later merge builds on it, nobody is kept from a sealed case"""
    return list(item.hindrances_of_undoing(actor))


def both_may_be_seen(item: Any, actor: Actor) -> list[str]:
    """You may open the cases of both"""
    return list(item.why_out_of_sight(actor))


MERGE = Workflow(
    name="merge",
    title="Merge",
    prefix="MRG",
    states=State,
    initial=State.PROPOSED,
    ends={State.MERGED, State.REFUSED, State.WITHDRAWN, State.UNDONE},
    started_by=(COORDINATOR, CASE_MANAGER),
    is_inside=True,
    on_start=("merge.proposed",),
    actions=(
        Action(
            "agree",
            "Agree: make them one record",
            State.PROPOSED,
            State.MERGED,
            by=DECIDERS,
            needs=(is_another_than_proposed, can_be_made_one),
            marks="agreed",
            emits=("merge.agreed",),
            about="The other record becomes part of the one that stands. Two people can take it back later.",
        ),
        Action(
            "refuse",
            "Refuse: they stay two records",
            State.PROPOSED,
            State.REFUSED,
            by=DECIDERS,
            needs=(is_another_than_proposed, both_may_be_seen),
            reason=True,
            emits=("merge.refused",),
            abandons=True,
            about="Nothing is moved. The reason helps whoever meets the two records next.",
        ),
        Action(
            "withdraw",
            "Withdraw the proposal",
            State.PROPOSED,
            State.WITHDRAWN,
            by=WHO_PROPOSED,
            reason=True,
            emits=("merge.withdrawn",),
            abandons=True,
            aside=True,
            about="Nothing is moved.",
        ),
        Action(
            "ask_to_undo",
            "Ask to take them apart",
            State.MERGED,
            State.UNDO_ASKED,
            by=(COORDINATOR, CASE_MANAGER, HEAD),
            needs=(can_be_taken_apart,),
            reason=True,
            marks="asked",
            emits=("merge.undo_asked",),
            reopening=True,
            aside=True,
            about="If they are two people after all. Another person decides; until then everything stays as it is.",
        ),
        Action(
            "undo",
            "Agree: take them apart",
            State.UNDO_ASKED,
            State.UNDONE,
            by=DECIDERS,
            needs=(is_another_than_asked, can_be_taken_apart),
            emits=("merge.undone",),
            about="Both records are again as they were. What was begun since stays with the record that stands.",
        ),
        Action(
            "refuse_to_undo",
            "Refuse: they stay one record",
            State.UNDO_ASKED,
            State.MERGED,
            by=DECIDERS,
            needs=(is_another_than_asked, both_may_be_seen),
            reason=True,
            emits=("merge.undo_refused",),
            abandons=True,
            about="Nothing is moved.",
        ),
        Action(
            "drop_the_undo",
            "Do not take them apart after all",
            State.UNDO_ASKED,
            State.MERGED,
            by=(
                May(Role.COORDINATOR, when=asked_for_it),
                May(Role.CASE_MANAGER, when=asked_for_it),
                May(Role.HEAD_OF_COMMISSIONING, when=asked_for_it),
            ),
            reason=True,
            emits=("merge.undo_refused",),
            abandons=True,
            aside=True,
            about="Nothing is moved.",
        ),
    ),
    clocks=(
        Clock(
            "decide",
            "merge.decide",
            runs_in={State.PROPOSED},
            tells=(Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING),
            label="Second person’s answer",
        ),
        Clock(
            "undo_decide",
            "merge.undo_decide",
            runs_in={State.UNDO_ASKED},
            on_return="restart",
            tells=(Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING),
            label="Second person’s answer about taking them apart",
        ),
    ),
    wording={
        State.PROPOSED: Wording("Proposed", "Compare the two records and decide", "us", 0, 0, is_decision=True),
        State.MERGED: Wording("One record", "", "done", 0, 1),
        State.UNDO_ASKED: Wording(
            "Asked to take apart", "Decide whether they are taken apart", "us", 0, 2, is_decision=True
        ),
        State.UNDONE: Wording("Two records again", "", "done", 0, 3),
        State.REFUSED: Wording("Refused", "", "done", 1, 1),
        State.WITHDRAWN: Wording("Withdrawn", "", "done", 2, 1),
    },
)
