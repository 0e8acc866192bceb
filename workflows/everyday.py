"""The actions every item has, whatever its workflow; they keep the state and stand in its history."""

from collections.abc import Mapping
from typing import Any

from workflows.core import A_YEAR, SAME, Action, Actor, Ask, May, Workflow, in_words
from workflows.policy import PolicySet
from workflows.roles import Capacity, Role

ANYWHERE = ()
"""Sources of an everyday action: any state, an ending one too where it says so."""

WHO_ARRANGES = (
    May(capacity=Capacity.OWNER),
    May(Role.COORDINATOR),
    May(Role.CASE_MANAGER),
    May(capacity=Capacity.CONVENOR),
    May(capacity=Capacity.CHAIR),
)


WHO_MAY_PAUSE = (
    May(Role.COORDINATOR),
    May(Role.CASE_MANAGER),
    May(Role.HEAD_OF_COMMISSIONING),
    May(capacity=Capacity.CONVENOR),
)
WHO_CORRECTS_A_START = (May(capacity=Capacity.OWNER), May(Role.COORDINATOR), May(Role.CASE_MANAGER))


def is_open(item: Any, _actor: Actor) -> str | None:
    """It is still open"""
    return None if item.is_open else "It has ended"


def is_sent(item: Any, _actor: Actor) -> str | None:
    """It has been sent"""
    return "It is still a draft" if item.is_draft else None


def is_not_the_hubs_own(item: Any, _actor: Actor) -> str | None:
    """Others may be let in"""
    if item.workflow.person_shown_in is not None:
        return "It is between the hub and one unit: approach another unit with a question of its own"
    return "This is the hub’s own matter: nobody outside can be let in" if item.workflow.is_inside else None


def somebody_outside_sees_it(item: Any, _actor: Actor) -> str | None:
    """Others may be let in"""
    return "This is the hub’s own matter: nobody outside sees it" if item.workflow.is_inside else None


def has_a_clock_to_pause(item: Any, _actor: Actor) -> str | None:
    """A clock is running that may be paused at this priority"""
    fixed = {clock.name for clock in item.workflow.clocks if not clock.can_be_paused}
    running = [clock for clock in item.clocks if clock.is_running and clock.name not in fixed]
    if not running:
        return "No clock is running that could be paused"
    allowed = any(may_be_paused(item.policy, clock.rule, item.priority) for clock in running)
    return None if allowed else "At this priority the clock cannot be paused"


def may_be_paused(policy: PolicySet, rule: str, priority: str | None) -> bool:
    """Whether policy lets a clock with this rule be paused on request at a priority; one that knows none, always."""
    return "priority" not in policy.takes(rule) or bool(policy.value("pauses.allowed", priority=priority))


def has_a_pause_to_approve(item: Any, actor: Actor) -> str | None:
    """Somebody else asked for a pause"""
    waiting = waiting_requests(item)
    if not waiting:
        return "Nobody has asked for a pause"
    if all(asked_it_themself(actor, asked) for asked in waiting):
        return "You asked for this pause, so another person must approve it"
    return None


def waiting_requests(item: Any) -> list[Mapping[str, Any]]:
    """The pauses somebody asked for and nobody answered, as the clocks keep them."""
    return [clock.asked for clock in item.clocks if clock.asked and clock.stopped_at is None]


def asked_it_themself(actor: Actor, asked: Mapping[str, Any]) -> bool:
    """Whether the pause was asked for by who acts now, or by whom they stand in for, or by a deputy of theirs."""
    return not actor.hands.isdisjoint({asked["by_id"], asked.get("for_id")})


def has_a_pause_to_refuse(item: Any, actor: Actor) -> str | None:
    """Somebody else asked for a pause"""
    waiting = waiting_requests(item)
    if not waiting:
        return "Nobody has asked for a pause"
    own = all(asked_it_themself(actor, asked) for asked in waiting)
    return "You asked for this pause: take your request back instead" if own else None


def has_asked_for_a_pause(item: Any, actor: Actor) -> str | None:
    """You asked for a pause, and nobody has answered yet"""
    theirs = any(asked_it_themself(actor, asked) for asked in waiting_requests(item))
    return None if theirs else "You have not asked for a pause"


def has_a_start(item: Any, _actor: Actor) -> str | None:
    """A clock counts from a moment that can be corrected"""
    counts = any(clock.stopped_at is None and clock.duration for clock in item.clocks)
    return None if counts else "No clock counts from a moment that can be corrected"


