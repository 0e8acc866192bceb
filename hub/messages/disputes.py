"""Who hears of a dispute, and in which words: every side, whoever convenes, and whom a topic waits for besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.messages.hearers import Told
from workflows.core import upper_first
from workflows.escalation.states import IN_WORDS, SHORT, STAGES, next_stage
from workflows.roles import Capacity

_SIDES: Final = Told(parties=(Capacity.SIDE,))
_AND_FUNDER: Final = Told(parties=(Capacity.SIDE, Capacity.FUNDER))
_AND_WHO_MAY_CONVENE: Final = Told(parties=(Capacity.SIDE, Capacity.FUNDER, Capacity.INTERESTED))
_PANEL: Final = (Capacity.PANEL_CHAIR, Capacity.PANEL_MEMBER)
_AND_PANEL: Final = Told(parties=(Capacity.SIDE, Capacity.FUNDER, *_PANEL))
_ALL: Final = Told(parties=(Capacity.SIDE, Capacity.FUNDER, Capacity.INTERESTED, *_PANEL))

OF_DISPUTES: Final[Mapping[str, Told]] = {
    "escalation.raised": _AND_WHO_MAY_CONVENE,
    "escalation.funding_agreed": _AND_FUNDER,
    "escalation.accepted": _AND_WHO_MAY_CONVENE,
    "escalation.rejected": _AND_WHO_MAY_CONVENE,
    "escalation.position_stated": Told(parties=(Capacity.SIDE, *_PANEL)),
    "escalation.facts_judged": _SIDES,
    "escalation.proposed": _SIDES,
    "escalation.accepted_by_side": _SIDES,
    "escalation.settled": _AND_PANEL,
    "escalation.speaker_named": _SIDES,
    "escalation.step_wanted": _SIDES,
    "escalation.went_up": _SIDES,
    "escalation.went_back": _SIDES,
    "escalation.made_urgent": _ALL,
    "escalation.panel_appointed": Told(parties=(Capacity.SIDE, Capacity.PANEL_MEMBER)),
    "escalation.panel_asked": Told(parties=(Capacity.PANEL_CHAIR,)),
    "escalation.determined": _AND_PANEL,
    "escalation.referred_on": _AND_PANEL,
    "escalation.implementing": _AND_FUNDER,
    "escalation.claimed_done": _AND_FUNDER,
    "escalation.confirmed_done": _AND_FUNDER,
    "escalation.disputed_done": _AND_FUNDER,
    "escalation.actions_changed": _AND_FUNDER,
    "escalation.reopened": _AND_FUNDER,
    "escalation.closed": _AND_FUNDER,
    "escalation.convenor_changed": Told(parties=(Capacity.SIDE, Capacity.INTERESTED, *_PANEL)),
    "escalation.withdrawn": _ALL,
}
"""By topic. Whoever convenes hears all of it, in the hub or outside."""
BETWEEN_SIDES: Final[Mapping[str, Told]] = {
    "item.pause_asked": Told(),
    "item.pause_approved": _SIDES,
    "item.pause_refused": _SIDES,
}
"""What every item has and is told otherwise between sides: the convenor agrees to a pause, and it stops every clock."""

ANSWER_INSIDE: Final = frozenset(
    {
        "escalation.raised",
        "escalation.settled",
        "escalation.determined",
        "escalation.panel_asked",
        "escalation.accepted",
        "escalation.went_up",
        "escalation.went_back",
        "escalation.reopened",
        "escalation.proposed",
        "escalation.claimed_done",
    }
)
"""What the convenor or, where it is a side, the hub must answer."""
ANSWER_OUTSIDE: Final = frozenset({*ANSWER_INSIDE, "escalation.implementing", "escalation.disputed_done"}) - {
    "escalation.settled",
    "escalation.determined",
}
"""What a side, a funder who was asked, or whoever is asked to convene or to decide must."""

WORDS: Final[Mapping[str, str]] = {
    "escalation.raised": "A dispute is raised",
    "escalation.funding_agreed": "A funder agrees to pay meanwhile",
    "escalation.accepted": "Local resolution begins: every side states its position",
    "escalation.rejected": "The dispute is out of scope: read where to go instead",
    "escalation.position_stated": "A side has stated its position",
    "escalation.facts_judged": "A side agrees or disputes facts",
    "escalation.proposed": "A settlement is proposed: accept it, or propose another",
    "escalation.accepted_by_side": "A side accepts the settlement",
    "escalation.settled": "Every side has accepted: it is agreed",
    "escalation.speaker_named": "It is said who speaks for a side",
    "escalation.step_wanted": "A side asks to go up a stage",
    "escalation.went_up": "It went up a stage: every side states its position",
    "escalation.went_back": "It was sent back a stage with a question: every side states its position",
    "escalation.made_urgent": "It is urgent now: every deadline is shorter",
    "escalation.panel_appointed": "A panel is appointed",
    "escalation.panel_asked": "You chair the panel: read it all, then determine it",
    "escalation.determined": "It is determined",
    "escalation.referred_on": "It is referred on",
    "escalation.implementing": "It is being carried out: see which actions are yours",
    "escalation.claimed_done": "An action is said to be done: confirm or dispute it",
    "escalation.confirmed_done": "An action is confirmed as done",
    "escalation.disputed_done": "It is disputed that an action is done",
    "escalation.actions_changed": "The actions have changed",
    "escalation.reopened": "The dispute is reopened: every side states its position",
    "escalation.closed": "The dispute is closed",
    "escalation.convenor_changed": "Somebody else convenes now",
    "escalation.withdrawn": "The dispute is withdrawn",
}
"""The same for everybody who takes part: no name and no clinical word stands in any."""


def offer_of(clock: Any) -> str:
    """What is said when the time of a stage has run out, by the name of its clock; "" of every other clock."""
    stage = next((stage for stage in STAGES if f"stage_{SHORT[stage]}" == clock), None)
    if stage is None:
        return ""
    above = next_stage(stage)
    then = f"you can go up to {IN_WORDS[above]}" if above else "the convenor can refer it on"
    return f"{upper_first(IN_WORDS[stage])} has run out: {then}"
