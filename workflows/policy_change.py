"""A change of the policy set: drafted by one person, agreed by another, in force from the start of a day."""

from enum import StrEnum
from typing import Any

from workflows.core import SAME, Action, Actor, Ask, Clock, May, Wording, Workflow
from workflows.policy import PolicySet
from workflows.policy.sense import problems_with
from workflows.roles import Role
from workflows.who import DIRECTOR, HEAD


class State(StrEnum):
    """Where a change is."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


DRAFTERS = (HEAD, DIRECTOR, May(Role.ADMINISTRATOR), May(Role.QUALITY_LEAD))
DECIDERS = (HEAD, DIRECTOR)
MOST_SAID = 5
"""What does not make sense, said at once; the page of the draft says all of it."""

_THE_DAY = Ask(
    "effective_on",
    "From which day does it hold?",
    "date",
    "A day to come. It holds from midnight at its beginning.",
    tense="future",
    within_days=2 * 366,
    stays=True,
)


def is_another_than_wrote(item: Any, actor: Actor) -> str | None:
    """Somebody else drafted and proposed it"""
    if actor.hands & set(item.writers):
        return "You had a hand in it, so another person decides: a head of commissioning or a director"
    return None


def is_another_than_approved(item: Any, actor: Actor) -> str | None:
    """Somebody else approved it"""
    if who := actor.who_did(item, "approved"):
        return f"{who} approved it, so another person revokes it: a head of commissioning or a director"
    return None


def changes_something(item: Any, _actor: Actor) -> str | None:
    """Something is changed"""
    return None if item.content != item.base else "Nothing is changed yet: change a value first"


def makes_sense(item: Any, _actor: Actor) -> list[str]:
    """Its values make sense together"""
    found = [problem.words for problem in problems_with(PolicySet.from_json(item.content))]
    more = [f"And {len(found) - MOST_SAID} more"] if len(found) > MOST_SAID else []
    return found[:MOST_SAID] + more


def is_on_the_newest(item: Any, _actor: Actor) -> str | None:
    """No other set was approved since it was begun"""
    return item.why_not_on_the_newest or None


def nothing_builds_on_it(item: Any, _actor: Actor) -> str | None:
    """No later set builds on it"""
    return item.what_builds_on_it or None


POLICY_CHANGE = Workflow(
    name="policy_change",
    title="Policy change",
    prefix="POL",
    states=State,
    initial=State.DRAFT,
    ends={State.IN_FORCE, State.REFUSED, State.WITHDRAWN, State.REVOKED},
    drafts={State.DRAFT},
    started_by=DRAFTERS,
    is_inside=True,
    actions=(
        Action(
            "revise",
            "Change its values",
            State.DRAFT,
            SAME,
            by=DRAFTERS,
            asks=(Ask("changed", "What was changed", "long_text"),),
            about="Nothing changes for anybody until another person approved it and its day has come.",
        ),
        Action(
            "propose",
            "Propose it",
            State.DRAFT,
            State.PROPOSED,
            by=DRAFTERS,
            needs=(changes_something, makes_sense, is_on_the_newest),
            asks=(_THE_DAY,),
            reason=True,
            marks="proposed",
            emits=("policy_change.proposed",),
            about="A head of commissioning or a director decides, who had no hand in it. Items keep the set they have.",
        ),
        Action(
            "approve",
            "Approve it",
            State.PROPOSED,
            State.APPROVED,
            by=DECIDERS,
            needs=(is_another_than_wrote, makes_sense, is_on_the_newest),
            marks="approved",
            emits=("policy_change.approved",),
            about="It comes into force by itself, at midnight at the beginning of its day. What is sent from then on "
            "goes by it. Items that were sent before keep their set.",
        ),
        Action(
            "refuse",
            "Refuse it",
            State.PROPOSED,
            State.REFUSED,
            by=DECIDERS,
            needs=(is_another_than_wrote,),
            reason=True,
            emits=("policy_change.refused",),
            abandons=True,
            about="Nothing changes. Whoever drafted it can begin again from it.",
        ),
        Action(
            "move_day",
            "Give it another day",
            State.PROPOSED,
            SAME,
            by=DRAFTERS,
            asks=(_THE_DAY,),
            marks="proposed",
            emits=("policy_change.day_moved",),
            aside=True,
            about="Whoever gives the day has a hand in it, and does not decide.",
        ),
        Action(
            "withdraw",
            "Withdraw it",
            (State.DRAFT, State.PROPOSED),
            State.WITHDRAWN,
            by=DRAFTERS,
            reason=True,
            emits=("policy_change.withdrawn",),
            abandons=True,
            aside=True,
            about="Nothing changes. It can be begun again from here later.",
        ),
        Action(
            "begin",
            "Comes into force",
            State.APPROVED,
            State.IN_FORCE,
            by=(May(Role.SYSTEM),),
            emits=("policy_change.begun",),
            about="What is sent from now on goes by it.",
        ),
        Action(
            "revoke",
            "Revoke the approval",
            State.APPROVED,
            State.REVOKED,
            by=DECIDERS,
            needs=(is_another_than_approved, nothing_builds_on_it),
            reason=True,
            emits=("policy_change.revoked",),
            abandons=True,
            aside=True,
            about="The set does not come into force. Only before its day: afterwards, propose another change.",
        ),
    ),
    clocks=(
        Clock(
            "decide",
            "policy.decide",
            runs_in={State.PROPOSED},
            tells=(Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR),
            label="Second person’s answer",
        ),
        Clock(
            "begin",
            "policy.decide",
            runs_in={State.APPROVED},
            due_fact="in_force_from",
            on_ring="begin",
            can_be_paused=False,
            label="Comes into force",
        ),
    ),
    wording={
        State.DRAFT: Wording("Draft", "Change the values and propose it", "us", 0, 0),
        State.PROPOSED: Wording("Proposed", "Compare it and decide", "us", 0, 1, is_decision=True),
        State.APPROVED: Wording("Approved, to come", "Wait for its day", "paused", 0, 2),
        State.IN_FORCE: Wording("Came into force", "", "done", 0, 3),
        State.REFUSED: Wording("Refused", "", "done", 1, 1),
        State.WITHDRAWN: Wording("Withdrawn", "", "done", 1, 0),
        State.REVOKED: Wording("Revoked", "", "done", 1, 2),
    },
)
