"""A stay: a person on a unit, their leave, the end of it and the follow-up after discharge."""

from enum import StrEnum

from workflows import stay_guards as guards
from workflows.core import SAME, Action, Ask, Clock, May, Wording, Workflow
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
                Ask(
                    "leave_from", "From when?", "moment", tense="past", check=guards.leaves_after_it_begins, stays=True
                ),
                Ask("leave_until", "Back by when?", "moment", check=guards.is_back_after_leaving, stays=True),
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
                    check=guards.returns_after_leaving,
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
            asks=(
                Ask(
                    "estimated_discharge_on",
                    "Estimated discharge date",
                    "date",
                    check=guards.is_discharged_after_it_begins,
                    stays=True,
                ),
            ),
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
                    check=guards.ends_after_it_begins,
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
                Ask("next_unit_id", "To which unit?", "unit", check=guards.is_another_unit, stays=True),
                Ask("transferred_at", "When?", "moment", tense="past", check=guards.moves_after_it_begins, stays=True),
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
                Ask("followed_up_at", "When?", "moment", tense="past", check=guards.follows_the_end),
                Ask(
                    "followed_up_how",
                    "How?",
                    "choice",
                    "Tried, and reached nobody? Write a note instead, and try again: the follow-up is still owed.",
                    codes="follow_up_how",
                ),
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
                    check=guards.begins_before_the_rest,
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
            when=guards.ended_by_discharge,
            asks=(
                Ask(
                    "left_at",
                    "When did the person leave?",
                    "moment",
                    tense="past",
                    check=guards.ends_before_the_follow_up,
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
        State.ON_LEAVE: Wording("On leave", "Record the return", "others", 1, 1),
        State.AWAITING_FOLLOW_UP: Wording("Left, follow-up due", "See or speak to the person", "others", 0, 2),
        State.ENDED: Wording("Ended", "", "done", 1, 2),
    },
)