def has_a_paused_clock(item: Any, _actor: Actor) -> str | None:
    """A clock was paused on request"""
    asked = any(clock.paused_at and clock.pauses and clock.pauses[-1].get("approved_by") for clock in item.clocks)
    return None if asked else "No clock was paused on request"


def is_another_priority(item: Any, values: Mapping[str, Any]) -> str | None:
    """The priority differs from the one it has."""
    return "It already has this priority" if values.get("priority") == item.priority else None


def may_take_back(document: Any, item: Any, actor: Actor) -> bool:
    """Whether this document is here and theirs to take back: who added it, the owner, a coordinator.

    Between sides it is evidence, so that beside who added it the convenor alone may.
    """
    if document.taken_back_at is not None or actor.user_id is None:
        return False
    if item.workflow.is_between_sides:
        return not actor.hands.isdisjoint({document.added_by_id, item.convenor_id})
    return not actor.hands.isdisjoint({document.added_by_id, item.owner_id}) or Role.COORDINATOR in actor.roles


def has_a_document_to_take_back(item: Any, actor: Actor) -> str | None:
    """A document is here that you may take back"""
    if any(may_take_back(document, item, actor) for document in item.documents):
        return None
    return "There is no document here that you may take back"


ASSIGN = Action(
    "assign",
    "Give it to somebody",
    ANYWHERE,
    SAME,
    # The hub itself: when somebody leaves, all they own moves in one step.
    by=(*WHO_ARRANGES, May(Role.SYSTEM)),
    needs=(is_open,),
    asks=(Ask("owner_id", "Who owns it now?", "person"),),
    emits=("item.assigned",),
)
ADD_PARTY = Action(
    "add_party",
    "Let somebody see it",
    ANYWHERE,
    SAME,
    by=WHO_ARRANGES,
    needs=(is_open, is_sent, is_not_the_hubs_own),
    asks=(Ask("organisation_id", "Which organisation?", "organisation"),),
    reason=True,
)
REMOVE_PARTY = Action(
    "remove_party",
    "End somebody's access",
    ANYWHERE,
    SAME,
    by=WHO_ARRANGES,
    needs=(somebody_outside_sees_it,),
    asks=(Ask("organisation_id", "Which organisation?", "organisation"),),
    reason=True,
)
NOTE = Action(
    "note",
    "Write a note",
    ANYWHERE,
    SAME,
    by=(May(capacity=Capacity.ONLOOKER),),
    asks=(
        Ask("note", "Your note", "long_text"),
        Ask("audience", "Who may read it?", "choice", codes="audience"),
    ),
)
ADD_DOCUMENT = Action(
    "add_document",
    "Add documents",
    ANYWHERE,
    SAME,
    by=(May(capacity=Capacity.ONLOOKER),),
    asks=(
        Ask("document", "Document", "file"),
        Ask("audience", "Who may open it?", "choice", codes="audience"),
    ),
    about="They stay with this item. They cannot be changed afterwards, only taken back.",
)
TAKE_BACK_DOCUMENT = Action(
    "take_back_document",
    "Take a document back",
    ANYWHERE,
    SAME,
    by=(May(capacity=Capacity.ONLOOKER),),
    needs=(has_a_document_to_take_back,),
    asks=(Ask("document_id", "Which document?", "document"),),
    reason=True,
    about="Nobody can open it any more. Its name and your reason stay in the history.",
)
CORRECT_FIELD = Action(
    "correct_field",
    "Correct an answer",
    ANYWHERE,
    SAME,
    by=(May(capacity=Capacity.REQUESTER), May(capacity=Capacity.OWNER), May(Role.REFERRER, Capacity.REFERRER)),
    needs=(is_sent,),
    asks=(Ask("field", "Which answer is wrong?", "choice"), Ask("value", "The right answer", "long_text")),
    reason=True,
)
CHANGE_PRIORITY = Action(
    "change_priority",
    "Change the priority",
    ANYWHERE,
    SAME,
    needs=(is_open, is_sent),
    asks=(Ask("priority", "New priority", "choice", codes="priority", check=is_another_priority),),
    reason=True,
)
ASK_PAUSE = Action(
    "ask_pause",
    "Ask to pause a clock",
    ANYWHERE,
    SAME,
    by=(May(capacity=Capacity.ONLOOKER),),
    needs=(is_open, has_a_clock_to_pause),
    asks=(
        Ask("clock", "Which clock?", "choice"),
        Ask(
            "until",
            "When should it go on by itself?",
            "moment",
            "Leave it empty if you do not know: somebody then lets it go on.",
            optional=True,
            tense="future",
            within_days=A_YEAR,
        ),
    ),
    reason=True,
    emits=("item.pause_asked",),
    about="The clock runs on until another person agrees. It then stands still until the time you give, at the latest "
    "until the longest pause that is allowed is over.",
)
APPROVE_PAUSE = Action(
    "approve_pause",
    "Approve a pause",
    ANYWHERE,
    SAME,
    by=WHO_MAY_PAUSE,
    needs=(is_open, has_a_pause_to_approve),
    asks=(Ask("clock", "Which clock?", "choice"),),
    emits=("item.pause_approved",),
    about="The clock stands still from now on.",
)
REFUSE_PAUSE = Action(
    "refuse_pause",
    "Refuse a pause",
    ANYWHERE,
    SAME,
    by=WHO_MAY_PAUSE,
    needs=(is_open, has_a_pause_to_refuse),
    asks=(Ask("clock", "Which clock?", "choice"),),
    reason=True,
    emits=("item.pause_refused",),
    about="The clock runs on. Who asked is told, and reads your reason.",
)
WITHDRAW_PAUSE = Action(
    "withdraw_pause",
    "Take back your request for a pause",
    ANYWHERE,
    SAME,
    by=(May(capacity=Capacity.ONLOOKER),),
    needs=(is_open, has_asked_for_a_pause),
    asks=(Ask("clock", "Which clock?", "choice"),),
    about="The clock runs on.",
)
RESUME_CLOCK = Action(
    "resume_clock",
    "Let a clock run again",
    ANYWHERE,
    SAME,
    by=(*WHO_MAY_PAUSE, May(Role.SYSTEM)),
    needs=(is_open, has_a_paused_clock),
    asks=(Ask("clock", "Which clock?", "choice"),),
    reason=True,
)
CORRECT_START = Action(
    "correct_start",
    "Correct when a clock started",
    ANYWHERE,
    SAME,
    by=WHO_CORRECTS_A_START,
    needs=(is_open, has_a_start),
    asks=(
        Ask("clock", "Which clock?", "choice"),
        Ask("started_at", "When did it really start?", "moment", tense="past"),
    ),
    reason=True,
    about="The deadline counts from the right moment. The wrong one stays in the history and on the clock.",
)

