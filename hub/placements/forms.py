"""The forms of a search's actions: units to choose with what is known of them, offers that stand, facts on record."""

from dataclasses import replace
from typing import Any

from flask import g, url_for

from hub.codes import codes
from hub.engine.reading import Reading
from hub.placements.approaching import OUT_OF_AREA
from hub.placements.models import Placement
from hub.placements.page import page_of
from hub.placements.queries import Asked
from hub.placements.ranking import Ranked
from hub.placements.unit_lines import beds_words
from hub.places.distance import km_words
from hub.web.action_choices import Pairs, choices_for
from hub.web.action_form import ActionForm, form_for
from hub.web.filters import moment_within
from hub.web.item_rows import action_href, item_href
from workflows import placement_guards as guards
from workflows.core import SYSTEM, Action
from workflows.roles import Role

ON_THE_CASE = ("care_coordinator_name", "consultant_name", "responsible_icb", "consent_basis", "family_told")
STATUS_ROLES = (Role.COORDINATOR, Role.CASE_MANAGER)
"""Who writes down a legal status on a case."""
JOURNEY = ("conveyance_how", "conveyance_by", "conveyance_at", "conveyance_authority")


def with_ranked_units(action: Action, reading: Reading) -> type[ActionForm]:
    """Every unit in the order of the ranking, with its distance and free beds; those left out last."""
    ranking = page_of(reading).ranking
    fits = [(str(one.unit_id), _unit_words(one)) for one in ranking.fitting]
    left = [(str(one.unit_id), f"Left out: {_unit_words(one)}") for one in ranking.left_out]
    return form_for(action, {**choices_for(action, reading), "asked_unit_id": [*fits, *left]})


def with_watched_units(action: Action, reading: Reading) -> type[ActionForm]:
    """The units that nobody may be placed in without a director's exception."""
    ranking = page_of(reading).ranking
    watched = [one for one in (*ranking.left_out, *ranking.fitting) if one.is_held_back]
    units = [(str(one.unit_id), _unit_words(one)) for one in watched]
    return form_for(action, {**choices_for(action, reading), "exception_unit_id": units})


def with_live_offers(action: Action, reading: Reading) -> type[ActionForm]:
    """The offers that stand; what is asked of a bed outside the collaborative only when one of them is."""
    page = page_of(reading)
    offers = [asked for asked, _ in page.live_offers]
    inside = {one.unit_id for one in (*page.ranking.fitting, *page.ranking.left_out) if one.in_collaborative}
    if all(asked.approach.unit_id in inside for asked in offers):
        asks = tuple(ask for ask in action.questions if ask.name not in OUT_OF_AREA)
    else:  # whoever chooses the bed outside has to answer, so nothing calls itself optional
        asks = tuple(replace(ask, optional=False) for ask in action.questions)
    action = replace(action, asks=asks)
    allowed = reading.item.policy.value("placement.out_of_area_reasons")
    reasons: Pairs = [(code, words) for code, words in codes("out_of_area_reason").items() if code in allowed]
    known = {one.unit_id: one for one in (*page.ranking.fitting, *page.ranking.left_out)}
    chosen = [(asked.approach.reference, f"{asked.unit}, {asked.provider}") for asked in offers]
    made = form_for(
        action, {**choices_for(action, reading), "accepted_approach": chosen, "out_of_area_reason": reasons}
    )
    hints = {asked.approach.reference: _offer_words(asked, known.get(asked.approach.unit_id or 0)) for asked in offers}
    return _with_hints(made, "accepted_approach", hints)


def _with_hints(made: type[ActionForm], name: str, hints: dict[str, str]) -> type[ActionForm]:
    field: Any = getattr(made, name)
    field.kwargs["render_kw"] = {**(field.kwargs.get("render_kw") or {}), "hints": hints}
    return made


def _unit_words(one: Ranked) -> str:
    km = km_words(one.km) if one.km is not None else "distance not known"
    outside = "" if one.in_collaborative else ", outside the collaborative"
    return f"{one.name}, {one.unit.provider}: {km}, {beds_words(one)}{outside}"


def _offer_words(asked: Asked, one: Ranked | None) -> str:
    """Bed, from when, conditions, until when the offer stands, and where the unit is."""
    approach = asked.approach
    said = [f"Bed: {approach.offered_bed}"]
    if approach.offer_from is not None:
        said.append(f"From {moment_within(approach.offer_from, g.now)}")
    said.append(f"Conditions: {approach.offer_conditions or 'none'}")
    if asked.face is not None and asked.face.due_at is not None:
        said.append(f"The offer stands until {moment_within(asked.face.due_at, g.now)}")
    if one is not None:
        said.append(f"{km_words(one.km)} from home" if one.km is not None else "Distance from home not known")
        if not one.in_collaborative:
            said.append("Outside the collaborative: give the reason, the plan and the date below")
    return ". ".join(part.rstrip(".") for part in said)


def facts_on_record(reading: Reading) -> dict[str, Any]:
    """What the case already says of what an admission needs."""
    item: Placement = reading.item
    case = item.case
    if case is None:
        return {}
    found = {name: getattr(case, name) for name in (*ON_THE_CASE, "family_not_told_why")}
    if isinstance(found["family_told"], bool):
        found["family_told"] = "yes" if found["family_told"] else "no"
    return {name: value for name, value in found.items() if value is not None}


def journey_so_far(reading: Reading) -> dict[str, Any]:
    """A journey that is planned anew starts from the plan there is."""
    item: Placement = reading.item
    return {name: getattr(item, name) for name in JOURNEY if getattr(item, name) is not None}


def mends(reading: Reading) -> dict[str, str]:
    """Where each thing is written down that an admission lacks, for those of the hub who may write it."""
    item: Placement = reading.item
    page = page_of(reading)
    if not page.sees_all or item.case is None:
        return {}
    here = action_href(item, "complete_facts")
    facts = {
        guards.has_a_care_coordinator: "care_coordinator_name",
        guards.has_a_consultant: "consultant_name",
        guards.has_a_responsible_icb: "responsible_icb",
        guards.has_a_consent_basis: "consent_basis",
        guards.family_is_told: "family_told",
    }
    found = {need: f"{here}#{name}" for need, name in facts.items()} if page.may("complete_facts") else {}
    if page.actor.role in STATUS_ROLES:
        found[guards.has_a_legal_status] = url_for("cases.new_status", reference=item.case.reference)
    if item.admission is not None:
        found[guards.may_be_admitted] = item_href("admission", item.admission.reference)
        if item.admission.referral is not None:
            found[guards.has_the_care_review] = action_href(item.admission.referral, "correct_field")
    said = ((need(item, SYSTEM), href) for need, href in found.items())
    return {missing: href for missing, href in said if missing is not None}
