"""The actions every item has, whatever its workflow; they keep the state and stand in its history."""

from collections.abc import Mapping
from typing import Any

from workflows.core import SAME, Action, Actor, Ask, May, Workflow, in_words
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


def has_a_clock(item: Any, _actor: Actor) -> str | None:
    """A clock is running"""
    return None if any(clock.is_running for clock in item.clocks) else "No clock is running"


def has_a_pause_to_approve(item: Any, actor: Actor) -> str | None:
    """Somebody else asked for a pause"""
    waiting = [clock.asked for clock in item.clocks if clock.asked and clock.stopped_at is None]
    if not waiting:
        return "Nobody has asked for a pause"
    if all(asked["by_id"] == actor.user_id for asked in waiting):
        return "You asked for this pause, so another person must approve it"
    return None


def has_a_paused_clock(item: Any, _actor: Actor) -> str | None:
    """A clock was paused on request"""
    asked = any(clock.paused_at and clock.pauses and clock.pauses[-1].get("approved_by") for clock in item.clocks)
    return None if asked else "No clock was paused on request"


def is_another_priority(item: Any, values: Mapping[str, Any]) -> str | None:
    """The priority differs from the one it has."""
    return "It already has this priority" if values.get("priority") == item.priority else None


def may_take_back(document: Any, item: Any, actor: Actor) -> bool:
    """Whether this document is here and theirs to take back: who added it, the owner, a coordinator."""
    if document.taken_back_at is not None or actor.user_id is None:
        return False
    return actor.user_id in {document.added_by_id, item.owner_id} or Role.COORDINATOR in actor.roles


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
    by=WHO_ARRANGES,
    needs=(is_open,),
    asks=(Ask("owner_id", "Who owns it now?", "person"),),
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
    needs=(is_open, has_a_clock),
    asks=(Ask("clock", "Which clock?", "choice"),),
    reason=True,
)
APPROVE_PAUSE = Action(
    "approve_pause",
    "Approve a pause",
    ANYWHERE,
    SAME,
    by=WHO_MAY_PAUSE,
    needs=(is_open, has_a_pause_to_approve),
    asks=(Ask("clock", "Which clock?", "choice"),),
)
RESUME_CLOCK = Action(
    "resume_clock",
    "Let a clock run again",
    ANYWHERE,
    SAME,
    by=WHO_MAY_PAUSE,
    needs=(is_open, has_a_paused_clock),
    asks=(Ask("clock", "Which clock?", "choice"),),
    reason=True,
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
    RESUME_CLOCK,
)
"""In the order the pages show them."""

BY_NAME: dict[str, Action] = {action.name: action for action in EVERYDAY}
"""By name."""

STARTED = "start"
"""The action name of the first history row of every item."""
RING = "ring"
"""The action name of the history row that says a deadline has passed; `values` name the clock and the deadline."""
MOVED = "move"
"""The action name of the history row that says an item came into another case; `values` name both."""
OF_THE_HUB = {STARTED: "Started", RING: "Deadline passed", MOVED: "Moved to another case"}
"""What is no action of anybody and stands in history."""


def action_named(workflow: Workflow, name: str) -> Action | None:
    """An everyday action, or the workflow's own of this name; None when there is none."""
    return BY_NAME.get(name) or next(iter(workflow.named(name)), None)


def label_of(workflow: Workflow, name: str) -> str:
    """What an action is called on a page and in history."""
    found = action_named(workflow, name)
    return found.label if found else OF_THE_HUB.get(name) or in_words(name)
