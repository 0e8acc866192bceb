"""What the answers of an escalation must be: each check gives None or what is wrong, with the whole form in view."""

from collections.abc import Mapping
from typing import Any


def is_fit_to_convene(item: Any, values: Mapping[str, Any]) -> str | None:
    """The convenor takes no side."""
    found: str | None = item.why_not_convenor(values.get("convenor_id"))
    return found or None


def has_an_interim_arrangement(item: Any, values: Mapping[str, Any]) -> str | None:
    """What happens to the person meanwhile is said, where it is about a person."""
    if item.is_about_a_person and not (values.get("interim_arrangement") or "").strip():
        return "It is about a person: say what happens to them while it is settled"
    return None


def has_an_interim_payer(item: Any, values: Mapping[str, Any]) -> str | None:
    """Who pays meanwhile is said, where it is about a person; a funder only when it agreed."""
    payer = values.get("interim_payer")
    if payer is None:
        return "It is about a person: say who pays while it is settled" if item.is_about_a_person else None
    if payer == "funder" and item.funding_agreed_at is None:
        return "No funder has agreed to pay meanwhile: then the hub pays, without prejudice"
    return None


def is_the_version_on_the_table(item: Any, values: Mapping[str, Any]) -> str | None:
    """The text that is accepted is the one on the table."""
    proposal = item.on_the_table
    if proposal is None or values.get("version") == proposal.version:
        return None
    return f"The text has changed: version {proposal.version} is on the table now. Read it, then decide again"


def is_a_whole_panel(item: Any, values: Mapping[str, Any]) -> str | None:
    """One chair, enough members, nobody twice, nobody with a conflict."""
    found: str | None = item.why_not_this_panel(values.get("panel") or ())
    return found or None


def chooses_offers(item: Any, values: Mapping[str, Any]) -> str | None:
    """For kinds about money, one side's offer on each issue."""
    money = item.dispute_kind in item.policy.value("escalation.one_offer_kinds")
    sides = {side.organisation_id for side in item.sides}
    for row in values.get("issues") or ():
        chosen = row.get("chosen_organisation_id")
        if money and chosen is None:
            return "This is about money: on each issue choose the offer of one side"
        if chosen is not None and chosen not in sides:
            return "Choose one of the sides"
    return None


def names_one_speaker(item: Any, values: Mapping[str, Any]) -> str | None:
    """One person, by account or by name, or nobody else; and none who acted at this stage."""
    found: str | None = item.why_not_this_speaker(values)
    return found or None


def is_an_action(item: Any, values: Mapping[str, Any]) -> str | None:
    """One of its actions that stands where this can be done."""
    found: str | None = item.why_not_this_action(values.get("action_number"))
    return found or None


def says_what_changes(item: Any, values: Mapping[str, Any]) -> str | None:
    """A new action is whole, and its owner can be held to it."""
    found: str | None = item.why_not_this_change(values)
    return found or None


def owners_are_here(item: Any, values: Mapping[str, Any]) -> str | None:
    """Each action belongs to a side, the hub or a funder that takes part."""
    allowed = item.possible_owners
    if any(row.get("owner_organisation_id") not in allowed for row in values.get("actions") or ()):
        return "Each action belongs to somebody who takes part: a side, the hub, or who pays meanwhile"
    return None


def is_a_flash_point(item: Any, values: Mapping[str, Any]) -> str | None:
    """It is in the register."""
    return None if item.is_a_flash_point(values.get("learned_flash_point_id")) else "Choose one from the register"


def says_if_overturned(item: Any, values: Mapping[str, Any]) -> str | None:
    """Of a refusal, whether it stood."""
    if item.is_about_a_refusal and values.get("refusal_overturned") is None:
        return "It was about a refusal: say whether the refusal was overturned"
    return None
