"""The forms of what is done on the ladder: positions, facts, settlements, and who speaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g
from wtforms import HiddenField, RadioField

from hub.engine.reading import Reading
from hub.engine.refusal import Problem
from hub.escalations import form_queries
from hub.escalations.models import Escalation
from hub.escalations.side_models import Fact, Side
from hub.web.action_form import ActionForm, form_for
from hub.web.actions import Cleaned
from hub.web.database import db
from hub.web.drafts import LONGEST_NUMBER
from hub.web.nhs_forms import choices
from workflows.core import Action
from workflows.escalation.states import IN_WORDS, next_stage

VIEWS = (("agree", "We agree"), ("dispute", "We dispute it"), ("neither", "We say neither"))
FACT = "fact_"
"""How the name of a fact's question begins; its number follows."""


# Positions


def own_position(reading: Reading) -> dict[str, Any]:
    """What the side has on record at this visit, to be worded anew."""
    item: Escalation = reading.item
    side, here = item.side_of(g.actor), item.here
    position = here.position_of(side) if side is not None and here is not None else None
    if position is None:
        return {}
    return {name: getattr(position, name) for name in ("words", "disputed", "wanted")}


# Facts


def with_open_facts(action: Action, reading: Reading) -> type[ActionForm]:
    """One question for each fact that is not locked: agree, dispute or neither."""
    made: dict[str, Any] = {
        f"{FACT}{fact.number}": RadioField(
            f"{fact.number}. {fact.words}",
            description=_said_of(reading.item, fact),
            choices=choices(VIEWS),
            validate_choice=False,
            render_kw={"inline": True},
        )
        for fact in _open_facts(reading.item)
    }
    return type("AgreeFactsForm", (form_for(replace(action, asks=())),), made)


def own_views(reading: Reading) -> dict[str, Any]:
    """What the side says of each fact now."""
    item: Escalation = reading.item
    side = item.side_of(g.actor)
    held = {view.fact_id: view.agrees for view in item.views if side is not None and view.side_id == side.id}
    said = {True: "agree", False: "dispute", None: "neither"}
    return {f"{FACT}{fact.number}": said[held.get(fact.id)] for fact in _open_facts(item)}


def read_views(form: ActionForm, item: Escalation) -> Cleaned:
    """The facts that are agreed and disputed, by number."""
    given = {name.removeprefix(FACT): value for name, value in form.answers().items() if name.startswith(FACT)}
    strange = [number for number, value in given.items() if value not in dict(VIEWS)]
    problems = [Problem(f"Fact {number}: choose one of the three answers", f"{FACT}{number}") for number in strange]
    del item
    return {
        "agreed": [number for number, value in given.items() if value == "agree"],
        "disputed_facts": [number for number, value in given.items() if value == "dispute"],
    }, problems


def _open_facts(item: Escalation) -> list[Fact]:
    return [fact for fact in item.facts if not fact.is_locked]


def _said_of(item: Escalation, fact: Fact) -> str:
    """What the other sides say of a fact."""
    mine = item.side_of(g.actor)
    held = {view.side_id: view.agrees for view in item.views if view.fact_id == fact.id}
    verbs = {True: "agrees", False: "disputes it", None: "has not said"}
    return ". ".join(f"{side.name} {verbs[held.get(side.id)]}" for side in item.sides if side is not mine)


# Settlements


def with_owners(action: Action, reading: Reading) -> type[ActionForm]:
    """Actions can belong to those who take part."""
    return form_for(action, {"owner_organisation_id": form_queries.owners(db.session, reading.item)})


def version_on_the_table(reading: Reading) -> dict[str, Any]:
    """The text and actions that can be accepted now: worded anew, they are the next version."""
    tabled = reading.item.on_the_table
    if tabled is None:
        return {}
    return {"settlement": tabled.proposal.words, "actions": tabled.proposal.actions}


class ShownVersion(HiddenField):
    """The version whose text stands on the page: whatever was sent before, what is sent next is about that one."""

    def __init__(self, *args: Any, item: Escalation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._item = item

    def process_formdata(self, valuelist: Any) -> None:
        """A whole number; what is none stays text, for the engine to refuse."""
        text = str(valuelist[0]) if valuelist else ""
        self.data = int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else text

    def _value(self) -> str:
        tabled = self._item.on_the_table
        return str(tabled.version) if tabled is not None else ""


def with_the_version(action: Action, reading: Reading) -> type[ActionForm]:
    """Nothing to fill in: the text stands on the page, and the button accepts that text."""
    made: dict[str, Any] = {"version": ShownVersion("Version", item=reading.item)}
    return type("AcceptProposalForm", (form_for(replace(action, asks=())),), made)


# Who speaks


def with_speakers(action: Action, reading: Reading) -> type[ActionForm]:
    """A side names its own people, whoever convenes those of any side; for this stage or the next one."""
    item: Escalation = reading.item
    sides = _may_name(item)
    stages = [str(stage) for stage in (item.state, next_stage(item.state)) if stage in IN_WORDS]
    # Of the last three, one is answered: none of them calls itself optional.
    looks: dict[str, dict[str, Any]] = {
        "side_id": {"kind": "choice"},
        "speaker_id": {"optional": False, "hint": "Answer one of these three."},
        "speaker_name": {"optional": False},
        "nobody_else": {"optional": False, "label": "Or there is nobody else"},
    }
    asks = tuple(replace(ask, **looks.get(ask.name, {})) for ask in action.questions)
    return form_for(
        replace(action, asks=asks),
        {
            "side_id": [(str(side.organisation_id), side.name) for side in sides],
            "at_stage": [(stage, IN_WORDS[stage].capitalize()) for stage in stages],
            "speaker_id": form_queries.speakers(db.session, item, sides),
        },
    )


def own_side_next(reading: Reading) -> dict[str, Any]:
    """The side itself, and the stage that has nobody named yet."""
    item: Escalation = reading.item
    sides = _may_name(item)
    above = next_stage(item.state) if item.state in IN_WORDS else None
    return {
        "side_id": str(sides[0].organisation_id) if len(sides) == 1 else None,
        "at_stage": str(above or item.state),
    }


def _may_name(item: Escalation) -> list[Side]:
    own = item.side_of(g.actor)
    return [own] if own is not None else list(item.sides)
