"""Escalation and dispute resolution: one ladder, one set of facts, equal voice and fair time for every side."""

from dataclasses import replace

from workflows import everyday
from workflows.core import SAME, Action, Ask, Clock, May, Wording, Workflow
from workflows.escalation import answers, asks, deciding, guards, stages, who
from workflows.escalation.states import IN_WORDS, SHORT, STAGES, State, reply_clock
from workflows.escalation.who import CONVENOR, CONVENORS_TO_BE, RAISERS, SIDES, WHO_ENDS_SIGHT, WHO_LETS_IN
from workflows.roles import Capacity, Role

__all__ = ["ESCALATION", "State"]

LEAVES_A_STAGE = (
    *(action.name for action in stages.ACTIONS if action.dest != SAME),
    "determine",
    "refer_on",
    "withdraw",
)
EVERYBODY = (Capacity.SIDE, Capacity.CONVENOR)

BEGINNING = (
    Action(
        "agree_interim_funding",
        "Agree to pay meanwhile",
        State.RAISED,
        SAME,
        by=(May(Role.FUNDER, Capacity.FUNDER, who.was_asked_to_pay),),
        asks=(
            Ask(
                "funding_terms",
                "On what terms?",
                "long_text",
                "Without prejudice to who pays in the end.",
                stays=True,
            ),
        ),
        marks="funding_agreed",
        emits=("escalation.funding_agreed",),
        about="You pay until it is settled. It says nothing about who pays in the end.",
    ),
    Action(
        "accept",
        "Accept it",
        State.RAISED,
        State.LOCAL_RESOLUTION,
        by=CONVENORS_TO_BE,
        asks=(
            asks.CONVENOR_ID,
            Ask(
                "interim_arrangement",
                "What happens to the person meanwhile?",
                "long_text",
                "Care goes on. Leave empty only where it is about no person.",
                optional=True,
                check=answers.has_an_interim_arrangement,
            ),
            Ask(
                "interim_payer",
                "Who pays meanwhile?",
                "choice",
                codes="interim_payer",
                optional=True,
                check=answers.has_an_interim_payer,
            ),
        ),
        marks="accepted",
        lets_go=(Capacity.CONVENOR,),
        emits=("escalation.accepted",),
        about="Local resolution begins. Every side is told who convenes, and has its own time to state its position.",
    ),
    Action(
        "reject",
        "Say that it is out of scope",
        State.RAISED,
        State.OUT_OF_SCOPE,
        by=CONVENORS_TO_BE,
        asks=(Ask("instead", "Where should they go instead?", "choice", codes="escalation_instead"),),
        reason=True,
        emits=("escalation.rejected",),
        aside=True,
        about="It ends. Whoever raised it reads your reason and where to go.",
    ),
)


def _clocks_of(stage: State) -> tuple[Clock, Clock]:
    short = SHORT[stage]
    return (
        Clock(
            f"stage_{short}",
            f"escalation.stage.{short}",
            runs_in={stage},
            given_up_on=tuple(name for name in LEAVES_A_STAGE if name not in {"settle", "determine"}),
            on_return="resume",
            at_least=f"escalation.reply.{short}",
            tells_parties=(*EVERYBODY, Capacity.PANEL_CHAIR),
            label=IN_WORDS[stage].capitalize(),
        ),
        Clock(
            reply_clock(stage),
            f"escalation.reply.{short}",
            runs_in={stage},
            per=Capacity.SIDE,
            stops_on=("state_position",),
            given_up_on=LEAVES_A_STAGE,
            on_return="restart",
            can_be_paused=False,
            pauses_with=f"stage_{short}",
            label="Reply",
        ),
    )


def _wording(stage: State, place: int) -> Wording:
    name = IN_WORDS[stage]
    to_do, where = f"Settle it at {name}", f"at {name}"
    return Wording(name.capitalize(), to_do, "others", 0, place + 1, is_decision=True, where=where)