EVERYDAY: tuple[Action, ...] = (
    ASSIGN,
    NOTE,
    ADD_DOCUMENT,
    TAKE_BACK_DOCUMENT,
    CHANGE_PRIORITY,
    ADD_PARTY,
    REMOVE_PARTY,
    CORRECT_FIELD,
    ASK_PAUSE,
    APPROVE_PAUSE,
    REFUSE_PAUSE,
    WITHDRAW_PAUSE,
    RESUME_CLOCK,
    CORRECT_START,
)
"""In the order the pages show them."""

BY_NAME: dict[str, Action] = {action.name: action for action in EVERYDAY}
"""By name."""
TOPICS: tuple[str, ...] = tuple(topic for action in EVERYDAY for topic in action.emits)
"""What they announce."""

STARTED = "start"
"""The action name of the first history row of every item."""
RING = "ring"
"""The action name of the history row that says a deadline has passed; `values` name the clock and the deadline."""
MOVED = "move"
"""The action name of the history row that says an item came into another case; `values` name both."""
RECOUNT = "recount"
"""The action name of the history row that says a day nobody works moved a deadline; `values` name all three."""
KEEPS_THE_VERSION = frozenset({RING, RECOUNT})
"""Rows that a clock wrote: they leave the item's version, so that nobody's form is refused because of them."""
OF_THE_HUB = {
    STARTED: "Started",
    RING: "Deadline passed",
    MOVED: "Moved to another case",
    RECOUNT: "Deadline moved: the calendar changed",
}
"""What is no action of anybody and stands in history."""


def everyday_of(workflow: Workflow) -> tuple[Action, ...]:
    """The everyday actions as this workflow has them, in the order the pages show them."""
    return tuple(workflow.everyday.get(action.name, action) for action in EVERYDAY)


def everyday_named(workflow: Workflow, name: str) -> Action | None:
    """The everyday action of this name as this workflow has it; None for any other name."""
    return workflow.everyday.get(name) or BY_NAME.get(name)


def action_named(workflow: Workflow, name: str) -> Action | None:
    """An everyday action, or the workflow's own of this name; None when there is none."""
    return everyday_named(workflow, name) or next(iter(workflow.named(name)), None)


def label_of(workflow: Workflow, name: str) -> str:
    """What an action is called on a page and in history."""
    found = action_named(workflow, name)
    return found.label if found else OF_THE_HUB.get(name) or in_words(name)
