"""A stay: a person on a unit, their leave, the end of it and the follow-up after discharge."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from workflows.core import SAME, Action, Actor, Ask, Clock, May, Wording, Workflow
from workflows.roles import UNIT_ROLES, Capacity, Role
from workflows.who import CASE_MANAGER, COORDINATOR


class State(StrEnum):
    """Where a stay is."""

    CURRENT = "current"
    ON_LEAVE = "on_leave"
    AWAITING_FOLLOW_UP = "awaiting_follow_up"
    ENDED = "ended"


UNIT = tuple(May(role, Capacity.TREATING) for role in sorted(UNIT_ROLES))
"""The unit where the person is."""
THERE = (State.CURRENT, State.ON_LEAVE)


def ends_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A stay cannot end before it began, or before a leave of it began or ended."""
    return _not_inside(stay, values.get("left_at"))


def moves_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A transfer cannot be before the stay began, or before a leave of it began or ended."""
    return _not_inside(stay, values.get("transferred_at"))


def begins_before_the_rest(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A stay begins before its last leave, and before its end."""
    begun = values.get("began_at")
    return _earlier(stay.leave_from, begun, "This is after the last leave began") or _not_before(
        stay.left_at or stay.transferred_at, begun, "This is after the stay ended"
    )


def ends_before_the_follow_up(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A stay ends after it began, after its leaves, and before the follow-up."""
    left_at = values.get("left_at")
    return _not_inside(stay, left_at) or _not_before(stay.followed_up_at, left_at, "This is after the follow-up")


def ended_by_discharge(stay: Any, _actor: Actor) -> str | None:
    """It ended by a discharge"""
    return None if stay.transferred_at is None else "It ended by a transfer"


def is_another_unit(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A transfer is to another unit."""
    return "The person is on this unit already" if values.get("next_unit_id") == stay.unit_id else None


def leaves_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """Leave cannot begin before the stay did, or before the last leave ended."""
    return _not_inside(stay, values.get("leave_from"))


def is_back_after_leaving(_stay: Any, values: Mapping[str, Any]) -> str | None:
    """Leave ends after it begins."""
    return _not_before(values.get("leave_until"), values.get("leave_from"), "This is before the leave begins")


def returns_after_leaving(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A return is after the leave began."""
    return _not_before(values.get("returned_at"), stay.leave_from, "This is before the leave began")


def follows_the_end(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A follow-up is after the person left."""
    return _not_before(values.get("followed_up_at"), stay.left_at, "This is before the person left")


def _not_inside(stay: Any, moment: Any) -> str | None:
    """What was told of the stay before comes before what happens next; the same minute is soon enough."""
    return (
        _not_before(moment, stay.began_at, "This is before the stay began")
        or _earlier(moment, stay.leave_from, "This is before the last leave began")
        or _earlier(moment, stay.returned_at, "This is before the person was back from the last leave")
    )


def _earlier(moment: Any, other: Any, words: str) -> str | None:
    return words if moment is not None and other is not None and moment < other else None


def _not_before(moment: Any, earliest: Any, words: str) -> str | None:
    return words if moment is not None and earliest is not None and moment <= earliest else None


STAY = Workflow(
    name="stay",
    title="Stay",
    prefix="STA",
    states=State,
    initial=State.CURRENT,
    ends={State.ENDED},
    started_by=(May(Role.SYSTEM),),
    on_start=("stay.begun",),
    actions=(
        Action(
            "start_leave",
            "Start leave",
            State.CURRENT,
            State.ON_LEAVE,
            by=UNIT,
            asks=(
                Ask("leave_kind", "What kind of leave?", "choice", codes="leave_kind"),
                Ask("leave_from", "From when?", "moment", tense="past", check=leaves_after_it_begins, stays=True),
                Ask("leave_until", "Back by when?", "moment", check=is_back_after_leaving, stays=True),
                Ask("leave_granted_by", "Who granted it?", hint="For a detained person, their responsible clinician."),
                Ask("leave_terms", "On what terms?", "long_text", "Where the person is, with whom, and whom to ring."),
            ),
            emits=("stay.leave_started",),
            about="The bed stays the person's. The hub is told when nobody has returned in time.",
        ),
        Action(
            "return_from_leave",
            "Record the return",
            State.ON_LEAVE,
            State.CURRENT,
            by=(*UNIT, COORDINATOR),
            asks=(
                Ask(
                    "returned_at",
                    "When did they return?",
                    "moment",
                    tense="past",
                    check=returns_after_leaving,
                    stays=True,
                ),
            ),
            emits=("stay.returned",),
            about="The person is back on the unit.",
        ),
        Action(
            "change_discharge_date",
            "Change the estimated discharge date",
            THERE,
            SAME,
            by=(*UNIT, COORDINATOR, CASE_MANAGER),
            asks=(Ask("estimated_discharge_on", "Estimated discharge date", "date", stays=True),),
            reason=True,
            emits=("stay.discharge_date_changed",),
            aside=True,
            about="The old date stays in the history, with the reason.",
        ),
        Action(
            "end_stay",
            "Record the discharge",
            THERE,
            State.AWAITING_FOLLOW_UP,
            by=(*UNIT, COORDINATOR),
            asks=(
                Ask(
                    "left_at",
                    "When did the person leave?",
                    "moment",
                    tense="past",
                    check=ends_after_it_begins,
                    stays=True,
                ),
                Ask("destination", "Where to?", "choice", codes="discharge_destination"),
            ),
            reason=True,
            emits=("stay.ended",),
            about="The bed is free. Somebody sees or speaks to the person within 72 hours.",
        ),
        Action(
            "transfer",
            "Transfer to another unit",
            THERE,
            State.ENDED,
            by=(COORDINATOR, CASE_MANAGER),
            asks=(
                Ask("next_unit_id", "To which unit?", "unit", check=is_another_unit, stays=True),
                Ask("transferred_at", "When?", "moment", tense="past", check=moves_after_it_begins, stays=True),
            ),
            reason=True,
            emits=("stay.transferred",),
            aside=True,
            about="This stay ends and the next begins at the same moment. It is no discharge.",
        ),
        Action(
            "record_follow_up",
            "Record the follow-up",
            State.AWAITING_FOLLOW_UP,
            State.ENDED,
            by=(*UNIT, COORDINATOR, CASE_MANAGER),
            asks=(
                Ask("followed_up_at", "When?", "moment", tense="past", check=follows_the_end),
                Ask("followed_up_how", "How?", "choice", codes="follow_up_how"),
                Ask("followed_up_by", "Who saw or spoke to the person?"),
                Ask("follow_up_notes", "How were they?", "long_text", optional=True),
            ),
            emits=("stay.followed_up",),
            about="The stay is closed.",
        ),
        Action(
            "need_no_follow_up",
            "Say that no follow-up is needed",
            State.AWAITING_FOLLOW_UP,
            State.ENDED,
            by=(CASE_MANAGER, May(Role.SYSTEM)),
            reason=True,
            emits=("stay.follow_up_not_needed",),
            abandons=True,
            aside=True,
            about="For example: the person is in another hospital. The stay is closed.",
        ),
        Action(
            "correct_beginning",
            "Correct when it began",
            tuple(State),
            SAME,
            by=(*UNIT, COORDINATOR, CASE_MANAGER),
            asks=(
                Ask(
                    "began_at",
                    "When did the stay begin?",
                    "moment",
                    tense="past",
                    check=begins_before_the_rest,
                    stays=True,
                ),
            ),
            reason=True,
            emits=("stay.dates_corrected",),
            aside=True,
            about="The wrong moment stays in the history, with the reason.",
        ),
        Action(
            "correct_end",
            "Correct when the person left",
            (State.AWAITING_FOLLOW_UP, State.ENDED),
            SAME,
            by=(*UNIT, COORDINATOR, CASE_MANAGER),
            when=ended_by_discharge,
            asks=(
                Ask(
                    "left_at",
                    "When did the person leave?",
                    "moment",
                    tense="past",
                    check=ends_before_the_follow_up,
                    stays=True,
                ),
            ),
            reason=True,
            emits=("stay.dates_corrected",),
            aside=True,
            about="The time for the follow-up counts from the right moment. The wrong one stays in the history.",
        ),
    ),
    clocks=(
        Clock(
            "discharge",
            "stay.discharge",
            runs_in=set(THERE),
            due_fact="discharge_due_at",
            label="Estimated discharge",
        ),
        Clock(
            "leave",
            "stay.leave",
            runs_in={State.ON_LEAVE},
            due_fact="leave_until",
            on_return="restart",
            label="Return from leave",
        ),
        Clock(
            "follow_up",
            "stay.follow_up",
            runs_in={State.AWAITING_FOLLOW_UP},
            from_fact="left_at",
            tells=(Role.CASE_MANAGER,),
            label="Follow-up",
        ),
    ),
    wording={
        State.CURRENT: Wording("On the unit", "Plan the discharge", "others", 0, 0),
        State.ON_LEAVE: Wording("On leave", "Record the return", "others", 1, 0),
        State.AWAITING_FOLLOW_UP: Wording("Left, follow-up due", "See or speak to the person", "others", 0, 1),
        State.ENDED: Wording("Ended", "", "done", 0, 2),
    },
)
