"""The states of an escalation, and the ladder that its stages are."""

from enum import StrEnum
from itertools import pairwise


class State(StrEnum):
    """Where an escalation is."""

    RAISED = "raised"
    LOCAL_RESOLUTION = "local_resolution"
    SENIOR_REVIEW = "senior_review"
    EXECUTIVE_REVIEW = "executive_review"
    INDEPENDENT_REVIEW = "independent_review"
    DETERMINATION = "determination"
    AGREED = "agreed"
    DETERMINED = "determined"
    IMPLEMENTING = "implementing"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    OUT_OF_SCOPE = "out_of_scope"
    REFERRED_ON = "referred_on"


STAGES = (
    State.LOCAL_RESOLUTION,
    State.SENIOR_REVIEW,
    State.EXECUTIVE_REVIEW,
    State.INDEPENDENT_REVIEW,
    State.DETERMINATION,
)
"""The ladder, from the bottom."""
SHORT: dict[str, str] = {
    State.LOCAL_RESOLUTION: "local",
    State.SENIOR_REVIEW: "senior",
    State.EXECUTIVE_REVIEW: "executive",
    State.INDEPENDENT_REVIEW: "independent",
    State.DETERMINATION: "determination",
}
"""What a stage is called in the names of its actions, clocks and rules."""
IN_WORDS: dict[str, str] = {
    State.LOCAL_RESOLUTION: "local resolution",
    State.SENIOR_REVIEW: "senior review",
    State.EXECUTIVE_REVIEW: "executive review",
    State.INDEPENDENT_REVIEW: "independent review",
    State.DETERMINATION: "determination",
}


def next_stage(stage: str) -> State | None:
    """The stage above; None above the last, and where it is on no stage."""
    return dict(pairwise(STAGES)).get(State(stage))


def stage_before(stage: str) -> State | None:
    """The stage below; None below the first, and where it is on no stage."""
    return {above: below for below, above in pairwise(STAGES)}.get(State(stage))


def stage_clock(stage: str) -> str:
    """The name of the clock of a stage; a name that no clock has where it is on no stage."""
    return f"stage_{SHORT.get(stage, '')}"


def reply_clock(stage: str) -> str:
    """The name of the clock that each side has in a stage, until it has stated its position; else as `stage_clock`."""
    return f"reply_{SHORT.get(stage, '')}"
