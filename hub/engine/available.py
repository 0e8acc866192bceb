"""`available_actions()`: for each action out of an item's state, allowed, or everything that is still missing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hub.engine.authority import PartyRow, who_may, why_not
from hub.engine.checks import reasons
from hub.engine.everyday import correctable
from hub.engine.visibility import may_see
from workflows.core import Action, Actor, sentence_of
from workflows.everyday import CORRECT_FIELD, everyday_of


@dataclass(frozen=True)
class Offer:
    """One action as this person meets it: allowed, or not yet, or somebody else's."""

    action: Action
    is_mine: bool
    """This person may do it, once nothing is missing."""
    why_not: str
    """Why it is not for this person; empty when it is."""
    missing: tuple[str, ...]
    done: tuple[str, ...]
    """Needs that hold already, in words, for the ticks."""
    who: str
    """Who may do it, in words."""

    @property
    def is_allowed(self) -> bool:
        """Whether the button can be pressed now."""
        return self.is_mine and not self.missing


def available_actions(item: Any, actor: Actor, parties: Sequence[PartyRow] | None = None) -> list[Offer]:
    """Every action of the workflow out of the item's state, in declared order. The server asks the same questions."""
    parties = item.parties if parties is None else parties
    if not may_see(item, actor, parties):
        return []
    with asked_once(item):
        return [
            offer_of(item, action, actor, parties)
            for action in item.workflow.arrows(item.state)
            if action.when is None or action.when(item, actor) is None
        ]


def everyday_actions(item: Any, actor: Actor, parties: Sequence[PartyRow] | None = None) -> list[Offer]:
    """The everyday actions this person can do now; the others are not worth a line on a page."""
    parties = item.parties if parties is None else parties
    if not may_see(item, actor, parties):
        return []
    with asked_once(item):
        offers = [offer_of(item, action, actor, parties) for action in everyday_of(item.workflow)]
    may_correct = bool(correctable(item, actor, parties))
    return [offer for offer in offers if offer.is_allowed and (may_correct or offer.action.name != CORRECT_FIELD.name)]


@contextmanager
def asked_once(item: Any) -> Iterator[None]:
    """What many actions ask of a register is asked once: nothing changes while they are looked at."""
    if item.register_answers is not None:  # asked once already, by whoever looks at more of it
        yield
        return
    item.__dict__["register_answers"] = {}
    try:
        yield
    finally:
        del item.__dict__["register_answers"]


def offer_of(item: Any, action: Action, actor: Actor, parties: Sequence[PartyRow]) -> Offer:
    """One action as this person meets it."""
    refused = why_not(item.workflow, action, item, actor, parties)
    missing: list[str] = []
    done: list[str] = []
    for need in action.needs:
        said = reasons(need, item, actor)
        missing += said
        if not said:
            done.append(sentence_of(need))
    return Offer(action, refused is None, refused or "", tuple(missing), tuple(done), who_may(item.workflow, action))
