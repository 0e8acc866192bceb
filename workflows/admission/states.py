"""The states of an admission decision."""

from enum import StrEnum


class State(StrEnum):
    """Where an admission decision is."""

    ASSESSMENT_REQUESTED = "assessment_requested"
    ASSESSMENT_BOOKED = "assessment_booked"
    ASSESSED = "assessed"
    RECOMMENDED = "recommended"
    MORE_NEEDED = "more_needed"
    AWAITING_RATIFICATION = "awaiting_ratification"
    ADMISSION_AGREED = "admission_agreed"
    ALTERNATIVE_AGREED = "alternative_agreed"
    ADMISSION_REFUSED = "admission_refused"
    WITHDRAWN = "withdrawn"


OPEN = (
    State.ASSESSMENT_REQUESTED,
    State.ASSESSMENT_BOOKED,
    State.ASSESSED,
    State.RECOMMENDED,
    State.MORE_NEEDED,
    State.AWAITING_RATIFICATION,
)
