"""What must be true of a referral before something is done to it, each with the words for when it is not."""

from collections.abc import Mapping
from typing import Any

from workflows import form1
from workflows.core import Actor, Check


def is_not_an_emergency(referral: Any, _actor: Actor) -> str | None:
    """It is not an emergency"""
    if referral.priority != form1.EMERGENCY:
        return None
    return "An emergency is never sent back: ask for the rest by telephone and go on"


def is_a_draft(referral: Any, _actor: Actor) -> str | None:
    """Only before it is sent"""
    return None if referral.is_draft else "A coordinator withdraws only a draft; this one has been sent"


def has_the_mandatory_set(referral: Any, _actor: Actor) -> tuple[str, ...]:
    """Every answer its priority must have is there"""
    return form1.missing(referral, referral.priority)


def takes_its_priority(referral: Any, _actor: Actor) -> str | None:
    """The service takes referrals of this priority"""
    allowed = form1.priorities_for(referral.service_line or "")
    if referral.priority is None or referral.priority in allowed:
        return None
    return f"This service takes no {referral.priority} referrals: choose {' or '.join(allowed)}"


def has_the_full_set(referral: Any, _actor: Actor) -> tuple[str, ...]:
    """Every answer of the full form is there, unless it is an emergency"""
    return () if referral.priority == form1.EMERGENCY else form1.missing(referral, referral.priority)


def has_more_to_give(referral: Any, _actor: Actor) -> str | None:
    """It was sent with the minimum, as an emergency"""
    if referral.priority == form1.EMERGENCY or form1.follow_up(referral):
        return None
    return "The whole form was sent: correct an answer instead"


def has_a_care_review(referral: Any, _actor: Actor) -> str | None:
    """Learning disability or autism: the date of a C(E)TR or LAEP, or the reason for neither"""
    return form1.cetr_missing(referral)


def has_another_open_referral(referral: Any, actor: Actor) -> str | None:
    """Another referral of this person is open"""
    if not actor.is_hub:
        return "The hub looks whether another referral is open"  # it may be another organisation's
    return None if referral.others_open else "This person has no other open referral"


def names_another_open_referral(referral: Any, values: Mapping[str, Any]) -> str | None:
    """The reference is one of this person's other open referrals."""
    open_now = [other.reference for other in referral.others_open]
    if values.get("superseded_by") in open_now:
        return None
    return f"Choose one of this person's other open referrals: {', '.join(open_now) or 'there are none'}"


def names_questions(_referral: Any, values: Mapping[str, Any]) -> str | None:
    """Each is a question of Form 1, and none is there twice."""
    asked = values.get("fields_asked_for") or []
    is_sound = all(isinstance(name, str) and name in form1.FIELD for name in asked) and len({*asked}) == len(asked)
    return None if is_sound else "Choose questions from the list"


def is_ticked(_referral: Any, values: Mapping[str, Any]) -> str | None:
    """The box is ticked."""
    return None if values.get("declaration") is True else "Tick the box to say that the answers are right"


def is_routine(referral: Any) -> bool:
    """A routine referral waits while it is with the referrer."""
    return bool(referral.priority == form1.ROUTINE)


def is_not_routine(referral: Any) -> bool:
    """An emergency or urgent referral never waits."""
    return not is_routine(referral)


def is_adult_eating_disorder(referral: Any) -> bool:
    """The adult eating disorder line acknowledges within days, before its review."""
    return bool(referral.service_line == "aed")


def stays_once_sent(name: str) -> Check:
    """The answer cannot be changed by filling in the form again: the hub's clock and case depend on it."""

    def check(referral: Any, values: Mapping[str, Any]) -> str | None:
        if referral.is_draft or values.get(name) == getattr(referral, name):
            return None
        return f"{form1.FIELD[name].label}: this stays as it was sent; ask the hub to change it"

    return check


def stays_as_begun(referral: Any, values: Mapping[str, Any]) -> str | None:
    """The referring organisation sees the referral from its first word on, so another one needs another referral."""
    if referral.referring_organisation in {None, values.get("referring_organisation")}:
        return None
    return "Referring organisation: it sees this referral already, so it stays. Withdraw this one and begin another"


def stays_the_same_person(name: str) -> Check:
    """Once it belongs to somebody's case, a referral cannot be turned into one about somebody else."""

    def check(referral: Any, values: Mapping[str, Any]) -> str | None:
        known = getattr(referral, name)
        is_correction = set(values) == {name}  # one answer with a reason, and not the whole form written anew
        if referral.case_id is None or known is None or is_correction or values.get(name) == known:
            return None
        label = form1.FIELD[name].label
        return (
            f"{label}: this says who the person is, so it stays. Correct a slip with “Correct an answer”, or withdraw"
        )

    return check
