"""The forms of what ends a dispute: the panel, the determination, the actions, and what was learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g

from hub.engine.reading import Reading
from hub.escalations import form_queries
from hub.escalations.models import Escalation
from hub.escalations.settlement_models import AgreedAction
from hub.web.action_form import ActionForm, form_for
from hub.web.database import db
from workflows.core import Action, Ask


def with_panel_people(action: Action, reading: Reading) -> type[ActionForm]:
    """Those who can sit on the panel; nobody who is kept out can be chosen."""
    return form_for(action, {"user_id": form_queries.panel_people(db.session, reading.item)})


def panel_so_far(reading: Reading) -> dict[str, Any]:
    """The panel as it sits, without whom something keeps out by now."""
    free = {user_id for user_id, _ in form_queries.panel_people(db.session, reading.item)}
    seats = [seat for seat in reading.item.panel if str(seat.user_id) in free]
    rows = [{"user_id": str(seat.user_id), "seat": seat.seat, "declaration": seat.declaration} for seat in seats]
    return {"panel": rows}


def with_offers(action: Action, reading: Reading) -> type[ActionForm]:
    """Whose offer is one of the sides; where it is about money, each issue needs one, so nothing calls it optional."""
    item = reading.item
    is_money = item.dispute_kind in item.policy.value("escalation.one_offer_kinds")
    asks = tuple(_needs_an_offer(ask) if is_money else ask for ask in action.questions)
    sides = [(str(side.organisation_id), side.name) for side in item.sides]
    return form_for(replace(action, asks=asks), {"chosen_organisation_id": sides})


def _needs_an_offer(ask: Ask) -> Ask:
    return replace(ask, parts=tuple(replace(part, optional=False) for part in ask.parts))


def locked_facts(reading: Reading) -> dict[str, Any]:
    """The statement begins with the facts that every side agrees."""
    locked = [f"{fact.number}. {fact.words}" for fact in reading.item.facts if fact.is_locked]
    return {"agreed_statement": "\n".join(locked) or "There is no fact that every side agrees."}


# Actions


def with_own_open_actions(action: Action, reading: Reading) -> type[ActionForm]:
    """Those of the reader’s organisation that are to be done."""
    mine = [each for each in reading.item.open_actions if _is_own(each)]
    return form_for(action, {"action_number": form_queries.in_words(mine)})


def with_claims_of_others(action: Action, reading: Reading) -> type[ActionForm]:
    """Those of which another organisation says that they are done."""
    theirs = [each for each in reading.item.claimed_actions if not _is_own(each)]
    return form_for(action, {"action_number": form_queries.in_words(theirs)})


def with_all_actions(action: Action, reading: Reading) -> type[ActionForm]:
    """Those that are not settled, and one that is new."""
    item: Escalation = reading.item
    going = sorted((*item.open_actions, *item.claimed_actions), key=lambda each: each.number)
    # The list has a line for a new one, so that nobody needs to know its number.
    asks = tuple(replace(ask, hint="") if ask.name == "action_number" else ask for ask in action.questions)
    return form_for(
        replace(action, asks=asks),
        {
            "action_number": [*form_queries.in_words(going), ("0", "Another action, which is new")],
            "owner_organisation_id": form_queries.owners(db.session, item),
        },
    )


def the_only_one(reading: Reading) -> dict[str, Any]:
    """Where one action alone can be meant, it is that one."""
    item: Escalation = reading.item
    mine = [each.number for each in item.open_actions if _is_own(each)]
    return {"action_number": mine[0]} if len(mine) == 1 else {}


def the_only_claim(reading: Reading) -> dict[str, Any]:
    """The same of a claim that is answered."""
    item: Escalation = reading.item
    theirs = [each.number for each in item.claimed_actions if not _is_own(each)]
    return {"action_number": theirs[0]} if len(theirs) == 1 else {}


def _is_own(action: AgreedAction) -> bool:
    return bool(action.owner_organisation_id == g.actor.organisation_id)


# Closing


def with_flash_points(action: Action, reading: Reading) -> type[ActionForm]:
    """The flash points in use; whether a refusal was overturned only where it was about one."""
    is_refusal = reading.item.is_about_a_refusal
    asks = []
    for ask in action.questions:
        if ask.name == "refusal_overturned" and not is_refusal:
            continue
        # A register grows like the list of organisations, and looks the same on the first day and after a year.
        kinds = {"learned_flash_point_id": replace(ask, kind="organisation")}
        asks.append(kinds.get(ask.name, replace(ask, optional=ask.optional and ask.name != "refusal_overturned")))
    return form_for(
        replace(action, asks=tuple(asks)), {"learned_flash_point_id": form_queries.flash_points(db.session)}
    )


def flash_point_of_raising(reading: Reading) -> dict[str, Any]:
    """The flash point it was raised as."""
    number = reading.item.flash_point_id
    return {"learned_flash_point_id": str(number)} if number is not None else {}
