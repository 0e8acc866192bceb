"""What is done on the ladder: positions, facts, settlements, going up and back."""

from workflows.core import SAME, Action, Ask, May
from workflows.escalation import answers, asks, guards, who
from workflows.escalation.states import IN_WORDS, SHORT, STAGES, State, next_stage, stage_before
from workflows.escalation.who import ANY_SPEAKER, CONVENOR, SIDES
from workflows.roles import Role


def _goes_up(stage: State) -> Action:
    above = next_stage(stage)
    assert above is not None
    return Action(
        f"escalate_to_{SHORT[above]}",
        f"Go up to {IN_WORDS[above]}",
        stage,
        above,
        by=(CONVENOR, *SIDES),
        needs=(guards.has_cause_to_go_up, guards.every_side_was_heard, guards.next_level_is_named),
        asks=(Ask("why_up", "What should they settle that could not be settled here?", "long_text", optional=True),),
        emits=("escalation.went_up",),
        about=f"Every side is told, and has its own time to state a position at {IN_WORDS[above]}. "
        "Who did not reply is recorded so.",
    )


def _goes_back(stage: State) -> Action:
    below = stage_before(stage)
    assert below is not None
    return Action(
        f"return_to_{SHORT[below]}",
        f"Send it back to {IN_WORDS[below]}",
        stage,
        below,
        by=(CONVENOR,),
        needs=(guards.was_not_returned_before,),
        asks=(Ask("question", "What question should they answer?", "long_text"),),
        emits=("escalation.went_back",),
        aside=True,
        about="They have what was left of their time, and at least the time for a reply. Every side states its "
        "position on the question.",
    )


ACTIONS = (
    Action(
        "state_position",
        "State your position",
        STAGES,
        SAME,
        by=SIDES,
        needs=(guards.position_is_open,),
        asks=(
            Ask("words", "Your position, in your own words", "long_text"),
            Ask("disputed", "What do you dispute?", "long_text", optional=True),
            Ask("wanted", "What do you propose?", "long_text"),
            Ask(
                "new_facts",
                "Facts as you see them",
                "long_text",
                "One on each line. The other sides can agree or dispute each. Leave empty if all are there.",
                optional=True,
            ),
        ),
        emits=("escalation.position_stated",),
        about="The other sides read it word for word. You can change it until another side has stated its own. "
        "Add evidence as documents.",
    ),
    Action(
        "agree_facts",
        "Agree or dispute facts",
        STAGES,
        SAME,
        by=SIDES,
        needs=(guards.has_facts_to_judge,),
        asks=(
            Ask("agreed", "Which facts does your side agree?", "choices", optional=True),
            Ask("disputed_facts", "Which does it dispute?", "choices", optional=True),
        ),
        emits=("escalation.facts_judged",),
        aside=True,
        about="A fact that every side agrees is locked, and stays agreed.",
    ),
    Action(
        "propose",
        "Propose a settlement",
        STAGES,
        SAME,
        by=(*SIDES, CONVENOR),
        asks=(Ask("settlement", "The settlement", "long_text"), asks.ACTIONS),
        emits=("escalation.proposed",),
        about="It is a new version: what a side accepted before does not count for it. All sides are told.",
    ),
    Action(
        "accept_proposal",
        "Accept the settlement",
        STAGES,
        SAME,
        by=SIDES,
        needs=(guards.has_a_proposal, guards.has_not_accepted),
        asks=(Ask("version", "Which version?", "number", check=answers.is_the_version_on_the_table),),
        emits=("escalation.accepted_by_side",),
        about="When every side has accepted this version, it is agreed at once. A change of the text clears it.",
    ),
    Action(
        "settle",
        "Settle it",
        STAGES,
        State.AGREED,
        by=(May(Role.SYSTEM),),
        needs=(guards.everybody_accepted,),
        marks="settled",
        emits=("escalation.settled",),
        about="Every side accepted the same version.",
    ),
    Action(
        "name_speaker",
        "Say who speaks for a side",
        STAGES,
        SAME,
        by=(*ANY_SPEAKER, CONVENOR),
        asks=(
            Ask("side_id", "For which side?", "organisation"),
            Ask("at_stage", "At which stage?", "choice", codes="escalation_stage"),
            Ask("speaker_id", "Who speaks for it?", "person", optional=True),
            Ask("speaker_name", "Or somebody without an account: name and post", optional=True),
            Ask("nobody_else", "There is nobody else", "tick", optional=True, check=answers.names_one_speaker),
        ),
        emits=("escalation.speaker_named",),
        about="Who took part at one stage does not speak at the next, unless the side has nobody else.",
    ),
    Action(
        "ask_to_escalate",
        "Ask to go up a stage",
        tuple(stage for stage in STAGES if next_stage(stage)),
        SAME,
        by=SIDES,
        needs=(guards.has_not_asked,),
        emits=("escalation.step_wanted",),
        aside=True,
        about="When every side has asked, it can go up before the time of this stage is over.",
    ),
    *(_goes_up(stage) for stage in STAGES if next_stage(stage)),
    *(_goes_back(stage) for stage in STAGES if stage_before(stage)),
    Action(
        "raise_urgency",
        "Make it urgent",
        (State.RAISED, *STAGES),
        SAME,
        by=(*SIDES, CONVENOR, *who.CONVENORS_TO_BE),
        needs=(guards.is_standard,),
        reason=True,
        emits=("escalation.made_urgent",),
        aside=True,
        about="Every clock runs by the hour from now on. A pause that goes on ends.",
    ),
)
