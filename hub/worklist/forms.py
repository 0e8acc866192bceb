"""The forms of the worklist: naming a view, and the questions of a change of many items."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import DataRequired, Length

from hub.engine.checks import wrong_kind, wrong_reason
from hub.web.action_form import ActionForm, form_for
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped
from hub.worklist.bulk import ACTIONS
from hub.worklist.filters import Choices
from hub.worklist.models import LONGEST_NAME, Bulk
from workflows.actor import Actor

OWN, TEAM = "own", "team"


class SaveViewForm(PageForm):
    """A name for the filters that are on."""

    query = HiddenField()
    """The filters, so that they outlive the end of a session."""
    name = StringField(
        "Name of the view",
        [
            DataRequired("Give the view a name"),
            Length(max=LONGEST_NAME, message=f"Use {LONGEST_NAME} letters or fewer"),
        ],
        filters=[stripped],
        description="It stands above the worklist. For example: Due this week",
    )
    whose = RadioField(
        "Who is it for?",
        choices=choices([(OWN, "Only me"), (TEAM, "Everybody in my organisation")]),
        default=OWN,
    )
    replaces = BooleanField("Put it in the place of a view of the same name")


def change_form(action: Bulk, offered: Choices, actor: Actor) -> type[ActionForm]:
    """The questions of a change, as the action's own page asks them."""
    narrow = "The hub only" if actor.is_hub else "My own organisation and the hub"
    lists = {
        "owner_id": [(str(identity), name) for identity, name in offered.can_own.items()],
        "audience": [("hub", narrow), ("all", "Everybody who can see the item")],
    }
    return form_for(ACTIONS[action], {name: lists[name] for name in lists if _asks(action, name)})


def _asks(action: Bulk, name: str) -> bool:
    return any(ask.name == name for ask in ACTIONS[action].questions)


def problems_in(form: ActionForm, action: Bulk) -> dict[str, str]:
    """What is wrong with the answers as such, by name of the question; each row has its own say besides."""
    found: dict[str, str] = {}
    answers: dict[str, Any] = form.answers()
    strange = form.not_on_the_list()
    asks = {ask.name: ask for ask in ACTIONS[action].questions}
    for name, value in answers.items():
        if value is None:
            found[name] = f"{form[name].label.text.rstrip('?')}: give an answer"
        elif name in strange:
            found[name] = "Choose one from the list"
        elif wrong := wrong_kind(asks[name], value):
            found[name] = wrong
    reason = getattr(form, "reason", None)
    if reason is not None and not (reason.data or "").strip():
        found["reason"] = "Give your reason"
    elif reason is not None and (wrong := wrong_reason(reason.data)):
        found["reason"] = wrong
    return found