ESCALATION = Workflow(
    name="escalation",
    title="Escalation",
    prefix="ESC",
    states=State,
    initial=State.RAISED,
    ends={State.CLOSED, State.WITHDRAWN, State.OUT_OF_SCOPE, State.REFERRED_ON},
    started_by=RAISERS,
    on_start=("escalation.raised",),
    start_asks=asks.AT_START,
    is_between_sides=True,
    pauses_a_clock="escalation.pauses_a_stage",
    pauses_in_all="escalation.pause_cap",
    actions=(*BEGINNING, *stages.ACTIONS, *deciding.ACTIONS),
    clocks=(
        Clock(
            "accept",
            "escalation.accept",
            runs_in={State.RAISED},
            can_be_paused=False,
            tells_parties=(Capacity.INTERESTED,),  # where the hub is a side, somebody of theirs accepts
            label="Acceptance",
        ),
        *(clock for stage in STAGES for clock in _clocks_of(stage)),
        Clock(
            "start",
            "escalation.start",
            runs_in={State.AGREED, State.DETERMINED},
            can_be_paused=False,
            on_return="restart",
            tells_parties=EVERYBODY,
            label="Carrying it out",
        ),
        Clock(
            "action",
            "escalation.action",
            runs_in={State.IMPLEMENTING},
            per="open_actions",
            given_up_on=("change_actions", "reopen_dispute"),
            can_be_paused=False,
            tells_parties=(Capacity.CONVENOR,),  # and whose it is
            label="Action",
        ),
        Clock(
            "silence",
            "escalation.silence",
            runs_in={State.IMPLEMENTING},
            per="claimed_actions",
            given_up_on=("change_actions", "reopen_dispute", "close"),
            on_return="restart",
            can_be_paused=False,
            tells_parties=EVERYBODY,
            label="Answer to a claim",
        ),
        Clock(
            "close",
            "escalation.close",
            runs_in={State.IMPLEMENTING},
            per="closing",
            given_up_on=("change_actions", "dispute_done", "reopen_dispute"),
            on_return="restart",
            can_be_paused=False,
            label="Closing",
        ),
    ),
    everyday={
        "ask_pause": replace(
            everyday.ASK_PAUSE,
            by=SIDES,
            needs=(*everyday.ASK_PAUSE.needs, guards.has_a_pause_left),
            asks=(Ask("pause_code", "Why?", "choice", codes="escalation_pause_reason"), *everyday.ASK_PAUSE.asks),
            about="The convenor agrees or not. The time of the stage and of every reply then stands still together.",
        ),
        "approve_pause": replace(everyday.APPROVE_PAUSE, by=(CONVENOR,)),
        "refuse_pause": replace(everyday.REFUSE_PAUSE, by=(CONVENOR,)),
        "resume_clock": replace(everyday.RESUME_CLOCK, by=(CONVENOR, May(Role.SYSTEM))),
        "correct_start": replace(everyday.CORRECT_START, by=(CONVENOR,)),
        # Each corrects its own words alone, and what a side, a funder or the panel said stands as it was said.
        "correct_field": replace(everyday.CORRECT_FIELD, by=(CONVENOR,)),
        "add_party": replace(everyday.ADD_PARTY, by=WHO_LETS_IN),
        "remove_party": replace(everyday.REMOVE_PARTY, by=WHO_ENDS_SIGHT),
    },
    wording={
        State.RAISED: Wording("Raised", "Accept it, or say where it belongs", "us", 0, 0, is_decision=True),
        **{stage: _wording(stage, place) for place, stage in enumerate(STAGES)},
        State.AGREED: Wording("Agreed", "Start carrying out what was agreed", "us", 1, 2),
        State.DETERMINED: Wording("Determined", "Start carrying out what was determined", "us", 1, 4),
        State.IMPLEMENTING: Wording("Being carried out", "See that each action is done", "others", 1, 3),
        State.CLOSED: Wording("Closed", "", "done", 2, 3),
        State.WITHDRAWN: Wording("Withdrawn", "", "done", 2, 1),
        State.OUT_OF_SCOPE: Wording("Out of scope", "", "done", 2, 0),
        State.REFERRED_ON: Wording("Referred on", "", "done", 2, 4),
    },
)
