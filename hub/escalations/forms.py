"""The forms of a dispute that its questions alone do not make: which function makes, fills in and reads each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import g

from hub.codes import codes
from hub.engine.reading import Reading
from hub.escalations import deciding_forms, form_queries, stage_forms
from hub.escalations.models import Escalation
from hub.web.action_form import ActionForm, form_for
from hub.web.actions import Cleaned
from hub.web.database import db
from workflows.core import Action
from workflows.escalation import ESCALATION
from workflows.escalation.states import SHORT

INTERIM = frozenset({"interim_arrangement", "interim_payer"})
FUNDER = "funder"


def with_convenors(action: Action, reading: Reading) -> type[ActionForm]:
    """Only people who can convene; what happens meanwhile is asked where it is about a person, and needed there."""
    item: Escalation = reading.item
    asks = tuple(
        replace(ask, optional=ask.optional and ask.name not in INTERIM)
        for ask in action.questions
        if item.is_about_a_person or ask.name not in INTERIM
    )
    return form_for(
        replace(action, asks=asks),
        {"convenor_id": form_queries.convenors(db.session, item, g.actor.user_id), "interim_payer": _payers(item)},
    )


def oneself(reading: Reading) -> dict[str, Any]:
    """Whoever accepts it convenes, unless they choose somebody else."""
    item: Escalation = reading.item
    mine = str(g.actor.user_id)
    can = {user_id for user_id, _ in form_queries.convenors(db.session, item, None)}
    payers = _payers(item)
    return {
        "convenor_id": mine if mine in can else None,
        "interim_payer": payers[0][0] if len(payers) == 1 else None,
    }


def _payers(item: Escalation) -> list[tuple[str, str]]:
    """A funder pays meanwhile only when it has agreed to."""
    return [pair for pair in codes("interim_payer").items() if pair[0] != FUNDER or item.funding_agreed_at is not None]


def clock_of_the_stage(reading: Reading) -> dict[str, Any]:
    """What is paused is the time of the stage; every reply stands still with it."""
    short = SHORT.get(reading.item.state)
    return {"clock": f"stage_{short}"} if short else {}


FORM_OF: Mapping[str, Callable[[Action, Reading], type[ActionForm]]] = {
    "accept": with_convenors,
    "change_convenor": with_convenors,
    "agree_facts": stage_forms.with_open_facts,
    "propose": stage_forms.with_owners,
    "accept_proposal": stage_forms.with_the_version,
    "name_speaker": stage_forms.with_speakers,
    "appoint_panel": deciding_forms.with_panel_people,
    "determine": deciding_forms.with_offers,
    "start_implementing": stage_forms.with_owners,
    "claim_done": deciding_forms.with_own_open_actions,
    "confirm_done": deciding_forms.with_claims_of_others,
    "dispute_done": deciding_forms.with_claims_of_others,
    "change_actions": deciding_forms.with_all_actions,
    "close": deciding_forms.with_flash_points,
}
PREFILL: Mapping[str, Callable[[Reading], dict[str, Any]]] = {
    "accept": oneself,
    "ask_pause": clock_of_the_stage,
    "state_position": stage_forms.own_position,
    "agree_facts": stage_forms.own_views,
    "propose": stage_forms.version_on_the_table,
    "name_speaker": stage_forms.own_side_next,
    "appoint_panel": deciding_forms.panel_so_far,
    "refer_on": deciding_forms.locked_facts,
    "claim_done": deciding_forms.the_only_one,
    "confirm_done": deciding_forms.the_only_claim,
    "dispute_done": deciding_forms.the_only_claim,
    "close": deciding_forms.flash_point_of_raising,
}
CLEAN: Mapping[str, Callable[[ActionForm, Any], Cleaned]] = {"agree_facts": stage_forms.read_views}
FORM_TEMPLATE: Mapping[str, str] = {
    **{action.name: "escalations/act.html" for action in ESCALATION.actions},
    "state_position": "escalations/act_position.html",
    "agree_facts": "escalations/act_facts.html",
    "propose": "escalations/act_settlement.html",
    "accept_proposal": "escalations/act_settlement.html",
    "determine": "escalations/act_position.html",
    **dict.fromkeys(("claim_done", "confirm_done", "dispute_done", "change_actions"), "escalations/act_actions.html"),
    **dict.fromkeys(("start_implementing", "close"), "escalations/act_actions.html"),
}
