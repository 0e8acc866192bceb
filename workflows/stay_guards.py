"""What must be true of a stay's moments: each comes after those that were told before."""

from collections.abc import Mapping
from typing import Any

from workflows.core import Actor
from workflows.placement_guards import is_after_the_admission, is_after_the_referral


def ends_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A stay cannot end before it began, or before a leave of it began or ended."""
    return _not_inside(stay, values.get("left_at"))


def moves_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A transfer cannot be before the stay began, or before a leave of it began or ended."""
    return _not_inside(stay, values.get("transferred_at"))


def begins_before_the_rest(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A stay begins before its last leave, and before its end."""
    begun = values.get("began_at")
    if stay.placement is not None and (wrong := is_after_the_referral(stay.placement, {"admitted_at": begun})):
        return wrong
    return _earlier(stay.leave_from, begun, "This is after the last leave began") or _not_before(
        stay.left_at or stay.transferred_at, begun, "This is after the stay ended"
    )


def is_discharged_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A discharge is not expected before the stay began."""
    given = {"admitted_at": stay.began_at, "estimated_discharge_on": values.get("estimated_discharge_on")}
    return is_after_the_admission(stay, given)


def ends_before_the_follow_up(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A stay ends after it began, after its leaves, and before the follow-up."""
    left_at = values.get("left_at")
    return _not_inside(stay, left_at) or _not_before(stay.followed_up_at, left_at, "This is after the follow-up")


def ended_by_discharge(stay: Any, _actor: Actor) -> str | None:
    """It ended by a discharge"""
    return None if stay.transferred_at is None else "It ended by a transfer"


def is_another_unit(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A transfer is to another unit."""
    return "The person is on this unit already" if values.get("next_unit_id") == stay.unit_id else None


def leaves_after_it_begins(stay: Any, values: Mapping[str, Any]) -> str | None:
    """Leave cannot begin before the stay did, or before the last leave ended."""
    return _not_inside(stay, values.get("leave_from"))


def is_back_after_leaving(_stay: Any, values: Mapping[str, Any]) -> str | None:
    """Leave ends after it begins."""
    return _not_before(values.get("leave_until"), values.get("leave_from"), "This is before the leave begins")


def returns_after_leaving(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A return is after the leave began."""
    return _not_before(values.get("returned_at"), stay.leave_from, "This is before the leave began")


def follows_the_end(stay: Any, values: Mapping[str, Any]) -> str | None:
    """A follow-up is after the person left."""
    return _not_before(values.get("followed_up_at"), stay.left_at, "This is before the person left")


def _not_inside(stay: Any, moment: Any) -> str | None:
    """What was told of the stay before comes before what happens next; the same minute is soon enough."""
    return (
        _not_before(moment, stay.began_at, "This is before the stay began")
        or _earlier(moment, stay.leave_from, "This is before the last leave began")
        or _earlier(moment, stay.returned_at, "This is before the person was back from the last leave")
    )


def _earlier(moment: Any, other: Any, words: str) -> str | None:
    return words if moment is not None and other is not None and moment < other else None


def _not_before(moment: Any, earliest: Any, words: str) -> str | None:
    return words if moment is not None and earliest is not None and moment <= earliest else None
