"""What a dispute of the demo is made of: how it began, and what each side and the convenor did, hours later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.demo.stories import KAREN, PRIYA

ROBERT: Final = "Robert Annis"
ALAN: Final = "Alan Threlkeld"
FARIDA: Final = "Farida Noon"
BRONWEN: Final = "Bronwen Achterley"
JOANNE: Final = "Joanne Pickles"
JUDITH: Final = "Dr Judith Marsden"
ANNE: Final = "Anne Wroe"
LARKWOOD, KESTREL, SKELBECK = "ZD111", "ZD112", "ZD113"
WHARFEMOOR, LONSMOOR, ESTUARY = "ZD101", "ZD103", "ZD104"
COUNCIL, ICB, HUB = "ZD401", "ZD301", "ZD002"
RINGS: Final = "ring"
"""No action of anybody: the deadlines of the dispute that have passed by then ring."""


@dataclass(frozen=True, slots=True)
class Done:
    """One action, so many hours after the dispute was raised. Values: a person by name, an organisation by ODS code, a
    day by how many lie between."""

    after: float
    action: str
    who: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute, raised so many hours ago."""

    hours_ago: float
    who: str
    question: str
    kind: str
    sides: tuple[str, ...]
    wanted: str
    facts: str
    steps: tuple[Done, ...] = ()
    urgency: str = "standard"
    about: str = ""
    """ "stay CODE": the first person who is on that unit; "same case": the case of the dispute before; else nobody."""
    funder: str | None = None
    flash_point: int | None = None
    """The place in the register, from 1."""


def accepted(after: float, convenor: str = PRIYA, **more: Any) -> Done:
    """Accepted by whoever convenes."""
    return Done(after, "accept", convenor, {"convenor_id": convenor, **more})


def position(after: float, who: str, words: str, wanted: str, **more: Any) -> Done:
    """One side’s words, and what it wants."""
    return Done(after, "state_position", who, {"words": words, "wanted": wanted, **more})


def speaker(after: float, who: str, side: str, stage: str, name: str = "") -> Done:
    """Who speaks for a side at a stage; nobody else without a name."""
    named = {"speaker_id": name} if name else {"nobody_else": True}
    return Done(after, "name_speaker", who, {"side_id": side, "at_stage": stage, **named})


def row(what: str, owner: str, name: str, days: int) -> dict[str, Any]:
    """One action of a settlement, due so many days later."""
    return {"what": what, "owner_organisation_id": owner, "owner_name": name, "due_on": days}


STAGES: Final = (
    ("senior", "senior_review"),
    ("executive", "executive_review"),
    ("independent", "independent_review"),
    ("determination", "determination"),
)
Voice = tuple[str, str, str, str]
"""Who speaks, for which organisation, their words, what they want."""


def climb(one: Voice, other: Voice, after: float, *stages: tuple[str, str]) -> Iterator[Done]:
    """An urgent dispute goes up through `stages`: each side is heard at each, and has nobody else to speak for it."""
    for step, above in stages:
        for who, side, words, wanted in (one, other):
            yield position(after, who, words, wanted)
            yield speaker(after + 1, who, side, above)
        yield Done(after + 2, f"escalate_to_{step}", KAREN)
        after += 16


def panel(after: float, other: str, declared: str) -> Done:
    """A panel of two, with what they declared."""
    rows = (
        {"user_id": JUDITH, "seat": "chair", "declaration": "none"},
        {"user_id": other, "seat": "member", "declaration": declared},
    )
    return Done(after, "appoint_panel", KAREN, {"panel": rows})


PAYS: Final = (FARIDA, ICB, "The contract has a price for this.", "The price in the contract.")
COSTS: Final = ("Gareth Tyson", LONSMOOR, "The price is for two nurses, and there were four.", "The cost of four.")
"""Two voices that are heard in more than one dispute."""
